//! From a bundle to `J x` on a device, kernel after kernel in one recording:
//! what one leaves is what the next one reads.

use std::path::{Path, PathBuf};

use half::f16;
use slam16::io::{AnyProblem, ReadOptions, read};
use slam16::problem::{LeastSquares, Loss};
use slam16::sparse::{Jacobian, Threads, column_norms};
use slam16_gpu::shader::Storage;

use crate::harness::chain::{Chain, FAULTS, Found, OVERFLOWS};
use crate::harness::scenes::{self, Expected, Scene};
use crate::harness::{Bounded, close, for_each, losses, sum_bound};

/// Compares with f64 on the host, link by link: bounds of the blocks and
/// residuals come from the running analysis of `linearize`, those of what
/// follows from them and from the sums.
fn check(chain: &Chain, found: &Found, storage: Storage) -> Result<(), String> {
    let case = &chain.case;
    let (shape, factors) = (case.shape(), chain.factors());
    let mut jacobian = Jacobian::zeros(case.setup.structure.clone());
    let threads = Threads::single();
    case.bundle
        .linearize(&case.setup, &mut jacobian, &threads)
        .unwrap();
    let expected = case.expected(Storage::Single);
    let (blocks, residuals) = expected.split_at(expected.len() - factors * shape.rows);
    let link = |name: &str, result: Result<(), String>| result.map_err(|e| format!("{name} {e}"));
    let r = &jacobian.residuals[case.set];
    link(
        "residual",
        close(&found.residuals, r, |i| residuals[i].error),
    )?;

    let mut norms = vec![0.0; found.norms.len()];
    let one = &jacobian.sets[case.set..=case.set];
    column_norms(one, &case.setup.structure.layout, &mut norms, &threads);
    // Of a square: 2 |a| e + e²; of the sum, as many roundings as terms.
    let (mut carried, mut terms) = (vec![0.0; norms.len()], vec![2; norms.len()]);
    let columns = chain.columns();
    let size = shape.rows * (shape.cols_a + 3);
    let column = |at: usize| {
        let (f, c) = (at / size, at % size / shape.rows);
        match c.checked_sub(shape.cols_a) {
            None => columns[2 * f] as usize + c,
            Some(c) => columns[2 * f + 1] as usize + c,
        }
    };
    for (at, Bounded { value, error }) in blocks.iter().enumerate() {
        carried[column(at)] += 2.0 * value.abs() * error + error * error;
        terms[column(at)] += 1;
    }
    let bound = |i: usize| carried[i] + sum_bound(terms[i], norms[i] + carried[i]);
    link("norm", close(&found.norms, &norms, bound))?;
    for (scale, norm) in found.scale.iter().zip(&found.norms) {
        let size = f64::from(*scale) * f64::from(*norm).sqrt();
        let unit = size > 0.5_f64.sqrt() - 1e-9 && size < 2.0_f64.sqrt();
        if !(unit || *scale == 0.0 && *norm == 0.0) {
            return Err(format!("scale {scale} for {norm}"));
        }
    }

    let mut product = vec![0.0; factors * shape.rows];
    let (mut carried, mut sizes) = (product.clone(), product.clone());
    for (at, block) in blocks.iter().enumerate() {
        let row = at / size * shape.rows + at % shape.rows;
        let scale = Bounded::exact(f64::from(found.scale[column(at)]));
        let entry = match storage {
            Storage::Half(_) => (*block * scale).to_half(),
            Storage::Single => *block * scale,
        };
        let x = f64::from(chain.x[column(at)]);
        product[row] += entry.value * x;
        carried[row] += entry.error * x.abs();
        sizes[row] += (entry.value.abs() + entry.error) * x.abs();
    }
    let terms = shape.cols_a + 5;
    let bound = |i: usize| carried[i] + sum_bound(terms, sizes[i]);
    link("product", close(&found.product, &product, bound))?;

    if found.scalars[FAULTS] != 0.0 || found.scalars[OVERFLOWS] != 0.0 {
        return Err(format!("faults {:?}", found.scalars));
    }
    // Half of each square, and as many roundings as there are.
    let (mut plain, mut error, mut robust) = (0.0, 0.0, 0.0);
    for o in scenes::observations(&case.bundle, case.set) {
        let s = Expected::new(&case.bundle, &o, case.local.anchor, 6).squared;
        let rho = losses::value(case.bundle.loss(), s);
        plain += 0.5 * s.value;
        robust += 0.5 * rho.value;
        error += 0.5 * s.error.max(rho.error);
    }
    let sums = [0.0, 0.0, robust, plain];
    let bound = |_| error + sum_bound(factors + 1, plain + error);
    link("cost", close(&found.scalars, &sums, bound))
}

#[test]
fn random_bundles() {
    for_each(|gpu, storage| {
        for scene in Scene::ALL {
            let bundle = scenes::bundle(scene, 300, Loss::Huber(1.5), 1e3);
            let chain = Chain::new(bundle, scene.set());
            let mut found = chain.run(gpu, storage);
            check(&chain, &found, storage)
                .unwrap_or_else(|e| panic!("{} {storage:?} {scene:?}: {e}", gpu.adapter()));
            // Every link is looked at.
            let largest = |v: &[f32]| {
                let at = (0..v.len()).max_by(|a, b| v[*a].abs().total_cmp(&v[*b].abs()));
                at.unwrap()
            };
            let at = largest(&found.product);
            found.product[at] *= 1.02;
            assert!(
                check(&chain, &found, storage)
                    .unwrap_err()
                    .starts_with("product")
            );
            let at = largest(&found.norms);
            found.norms[at] *= 1.01;
            assert!(
                check(&chain, &found, storage)
                    .unwrap_err()
                    .starts_with("norm")
            );
        }
    });
}

/// A public bundle: nothing overflows half once columns are scaled.
#[test]
fn ladybug() {
    let name = "ba/problem-49-7776-pre.txt.bz2";
    let root = std::env::var_os("SLAM16_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = root.join(name);
    assert!(
        path.is_file(),
        "this test needs {}: set SLAM16_DATA to the folder that holds {name}",
        path.display()
    );
    let loaded = read(path, &ReadOptions::default()).unwrap();
    let AnyProblem::Bundle(bundle) = loaded.problem else {
        panic!("{name} is a graph");
    };
    let chain = Chain::new(bundle, 0);
    for_each(|gpu, storage| {
        let found = chain.run(gpu, storage);
        check(&chain, &found, storage)
            .unwrap_or_else(|e| panic!("{} {storage:?}: {e}", gpu.adapter()));
    });
    // Without scales, some of it would.
    let beyond = |b: &Bounded| f16::from_f64(b.value).is_infinite();
    assert!(chain.case.expected(Storage::Single).iter().any(beyond));
}

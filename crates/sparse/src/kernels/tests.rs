#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use half::f16;
use nalgebra::DVector;

use super::*;
use crate::test_data::{Random, close, dense, random_jacobian};
use crate::{
    BlockLayout, EdgeBlocks, EdgeShape, EdgeStructure, Jacobian, JacobianStructure, Store, Threads,
};

const SHAPES: [(usize, usize, usize); 11] = [
    (6, 6, 6),
    (3, 3, 3),
    (2, 9, 3),
    (2, 6, 3),
    (3, 6, 3),
    (3, 9, 3),
    (2, 3, 2),
    (6, 6, 0),
    (3, 3, 0),
    (4, 5, 2),
    (1, 2, 2),
];
const SIZES: [usize; 6] = [0, 1, 63, 64, 65, 3000];

fn encoded<S: Store>(jacobian: &Jacobian<f64>, threads: &Threads) -> Vec<EdgeBlocks<S>> {
    jacobian
        .sets
        .iter()
        .map(|source| {
            let mut target = EdgeBlocks::zeros(source.structure().clone());
            let none = ColumnScaling::None;
            let over = encode_blocks(source, none, jacobian.layout(), &mut target, threads);
            assert_eq!(over, 0);
            target
        })
        .collect()
}

fn vector<S: Store>(values: &[f64]) -> Vec<S::Compute> {
    values.iter().map(|&v| S::Compute::encode(v)).collect()
}

fn widened<S: Store>(values: &[S]) -> Vec<f64> {
    values.iter().map(|v| v.widen()).collect()
}

/// `A = [1 3; 2 4]`, `B = [5; 6]`, `x = (1, 10, 100)`:
/// `J x = (1 + 30 + 500, 2 + 40 + 600)`; with `y = (1, 10)`:
/// `Jᵀ y = (1 + 20, 3 + 40, 5 + 60)`.
#[test]
fn worked_by_hand() {
    let shape = EdgeShape {
        rows: 2,
        cols_a: 2,
        cols_b: 1,
    };
    let layout = Arc::new(BlockLayout::new([2, 1]));
    let set = Arc::new(EdgeStructure::new(shape, vec![0], vec![1], 2));
    let mut jacobian = Jacobian::<f64>::zeros(JacobianStructure {
        dense: None,
        layout: layout.clone(),
        sets: vec![set],
    });
    jacobian.sets[0].a = vec![1.0, 2.0, 3.0, 4.0];
    jacobian.sets[0].b = vec![5.0, 6.0];
    let threads = Threads::single();
    let mut y = [f64::NAN; 2];
    jacobian_mul(
        &jacobian.sets,
        &layout,
        &[1.0, 10.0, 100.0],
        &mut y,
        &threads,
    );
    assert_eq!(y, [531.0, 642.0]);
    let mut z = [f64::NAN; 3];
    jacobian_transpose_mul(&jacobian.sets, &layout, &[1.0, 10.0], &mut z, &threads);
    assert_eq!(z, [21.0, 43.0, 65.0]);
    let mut norms = [f64::NAN; 3];
    column_norms(&jacobian.sets, &layout, &mut norms, &threads);
    assert_eq!(norms, [5.0, 25.0, 61.0]);
    let mut gram = DiagonalBlocks::zeros(layout.clone());
    gram.fill_with_gram(&jacobian.sets, &threads);
    assert_eq!(gram.values, [5.0, 11.0, 11.0, 25.0, 61.0]);

    // R⁻¹ = [1 2; 0 3] for the first variable, 10 for the second.
    let mut upper = DiagonalBlocks::zeros(layout.clone());
    upper.values.copy_from_slice(&[1.0, 0.0, 2.0, 3.0, 10.0]);
    let mut scaled = EdgeBlocks::<f32>::zeros(jacobian.sets[0].structure().clone());
    let source = &jacobian.sets[0];
    encode_blocks(
        source,
        ColumnScaling::Upper(&upper),
        &layout,
        &mut scaled,
        &threads,
    );
    assert_eq!(scaled.a, [1.0, 2.0, 11.0, 16.0]);
    assert_eq!(scaled.b, [50.0, 60.0]);
    let scalars = [2.0, 0.5, 1e6];
    let mut halves = EdgeBlocks::<f16>::zeros(jacobian.sets[0].structure().clone());
    let scaling = ColumnScaling::Scalars(&scalars);
    let over = encode_blocks(source, scaling, &layout, &mut halves, &threads);
    assert_eq!(widened(&halves.a), [2.0, 4.0, 1.5, 2.0]);
    assert_eq!(over, 2, "5e6 and 6e6 do not fit binary16");
}

/// Products against a dense f64 oracle made of the *stored* values.
///
/// A sum of `n` products in precision `u` is off by at most
/// `n u / (1 − n u) Σ |j| |x|` (Higham, Accuracy and Stability, 3.1), and by
/// another `u Σ|j||x|` for the rounded input; twice that for the oracle.
fn check_products<S: Store>(unit: f64) {
    let threads = [Threads::single(), Threads::new(2).unwrap()];
    for (s, shape) in SHAPES.into_iter().enumerate() {
        for factors in SIZES {
            let mut random = Random(factors as u64 * 31 + s as u64);
            let jacobian = random_jacobian(shape, factors, 1000, s % 2 == 0, &mut random);
            let layout = jacobian.layout();
            let sets = encoded::<S>(&jacobian, &threads[0]);
            let x = vector::<S>(&random.vector(layout.scalars()));
            let y = vector::<S>(&random.vector(row_count(&sets)));
            let (mut got_y, mut got_z) = (Vec::new(), Vec::new());
            for threads in &threads {
                let nan = S::Compute::encode(f64::NAN);
                let (mut y_out, mut z_out) = (vec![nan; y.len()], vec![nan; x.len()]);
                jacobian_mul(&sets, layout, &x, &mut y_out, threads);
                jacobian_transpose_mul(&sets, layout, &y, &mut z_out, threads);
                got_y.push(widened(&y_out));
                got_z.push(widened(&z_out));
            }
            assert_eq!(got_y[0], got_y[1], "one and two threads differ");
            assert_eq!(got_z[0], got_z[1], "one and two threads differ");
            if factors > 65 {
                continue; // The dense oracle would be too large.
            }
            let (x, y) = (widened(&x), widened(&y));
            let j = dense(&sets, layout);
            let check = |m: &nalgebra::DMatrix<f64>, x: &[f64], got: &[f64]| {
                let x = DVector::from_column_slice(x);
                let sums = m.abs() * x.abs();
                let n = (m.ncols() + 2).min(400) as f64;
                let bound = |i: usize| 2.0 * n * unit * sums[i] + f64::MIN_POSITIVE;
                let want = m * &x;
                close(got, want.as_slice(), bound).unwrap();
                if sums.iter().any(|s| *s > 0.0) {
                    let wrong: Vec<f64> = got.iter().map(|v| v * (1.0 + 0.1)).collect();
                    close(&wrong, want.as_slice(), bound).unwrap_err();
                    let silent = vec![f64::NAN; got.len()];
                    close(&silent, want.as_slice(), bound).unwrap_err();
                }
            };
            check(&j, &x, &got_y[0]);
            check(&j.transpose(), &y, &got_z[0]);
        }
    }
}

#[test]
fn products_in_f64() {
    check_products::<f64>(f64::EPSILON);
}

#[test]
fn products_in_f32() {
    check_products::<f32>(f64::from(f32::EPSILON));
}

#[test]
fn products_with_half_storage() {
    check_products::<f16>(f64::from(f32::EPSILON));
}

#[test]
fn norms_and_gram_agree_with_dense() {
    for (s, shape) in SHAPES.into_iter().enumerate() {
        let mut random = Random(s as u64);
        let jacobian = random_jacobian(shape, 65, 40, s % 2 == 1, &mut random);
        let layout = jacobian.structure().layout.clone();
        let j = dense(&jacobian.sets, &layout);
        let normal = j.transpose() * &j;
        for threads in [Threads::single(), Threads::new(2).unwrap()] {
            let mut norms = vec![f64::NAN; layout.scalars()];
            column_norms(&jacobian.sets, &layout, &mut norms, &threads);
            let diagonal = normal.diagonal();
            close(&norms, diagonal.as_slice(), |i| 1e-14 * diagonal[i]).unwrap();
            let mut gram = DiagonalBlocks::zeros(layout.clone());
            gram.values.fill(f64::NAN);
            gram.fill_with_gram(&jacobian.sets, &threads);
            for v in 0..layout.variables() {
                let (at, dim) = (layout.offset(v), layout.dim(v));
                let want = normal.view((at, at), (dim, dim)).into_owned();
                close(gram.block(v), want.as_slice(), |_| 1e-13).unwrap();
            }
        }
    }
}

/// Rounding to binary16 by way of binary32: relative error at most
/// `2⁻¹¹ + 2⁻²⁴` where the result is normal, absolute error at most half the
/// smallest subnormal below (plus the first rounding).
#[test]
fn encoding_rounds_to_nearest() {
    let mut random = Random(9);
    let jacobian = random_jacobian((6, 6, 6), 65, 20, false, &mut random);
    for threads in [Threads::single(), Threads::new(2).unwrap()] {
        let halves = encoded::<f16>(&jacobian, &threads);
        for (half, full) in halves[0].a.iter().zip(&jacobian.sets[0].a) {
            let error = (half.to_f64() - full).abs();
            let relative = 2.0_f64.powi(-11) + 2.0_f64.powi(-24);
            assert!(error <= relative * full.abs() + 2.0_f64.powi(-25));
        }
    }
}

/// Sums of `n` products rounded to binary16 at every step: off by at most
/// `n u / (1 − n u) Σ |j| |x|` with `u = 2⁻¹¹`, plus `2⁻²⁵` for each result
/// that is subnormal. Against the f32 sums of the same stored numbers.
#[test]
fn half_sums_stay_within_their_bound_and_are_coarser() {
    for shape in [(6, 6, 6), (2, 9, 3), (3, 3, 0)] {
        for factors in [0, 1, 63, 64, 65, 3000] {
            let mut random = Random(factors as u64 + 17);
            let jacobian = random_jacobian(shape, factors, 1000, false, &mut random);
            let layout = jacobian.layout();
            let one = Threads::single();
            let sets = encoded::<f16>(&jacobian, &one);
            let halves = |n: usize, random: &mut Random| -> Vec<f32> {
                let values = random.vector(n);
                values.iter().map(|&v| f16::encode(v).load()).collect()
            };
            let x = halves(layout.scalars(), &mut random);
            let y = halves(row_count(&sets), &mut random);
            let mut wide_y = vec![f32::NAN; y.len()];
            jacobian_mul(&sets, layout, &x, &mut wide_y, &one);
            let mut wide_z = vec![f32::NAN; x.len()];
            jacobian_transpose_mul(&sets, layout, &y, &mut wide_z, &one);
            let mut results = Vec::new();
            for threads in [one, Threads::new(2).unwrap()] {
                let mut got = vec![f32::NAN; y.len()];
                jacobian_mul_half_sums(&sets, layout, &x, &mut got, &threads);
                let (mut inside, mut across) = (vec![f32::NAN; x.len()], vec![f32::NAN; x.len()]);
                let (y, t) = (&y, &threads);
                jacobian_transpose_mul_half_sums(&sets, layout, y, &mut inside, false, t);
                jacobian_transpose_mul_half_sums(&sets, layout, y, &mut across, true, t);
                results.push((got, inside, across));
            }
            assert_eq!(results[0], results[1]);
            let (got, inside, across) = &results[0];
            // At most 12 or 6 products inside a factor, and at most `most`
            // factors of a variable; every |j| and |x| is below 1.
            let u = 2.0_f64.powi(-11);
            let structure = sets[0].structure();
            let most = (0..1000).map(|v| structure.incidence_items(v).len()).max();
            let most = most.unwrap_or(0) as f64;
            let wide = |v: &[f32]| v.iter().map(|x| f64::from(*x)).collect::<Vec<_>>();
            close(&wide(got), &wide(&wide_y), |_| 2.0 * 12.0 * 12.0 * u).unwrap();
            let rows = 6.0;
            close(&wide(inside), &wide(&wide_z), |_| {
                2.0 * most * rows * rows * u
            })
            .unwrap();
            let sums = most * rows;
            close(&wide(across), &wide(&wide_z), |_| 2.0 * sums * sums * u).unwrap();
            if factors > 60 {
                assert_ne!(*got, wide_y);
                assert_ne!(*inside, wide_z);
                assert_ne!(inside, across);
            }
        }
    }
}

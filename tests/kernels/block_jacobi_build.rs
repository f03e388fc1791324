//! Inverse factors of damped diagonal blocks.

use half::f16;
use slam16::cpu::kernels;
use slam16::sparse::Store;
use slam16_gpu::Gpu;
use slam16_gpu::kernels::TILE;
use slam16_gpu::kernels::block_jacobi_build::{BlockJacobiBuild, BlockJacobiBuildParams, groups};
use slam16_gpu::shader::Storage;

use crate::harness::triangles::{self, upper};
use crate::harness::{Bounded, Guarded, POISON, Random, SIZES, close, for_each, same_bits};

/// Columns before the first variable, and counts before the first one.
const COLUMN: usize = 4;
const FIRST: usize = 2;

struct Case {
    cols: usize,
    variables: usize,
    /// Triangles, one after the other.
    gram: Vec<f32>,
    damping: Vec<f32>,
    lambda: f32,
    ridge: f32,
}

/// Triangles and counts.
type Outcome = (Vec<f32>, Vec<f32>);

impl Case {
    /// Sums of `cols + 2` outer products with columns of four decades; every
    /// fifth variable has a held column.
    fn new(cols: usize, variables: usize) -> Self {
        let mut random = Random((cols * 1000 + variables) as u64);
        let mut gram = Vec::new();
        for v in 0..variables {
            let scale: Vec<f64> = (0..cols)
                .map(|c| match (v % 5, c) {
                    (3, 1) => 0.0,
                    _ => 10.0_f64.powf(2.0 * random.value()),
                })
                .collect();
            let rows: Vec<Vec<f64>> = (0..cols + 2)
                .map(|_| scale.iter().map(|s| s * random.value()).collect())
                .collect();
            for j in 0..cols {
                for i in 0..=j {
                    gram.push(rows.iter().map(|r| r[i] * r[j]).sum::<f64>() as f32);
                }
            }
        }
        Self {
            cols,
            variables,
            gram,
            damping: (0..COLUMN + cols * variables)
                .map(|_| random.value().abs() as f32)
                .collect(),
            lambda: 0.25,
            ridge: 0.0,
        }
    }

    /// Blocks of two columns without damping.
    fn pairs(gram: &[[f32; 3]]) -> Self {
        Self {
            cols: 2,
            variables: gram.len(),
            gram: gram.as_flattened().to_vec(),
            damping: vec![0.0; COLUMN + 2 * gram.len()],
            lambda: 0.0,
            ridge: 0.0,
        }
    }

    fn columns(&self) -> Vec<u32> {
        (0..self.variables)
            .map(|v| (COLUMN + self.cols * v) as u32)
            .collect()
    }

    fn device(&self, gpu: &Gpu, storage: Storage) -> Outcome {
        let width = storage.words_per_pair();
        let words = triangles::words(self.cols, self.variables, width, POISON);
        let inverse = Guarded::with(gpu, &words);
        let mut counts = vec![0.0; FIRST];
        let groups = groups(self.variables, gpu.workgroup() as usize);
        counts.resize(FIRST + groups, f32::from_bits(POISON));
        let partials = Guarded::with(gpu, &counts);
        let params = BlockJacobiBuildParams {
            variables: self.variables as u32,
            first: FIRST as u32,
            lambda: self.lambda,
            ridge: self.ridge,
        };
        let gram = triangles::arrange(self.cols, &self.gram);
        let launch = BlockJacobiBuild {
            columns: &gpu.storage_from("columns", &self.columns()).unwrap(),
            gram: &gpu.storage_from("gram", &gram).unwrap(),
            damping: &gpu.storage_from("damping", &self.damping).unwrap(),
            inverse: &inverse.buffer,
            partials: &partials.buffer,
            params: &gpu.uniform("params", &params).unwrap(),
            cols: self.cols,
            variables: self.variables,
        }
        .launch(gpu, storage)
        .unwrap();
        let mut recorder = gpu.record("block_jacobi_build").unwrap();
        recorder.run(&launch);
        recorder.submit().unwrap().finish().unwrap();
        let words = inverse.values(gpu);
        let numbers: Vec<f32> = match storage {
            Storage::Half(_) => bytemuck::pod_collect_to_vec::<u32, f16>(&words)
                .iter()
                .map(|v| v.load())
                .collect(),
            Storage::Single => bytemuck::pod_collect_to_vec(&words),
        };
        (self.gather(&numbers), partials.values(gpu))
    }

    fn gather(&self, numbers: &[f32]) -> Vec<f32> {
        triangles::gather(self.cols, self.variables, numbers)
    }

    fn twin_in<S: Store<Compute = f32>>(&self, workgroup: usize) -> Outcome {
        let gram = triangles::arrange(self.cols, &self.gram);
        let mut inverse = vec![S::default(); gram.len()];
        let mut partials = vec![0.0; FIRST + groups(self.variables, workgroup)];
        kernels::block_jacobi_build(
            self.cols,
            workgroup,
            TILE,
            &self.columns(),
            &gram,
            &self.damping,
            &mut inverse,
            &mut partials,
            self.variables,
            FIRST,
            self.lambda,
            self.ridge,
        );
        let numbers: Vec<f32> = inverse.iter().map(|v| v.load()).collect();
        (self.gather(&numbers), partials)
    }

    fn twin(&self, workgroup: usize, storage: Storage) -> Outcome {
        match storage {
            Storage::Half(_) => self.twin_in::<f16>(workgroup),
            Storage::Single => self.twin_in::<f32>(workgroup),
        }
    }

    /// The damped block of a variable, rows and columns, as f32 makes it.
    fn damped(&self, v: usize, ridge: f64) -> Vec<Vec<Bounded>> {
        let size = triangles::size(self.cols);
        let gram = &self.gram[v * size..(v + 1) * size];
        let entry = |i: usize, j: usize| {
            let value = Bounded::exact(f64::from(gram[upper(i.min(j), i.max(j))]));
            if i != j {
                value
            } else if value.value == 0.0 {
                Bounded::exact(1.0)
            } else {
                let damping = self.damping[COLUMN + v * self.cols + i];
                let shift =
                    Bounded::exact(f64::from(self.lambda)) * Bounded::exact(f64::from(damping));
                value + (shift + Bounded::input(ridge) * value)
            }
        };
        let row = |i| (0..self.cols).map(|j| entry(i, j)).collect();
        (0..self.cols).map(row).collect()
    }

    /// All inverse factors in f64, shown to be some, and what f32 may make of
    /// them. `R` is found by rows here and by columns in the kernel: the same
    /// sums.
    fn expected(&self, ridge: f64, storage: Storage) -> Vec<Bounded> {
        let n = self.cols;
        let zero = Bounded::exact(0.0);
        let mut all = Vec::new();
        for v in 0..self.variables {
            let block = self.damped(v, ridge);
            let mut r = vec![vec![zero; n]; n];
            for i in 0..n {
                let pivot = (0..i).fold(block[i][i], |sum, k| sum - r[k][i] * r[k][i]);
                r[i][i] = pivot.sqrt();
                for j in i + 1..n {
                    let sum = (0..i).fold(block[i][j], |sum, k| sum - r[k][i] * r[k][j]);
                    r[i][j] = sum / r[i][i];
                }
            }
            // By columns.
            let mut x: Vec<Vec<Bounded>> = Vec::new();
            for j in 0..n {
                let last = Bounded::exact(1.0) / r[j][j];
                let mut column = vec![zero; n];
                for (i, place) in column.iter_mut().enumerate().take(j) {
                    // Row i of what is there, times column j of R.
                    let sum = (i..j).fold(zero, |sum, k| sum + x[k][i] * r[k][j]);
                    *place = -sum * last;
                }
                column[j] = last;
                x.push(column);
            }
            // Xᵀ A X = I in f64, as far as its condition lets it.
            for i in 0..n {
                for j in 0..n {
                    let (mut sum, mut size) = (0.0, 0.0);
                    for (k, row) in block.iter().enumerate() {
                        for (l, a) in row.iter().enumerate() {
                            let term = x[i][k].value * a.value * x[j][l].value;
                            sum += term;
                            size += term.abs();
                        }
                    }
                    let want = if i == j { 1.0 } else { 0.0 };
                    assert!((sum - want).abs() <= 1e-12 * size, "{sum} {want} {size}");
                }
            }
            for (j, column) in x.iter().enumerate() {
                all.extend(column[..=j].iter().map(|value| match storage {
                    Storage::Half(_) => value.to_half(),
                    Storage::Single => *value,
                }));
            }
        }
        all
    }
}

fn check(got: &[f32], expected: &[Bounded]) -> Result<(), String> {
    let values: Vec<f64> = expected.iter().map(|b| b.value).collect();
    close(got, &values, |i| expected[i].error)
}

/// `[4 2; 5]` has `R = [2 1; 2]`, `R⁻¹ = [½ −¼; ½]`; a held column; all held.
#[test]
fn worked_by_hand() {
    let case = Case::pairs(&[[4.0, 2.0, 5.0], [0.0, 0.0, 16.0], [0.0; 3]]);
    let want = [0.5, -0.25, 0.5, 1.0, 0.0, 0.25, 1.0, 0.0, 1.0];
    for_each(|gpu, storage| {
        let (twin, counts) = case.twin(64, storage);
        assert_eq!((&twin[..], &counts[..]), (&want[..], &[0.0; FIRST + 1][..]));
        let (got, counts) = case.device(gpu, storage);
        // A root and two divisions.
        close(&got, &want.map(f64::from), |_| 2e-6).unwrap();
        assert_eq!(counts, [0.0; FIRST + 1]);
    });
}

#[test]
fn twin_against_f64() {
    for cols in [3, 6, 9] {
        for variables in SIZES {
            let case = Case::new(cols, variables);
            for storage in Storage::ALL {
                let expected = case.expected(0.0, storage);
                let (got, counts) = case.twin(64, storage);
                check(&got, &expected).unwrap();
                assert!(counts.iter().all(|c| *c == 0.0));
                if variables > 0 {
                    let mut wrong = got.clone();
                    wrong[0] *= 1.01;
                    check(&wrong, &expected).unwrap_err();
                }
            }
        }
    }
}

#[test]
fn device_against_twin() {
    for_each(|gpu, storage| {
        for cols in [3, 6, 9] {
            for variables in SIZES {
                let case = Case::new(cols, variables);
                let expected = case.expected(0.0, storage);
                let (twin, none) = case.twin(gpu.workgroup() as usize, storage);
                let want: Vec<f64> = twin.iter().map(|v| f64::from(*v)).collect();
                let (got, counts) = case.device(gpu, storage);
                close(&got, &want, |i| 2.0 * expected[i].error)
                    .unwrap_or_else(|e| panic!("{} {storage:?} {cols}: {e}", gpu.adapter()));
                assert_eq!(counts, none);
                same_bits(&got, &case.device(gpu, storage).0).unwrap();
            }
        }
    });
}

/// `[4 2; 1]` is singular: its pivot is rounding, and the first ridge helps.
#[test]
fn a_singular_block_gets_a_ridge() {
    let case = Case::pairs(&[[4.0, 2.0, 1.0]]);
    let expected = case.expected(1e-5, Storage::Single);
    check(&case.twin(64, Storage::Single).0, &expected).unwrap();
    for_each(|gpu, storage| {
        if storage == Storage::Single {
            let (got, counts) = case.device(gpu, storage);
            check(&got, &expected).unwrap();
            assert_eq!(counts, [0.0; FIRST + 1]);
        }
    });
    // A first ridge of one's own is taken as it is.
    let own = Case {
        ridge: 0.5,
        ..Case::pairs(&[[4.0, 2.0, 1.0]])
    };
    let expected = own.expected(0.5, Storage::Single);
    check(&own.twin(64, Storage::Single).0, &expected).unwrap();
}

/// No ridge helps an indefinite block: its diagonal is kept, and counted. One
/// that is not finite is counted too.
#[test]
fn what_has_no_factor_is_counted() {
    let mut blocks = vec![[4.0, 2.0, 5.0]; 100];
    blocks[7] = [4.0, 50.0, 16.0];
    blocks[70] = [f32::INFINITY, 0.0, 1.0];
    blocks[71] = [4.0, f32::NAN, 16.0];
    let case = Case::pairs(&blocks);
    for_each(|gpu, storage| {
        let (twin, wanted) = case.twin(gpu.workgroup() as usize, storage);
        assert_eq!(wanted.iter().sum::<f32>(), 3.0);
        let (got, counts) = case.device(gpu, storage);
        assert_eq!(counts, wanted);
        for found in [&twin, &got] {
            let diagonal = [0.5, 0.0, 0.25];
            close(&found[21..24], &diagonal, |_| 1e-6).unwrap();
            close(&found[213..216], &diagonal, |_| 1e-6).unwrap();
        }
    });
}

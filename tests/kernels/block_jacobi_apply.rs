//! The block-Jacobi preconditioner.

use half::f16;
use slam16::cpu::kernels;
use slam16::sparse::Store;
use slam16_gpu::Gpu;
use slam16_gpu::kernels::TILE;
use slam16_gpu::kernels::block_jacobi_apply::{BlockJacobiApply, BlockJacobiApplyParams};
use slam16_gpu::shader::Storage;

use crate::harness::triangles::{self, upper};
use crate::harness::{
    Guarded, Random, SIZES, close, for_each, gpus, same_in_half, sum_bound, twice,
};

/// Numbers of the vectors before the first variable.
const COLUMN: usize = 3;

struct Case {
    cols: usize,
    variables: usize,
    /// Triangles, representable in half, so that all storages hold the same.
    inverse: Vec<f64>,
    r: Vec<f32>,
}

impl Case {
    fn new(cols: usize, variables: usize) -> Self {
        let mut random = Random((cols * 1000 + variables) as u64);
        let inverse = (0..variables * triangles::size(cols))
            .map(|_| f16::from_f64(random.value()).to_f64())
            .collect();
        Self {
            cols,
            variables,
            inverse,
            r: random.vector(COLUMN + cols * variables),
        }
    }

    fn columns(&self) -> Vec<u32> {
        (0..self.variables)
            .map(|v| (COLUMN + self.cols * v) as u32)
            .collect()
    }

    fn stored<S: Store>(&self) -> Vec<S> {
        let encoded: Vec<S> = self.inverse.iter().map(|v| S::encode(*v)).collect();
        triangles::arrange(self.cols, &encoded)
    }

    fn device(&self, gpu: &Gpu, storage: Storage) -> Vec<f32> {
        let words: Vec<u32> = match storage {
            Storage::Half(_) => bytemuck::pod_collect_to_vec(&self.stored::<f16>()),
            Storage::Single => bytemuck::pod_collect_to_vec(&self.stored::<f32>()),
        };
        let mut before = vec![0.0; COLUMN];
        before.resize(self.r.len(), f32::NAN);
        let z = Guarded::with(gpu, &before);
        let params = BlockJacobiApplyParams {
            variables: self.variables as u32,
        };
        let launch = BlockJacobiApply {
            inverse: &gpu.storage_from("inverse", &words).unwrap(),
            columns: &gpu.storage_from("columns", &self.columns()).unwrap(),
            r: &gpu.storage_from("r", &self.r).unwrap(),
            z: &z.buffer,
            params: &gpu.uniform("params", &params).unwrap(),
            cols: self.cols,
            variables: self.variables,
        }
        .launch(gpu, storage)
        .unwrap();
        let mut recorder = gpu.record("block_jacobi_apply").unwrap();
        recorder.run(&launch);
        recorder.submit().unwrap().finish().unwrap();
        z.values(gpu)
    }

    fn twin_in<S: Store<Compute = f32>>(&self) -> Vec<f32> {
        let mut z = vec![0.0; self.r.len()];
        kernels::block_jacobi_apply::<S>(
            self.cols,
            TILE,
            &self.stored(),
            &self.columns(),
            &self.r,
            &mut z,
            self.variables,
        );
        z
    }

    fn twin(&self, storage: Storage) -> Vec<f32> {
        match storage {
            Storage::Half(_) => self.twin_in::<f16>(),
            Storage::Single => self.twin_in::<f32>(),
        }
    }

    /// `X Xᵀ r` in f64 and `|X| |Xᵀ| |r|`, which bounds both sums' roundings.
    fn oracle(&self) -> (Vec<f64>, impl Fn(usize) -> f64) {
        let n = self.cols;
        let (mut want, mut sizes) = (vec![0.0; self.r.len()], vec![0.0; self.r.len()]);
        for v in 0..self.variables {
            let x = &self.inverse[v * triangles::size(n)..];
            for i in 0..n {
                for j in i..n {
                    for k in 0..=j {
                        let first = COLUMN + v * n;
                        let r = f64::from(self.r[first + k]);
                        let term = x[upper(i, j)] * x[upper(k, j)] * r;
                        want[first + i] += term;
                        sizes[first + i] += term.abs();
                    }
                }
            }
        }
        (want, move |i| sum_bound(2 * n + 2, sizes[i]))
    }
}

/// `R⁻¹ = [½ −¼; ½]` and `r = (8, 4)`: `t = (4, 0)`, `z = (2, 0)`, which is the
/// solution with `[4 2; 2 5]`.
#[test]
fn worked_by_hand() {
    let mut r = vec![0.0; COLUMN];
    r.extend([8.0, 4.0]);
    let case = Case {
        cols: 2,
        variables: 1,
        inverse: vec![0.5, -0.25, 0.5],
        r,
    };
    for_each(|gpu, storage| {
        assert_eq!(case.twin(storage)[COLUMN..], [2.0, 0.0]);
        assert_eq!(case.device(gpu, storage)[COLUMN..], [2.0, 0.0]);
    });
}

#[test]
fn twin_against_f64() {
    for cols in [3, 6, 9] {
        for variables in SIZES {
            let case = Case::new(cols, variables);
            let (want, bound) = case.oracle();
            for storage in Storage::ALL {
                let got = case.twin(storage);
                close(&got, &want, &bound).unwrap();
                let mut wrong = got.clone();
                wrong[COLUMN / 2] += 0.01;
                close(&wrong, &want, &bound).unwrap_err();
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
                let (_, bound) = case.oracle();
                let twin: Vec<f64> = case.twin(storage).iter().map(|v| f64::from(*v)).collect();
                let got = case.device(gpu, storage);
                close(&got, &twin, |i| 2.0 * bound(i))
                    .unwrap_or_else(|e| panic!("{} {storage:?} {cols}: {e}", gpu.adapter()));
            }
        }
    });
}

#[test]
fn runs_and_half_storages_have_the_same_bits() {
    for gpu in gpus() {
        let case = Case::new(9, 1000);
        same_in_half(gpu, |s| twice(|| case.device(gpu, s)));
    }
}

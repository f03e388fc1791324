//! `x_i = D_i (b_i − Σ B_ij x_j)` level by level.

use half::f16;
use slam16::cpu::kernels;
use slam16::sparse::{Store, TriangularArithmetic};
use slam16_gpu::Gpu;
use slam16_gpu::kernels::TILE;
use slam16_gpu::kernels::triangular_solve::{TriangularSolve, TriangularSolveParams};
use slam16_gpu::shader::Storage;

use crate::harness::triangular::{ARITHMETICS, Packed, Rows, per_group};
use crate::harness::{
    Bounded, Guarded, Random, SIZES, close, for_each, gpus, same_bits, same_in_half,
};

/// Scalars of a block's side, lanes of a row.
const SHAPES: [(usize, usize); 4] = [(6, 8), (3, 1), (3, 32), (2, 4)];

struct Case {
    rows: Rows,
    rhs: Vec<f32>,
    lanes: usize,
    arithmetic: TriangularArithmetic,
}

impl Case {
    fn new((dim, lanes): (usize, usize), rows: usize, arithmetic: TriangularArithmetic) -> Self {
        let mut random = Random(rows as u64 + 3);
        Self {
            rows: Rows::random(dim, rows),
            rhs: random.vector(rows * dim),
            lanes,
            arithmetic,
        }
    }

    /// In one dispatch of one workgroup, or one dispatch a level.
    fn device(&self, gpu: &Gpu, storage: Storage, merged: bool) -> Vec<f32> {
        match storage {
            Storage::Half(_) => self.device_in::<f16>(gpu, storage, merged),
            Storage::Single => self.device_in::<f32>(gpu, storage, merged),
        }
    }

    fn device_in<S: Store>(&self, gpu: &Gpu, storage: Storage, merged: bool) -> Vec<f32> {
        let mut packed = Packed::<S>::new();
        let place = packed.push(&self.rows);
        let most = per_group(gpu, self.lanes);
        let steps = self.rows.steps(if merged { most } else { usize::MAX });
        let first = packed.table(steps.iter().copied());
        let vector = Guarded::with(gpu, &self.rhs);
        let blocks = gpu.storage_from("blocks", &packed.words()).unwrap();
        let tables = gpu.storage_from("tables", &packed.tables).unwrap();
        let count = steps.len() / 2;
        let dispatches: Vec<(usize, usize, usize)> = if merged {
            vec![(first, count, most.min(self.rows.rows()))]
        } else {
            (0..count)
                .map(|s| (first + 2 * s, 1, steps[2 * s + 1] - steps[2 * s]))
                .collect()
        };
        let mut recorder = gpu.record("triangular_solve").unwrap();
        for (first, steps, rows) in dispatches {
            let params = TriangularSolveParams {
                below: place.below as u32,
                diagonal: place.diagonal as u32,
                starts: place.starts as u32,
                neighbours: place.neighbours as u32,
                first: first as u32,
                steps: steps as u32,
            };
            let launch = TriangularSolve {
                blocks: &blocks,
                tables: &tables,
                vector: &vector.buffer,
                params: &gpu.uniform("params", &params).unwrap(),
                dim: self.rows.dim,
                lanes: self.lanes,
                arithmetic: self.arithmetic,
                rows,
            }
            .launch(gpu, storage)
            .unwrap();
            recorder.run(&launch);
        }
        recorder.submit().unwrap().finish().unwrap();
        vector.values(gpu)
    }

    fn twin(&self, storage: Storage) -> Vec<f32> {
        match storage {
            Storage::Half(_) => self.twin_in::<f16>(),
            Storage::Single => self.twin_in::<f32>(),
        }
    }

    fn twin_in<S: Store<Compute = f32>>(&self) -> Vec<f32> {
        let mut packed = Packed::<S>::new();
        let place = packed.push(&self.rows);
        let steps = self.rows.steps(usize::MAX);
        let first = packed.table(steps.iter().copied());
        let mut vector = self.rhs.clone();
        kernels::triangular_solve::<S>(
            self.rows.dim,
            self.lanes,
            TILE,
            self.arithmetic,
            &packed.blocks,
            &packed.tables,
            &mut vector,
            place.below,
            place.diagonal,
            place.starts,
            place.neighbours,
            first,
            steps.len() / 2,
        );
        vector
    }

    fn oracle(&self, storage: Storage) -> Vec<Bounded> {
        let exact = |v: &f32| Bounded::exact(f64::from(*v));
        let rhs: Vec<Bounded> = self.rhs.iter().map(exact).collect();
        self.rows.solve(&rhs, self.lanes, storage, self.arithmetic)
    }
}

/// `D₀ = [2 0; 1 1]`, `b₀ = (1, 2)`: `x₀ = (2, 3)`. `B = [1 2; 0 1]`,
/// `b₁ = (10, 5)`: `b₁ − B x₀ = (2, 2)`, `D₁ = [½ 0; 1 2]`: `x₁ = (1, 6)`.
#[test]
fn worked_by_hand() {
    for arithmetic in ARITHMETICS {
        let case = Case {
            rows: Rows {
                dim: 2,
                levels: vec![0, 1, 2],
                starts: vec![0, 0, 1],
                neighbours: vec![0],
                below: vec![1.0, 0.0, 2.0, 1.0],
                diagonal: vec![2.0, 1.0, 0.0, 1.0, 0.5, 1.0, 0.0, 2.0],
            },
            rhs: vec![1.0, 2.0, 10.0, 5.0],
            lanes: 4,
            arithmetic,
        };
        let want = [2.0, 3.0, 1.0, 6.0];
        for storage in Storage::ALL {
            assert_eq!(case.twin(storage), want);
        }
        for_each(|gpu, storage| {
            assert_eq!(case.device(gpu, storage, true), want);
            assert_eq!(case.device(gpu, storage, false), want);
        });
    }
}

#[test]
fn twin_against_f64() {
    for arithmetic in ARITHMETICS {
        for shape in SHAPES {
            for rows in SIZES {
                let case = Case::new(shape, rows, arithmetic);
                for storage in Storage::ALL {
                    let oracle = case.oracle(storage);
                    let want: Vec<f64> = oracle.iter().map(|v| v.value).collect();
                    let got = case.twin(storage);
                    close(&got, &want, |i| oracle[i].error)
                        .unwrap_or_else(|e| panic!("{arithmetic:?} {shape:?} {rows}: {e}"));
                    if rows > 0 {
                        let mut wrong = got.clone();
                        wrong[rows / 2] += 0.5;
                        close(&wrong, &want, |i| oracle[i].error).unwrap_err();
                    }
                }
            }
        }
    }
}

/// Rounding is as coarse as it should be: each arithmetic leaves an error of
/// its own size.
#[test]
fn each_arithmetic_rounds() {
    let half = Storage::ALL[1];
    let mut before = 0.0;
    for arithmetic in ARITHMETICS {
        let case = Case::new((6, 8), 1000, arithmetic);
        let (got, want) = (case.twin(half), case.oracle(half));
        let errors = got.iter().zip(&want);
        let most = errors.fold(0.0_f64, |most, (got, want)| {
            most.max((f64::from(*got) - want.value).abs())
        });
        assert!(most > 1.5 * before, "{arithmetic:?}: {most:e}, {before:e}");
        before = most;
    }
}

#[test]
fn device_against_twin() {
    for_each(|gpu, storage| {
        for arithmetic in ARITHMETICS {
            for shape in SHAPES {
                for rows in SIZES {
                    let case = Case::new(shape, rows, arithmetic);
                    let bound = case.oracle(storage);
                    let twin: Vec<f64> = case.twin(storage).iter().map(|v| f64::from(*v)).collect();
                    for merged in [true, false] {
                        let got = case.device(gpu, storage, merged);
                        close(&got, &twin, |i| 2.0 * bound[i].error).unwrap_or_else(|e| {
                            panic!(
                                "{} {storage:?} {arithmetic:?} {shape:?} {rows} {merged}: {e}",
                                gpu.adapter()
                            )
                        });
                    }
                }
            }
        }
    });
}

#[test]
fn half_storage_has_the_same_bits_however_it_is_read() {
    for gpu in gpus() {
        for arithmetic in ARITHMETICS {
            let case = Case::new((6, 8), 1000, arithmetic);
            same_in_half(gpu, |s| case.device(gpu, s, false));
        }
    }
}

/// Neither another run nor another way to dispatch the same rows changes a bit.
#[test]
fn two_runs_have_the_same_bits() {
    for_each(|gpu, storage| {
        let case = Case::new((3, 32), 1000, TriangularArithmetic::HalfVector);
        let first = case.device(gpu, storage, true);
        same_bits(&first, &case.device(gpu, storage, true)).unwrap();
        same_bits(&first, &case.device(gpu, storage, false)).unwrap();
    });
}

//! Both triangular solves in one dispatch.

use half::f16;
use slam16::cpu::kernels::{self, NONE};
use slam16::sparse::{Store, TriangularArithmetic};
use slam16_gpu::Gpu;
use slam16_gpu::kernels::TILE;
use slam16_gpu::kernels::triangular_resident::{TriangularResident, TriangularResidentParams};
use slam16_gpu::shader::Storage;

use crate::harness::triangular::{ARITHMETICS, Packed, Place, Rows, per_group, rescaled, scaled};
use crate::harness::{
    Bounded, Guarded, Random, SIZES, close, for_each, gpus, same_bits, same_in_half,
};

/// Scalars of a block's side, lanes of a row.
const SHAPES: [(usize, usize); 2] = [(6, 8), (3, 4)];

/// Two solves; nothing here asks one to be the other transposed.
struct Case {
    forward: Rows,
    backward: Rows,
    /// Unknown of each number of the vector; some have none.
    index: Vec<u32>,
    rhs: Vec<f32>,
    lanes: usize,
    arithmetic: TriangularArithmetic,
}

struct Parts<S> {
    packed: Packed<S>,
    index: usize,
    places: [Place; 2],
    first: [usize; 2],
    steps: [usize; 2],
}

impl Case {
    fn new((dim, lanes): (usize, usize), rows: usize, arithmetic: TriangularArithmetic) -> Self {
        let mut random = Random(rows as u64 + 11);
        let scalars = rows * dim;
        let unknowns = scalars - scalars / 7;
        // In another order: steps of a number without a divisor in common.
        let mut at = 0;
        let index = (0..scalars)
            .map(|i| {
                if i % 7 == 6 {
                    return NONE;
                }
                at = (at + 10_007) % unknowns;
                at as u32
            })
            .collect();
        // Beyond the range of half.
        let rhs = random.vector(unknowns).iter().map(|v| 1e6 * v).collect();
        let mut backward = Rows::random(dim, rows);
        backward.below.reverse();
        Self {
            forward: Rows::random(dim, rows),
            backward,
            index,
            rhs,
            lanes,
            arithmetic,
        }
    }

    fn parts<S: Store>(&self, most: usize) -> Parts<S> {
        let mut packed = Packed::new();
        let sides = [&self.forward, &self.backward];
        let index = packed.table(self.index.iter().map(|at| *at as usize));
        let places = sides.map(|rows| packed.push(rows));
        let steps = sides.map(|rows| rows.steps(most));
        let [a, b] = &steps;
        let first = [
            packed.table(a.iter().copied()),
            packed.table(b.iter().copied()),
        ];
        Parts {
            packed,
            index,
            places,
            first,
            steps: [a.len() / 2, b.len() / 2],
        }
    }

    fn device(&self, gpu: &Gpu, storage: Storage) -> Vec<f32> {
        match storage {
            Storage::Half(_) => self.device_in::<f16>(gpu, storage),
            Storage::Single => self.device_in::<f32>(gpu, storage),
        }
    }

    fn device_in<S: Store>(&self, gpu: &Gpu, storage: Storage) -> Vec<f32> {
        let parts = self.parts::<S>(per_group(gpu, self.lanes));
        let [forward, backward] = parts.places;
        let params = TriangularResidentParams {
            scalars: self.index.len() as u32,
            index: parts.index as u32,
            below: forward.below as u32,
            diagonal: forward.diagonal as u32,
            starts: forward.starts as u32,
            neighbours: forward.neighbours as u32,
            first: parts.first[0] as u32,
            steps: parts.steps[0] as u32,
            below_back: backward.below as u32,
            diagonal_back: backward.diagonal as u32,
            starts_back: backward.starts as u32,
            neighbours_back: backward.neighbours as u32,
            first_back: parts.first[1] as u32,
            steps_back: parts.steps[1] as u32,
        };
        let vector = Guarded::new(gpu, self.index.len());
        let result = Guarded::new(gpu, self.rhs.len());
        let launch = TriangularResident {
            blocks: &gpu.storage_from("blocks", &parts.packed.words()).unwrap(),
            tables: &gpu.storage_from("tables", &parts.packed.tables).unwrap(),
            rhs: &gpu.storage_from("rhs", &self.rhs).unwrap(),
            vector: &vector.buffer,
            result: &result.buffer,
            params: &gpu.uniform("params", &params).unwrap(),
            dim: self.forward.dim,
            lanes: self.lanes,
            arithmetic: self.arithmetic,
        }
        .launch(gpu, storage)
        .unwrap();
        let mut recorder = gpu.record("triangular_resident").unwrap();
        recorder.run(&launch);
        recorder.submit().unwrap().finish().unwrap();
        vector.values(gpu);
        result.values(gpu)
    }

    fn twin(&self, storage: Storage) -> Vec<f32> {
        match storage {
            Storage::Half(_) => self.twin_in::<f16>(),
            Storage::Single => self.twin_in::<f32>(),
        }
    }

    fn twin_in<S: Store<Compute = f32>>(&self) -> Vec<f32> {
        let parts = self.parts::<S>(usize::MAX);
        let [forward, backward] = parts.places;
        let mut vector = vec![f32::NAN; self.index.len()];
        let mut result = vec![f32::NAN; self.rhs.len()];
        kernels::triangular_resident::<S>(
            self.forward.dim,
            self.lanes,
            TILE,
            self.arithmetic,
            &parts.packed.blocks,
            &parts.packed.tables,
            &self.rhs,
            &mut vector,
            &mut result,
            self.index.len(),
            parts.index,
            forward.below,
            forward.diagonal,
            forward.starts,
            forward.neighbours,
            parts.first[0],
            parts.steps[0],
            backward.below,
            backward.diagonal,
            backward.starts,
            backward.neighbours,
            parts.first[1],
            parts.steps[1],
        );
        result
    }

    fn oracle(&self, storage: Storage) -> Vec<Bounded> {
        let value = |at: &u32| self.rhs.get(*at as usize).map_or(0.0, |v| f64::from(*v));
        let start: Vec<Bounded> = self
            .index
            .iter()
            .map(|i| Bounded::exact(value(i)))
            .collect();
        let solve = |rows: &Rows, rhs: &[Bounded]| {
            let (rhs, up) = rescaled(rhs, storage, self.arithmetic);
            scaled(&rows.solve(&rhs, self.lanes, storage, self.arithmetic), up)
        };
        let both = solve(&self.backward, &solve(&self.forward, &start));
        let mut result = vec![Bounded::default(); self.rhs.len()];
        for (value, at) in both.iter().zip(&self.index) {
            if *at != NONE {
                result[*at as usize] = *value;
            }
        }
        result
    }
}

/// Blocks of one number. Forward `x₀ = 2 · 3 = 6`, `x₁ = ½ (8 − 1 · 6) = 1`;
/// backward, in the same order, `x₀ = 6`, `x₁ = 1 − 6 / 2 = −2`.
#[test]
fn worked_by_hand() {
    let rows = |below: f64, diagonal: [f64; 2]| Rows {
        dim: 1,
        levels: vec![0, 1, 2],
        starts: vec![0, 0, 1],
        neighbours: vec![0],
        below: vec![below],
        diagonal: diagonal.to_vec(),
    };
    for arithmetic in ARITHMETICS {
        let case = Case {
            forward: rows(1.0, [2.0, 0.5]),
            backward: rows(0.5, [1.0, 1.0]),
            index: vec![1, 0],
            rhs: vec![8.0, 3.0],
            lanes: 2,
            arithmetic,
        };
        let want = [-2.0, 6.0];
        for storage in Storage::ALL {
            assert_eq!(case.twin(storage), want);
        }
        for_each(|gpu, storage| assert_eq!(case.device(gpu, storage), want));
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
                        wrong[rows / 2] += 1e6;
                        close(&wrong, &want, |i| oracle[i].error).unwrap_err();
                    }
                }
            }
        }
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
                    let got = case.device(gpu, storage);
                    close(&got, &twin, |i| 2.0 * bound[i].error).unwrap_or_else(|e| {
                        panic!(
                            "{} {storage:?} {arithmetic:?} {shape:?} {rows}: {e}",
                            gpu.adapter()
                        )
                    });
                }
            }
        }
    });
}

#[test]
fn half_storage_has_the_same_bits_however_it_is_read() {
    for gpu in gpus() {
        for arithmetic in ARITHMETICS {
            let case = Case::new((6, 8), 65, arithmetic);
            same_in_half(gpu, |s| case.device(gpu, s));
        }
    }
}

#[test]
fn two_runs_have_the_same_bits() {
    for_each(|gpu, storage| {
        let case = Case::new((3, 4), 1000, TriangularArithmetic::HalfSums);
        same_bits(&case.device(gpu, storage), &case.device(gpu, storage)).unwrap();
    });
}

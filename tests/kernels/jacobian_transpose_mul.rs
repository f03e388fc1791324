//! `z = α Jᵀ y + β z`.

use half::f16;
use slam16::cpu::kernels;
use slam16::sparse::Store;
use slam16_gpu::Gpu;
use slam16_gpu::kernels::TILE;
use slam16_gpu::kernels::jacobian_transpose_mul::{
    JacobianTransposeMul, JacobianTransposeMulParams,
};
use slam16_gpu::shader::Storage;

use crate::harness::{
    Guarded, Random, SIZES, Set, close, for_each, gpus, same_bits, same_in_half, sum_bound,
};

const SHAPES: [(usize, usize, usize); 5] = [(2, 9, 3), (2, 6, 0), (3, 6, 3), (6, 6, 6), (1, 2, 2)];

/// Rows before the set.
const ROW: usize = 5;

struct Case {
    set: Set,
    y: Vec<f32>,
    before: Vec<f32>,
    lanes: usize,
    alpha: f32,
    beta: f32,
    round: bool,
}

impl Case {
    fn new(shape: (usize, usize, usize), factors: usize, lanes: usize, beta: f32) -> Self {
        let set = Set::random(shape, factors);
        let mut random = Random(factors as u64 + 3);
        Self {
            y: random.vector(ROW + set.rows()),
            before: random.vector(set.unknowns()),
            set,
            lanes,
            alpha: -0.7,
            beta,
            round: false,
        }
    }

    fn device(&self, gpu: &Gpu, storage: Storage) -> Vec<f32> {
        let set = &self.set;
        let mut before = self.before.clone();
        if self.beta == 0.0 {
            before.fill(f32::NAN);
        }
        let z = Guarded::with(gpu, &before);
        let blocks = set.upload(gpu, storage);
        let y = gpu.storage_from("y", &self.y).unwrap();
        let mut recorder = gpu.record("jacobian_transpose_mul").unwrap();
        for side in set.split() {
            let params = JacobianTransposeMulParams {
                variables: side.variables.len() as u32,
                base: side.base as u32,
                split: side.split as u32,
                row: ROW as u32,
                alpha: self.alpha,
                beta: self.beta,
            };
            let launch = JacobianTransposeMul {
                blocks: &blocks,
                starts: &gpu.storage_from("starts", &side.starts).unwrap(),
                items: &gpu.storage_from("items", &side.items).unwrap(),
                columns: &gpu.storage_from("columns", &side.columns).unwrap(),
                y: &y,
                z: &z.buffer,
                params: &gpu.uniform("params", &params).unwrap(),
                size: (set.shape.rows, side.cols),
                lanes: self.lanes,
                variables: side.variables.len(),
                round: self.round,
            }
            .launch(gpu, storage)
            .unwrap();
            recorder.run(&launch);
        }
        recorder.submit().unwrap().finish().unwrap();
        z.values(gpu)
    }

    fn twin_in<S: Store<Compute = f32>>(&self) -> Vec<f32> {
        let set = &self.set;
        let mut z = self.before.clone();
        for side in set.split() {
            kernels::jacobian_transpose_mul::<S>(
                (set.shape.rows, side.cols),
                self.lanes,
                TILE,
                self.round,
                &set.blocks(),
                &side.starts,
                &side.items,
                &side.columns,
                &self.y,
                &mut z,
                side.variables.len(),
                side.base,
                side.split,
                ROW,
                self.alpha,
                self.beta,
            );
        }
        z
    }

    fn twin(&self, storage: Storage) -> Vec<f32> {
        match storage {
            Storage::Half(_) => self.twin_in::<f16>(),
            Storage::Single => self.twin_in::<f32>(),
        }
    }

    /// In f64, the sums of magnitudes, and products per column.
    fn oracle(&self) -> (Vec<f64>, impl Fn(usize) -> f64) {
        let (alpha, beta) = (f64::from(self.alpha), f64::from(self.beta));
        let mut want: Vec<f64> = self.before.iter().map(|v| beta * f64::from(*v)).collect();
        let mut sizes: Vec<f64> = want.iter().map(|v| v.abs()).collect();
        let mut counts = vec![0; want.len()];
        self.set.each(|row, column, entry| {
            let product = alpha * entry * f64::from(self.y[ROW + row]);
            want[column] += product;
            sizes[column] += product.abs();
            counts[column] += 1;
        });
        // However it is ordered, a sum of n takes n − 1 additions at most in a row.
        (want, move |i: usize| sum_bound(counts[i] + 4, sizes[i]))
    }
}

/// `A = [1 3; 2 4]`, `B = [5; 6]`, `y = (1, 10)`: `Jᵀ y = (21, 43, 65)`;
/// `z = 2 Jᵀ y + z` from `(1, 2, 3)`.
#[test]
fn worked_by_hand() {
    let mut y = vec![0.0; ROW];
    y.extend([1.0, 10.0]);
    let case = Case {
        set: Set::worked(),
        y,
        before: vec![1.0, 2.0, 3.0],
        lanes: 1,
        alpha: 2.0,
        beta: 1.0,
        round: false,
    };
    let want = [43.0, 88.0, 133.0];
    assert_eq!(case.twin(Storage::Single), want);
    for_each(|gpu, storage| {
        assert_eq!(case.twin(storage), want);
        assert_eq!(case.device(gpu, storage), want);
    });
}

#[test]
fn twin_against_f64() {
    for shape in SHAPES {
        for factors in SIZES {
            for (lanes, beta) in [(1, 0.0), (4, 1.0), (32, -0.3)] {
                let case = Case::new(shape, factors, lanes, beta);
                let (want, bound) = case.oracle();
                for storage in Storage::ALL {
                    let got = case.twin(storage);
                    close(&got, &want, &bound).unwrap();
                    let mut wrong = got.clone();
                    wrong[1] += 1.0;
                    close(&wrong, &want, &bound).unwrap_err();
                }
            }
        }
    }
}

#[test]
fn device_against_twin() {
    for_each(|gpu, storage| {
        for (shape, lanes) in SHAPES.into_iter().zip([1, 8, 32, 4, 2]) {
            for factors in SIZES {
                let beta = if factors % 2 == 1 { 1.0 } else { 0.0 };
                let case = Case::new(shape, factors, lanes, beta);
                let (_, bound) = case.oracle();
                let twin: Vec<f64> = case.twin(storage).iter().map(|v| f64::from(*v)).collect();
                let got = case.device(gpu, storage);
                close(&got, &twin, |i| 2.0 * bound(i))
                    .unwrap_or_else(|e| panic!("{} {storage:?} {shape:?}: {e}", gpu.adapter()));
            }
        }
    });
}

#[test]
fn half_storage_has_the_same_bits_however_it_is_read() {
    for gpu in gpus() {
        let case = Case::new((2, 9, 3), 1000, 8, 0.0);
        same_in_half(gpu, |s| case.device(gpu, s));
    }
}

#[test]
fn two_runs_have_the_same_bits() {
    for_each(|gpu, storage| {
        let case = Case::new((6, 6, 6), 1000, 16, 0.5);
        same_bits(&case.device(gpu, storage), &case.device(gpu, storage)).unwrap();
    });
}

/// Rounded results are the twin's, or its neighbours where a fused product
/// falls on the other side of a midpoint.
#[test]
fn results_can_be_rounded_to_storage() {
    for_each(|gpu, storage| {
        let Storage::Half(_) = storage else { return };
        let mut case = Case::new((2, 9, 3), 65, 4, 0.5);
        case.round = true;
        let twin: Vec<f64> = case.twin(storage).iter().map(|v| f64::from(*v)).collect();
        let got = case.device(gpu, storage);
        close(&got, &twin, |i| 2.0_f64.powi(-10) * twin[i].abs() + 1e-6).unwrap();
        for value in &got {
            assert_eq!(f16::from_f32(*value).to_f32(), *value);
        }
    });
}

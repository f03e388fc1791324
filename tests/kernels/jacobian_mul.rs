//! `y = α J x + β y`.

use half::f16;
use slam16::cpu::kernels;
use slam16_gpu::Gpu;
use slam16_gpu::kernels::TILE;
use slam16_gpu::kernels::jacobian_mul::{JacobianMul, JacobianMulParams};
use slam16_gpu::shader::Storage;

use crate::harness::{Guarded, Random, SIZES, Set, close, for_each, gpus, same_bits, same_in_half};

const SHAPES: [(usize, usize, usize); 6] = [
    (2, 9, 3),
    (2, 6, 0),
    (3, 6, 3),
    (6, 6, 6),
    (3, 3, 0),
    (1, 2, 2),
];

/// Rows before the set, so that a wrong start is seen.
const ROW: usize = 5;

struct Case {
    set: Set,
    x: Vec<f32>,
    before: Vec<f32>,
    alpha: f32,
    beta: f32,
    round: bool,
}

impl Case {
    fn new(shape: (usize, usize, usize), factors: usize, alpha: f32, beta: f32) -> Self {
        let set = Set::random(shape, factors);
        let mut random = Random(factors as u64);
        Self {
            x: random.vector(set.unknowns()),
            before: random.vector(ROW + set.rows()),
            set,
            alpha,
            beta,
            round: false,
        }
    }

    fn device(&self, gpu: &Gpu, storage: Storage) -> Vec<f32> {
        let set = &self.set;
        // Where beta is 0, what was there must not matter.
        let mut before = self.before.clone();
        if self.beta == 0.0 {
            before[ROW..].fill(f32::NAN);
        }
        let y = Guarded::with(gpu, &before);
        let params = JacobianMulParams {
            factors: set.factors as u32,
            second: set.second() as u32,
            row: ROW as u32,
            alpha: self.alpha,
            beta: self.beta,
        };
        let launch = JacobianMul {
            blocks: &set.upload(gpu, storage),
            columns: &gpu.storage_from("columns", &set.columns()).unwrap(),
            x: &gpu.storage_from("x", &self.x).unwrap(),
            y: &y.buffer,
            params: &gpu.uniform("params", &params).unwrap(),
            shape: set.shape,
            factors: set.factors,
            round: self.round,
        }
        .launch(gpu, storage)
        .unwrap();
        let mut recorder = gpu.record("jacobian_mul").unwrap();
        recorder.run(&launch);
        recorder.submit().unwrap().finish().unwrap();
        y.values(gpu)
    }

    fn twin(&self, storage: Storage) -> Vec<f32> {
        let set = &self.set;
        let mut y = self.before.clone();
        let (columns, second) = (set.columns(), set.second());
        match storage {
            Storage::Half(_) => kernels::jacobian_mul::<f16>(
                set.shape,
                TILE,
                self.round,
                &set.blocks(),
                &columns,
                &self.x,
                &mut y,
                set.factors,
                second,
                ROW,
                self.alpha,
                self.beta,
            ),
            Storage::Single => kernels::jacobian_mul::<f32>(
                set.shape,
                TILE,
                self.round,
                &set.blocks(),
                &columns,
                &self.x,
                &mut y,
                set.factors,
                second,
                ROW,
                self.alpha,
                self.beta,
            ),
        }
        y
    }

    /// In f64, and the sums of magnitudes that bound its error in f32.
    fn oracle(&self) -> (Vec<f64>, Vec<f64>) {
        let (alpha, beta) = (f64::from(self.alpha), f64::from(self.beta));
        let before = self.before.iter().map(|v| f64::from(*v));
        let mut want: Vec<f64> = before
            .enumerate()
            .map(|(i, v)| if i < ROW { v } else { beta * v })
            .collect();
        let mut sizes: Vec<f64> = want.iter().map(|v| v.abs()).collect();
        self.set.each(|row, column, entry| {
            let product = alpha * entry * f64::from(self.x[column]);
            want[ROW + row] += product;
            sizes[ROW + row] += product.abs();
        });
        (want, sizes)
    }

    fn bound(&self, sizes: &[f64]) -> impl Fn(usize) -> f64 {
        // Products of a row, and two more roundings each of alpha and beta.
        let n = self.set.shape.cols_a + self.set.shape.cols_b + 4;
        let sizes = sizes.to_vec();
        move |i| {
            if i < ROW {
                0.0
            } else {
                crate::harness::sum_bound(n, sizes[i])
            }
        }
    }
}

/// `A = [1 3; 2 4]`, `B = [5; 6]`, `x = (1, 10, 100)`: `J x = (531, 642)`;
/// `y = 2 J x − y` from `(1, 2)`.
#[test]
fn worked_by_hand() {
    let mut before = vec![0.0; ROW];
    before.extend([1.0, 2.0]);
    let case = Case {
        set: Set::worked(),
        x: vec![1.0, 10.0, 100.0],
        before,
        alpha: 2.0,
        beta: -1.0,
        round: false,
    };
    let want = [1061.0, 1282.0];
    assert_eq!(case.twin(Storage::Single)[ROW..], want);
    for_each(|gpu, storage| {
        assert_eq!(case.twin(storage)[ROW..], want);
        assert_eq!(case.device(gpu, storage)[ROW..], want);
    });
}

#[test]
fn twin_against_f64() {
    for shape in SHAPES {
        for factors in SIZES {
            for (alpha, beta) in [(1.0, 0.0), (-0.7, 1.0), (2.5, -0.3)] {
                let case = Case::new(shape, factors, alpha, beta);
                let (want, sizes) = case.oracle();
                let bound = case.bound(&sizes);
                for storage in Storage::ALL {
                    let got = case.twin(storage);
                    close(&got, &want, &bound).unwrap();
                    if factors > 0 {
                        let mut wrong = got.clone();
                        wrong[ROW + factors / 2] += 1.0;
                        close(&wrong, &want, &bound).unwrap_err();
                    }
                }
            }
        }
    }
}

/// The twin and a device may differ by what is fused: both are within the
/// bound of the oracle, so within twice of each other.
#[test]
fn device_against_twin() {
    for_each(|gpu, storage| {
        for shape in SHAPES {
            for factors in SIZES {
                let case = Case::new(
                    shape,
                    factors,
                    -0.7,
                    if factors % 2 == 1 { 1.0 } else { 0.0 },
                );
                let (_, sizes) = case.oracle();
                let bound = case.bound(&sizes);
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
        let case = Case::new((2, 9, 3), 1000, 1.0, 0.0);
        same_in_half(gpu, |s| case.device(gpu, s));
    }
}

#[test]
fn two_runs_have_the_same_bits() {
    for_each(|gpu, storage| {
        let case = Case::new((3, 6, 3), 1000, 1.0, 0.5);
        same_bits(&case.device(gpu, storage), &case.device(gpu, storage)).unwrap();
    });
}

/// Rounded results are the twin's, or its neighbours where a fused product
/// falls on the other side of a midpoint.
#[test]
fn results_can_be_rounded_to_storage() {
    for_each(|gpu, storage| {
        let Storage::Half(_) = storage else { return };
        let mut case = Case::new((2, 9, 3), 65, 1.0, 0.5);
        case.round = true;
        let twin: Vec<f64> = case.twin(storage).iter().map(|v| f64::from(*v)).collect();
        let got = case.device(gpu, storage);
        close(&got, &twin, |i| 2.0_f64.powi(-10) * twin[i].abs()).unwrap();
        for value in &got[ROW..] {
            assert_eq!(f16::from_f32(*value).to_f32(), *value);
        }
    });
}

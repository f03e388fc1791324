//! `y = a x + b y`.

use half::f16;
use slam16::cpu::kernels::{self, NONE};
use slam16_gpu::Gpu;
use slam16_gpu::kernels::axpby::{Axpby, AxpbyParams};
use slam16_gpu::shader::Storage;

use crate::harness::{Guarded, Random, SIZES, UNIT, close, for_each, same_bits};

const SCALARS: [f32; 4] = [0.5, -0.3, 0.0, 1.7];

#[derive(Clone)]
struct Case {
    x: Vec<f32>,
    y: Vec<f32>,
    params: AxpbyParams,
}

impl Case {
    fn new(count: usize, alpha: (f32, u32), beta: (f32, u32)) -> Self {
        let mut random = Random(count as u64 + 1);
        Self {
            x: random.vector(count),
            y: random.vector(count),
            params: AxpbyParams {
                count: count as u32,
                alpha_slot: alpha.1,
                beta_slot: beta.1,
                alpha: alpha.0,
                beta: beta.0,
            },
        }
    }

    fn factors(&self) -> (f32, f32) {
        let scalar = |slot: u32| SCALARS.get(slot as usize).copied().unwrap_or(1.0);
        let p = &self.params;
        (p.alpha * scalar(p.alpha_slot), p.beta * scalar(p.beta_slot))
    }

    fn device(&self, gpu: &Gpu, storage: Storage) -> Vec<f32> {
        let (a, b) = self.factors();
        // What is not read may be anything.
        let poisoned = |values: &[f32], unread: bool| -> Vec<f32> {
            let value = |v: &f32| if unread { f32::NAN } else { *v };
            values.iter().map(value).collect()
        };
        let y = Guarded::with(gpu, &poisoned(&self.y, b == 0.0));
        let x = poisoned(&self.x, a == 0.0);
        let launch = Axpby {
            scalars: &gpu.storage_from("scalars", &SCALARS).unwrap(),
            x: &gpu.storage_from("x", &x).unwrap(),
            y: &y.buffer,
            params: &gpu.uniform("params", &self.params).unwrap(),
            count: self.x.len(),
        }
        .launch(gpu, storage)
        .unwrap();
        let mut recorder = gpu.record("axpby").unwrap();
        recorder.run(&launch);
        recorder.submit().unwrap().finish().unwrap();
        y.values(gpu)
    }

    fn twin(&self, storage: Storage) -> Vec<f32> {
        let mut y = self.y.clone();
        let run = match storage {
            Storage::Half(_) => kernels::axpby::<f16>,
            Storage::Single => kernels::axpby::<f32>,
        };
        let p = &self.params;
        run(
            &SCALARS,
            &self.x,
            &mut y,
            self.x.len(),
            p.alpha_slot,
            p.beta_slot,
            p.alpha,
            p.beta,
        );
        y
    }

    /// In f64, and the bound of three roundings of unit `u` each, fused or
    /// not, of numbers not larger than `|a x| + |b y|`.
    fn oracle(&self, unit: f64) -> (Vec<f64>, impl Fn(usize) -> f64) {
        let (a, b) = self.factors();
        let pairs = self.x.iter().zip(&self.y);
        let (want, sizes): (Vec<f64>, Vec<f64>) = pairs
            .map(|(x, y)| {
                let (ax, by) = (f64::from(a) * f64::from(*x), f64::from(b) * f64::from(*y));
                (ax + by, ax.abs() + by.abs())
            })
            .unzip();
        (want, move |i: usize| {
            4.0 * unit * sizes[i] + unit * 2.0_f64.powi(-13)
        })
    }
}

const CASES: [((f32, u32), (f32, u32)); 6] = [
    ((1.0, NONE), (0.0, NONE)),
    ((0.0, NONE), (0.0, NONE)),
    ((1.0, 0), (1.0, NONE)),
    ((-1.0, 1), (1.0, NONE)),
    ((1.0, NONE), (1.0, 3)),
    ((1.0, 2), (2.0, 0)),
];

/// `2 · ½ (3, 4) − (1, 1) = (2, 3)`.
#[test]
fn worked_by_hand() {
    let case = Case {
        x: vec![3.0, 4.0],
        y: vec![1.0, 1.0],
        ..Case::new(2, (2.0, 0), (-1.0, NONE))
    };
    assert_eq!(case.twin(Storage::Single), [2.0, 3.0]);
    for_each(|gpu, storage| assert_eq!(case.device(gpu, storage), [2.0, 3.0]));
}

fn unit(storage: Storage) -> f64 {
    match storage {
        Storage::Single => UNIT,
        Storage::Half(_) => 2.0_f64.powi(-11),
    }
}

#[test]
fn twin_against_f64() {
    for (alpha, beta) in CASES {
        for count in SIZES {
            for storage in Storage::ALL {
                let case = Case::new(count, alpha, beta);
                let (want, bound) = case.oracle(unit(storage));
                let got = case.twin(storage);
                close(&got, &want, &bound).unwrap();
                if count > 0 {
                    let wrong: Vec<f32> = got.iter().map(|v| v + 0.1).collect();
                    close(&wrong, &want, &bound).unwrap_err();
                }
            }
        }
    }
}

#[test]
fn device_against_twin() {
    for_each(|gpu, storage| {
        for (alpha, beta) in CASES {
            for count in SIZES {
                let case = Case::new(count, alpha, beta);
                let (_, bound) = case.oracle(unit(storage));
                let twin: Vec<f64> = case.twin(storage).iter().map(|v| f64::from(*v)).collect();
                let got = case.device(gpu, storage);
                close(&got, &twin, |i| 2.0 * bound(i))
                    .unwrap_or_else(|e| panic!("{} {storage:?}: {e}", gpu.adapter()));
                same_bits(&got, &case.device(gpu, storage)).unwrap();
            }
        }
    });
}

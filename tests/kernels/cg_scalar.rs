//! What conjugate gradients do with scalars.

use half::f16;
use slam16::cpu::kernels;
use slam16_gpu::Gpu;
use slam16_gpu::kernels::cg_scalar::{CgScalar, CgScalarParams, Operation, slot};
use slam16_gpu::shader::Storage;

use crate::harness::{Guarded, close, for_each, same_bits};

const A: usize = slot::FREE;
const B: usize = A + 1;
const C: usize = A + 2;
const RESULT: usize = A + 3;

/// Status slots and operands before, and what is done.
#[derive(Clone)]
struct Case {
    scalars: Vec<f32>,
    operation: Operation,
}

impl Case {
    fn new(operation: Operation, status: [f32; 7], operands: [f32; 3]) -> Self {
        let mut scalars = status.to_vec();
        scalars.push(0.0);
        scalars.extend(operands);
        scalars.push(-9.0);
        Self { scalars, operation }
    }

    fn params(&self) -> CgScalarParams {
        CgScalarParams {
            operation: self.operation as u32,
            a: A as u32,
            b: B as u32,
            c: C as u32,
            result: RESULT as u32,
        }
    }

    fn device(&self, gpu: &Gpu, storage: Storage) -> Vec<f32> {
        let scalars = Guarded::with(gpu, &self.scalars);
        let launch = CgScalar {
            scalars: &scalars.buffer,
            params: &gpu.uniform("params", &self.params()).unwrap(),
        }
        .launch(gpu, storage)
        .unwrap();
        let mut recorder = gpu.record("cg_scalar").unwrap();
        recorder.run(&launch);
        recorder.submit().unwrap().finish().unwrap();
        scalars.values(gpu)
    }

    fn twin(&self, storage: Storage) -> Vec<f32> {
        let mut scalars = self.scalars.clone();
        let run = match storage {
            Storage::Half(_) => kernels::cg_scalar::<f16>,
            Storage::Single => kernels::cg_scalar::<f32>,
        };
        run(&mut scalars, self.operation as u32, A, B, C, RESULT);
        scalars
    }
}

/// Status before: state, iterations, residual, decrease, first, tolerances.
const RUNNING: [f32; 7] = [0.0, 3.0, 0.5, 2.0, 16.0, 0.1, 0.05];
const STOPPED: [f32; 7] = [2.0, 3.0, 0.5, 2.0, 16.0, 0.1, 0.05];

/// Case, state after, result after.
fn cases() -> Vec<(Case, f32, f32)> {
    use Operation::{Begin, FletcherReeves, Judge, PolakRibiere, Resume, StepLength};
    let (inf, nan) = (f32::INFINITY, f32::NAN);
    let with = |status, operation, operands, state, result| {
        (Case::new(operation, status, operands), state, result)
    };
    vec![
        with(STOPPED, Begin, [4.0, 0.0, 0.0], 0.0, -9.0),
        with(STOPPED, Begin, [0.0, 0.0, 0.0], 1.0, -9.0),
        with(RUNNING, Begin, [-1.0, 0.0, 0.0], 3.0, -9.0),
        with(RUNNING, Begin, [inf, 0.0, 0.0], 3.0, -9.0),
        with(RUNNING, Begin, [nan, 0.0, 0.0], 3.0, -9.0),
        with(RUNNING, StepLength, [3.0, 4.0, 0.0], 0.0, 0.75),
        with(STOPPED, StepLength, [3.0, 4.0, 0.0], 2.0, 0.0),
        with(RUNNING, StepLength, [3.0, 0.0, 0.0], 3.0, 0.0),
        with(RUNNING, StepLength, [3.0, -4.0, 0.0], 3.0, 0.0),
        with(RUNNING, StepLength, [3.0, nan, 0.0], 3.0, 0.0),
        with(RUNNING, StepLength, [nan, 4.0, 0.0], 3.0, 0.0),
        with(RUNNING, StepLength, [3e38, 1e-3, 0.0], 3.0, 0.0),
        with(RUNNING, FletcherReeves, [3.0, 4.0, 0.0], 0.0, 0.75),
        with(RUNNING, FletcherReeves, [3.0, 0.0, 0.0], 0.0, 0.0),
        with(RUNNING, PolakRibiere, [3.0, 1.0, 4.0], 0.0, 0.5),
        with(RUNNING, PolakRibiere, [1.0, 3.0, 4.0], 0.0, 0.0),
        with(RUNNING, PolakRibiere, [1.0, 3.0, 0.0], 0.0, 0.0),
        // Falls by ½ · 0.5 · 8 = 2 at iteration 4: far above 0.05 · 4.
        with(RUNNING, Judge, [0.5, 8.0, 4.0], 0.0, -9.0),
        // √(0.04 / 16) = 0.05 is within 0.1.
        with(RUNNING, Judge, [0.5, 8.0, 0.04], 1.0, -9.0),
        // Falls by 0.01: 4 · 0.01 is less than 0.05 · 2.01.
        with(RUNNING, Judge, [0.5, 0.04, 4.0], 2.0, -9.0),
        with(RUNNING, Judge, [0.5, 8.0, -1.0], 3.0, -9.0),
        with(RUNNING, Judge, [0.5, 8.0, nan], 3.0, -9.0),
        with(RUNNING, Judge, [0.5, 8.0, inf], 3.0, -9.0),
        with(STOPPED, Judge, [0.5, 8.0, 4.0], 2.0, -9.0),
        with(STOPPED, Resume, [0.0, 0.0, 0.0], 0.0, -9.0),
    ]
}

#[test]
fn worked_by_hand() {
    for (k, (case, state, result)) in cases().into_iter().enumerate() {
        let twin = case.twin(Storage::Single);
        let found = (twin[slot::STATE], twin[RESULT]);
        assert_eq!(found, (state, result), "{k}: {:?}", case.operation);
    }
    let judged = cases()[17].0.twin(Storage::Single);
    assert_eq!(judged[slot::ITERATIONS], 4.0);
    assert_eq!(judged[slot::DECREASE], 4.0);
    assert_eq!(judged[slot::RESIDUAL], 0.5);
}

/// Every number that an operation writes, in f64.
#[test]
fn twin_against_f64() {
    for k in 1..200_u32 {
        let (a, b, c) = (0.37 * k as f32, 1.3 + 0.11 * k as f32, 0.7 * k as f32);
        let [wide_a, wide_b, wide_c] = [a, b, c].map(f64::from);
        let of = |operation| Case::new(operation, RUNNING, [a, b, c]).twin(Storage::Single);
        let unit = 2.0_f64.powi(-23);
        for (got, want) in [
            (of(Operation::StepLength)[RESULT], wide_a / wide_b),
            (of(Operation::FletcherReeves)[RESULT], wide_a / wide_b),
            (
                of(Operation::PolakRibiere)[RESULT],
                ((wide_a - wide_b) / wide_c).max(0.0),
            ),
            (
                of(Operation::Judge)[slot::DECREASE],
                2.0 + 0.5 * wide_a * wide_b,
            ),
            (of(Operation::Judge)[slot::RESIDUAL], (wide_c / 16.0).sqrt()),
        ] {
            // Three roundings of numbers not much larger than the result.
            let bound = 4.0 * unit * (want.abs() + (wide_a + wide_b) / wide_c);
            close(&[got], &[want], |_| bound).unwrap();
            close(&[got + 1e-2], &[want], |_| bound).unwrap_err();
        }
    }
}

/// States are the same, numbers within what division and square root may be
/// off on a device: 2.5 and 4 units in the last place.
#[test]
fn device_against_twin() {
    for_each(|gpu, storage| {
        for (k, (case, ..)) in cases().into_iter().enumerate() {
            let (got, twin) = (case.device(gpu, storage), case.twin(storage));
            for i in 0..got.len() {
                let (a, b) = (got[i], twin[i]);
                let unit = match storage {
                    Storage::Single => 2.0_f32.powi(-21),
                    Storage::Half(_) => 2.0_f32.powi(-10),
                };
                let same = a.to_bits() == b.to_bits() || (a - b).abs() <= unit * b.abs();
                assert!(
                    same,
                    "{} {storage:?} case {k}, slot {i}: {a} {b}",
                    gpu.adapter()
                );
            }
            same_bits(&got, &case.device(gpu, storage)).unwrap();
        }
    });
}

//! `aᵀ b`, down to partial sums.

use half::f16;
use slam16::cpu::kernels;
use slam16_gpu::Gpu;
use slam16_gpu::kernels::dot::{Dot, DotParams, groups};
use slam16_gpu::shader::Storage;

use crate::harness::{Guarded, Random, SIZES, close, for_each, same_bits, sum_bound};

/// Place of the first partial sum.
const FIRST: usize = 3;

struct Case {
    a: Vec<f32>,
    b: Vec<f32>,
}

impl Case {
    fn new(count: usize) -> Self {
        let mut random = Random(count as u64);
        Self {
            a: random.vector(count),
            b: random.vector(count),
        }
    }

    fn device(&self, gpu: &Gpu, storage: Storage) -> Vec<f32> {
        let count = self.a.len();
        let partials = groups(count, gpu.workgroup() as usize);
        let mut before = vec![0.0; FIRST];
        before.resize(FIRST + partials, f32::NAN);
        let out = Guarded::with(gpu, &before);
        let params = DotParams {
            count: count as u32,
            first: FIRST as u32,
        };
        let launch = Dot {
            a: &gpu.storage_from("a", &self.a).unwrap(),
            b: &gpu.storage_from("b", &self.b).unwrap(),
            partials: &out.buffer,
            params: &gpu.uniform("params", &params).unwrap(),
            count,
        }
        .launch(gpu, storage)
        .unwrap();
        let mut recorder = gpu.record("dot").unwrap();
        recorder.run(&launch);
        recorder.submit().unwrap().finish().unwrap();
        out.values(gpu)
    }

    fn twin(&self, workgroup: usize, storage: Storage) -> Vec<f32> {
        let count = self.a.len();
        let groups = groups(count, workgroup);
        let mut out = vec![0.0; FIRST + groups];
        match storage {
            Storage::Half(_) => {
                kernels::dot::<f16>(workgroup, groups, &self.a, &self.b, &mut out, count, FIRST);
            }
            Storage::Single => {
                kernels::dot::<f32>(workgroup, groups, &self.a, &self.b, &mut out, count, FIRST);
            }
        }
        out
    }

    fn exact(&self) -> (f64, f64) {
        let products = self.a.iter().zip(&self.b);
        let products = products.map(|(a, b)| f64::from(*a) * f64::from(*b));
        products.fold((0.0, 0.0), |(s, m), p| (s + p, m + p.abs()))
    }
}

/// `(1, 2, 3) · (4, 5, 6) = 32`.
#[test]
fn worked_by_hand() {
    let case = Case {
        a: vec![1.0, 2.0, 3.0],
        b: vec![4.0, 5.0, 6.0],
    };
    assert_eq!(case.twin(64, Storage::Single), [0.0, 0.0, 0.0, 32.0]);
    for_each(|gpu, storage| {
        assert_eq!(case.device(gpu, storage), [0.0, 0.0, 0.0, 32.0]);
    });
}

#[test]
fn twin_against_f64() {
    for count in SIZES.into_iter().chain([100_000]) {
        let case = Case::new(count);
        let (want, size) = case.exact();
        let sum: f32 = case.twin(64, Storage::Single).iter().sum();
        close(&[sum], &[want], |_| sum_bound(count + 300, size)).unwrap();
        if count > 0 {
            close(&[sum + 1e-3 * size as f32], &[want], |_| {
                sum_bound(64 + 300, size)
            })
            .unwrap_err();
        }
    }
}

/// Same order, so at most a fused product apart: one rounding of each.
#[test]
fn device_against_twin() {
    for_each(|gpu, storage| {
        for count in SIZES.into_iter().chain([70_000]) {
            let case = Case::new(count);
            let workgroup = gpu.workgroup() as usize;
            let twin: Vec<f64> = case
                .twin(workgroup, storage)
                .iter()
                .map(|v| f64::from(*v))
                .collect();
            let (_, size) = case.exact();
            let got = case.device(gpu, storage);
            match storage {
                Storage::Single => close(&got, &twin, |_| sum_bound(count + 8, size)),
                // Rounded to 11 bits after every operation, to the same bits
                // unless the hardware fuses what it should not.
                Storage::Half(_) => close(&got, &twin, |i| 2.0_f64.powi(-9) * twin[i].abs()),
            }
            .unwrap_or_else(|e| panic!("{} {storage:?} {count}: {e}", gpu.adapter()));
        }
    });
}

#[test]
fn two_runs_have_the_same_bits() {
    for_each(|gpu, storage| {
        let case = Case::new(70_000);
        same_bits(&case.device(gpu, storage), &case.device(gpu, storage)).unwrap();
    });
}

//! Partial sums to a scalar.

use half::f16;
use slam16::cpu::kernels;
use slam16_gpu::Gpu;
use slam16_gpu::kernels::reduce::{Reduce, ReduceParams};
use slam16_gpu::shader::Storage;

use crate::harness::{Guarded, Random, SIZES, close, for_each, same_bits, sum_bound};

const FIRST: usize = 2;
const SLOT: usize = 1;

struct Case {
    partials: Vec<f32>,
    count: usize,
    add: u32,
    scale: f32,
}

impl Case {
    fn new(count: usize, add: u32) -> Self {
        Self {
            partials: Random(count as u64).vector(FIRST + count),
            count,
            add,
            scale: -0.5,
        }
    }

    const BEFORE: [f32; 3] = [7.0, 0.25, 9.0];

    fn device(&self, gpu: &Gpu, storage: Storage) -> Vec<f32> {
        let mut before = Self::BEFORE;
        if self.add == 0 {
            before[SLOT] = f32::NAN;
        }
        let scalars = Guarded::with(gpu, &before);
        let params = ReduceParams {
            first: FIRST as u32,
            count: self.count as u32,
            slot: SLOT as u32,
            add: self.add,
            scale: self.scale,
        };
        let launch = Reduce {
            partials: &gpu.storage_from("partials", &self.partials).unwrap(),
            scalars: &scalars.buffer,
            params: &gpu.uniform("params", &params).unwrap(),
        }
        .launch(gpu, storage)
        .unwrap();
        let mut recorder = gpu.record("reduce").unwrap();
        recorder.run(&launch);
        recorder.submit().unwrap().finish().unwrap();
        scalars.values(gpu)
    }

    fn twin(&self, workgroup: usize, storage: Storage) -> Vec<f32> {
        let mut scalars = Self::BEFORE.to_vec();
        let run = match storage {
            Storage::Half(_) => kernels::reduce::<f16>,
            Storage::Single => kernels::reduce::<f32>,
        };
        let (partials, count) = (&self.partials, self.count);
        let (add, scale) = (self.add, self.scale);
        run(
            workgroup,
            partials,
            &mut scalars,
            FIRST,
            count,
            SLOT,
            add,
            scale,
        );
        scalars
    }
}

/// `−½ (1 + 2 + 5) + ¼ = −3.75`.
#[test]
fn worked_by_hand() {
    let case = Case {
        partials: vec![100.0, 100.0, 1.0, 2.0, 5.0],
        count: 3,
        add: 1,
        scale: -0.5,
    };
    assert_eq!(case.twin(64, Storage::Single), [7.0, -3.75, 9.0]);
    for_each(|gpu, storage| assert_eq!(case.device(gpu, storage), [7.0, -3.75, 9.0]));
}

#[test]
fn twin_against_f64() {
    for count in SIZES {
        let case = Case::new(count, 1);
        let (mut want, mut size) = (0.25, 0.25);
        for v in &case.partials[FIRST..] {
            want -= 0.5 * f64::from(*v);
            size += 0.5 * f64::from(v.abs());
        }
        let got = case.twin(64, Storage::Single)[SLOT];
        close(&[got], &[want], |_| sum_bound(count + 8, size)).unwrap();
        close(&[got + 0.1], &[want], |_| sum_bound(count + 8, size)).unwrap_err();
    }
}

/// Nothing but sums in a fixed order: the same to the rounding of one product.
#[test]
fn device_against_twin() {
    for_each(|gpu, storage| {
        for count in SIZES {
            for add in [0, 1] {
                let case = Case::new(count, add);
                let twin = case.twin(gpu.workgroup() as usize, storage);
                let want: Vec<f64> = twin.iter().map(|v| f64::from(*v)).collect();
                let got = case.device(gpu, storage);
                let unit = match storage {
                    Storage::Single => 2.0_f64.powi(-22),
                    Storage::Half(_) => 2.0_f64.powi(-10),
                };
                close(&got, &want, |i| unit * (want[i].abs() + 0.25)).unwrap();
                same_bits(&got, &case.device(gpu, storage)).unwrap();
            }
        }
    });
}

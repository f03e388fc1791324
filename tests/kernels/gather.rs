//! A vector in another order, scaled.

use half::f16;
use slam16::cpu::kernels::{self, NONE};
use slam16_gpu::Gpu;
use slam16_gpu::kernels::gather::{Gather, GatherParams};
use slam16_gpu::shader::Storage;

use crate::harness::{Guarded, Random, SIZES, UNIT, close, for_each, same_bits};

const SCALARS: [f32; 2] = [3.0, -0.7];

struct Case {
    index: Vec<u32>,
    x: Vec<f32>,
    slot: u32,
}

impl Case {
    fn new(count: usize, slot: u32) -> Self {
        let mut random = Random(count as u64);
        let x = random.vector(count + 3);
        let place = |_| match random.below(6) {
            0 => NONE,
            _ => random.below(x.len()) as u32,
        };
        Self {
            index: (0..count).map(place).collect(),
            x,
            slot,
        }
    }

    fn device(&self, gpu: &Gpu, storage: Storage) -> Vec<f32> {
        let y = Guarded::new(gpu, self.index.len());
        let params = GatherParams {
            count: self.index.len() as u32,
            slot: self.slot,
        };
        let launch = Gather {
            index: &gpu.storage_from("index", &self.index).unwrap(),
            scalars: &gpu.storage_from("scalars", &SCALARS).unwrap(),
            x: &gpu.storage_from("x", &self.x).unwrap(),
            y: &y.buffer,
            params: &gpu.uniform("params", &params).unwrap(),
            count: self.index.len(),
        }
        .launch(gpu, storage)
        .unwrap();
        let mut recorder = gpu.record("gather").unwrap();
        recorder.run(&launch);
        recorder.submit().unwrap().finish().unwrap();
        y.values(gpu)
    }

    fn twin(&self, storage: Storage) -> Vec<f32> {
        let run = match storage {
            Storage::Half(_) => kernels::gather::<f16>,
            Storage::Single => kernels::gather::<f32>,
        };
        let mut y = vec![f32::NAN; self.index.len()];
        run(
            &self.index,
            &SCALARS,
            &self.x,
            &mut y,
            self.index.len(),
            self.slot,
        );
        y
    }

    fn oracle(&self) -> Vec<f64> {
        let factor = SCALARS
            .get(self.slot as usize)
            .map_or(1.0, |s| f64::from(*s));
        let value = |at: &u32| self.x.get(*at as usize).map_or(0.0, |x| f64::from(*x));
        self.index.iter().map(|at| factor * value(at)).collect()
    }
}

/// A product rounded to f32, then to storage, or half a step of the least
/// numbers of half.
fn bound(storage: Storage, want: f64) -> f64 {
    match storage {
        Storage::Single => UNIT * want.abs() + f64::from(f32::MIN_POSITIVE),
        Storage::Half(_) => 1.001 * 2.0_f64.powi(-11) * want.abs() + 2.0_f64.powi(-25),
    }
}

#[test]
fn worked_by_hand() {
    let case = Case {
        index: vec![2, NONE, 0, 2],
        x: vec![1.0, f32::NAN, 5.0],
        slot: 0,
    };
    let want = [15.0, 0.0, 3.0, 15.0];
    assert_eq!(case.twin(Storage::Single), want);
    for_each(|gpu, storage| assert_eq!(case.device(gpu, storage), want));
}

#[test]
fn twin_against_f64() {
    for count in SIZES {
        for slot in [NONE, 1] {
            let case = Case::new(count, slot);
            for storage in Storage::ALL {
                let (got, want) = (case.twin(storage), case.oracle());
                close(&got, &want, |i| bound(storage, want[i])).unwrap();
                if count > 0 {
                    let wrong: Vec<f32> = got.iter().map(|v| v + 0.01).collect();
                    close(&wrong, &want, |i| bound(storage, want[i])).unwrap_err();
                }
            }
        }
    }
}

/// One product has nothing to fuse with: the bits are the twin's.
#[test]
fn device_against_twin() {
    for_each(|gpu, storage| {
        for count in SIZES {
            for slot in [NONE, 1] {
                let case = Case::new(count, slot);
                let got = case.device(gpu, storage);
                same_bits(&got, &case.twin(storage))
                    .unwrap_or_else(|e| panic!("{} {storage:?}: {e}", gpu.adapter()));
                same_bits(&got, &case.device(gpu, storage)).unwrap();
            }
        }
    });
}

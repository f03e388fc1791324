//! Conversions between f16 and f32.

use half::f16;
use slam16::cpu::kernels;
use slam16_gpu::kernels::canary::{Canary, CanaryParams};
use slam16_gpu::shader::Storage;
use slam16_gpu::{Gpu, Verdict};

use crate::harness::{Guarded, Random, gpus, storages};

const PAIRS: [usize; 5] = [1, 32, 63, 65, 500];

struct Results {
    widened: Vec<f32>,
    rounded: Vec<f16>,
    sums: Vec<f16>,
    products: Vec<f16>,
}

fn input(pairs: usize) -> (Vec<f16>, Vec<f32>) {
    let mut random = Random(pairs as u64);
    let halves = (0..2 * pairs)
        .map(|_| f16::from_f64(random.value()))
        .collect();
    let floats = (0..2 * pairs)
        .map(|_| random.value() as f32 * 100.0)
        .collect();
    (halves, floats)
}

fn device(gpu: &Gpu, storage: Storage, halves: &[f16], floats: &[f32]) -> Results {
    let pairs = halves.len() / 2;
    let words = |name| gpu.storage::<u32>(name, pairs).unwrap();
    let (rounded, sums, products) = (words("rounded"), words("sums"), words("products"));
    let widened = Guarded::new(gpu, 2 * pairs);
    let params = CanaryParams {
        pairs: pairs as u32,
    };
    let bits: Vec<u32> = bytemuck::pod_collect_to_vec(halves);
    let launch = Canary {
        halves: &gpu.storage_from("halves", &bits).unwrap(),
        floats: &gpu.storage_from("floats", floats).unwrap(),
        widened: &widened.buffer,
        rounded: &rounded,
        sums: &sums,
        products: &products,
        params: &gpu.uniform("params", &params).unwrap(),
        pairs,
    }
    .launch(gpu, storage)
    .unwrap();
    let mut recorder = gpu.record("canary").unwrap();
    recorder.run(&launch);
    recorder.submit().unwrap().finish().unwrap();
    let read = |buffer| -> Vec<f16> { bytemuck::cast_slice(&gpu.read(buffer).unwrap()).to_vec() };
    Results {
        widened: widened.values(gpu),
        rounded: read(&rounded),
        sums: read(&sums),
        products: read(&products),
    }
}

fn twin(halves: &[f16], floats: &[f32]) -> Results {
    let n = halves.len();
    let mut out = Results {
        widened: vec![f32::NAN; n],
        rounded: vec![f16::NAN; n],
        sums: vec![f16::NAN; n],
        products: vec![f16::NAN; n],
    };
    kernels::canary(
        halves,
        floats,
        &mut out.widened,
        &mut out.rounded,
        &mut out.sums,
        &mut out.products,
        n / 2,
    );
    out
}

/// `(1, 2)` and `(0.5, 3)`: each pair with the next, the last with the first.
#[test]
fn worked_by_hand() {
    let halves = [1.0, 2.0, 0.5, 3.0].map(f16::from_f32);
    let floats = [1.0, 1.0 + 1.0 / 2048.0, 1.0 + 3.0 / 2048.0, -7.0];
    let results = twin(&halves, &floats);
    assert_eq!(results.widened, [1.0, 2.0, 0.5, 3.0]);
    let halves_of = |values: [f32; 4]| values.map(f16::from_f32).to_vec();
    // Ties go to even.
    assert_eq!(
        results.rounded,
        halves_of([1.0, 1.0, 1.0 + 2.0 / 1024.0, -7.0])
    );
    assert_eq!(results.sums, halves_of([1.5, 5.0, 1.5, 5.0]));
    assert_eq!(results.products, halves_of([0.5, 6.0, 0.5, 6.0]));
}

/// The twin's f32 sum of two halves is not always exact; rounded on to 11 bits
/// it is what f64 gives.
#[test]
fn twin_against_f64() {
    let (halves, floats) = input(500);
    let results = twin(&halves, &floats);
    for k in 0..halves.len() {
        let (a, b) = (halves[k].to_f64(), halves[(k + 2) % 1000].to_f64());
        assert_eq!(f64::from(results.widened[k]), a);
        assert_eq!(results.rounded[k], f16::from_f32(floats[k]));
        assert_eq!(results.sums[k], f16::from_f64(a + b));
        assert_eq!(results.products[k], f16::from_f64(a * b));
    }
}

/// Conversions are exact or rounded once: equal bits, but for numbers below
/// 2⁻¹⁴, which a device may make zero.
#[test]
fn device_against_twin() {
    let same = |a: f32, b: f32| a == b || (b.abs() < 2.0_f32.powi(-14) && a == 0.0);
    for gpu in gpus() {
        for storage in storages(gpu) {
            if storage == Storage::Single {
                continue;
            }
            for pairs in PAIRS {
                let (halves, floats) = input(pairs);
                let (got, want) = (
                    device(gpu, storage, &halves, &floats),
                    twin(&halves, &floats),
                );
                for k in 0..2 * pairs {
                    assert!(same(got.widened[k], want.widened[k]));
                    for (got, want) in [
                        (got.rounded[k], want.rounded[k]),
                        (got.sums[k], want.sums[k]),
                        (got.products[k], want.products[k]),
                    ] {
                        assert!(same(got.to_f32(), want.to_f32()), "{got} {want}");
                    }
                }
            }
        }
    }
}

#[test]
fn opening_a_device_ran_it() {
    for gpu in gpus() {
        let verdicts = &gpu.canary().verdicts;
        assert!(!verdicts.is_empty());
        for (rung, verdict) in verdicts {
            eprintln!("{}: {rung}: {verdict:?}", gpu.adapter());
            assert!(
                matches!(verdict, Verdict::Sound { .. }),
                "{rung}: {verdict:?}"
            );
        }
    }
}

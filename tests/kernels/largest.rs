//! The largest magnitude of a vector.

use slam16::cpu::kernels;
use slam16_gpu::Gpu;
use slam16_gpu::kernels::largest::{Largest, LargestParams, groups};
use slam16_gpu::shader::Storage;

use crate::harness::{Guarded, Random, SIZES, for_each, same_bits};

/// Results before the first, so that a wrong place is seen.
const FIRST: usize = 2;

fn vector(count: usize) -> Vec<f32> {
    let scale = |i: usize| 2.0_f32.powi((i % 200) as i32 - 100);
    let values = Random(count as u64).vector(count);
    values
        .iter()
        .enumerate()
        .map(|(i, v)| v * scale(i))
        .collect()
}

fn device(gpu: &Gpu, storage: Storage, x: &[f32]) -> Vec<f32> {
    let groups = groups(x.len(), gpu.workgroup() as usize);
    let mut before = vec![0.25; FIRST];
    before.resize(FIRST + groups, f32::from_bits(crate::harness::POISON));
    let partials = Guarded::with(gpu, &before);
    let params = LargestParams {
        count: x.len() as u32,
        first: FIRST as u32,
    };
    let launch = Largest {
        x: &gpu.storage_from("x", x).unwrap(),
        partials: &partials.buffer,
        params: &gpu.uniform("params", &params).unwrap(),
        count: x.len(),
    }
    .launch(gpu, storage)
    .unwrap();
    let mut recorder = gpu.record("largest").unwrap();
    recorder.run(&launch);
    recorder.submit().unwrap().finish().unwrap();
    partials.values(gpu)
}

fn twin(workgroup: usize, x: &[f32]) -> Vec<f32> {
    let groups = groups(x.len(), workgroup);
    let mut partials = vec![0.25; FIRST + groups];
    kernels::largest(workgroup, groups, x, &mut partials, x.len(), FIRST);
    partials
}

#[test]
fn worked_by_hand() {
    let x = [1.0, -3.0, 2.0, 0.0];
    assert_eq!(twin(2, &x), [0.25, 0.25, 3.0]);
    for_each(|gpu, storage| assert_eq!(device(gpu, storage, &x), [0.25, 0.25, 3.0]));
}

/// A maximum rounds nothing: it is the one of f64.
#[test]
fn twin_against_f64() {
    for count in SIZES.into_iter().chain([70_000]) {
        let x = vector(count);
        let want = x.iter().fold(0.0, |m, v| f64::from(*v).abs().max(m));
        for workgroup in [32, 64, 256] {
            let got = twin(workgroup, &x);
            let most = got[FIRST..].iter().fold(0.0_f32, |m, v| v.max(m));
            assert_eq!(f64::from(most), want);
        }
    }
    let mut wrong = vector(65);
    let want = twin(64, &wrong);
    wrong[64] = 1e30;
    same_bits(&twin(64, &wrong), &want).unwrap_err();
}

#[test]
fn device_against_twin() {
    for_each(|gpu, storage| {
        for count in SIZES.into_iter().chain([70_000]) {
            let x = vector(count);
            let got = device(gpu, storage, &x);
            same_bits(&got, &twin(gpu.workgroup() as usize, &x))
                .unwrap_or_else(|e| panic!("{} {storage:?} {count}: {e}", gpu.adapter()));
            same_bits(&got, &device(gpu, storage, &x)).unwrap();
        }
    });
}

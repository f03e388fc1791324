//! Powers of two for columns: bits alone, so a device has those of its twin.

use slam16::cpu::kernels;
use slam16_gpu::Gpu;
use slam16_gpu::kernels::column_scale::{ColumnScale, ColumnScaleParams};

use crate::harness::{Guarded, Random, SIZES, gpus, same_bits};

fn device(gpu: &Gpu, norms: &[f32]) -> Vec<f32> {
    let scale = Guarded::new(gpu, norms.len());
    let params = ColumnScaleParams {
        count: norms.len() as u32,
    };
    let launch = ColumnScale {
        norms: &gpu.storage_from("norms", norms).unwrap(),
        scale: &scale.buffer,
        params: &gpu.uniform("params", &params).unwrap(),
        count: norms.len(),
    }
    .launch(gpu)
    .unwrap();
    let mut recorder = gpu.record("column_scale").unwrap();
    recorder.run(&launch);
    recorder.submit().unwrap().finish().unwrap();
    scale.values(gpu)
}

fn twin(norms: &[f32]) -> Vec<f32> {
    let mut scale = vec![0.0; norms.len()];
    kernels::column_scale(norms, &mut scale, norms.len());
    scale
}

/// Norms of every binade.
fn norms(count: usize) -> Vec<f32> {
    let mut random = Random(count as u64);
    (0..count)
        .map(|i| (1.0 + random.value().abs() as f32) * 2.0_f32.powi(i as i32 % 252 - 126))
        .collect()
}

/// Squares 1, 2, 4, 1.99, ¾ and 0: norms 1, √2, 2, 1.41, 0.87.
#[test]
fn worked_by_hand() {
    let norms = [1.0, 2.0, 4.0, 1.99, 0.75, 0.0, 1e-40, 1e38];
    let want = [1.0, 0.5, 0.5, 1.0, 1.0, 0.0, 0.0, 2.0_f32.powi(-63)];
    assert_eq!(twin(&norms), want);
    for gpu in gpus() {
        assert_eq!(device(gpu, &norms), want);
    }
}

/// In f64, a scaled norm is in `[1/√2, √2)` and its factor a power of two.
#[test]
fn twin_against_f64() {
    let within = |norms: &[f32], scale: &[f32]| {
        norms.iter().zip(scale).all(|(norm, scale)| {
            let norm = f64::from(*norm).sqrt() * f64::from(*scale);
            let power = scale.to_bits() & 0x7f_ffff == 0;
            power && norm * norm >= 0.5 && norm * norm < 2.0
        })
    };
    let norms = norms(1000);
    let mut scale = twin(&norms);
    assert!(within(&norms, &scale));
    scale[17] *= 2.0;
    assert!(!within(&norms, &scale));
}

#[test]
fn device_against_twin() {
    for gpu in gpus() {
        for count in SIZES {
            let norms = norms(count);
            let got = device(gpu, &norms);
            same_bits(&got, &twin(&norms)).unwrap();
            same_bits(&got, &device(gpu, &norms)).unwrap();
        }
    }
}

/// What is not finite stays so.
#[test]
fn what_is_not_finite_is_not_hidden() {
    let norms = [f32::INFINITY, f32::NAN];
    assert!(twin(&norms).iter().all(|v| !v.is_finite()));
    for gpu in gpus() {
        assert!(device(gpu, &norms).iter().all(|v| !v.is_finite()));
    }
}

//! The power of two that brings a vector into the range of half.

use slam16::cpu::kernels::{self, NONE};
use slam16_gpu::Gpu;
use slam16_gpu::kernels::power_of_two::{PowerOfTwo, PowerOfTwoParams};
use slam16_gpu::shader::Storage;

use crate::harness::{Guarded, Random, SIZES, for_each, same_bits};

const SCALARS: [f32; 4] = [0.5, -0.3, 8.0, 1.7];
/// Results before the first, so that a wrong place is seen.
const FIRST: usize = 3;

fn params(count: usize, earlier: u32) -> PowerOfTwoParams {
    PowerOfTwoParams {
        first: FIRST as u32,
        count: count as u32,
        slot: 3,
        undo: 1,
        earlier,
    }
}

fn with_others(values: &[f32]) -> Vec<f32> {
    let mut all = vec![1e30; FIRST];
    all.extend(values);
    all.push(1e31);
    all
}

fn device(gpu: &Gpu, storage: Storage, values: &[f32], earlier: u32) -> Vec<f32> {
    let scalars = Guarded::with(gpu, &SCALARS);
    let partials = gpu.storage_from("partials", &with_others(values)).unwrap();
    let launch = PowerOfTwo {
        partials: &partials,
        scalars: &scalars.buffer,
        params: &gpu
            .uniform("params", &params(values.len(), earlier))
            .unwrap(),
    }
    .launch(gpu, storage)
    .unwrap();
    let mut recorder = gpu.record("power_of_two").unwrap();
    recorder.run(&launch);
    recorder.submit().unwrap().finish().unwrap();
    scalars.values(gpu)
}

fn twin(values: &[f32], earlier: u32) -> Vec<f32> {
    let mut scalars = SCALARS.to_vec();
    let partials = with_others(values);
    kernels::power_of_two(&partials, &mut scalars, FIRST, values.len(), 3, 1, earlier);
    scalars
}

/// `6 = ¾ · 8`, and 8 times what undid an earlier factor, 8.
#[test]
fn worked_by_hand() {
    let values = [1.0, 6.0, 0.25];
    let want = [0.5, 64.0, 8.0, 0.125];
    assert_eq!(twin(&values, 2), want);
    assert_eq!(twin(&values, NONE)[1], 8.0);
    for_each(|gpu, storage| assert_eq!(device(gpu, storage, &values, 2), want));
}

/// Edges of the range: nothing to scale, powers of two, the largest numbers.
const EDGES: [f32; 12] = [
    0.0,
    1e-40,
    f32::MIN_POSITIVE,
    1.0,
    0.999_999_94,
    65504.0,
    1e30,
    4.3e37,
    8.6e37,
    1.8e38,
    f32::MAX,
    f32::INFINITY,
];

#[test]
fn twin_against_f64() {
    for largest in EDGES {
        let [_, up, _, down] = twin(&[largest], NONE)[..] else {
            panic!("four scalars");
        };
        assert_eq!(f64::from(up) * f64::from(down), 1.0);
        assert_eq!(f64::from(down).log2().fract(), 0.0);
        let wide = f64::from(largest);
        if !largest.is_normal() {
            assert_eq!(down, 1.0);
        } else if wide < 2.0_f64.powi(126) {
            let want = 2.0_f64.powi(-(wide.log2().floor() as i32) - 1);
            // Rounding of the logarithm just below 1.
            let want = if wide * want < 0.5 { 2.0 * want } else { want };
            assert_eq!(f64::from(down), want);
            assert!((0.5..1.0).contains(&(wide * f64::from(down))));
            assert!(!(0.5..1.0).contains(&(wide * 2.0 * f64::from(down))));
        } else {
            assert!(wide * f64::from(down) < 4.0);
        }
    }
}

#[test]
fn device_against_twin() {
    for_each(|gpu, storage| {
        for count in SIZES {
            let values = Random(count as u64).vector(count);
            let values: Vec<f32> = values.iter().map(|v| 1e4 * v.abs()).collect();
            for earlier in [NONE, 2] {
                let got = device(gpu, storage, &values, earlier);
                same_bits(&got, &twin(&values, earlier))
                    .unwrap_or_else(|e| panic!("{} {storage:?}: {e}", gpu.adapter()));
                same_bits(&got, &device(gpu, storage, &values, earlier)).unwrap();
            }
        }
        for largest in EDGES {
            let (got, want) = (
                device(gpu, storage, &[largest], NONE),
                twin(&[largest], NONE),
            );
            same_bits(&got, &want).unwrap_or_else(|e| panic!("{} {largest:e}: {e}", gpu.adapter()));
        }
    });
}

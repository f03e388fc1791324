//! Judging results.

use slam16_gpu::Gpu;
use slam16_gpu::shader::Storage;

use super::storages;

/// Whether all of `got` are within `bound(i)` of `want`. A NaN never is.
pub fn close(got: &[f32], want: &[f64], bound: impl Fn(usize) -> f64) -> Result<(), String> {
    if got.len() != want.len() {
        return Err(format!("{} numbers, not {}", got.len(), want.len()));
    }
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let error = (f64::from(*got) - want).abs();
        let bound = bound(i);
        if error.is_nan() || error > bound {
            return Err(format!(
                "{i}: {got:e}, not {want:e}: off by {error:e} > {bound:e}"
            ));
        }
    }
    Ok(())
}

/// Whether two results are the same bit for bit.
pub fn same_bits(a: &[f32], b: &[f32]) -> Result<(), String> {
    if a.len() != b.len() {
        return Err(format!("{} numbers and {}", a.len(), b.len()));
    }
    match (0..a.len()).find(|i| a[*i].to_bits() != b[*i].to_bits()) {
        None => Ok(()),
        Some(i) => Err(format!("{i}: {:e} and {:e}", a[i], b[i])),
    }
}

/// A result that a second run gives bit for bit.
pub fn twice(run: impl Fn() -> Vec<f32>) -> Vec<f32> {
    let first = run();
    same_bits(&first, &run()).unwrap();
    first
}

/// Half storage gives the same bits however it is read or written.
pub fn same_in_half(gpu: &Gpu, run: impl Fn(Storage) -> Vec<f32>) {
    let results: Vec<Vec<f32>> = storages(gpu)
        .into_iter()
        .filter(|s| matches!(s, Storage::Half(_)))
        .map(run)
        .collect();
    for other in &results[1..] {
        same_bits(&results[0], other).unwrap();
    }
}

#[test]
fn the_comparison_sees_wrong_results() {
    let want = [1.0, -2.0, 0.0];
    assert!(close(&[1.0, -2.0, 0.0], &want, |_| 0.0).is_ok());
    assert!(close(&[1.0, -2.0, 1e-6], &want, |_| 1e-7).is_err());
    assert!(close(&[1.0, 2.0, 0.0], &want, |_| 1.0).is_err());
    assert!(close(&[1.0, f32::NAN, 0.0], &want, |_| 1e9).is_err());
    assert!(close(&[1.0, f32::INFINITY, 0.0], &want, |_| 1e9).is_err());
    assert!(close(&[1.0, -2.0], &want, |_| 1e9).is_err());
    assert!(same_bits(&[0.5], &[0.5]).is_ok());
    assert!(same_bits(&[0.5], &[0.5 + f32::EPSILON]).is_err());
    assert!(same_bits(&[0.0], &[-0.0]).is_err());
}

//! Products with the root of an information matrix.

use nalgebra::{SMatrix, SVector};

/// `U r`.
#[inline(always)]
pub(super) fn whiten<const R: usize>(
    root: &SMatrix<f64, R, R>,
    residual: &SVector<f64, R>,
) -> [f64; R] {
    let mut sum = [0.0; R];
    for k in 0..R {
        for r in 0..R {
            sum[r] += root[(r, k)] * residual[k];
        }
    }
    sum
}

/// `out = scale · U · J`, column-major, with the first `flat` columns of `J`
/// zero below row `flat` (0: no such structure).
///
/// `U` is upper triangular, so the products of those columns vanish below row
/// `flat` too. Its stored zeros are multiplied like any entry: whole columns
/// fill vector registers, triangles do not.
#[inline(always)]
pub(super) fn whiten_block<const R: usize, const C: usize>(
    root: &SMatrix<f64, R, R>,
    jacobian: &SMatrix<f64, R, C>,
    flat: usize,
    scale: f64,
    out: &mut [f64],
) {
    let out = &mut out[..R * C];
    for c in 0..C {
        let depth = if c < flat { flat } else { R };
        let mut sum = [0.0; R];
        for k in 0..depth {
            let entry = scale * jacobian[(k, c)];
            for r in 0..R {
                sum[r] += root[(r, k)] * entry;
            }
        }
        out[c * R..(c + 1) * R].copy_from_slice(&sum);
    }
}

/// Sets the columns of held scalars to zero.
#[inline(always)]
pub(super) fn zero_held<const R: usize, const C: usize>(held: &[bool], out: &mut [f64]) {
    let held = &held[..C];
    if held.iter().fold(false, |any, h| any | h) {
        for (column, _) in out.chunks_exact_mut(R).zip(held).filter(|(_, h)| **h) {
            column.fill(0.0);
        }
    }
}

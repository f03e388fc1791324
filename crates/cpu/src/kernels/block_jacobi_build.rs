//! Inverse factors of damped diagonal blocks.

use slam16_sparse::Store;

use super::sums::tree;
use super::triangles::{layout, upper};

const ATTEMPTS: usize = 5;
const LEAST_RIDGE: f32 = 1e-5;
/// A pivot below this part of its diagonal is rounding and nothing else.
const LEAST_PIVOT: f32 = 1e-6;

/// `inverse_v = R⁻¹` with `RᵀR = gram_v + λ diag(damping_v)` for each of
/// `variables` variables of `cols` columns, upper triangles column by column
/// in tiles of `tile`. A zero on the diagonal is held and counts as 1.
///
/// A block that f32 cannot factor gets a ridge relative to its diagonal:
/// `ridge` at first, then ten times as much up to 1e-2; one that has no factor
/// then keeps its diagonal. `partials[first + g]` counts such blocks, and those
/// that are not finite once stored, of workgroup `g`.
pub fn block_jacobi_build<S: Store<Compute = f32>>(
    cols: usize,
    workgroup: usize,
    tile: usize,
    columns: &[u32],
    gram: &[f32],
    damping: &[f32],
    inverse: &mut [S],
    partials: &mut [f32],
    variables: usize,
    first: usize,
    lambda: f32,
    ridge: f32,
) {
    let layout = layout(tile, cols);
    let mut lanes = vec![0.0; workgroup];
    for v in 0..variables {
        let load = |ridge: f32| {
            let mut block: Vec<f32> = (0..2 * layout.pairs())
                .map(|k| gram[layout.index(v, k)])
                .collect();
            for j in 0..cols {
                let d = &mut block[upper(j, j)];
                let shift = lambda * damping[columns[v] as usize + j] + ridge * *d;
                *d = if *d == 0.0 { 1.0 } else { *d + shift };
            }
            block
        };
        let mut ridge = ridge;
        let mut factor = Vec::new();
        let mut sound = false;
        for _ in 0..ATTEMPTS {
            factor = load(ridge);
            sound = factorize(&mut factor, cols);
            if sound {
                break;
            }
            ridge = (10.0 * ridge).max(LEAST_RIDGE);
        }
        if !sound {
            factor = load(0.0);
            for j in 0..cols {
                for i in 0..j {
                    factor[upper(i, j)] = 0.0;
                }
                factor[upper(j, j)] = factor[upper(j, j)].sqrt();
            }
        }
        invert(&mut factor, cols);
        for (k, value) in factor.iter().enumerate() {
            let stored = S::store(*value);
            inverse[layout.index(v, k)] = stored;
            sound &= stored.load().is_finite();
        }
        lanes[v % workgroup] = if sound { 0.0 } else { 1.0 };
        if v % workgroup == workgroup - 1 || v == variables - 1 {
            partials[first + v / workgroup] = tree(&mut lanes);
            lanes.fill(0.0);
        }
    }
}

/// `R` in place of the block; `false` where a pivot is lost.
fn factorize(factor: &mut [f32], cols: usize) -> bool {
    let mut good = true;
    for j in 0..cols {
        for i in 0..j {
            let mut sum = factor[upper(i, j)];
            for k in 0..i {
                sum -= factor[upper(k, i)] * factor[upper(k, j)];
            }
            factor[upper(i, j)] = sum / factor[upper(i, i)];
        }
        let diagonal = factor[upper(j, j)];
        let mut pivot = diagonal;
        for k in 0..j {
            pivot -= factor[upper(k, j)] * factor[upper(k, j)];
        }
        good &= pivot.is_finite() && pivot > LEAST_PIVOT * diagonal;
        factor[upper(j, j)] = pivot.abs().sqrt();
    }
    good
}

/// `R⁻¹` in place of `R`.
fn invert(factor: &mut [f32], cols: usize) {
    for j in 0..cols {
        let last = 1.0 / factor[upper(j, j)];
        for i in 0..j {
            let mut sum = 0.0;
            for k in i..j {
                sum += factor[upper(i, k)] * factor[upper(k, j)];
            }
            factor[upper(i, j)] = -sum * last;
        }
        factor[upper(j, j)] = last;
    }
}

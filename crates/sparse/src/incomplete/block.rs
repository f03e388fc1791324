//! Small dense blocks in f64, column-major. In a factor under construction
//! the columns are padded with zeros to a multiple of four rows.

use crate::isa::Isa;

/// Rows of a padded column.
#[inline(always)]
pub(super) const fn stride(dim: usize) -> usize {
    dim.next_multiple_of(4)
}

/// Upper Cholesky factor in place, `a = Rᵀ R`, the part below the diagonal
/// cleared. `false` when a pivot is not positive.
pub(crate) fn cholesky_upper(a: &mut [f64], dim: usize) -> bool {
    for j in 0..dim {
        for i in 0..j {
            let mut sum = a[j * dim + i];
            for k in 0..i {
                sum -= a[i * dim + k] * a[j * dim + k];
            }
            a[j * dim + i] = sum / a[i * dim + i];
        }
        let mut pivot = a[j * dim + j];
        for k in 0..j {
            pivot -= a[j * dim + k] * a[j * dim + k];
        }
        if !(pivot > 0.0 && pivot.is_finite()) {
            return false;
        }
        a[j * dim + j] = pivot.sqrt();
        a[j * dim + j + 1..(j + 1) * dim].fill(0.0);
    }
    true
}

/// Lower Cholesky factor of a padded block, then its inverse, both in place of
/// the block: returns the smallest pivot (square of a diagonal entry of `L`),
/// or the offending one when it is below `least`.
pub(super) fn invert_lower_cholesky(a: &mut [f64], dim: usize, least: f64) -> Result<f64, f64> {
    let s = stride(dim);
    let mut smallest = f64::INFINITY;
    for j in 0..dim {
        for i in j..dim {
            let mut sum = a[j * s + i];
            for k in 0..j {
                sum -= a[k * s + i] * a[k * s + j];
            }
            if i == j {
                let acceptable = sum >= least && sum > 0.0 && sum.is_finite();
                if !acceptable {
                    return Err(sum);
                }
                smallest = smallest.min(sum);
                a[j * s + j] = sum.sqrt();
            } else {
                a[j * s + i] = sum / a[j * s + j];
            }
        }
        a[j * s..j * s + j].fill(0.0);
    }
    // Inverse, column by column from the right: needs only entries not yet replaced.
    for j in (0..dim).rev() {
        let pivot = 1.0 / a[j * s + j];
        a[j * s + j] = pivot;
        // Row i of the inverse of the trailing part is in place; going up leaves
        // the entries of this column that later rows need.
        for i in (j + 1..dim).rev() {
            let mut sum = 0.0;
            for k in j + 1..=i {
                sum += a[k * s + i] * a[j * s + k];
            }
            a[j * s + i] = -sum * pivot;
        }
    }
    Ok(smallest)
}

/// `target −= a bᵀ` for square blocks of a size known at compile time: `N`
/// columns of `Q` quads.
#[inline(always)]
pub(super) fn subtract_square<I: Isa, const N: usize, const Q: usize>(
    isa: I,
    target: &mut [f64],
    a: &[f64],
    b: &[f64],
) {
    let size = 4 * Q * N;
    let (target, a, b) = (&mut target[..size], &a[..size], &b[..size]);
    let mut acc = [[isa.quad_splat(0.0); Q]; N];
    for k in 0..N {
        let mut column = [isa.quad_splat(0.0); Q];
        for (quad, a) in column.iter_mut().zip(a[4 * Q * k..].chunks_exact(4)) {
            *quad = isa.quad([a[0], a[1], a[2], a[3]]);
        }
        for c in 0..N {
            let b = isa.quad_splat(b[4 * Q * k + c]);
            for q in 0..Q {
                acc[c][q] = isa.quad_madd(column[q], b, acc[c][q]);
            }
        }
    }
    for c in 0..N {
        for q in 0..Q {
            let values = isa.quad_values(acc[c][q]);
            for i in 0..4 {
                target[4 * (c * Q + q) + i] -= values[i];
            }
        }
    }
}

/// `target −= a bᵀ` with padded columns: `target` is `rows × cols`, `a` is
/// `rows × inner`, `b` is `cols × inner`.
#[inline(always)]
pub(super) fn subtract_product<I: Isa>(
    isa: I,
    target: &mut [f64],
    a: &[f64],
    b: &[f64],
    (rows, cols, inner): (usize, usize, usize),
) {
    let (sa, sb) = (stride(rows), stride(cols));
    for q in (0..sa).step_by(4) {
        for c in 0..cols {
            let at = c * sa + q;
            let target = &mut target[at..at + 4];
            let mut sum = isa.quad([target[0], target[1], target[2], target[3]]);
            for k in 0..inner {
                let a = &a[k * sa + q..k * sa + q + 4];
                let a = isa.quad([a[0], a[1], a[2], a[3]]);
                sum = isa.quad_madd(a, isa.quad_splat(-b[k * sb + c]), sum);
            }
            target.copy_from_slice(&isa.quad_values(sum));
        }
    }
}

/// `target = a bᵀ` with padded columns and `b` lower triangular, `cols × cols`.
#[inline(always)]
pub(super) fn mul_lower_transposed<I: Isa>(
    isa: I,
    target: &mut [f64],
    a: &[f64],
    b: &[f64],
    (rows, cols): (usize, usize),
) {
    let (sa, sb) = (stride(rows), stride(cols));
    for q in (0..sa).step_by(4) {
        for c in 0..cols {
            let mut sum = isa.quad_splat(0.0);
            for k in 0..=c {
                let a = &a[k * sa + q..k * sa + q + 4];
                let a = isa.quad([a[0], a[1], a[2], a[3]]);
                sum = isa.quad_madd(a, isa.quad_splat(b[k * sb + c]), sum);
            }
            target[c * sa + q..c * sa + q + 4].copy_from_slice(&isa.quad_values(sum));
        }
    }
}

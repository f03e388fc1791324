//! Small dense kernels on padded blocks.
//!
//! A *strip* holds a C × P matrix (C ≤ 9, P ≤ 3): rows 0..8 of column m at
//! `8 m`, row 8 at `24 + m`. A *block* holds a C × C matrix: rows 0..8 of
//! column c at `8 c`; for C = 9, row 8 of columns 0..8 at `72` and the last
//! entry at `80`. A *kept vector* holds C scalars in 16 places. All are whole
//! cache lines of eight f64, so that nine rows cost no more than ten
//! registers of eight for every nine columns.

// Indices of small matrices read like their formulas.
#![allow(clippy::needless_range_loop)]

use pulp::Simd;

/// A cache line of f64.
#[derive(Clone, Copy, Debug, Default, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
pub(super) struct Line([f64; 8]);

/// Scalars in a line.
pub(super) const LINE: usize = 8;
/// Scalars in a strip.
pub(super) const STRIP: usize = 32;
/// Scalars in a kept vector.
pub(super) const KEPT: usize = 16;

/// C × P matrix, padded.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Strip(pub(super) [f64; STRIP]);

impl Strip {
    pub(super) const ZERO: Self = Self([0.0; STRIP]);
}

/// Scalars in a block of `dim` × `dim`.
pub(super) const fn block_len(dim: usize) -> usize {
    if dim > LINE {
        dim * LINE + 2 * LINE
    } else {
        dim * LINE
    }
}

/// Where entry (`row`, `column`) of a block lies.
#[inline(always)]
pub(super) const fn block_at(dim: usize, row: usize, column: usize) -> usize {
    if row < LINE {
        column * LINE + row
    } else {
        dim * LINE + column
    }
}

#[inline(always)]
const fn strip_at(row: usize, column: usize) -> usize {
    if row < LINE {
        column * LINE + row
    } else {
        3 * LINE + column
    }
}

/// `a b + c`, with one rounding where that is one instruction.
#[inline(always)]
pub(super) fn madd<S: Simd>(a: f64, b: f64, c: f64) -> f64 {
    if S::IS_SCALAR {
        a * b + c
    } else {
        a.mul_add(b, c)
    }
}

/// Register `g` of a line.
#[inline(always)]
fn register<S: Simd>(line: &[f64], g: usize) -> S::f64s {
    S::as_simd_f64s(&line[..LINE]).0[g]
}

#[inline(always)]
fn register_mut<S: Simd>(line: &mut [f64], g: usize) -> &mut S::f64s {
    &mut S::as_mut_simd_f64s(&mut line[..LINE]).0[g]
}

/// Registers in a line.
#[inline(always)]
const fn registers<S: Simd>() -> usize {
    LINE / S::F64_LANES
}

/// `block ± left rightᵀ`, minus when `MINUS`; left and right are C × P.
#[inline(always)]
pub(super) fn add_product<S: Simd, const C: usize, const P: usize, const MINUS: bool>(
    simd: S,
    block: &mut [f64],
    left: &Strip,
    right: &Strip,
) {
    let block = &mut block[..block_len(C)];
    let (left, right) = (&left.0, &right.0);
    let fuse = |a: S::f64s, b: S::f64s, c: S::f64s| {
        if MINUS {
            simd.negate_mul_add_e_f64s(a, b, c)
        } else {
            simd.mul_add_e_f64s(a, b, c)
        }
    };
    for g in 0..registers::<S>() {
        let mut strip = [simd.splat_f64s(0.0); P];
        for m in 0..P {
            strip[m] = register::<S>(&left[m * LINE..], g);
        }
        for c in 0..C {
            let column = register_mut::<S>(&mut block[c * LINE..], g);
            let mut sum = *column;
            for m in 0..P {
                sum = fuse(strip[m], simd.splat_f64s(right[strip_at(c, m)]), sum);
            }
            *column = sum;
        }
        if C > LINE {
            let tail = register_mut::<S>(&mut block[C * LINE..], g);
            let mut sum = *tail;
            for m in 0..P {
                let factor = simd.splat_f64s(left[strip_at(LINE, m)]);
                sum = fuse(factor, register::<S>(&right[m * LINE..], g), sum);
            }
            *tail = sum;
        }
    }
    if C > LINE {
        let mut sum = block[C * LINE + LINE];
        for m in 0..P {
            let (a, b) = (left[strip_at(LINE, m)], right[strip_at(LINE, m)]);
            sum = madd::<S>(if MINUS { -a } else { a }, b, sum);
        }
        block[C * LINE + LINE] = sum;
    }
}

/// The transpose of a column-major R × C block, as a C × R strip.
#[inline(always)]
pub(super) fn transposed<const R: usize, const C: usize>(block: &[f64]) -> Strip {
    let block = &block[..R * C];
    let mut strip = Strip::ZERO;
    for r in 0..R {
        for c in 0..C {
            strip.0[strip_at(c, r)] = block[c * R + r];
        }
    }
    strip
}

/// `target = rows weights` (or `+=` when `ADD`); rows is C × R, weights R × P.
#[inline(always)]
pub(super) fn combine<S: Simd, const C: usize, const R: usize, const P: usize, const ADD: bool>(
    simd: S,
    rows: &Strip,
    weights: &[[f64; P]; R],
    target: &mut Strip,
) {
    for g in 0..registers::<S>() {
        for m in 0..P {
            let mut sum = if ADD {
                register::<S>(&target.0[m * LINE..], g)
            } else {
                simd.splat_f64s(0.0)
            };
            for r in 0..R {
                let row = register::<S>(&rows.0[r * LINE..], g);
                let weight = simd.splat_f64s(weights[r][m]);
                sum = if !ADD && r == 0 {
                    simd.mul_f64s(row, weight)
                } else {
                    simd.mul_add_e_f64s(row, weight, sum)
                };
            }
            *register_mut::<S>(&mut target.0[m * LINE..], g) = sum;
        }
    }
    if C > LINE {
        for m in 0..P {
            let at = strip_at(LINE, m);
            let mut sum = if ADD { target.0[at] } else { 0.0 };
            for r in 0..R {
                sum = madd::<S>(rows.0[strip_at(LINE, r)], weights[r][m], sum);
            }
            target.0[at] = sum;
        }
    }
}

/// `kept += strip x`; the strip is C × P.
#[inline(always)]
pub(super) fn add_strip_times<S: Simd, const C: usize, const P: usize>(
    simd: S,
    strip: &Strip,
    x: &[f64; P],
    kept: &mut [f64],
) {
    let kept = &mut kept[..KEPT];
    for g in 0..registers::<S>() {
        let head = register_mut::<S>(kept, g);
        let mut sum = *head;
        for m in 0..P {
            let row = register::<S>(&strip.0[m * LINE..], g);
            sum = simd.mul_add_e_f64s(row, simd.splat_f64s(x[m]), sum);
        }
        *head = sum;
    }
    if C > LINE {
        let mut sum = kept[LINE];
        for m in 0..P {
            sum = madd::<S>(strip.0[strip_at(LINE, m)], x[m], sum);
        }
        kept[LINE] = sum;
    }
}

/// `block x` for a column-major R × C block.
#[inline(always)]
pub(super) fn block_times<S: Simd, const R: usize, const C: usize>(
    block: &[f64],
    x: &[f64],
) -> [f64; R] {
    let (block, x) = (&block[..R * C], &x[..C]);
    let mut y = [0.0; R];
    for c in 0..C {
        for r in 0..R {
            y[r] = madd::<S>(block[c * R + r], x[c], y[r]);
        }
    }
    y
}

/// Lower triangle of a symmetric P × P matrix (P ≤ 3), by columns.
pub(super) type Small = [f64; 6];

/// Where entry (`row` ≥ `column`) of a [`Small`] matrix lies.
#[inline(always)]
pub(super) const fn small_at(row: usize, column: usize) -> usize {
    // Columns hold rows 0..3, 1..3, 2..3.
    column * 3 - column * column.saturating_sub(1) / 2 + row - column
}

/// Inverse of the lower Cholesky factor of a [`Small`] matrix.
///
/// # Errors
/// The first pivot that is not positive and finite.
#[inline(always)]
pub(super) fn inverse_root<S: Simd, const P: usize>(matrix: &Small) -> Result<Small, f64> {
    let mut lower = *matrix;
    let mut inverse = [0.0; 6];
    for j in 0..P {
        let mut pivot = lower[small_at(j, j)];
        for k in 0..j {
            let l = lower[small_at(j, k)];
            pivot = madd::<S>(-l, l, pivot);
        }
        if !(pivot > 0.0 && pivot.is_finite()) {
            return Err(pivot);
        }
        let reciprocal = 1.0 / pivot.sqrt();
        for i in j + 1..P {
            let mut value = lower[small_at(i, j)];
            for k in 0..j {
                value = madd::<S>(-lower[small_at(i, k)], lower[small_at(j, k)], value);
            }
            lower[small_at(i, j)] = value * reciprocal;
        }
        // Row j of L L⁻¹ = I.
        for c in 0..j {
            let mut sum = 0.0;
            for k in c..j {
                sum = madd::<S>(lower[small_at(j, k)], inverse[small_at(k, c)], sum);
            }
            inverse[small_at(j, c)] = -sum * reciprocal;
        }
        inverse[small_at(j, j)] = reciprocal;
    }
    Ok(inverse)
}

/// `L x` for a lower triangle.
#[inline(always)]
pub(super) fn lower_times<S: Simd, const P: usize>(lower: &Small, x: &[f64; P]) -> [f64; P] {
    let mut y = [0.0; P];
    for (i, y) in y.iter_mut().enumerate() {
        for (k, x) in x[..=i].iter().enumerate() {
            *y = madd::<S>(lower[small_at(i, k)], *x, *y);
        }
    }
    y
}

/// `Lᵀ x` for a lower triangle.
#[inline(always)]
pub(super) fn lower_transposed_times<S: Simd, const P: usize>(
    lower: &Small,
    x: &[f64; P],
) -> [f64; P] {
    let mut y = [0.0; P];
    for (i, y) in y.iter_mut().enumerate() {
        for k in i..P {
            *y = madd::<S>(lower[small_at(k, i)], x[k], *y);
        }
    }
    y
}

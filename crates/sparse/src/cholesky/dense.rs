//! Dense kernels on column-major panels whose columns are whole cache lines.
//!
//! Per entry of a result the additions run over the inner index in ascending
//! order, one fused multiply-add each, whatever the tile it falls into: a
//! result does not depend on how the work was cut.

// Tiles are indexed by row and column as in the formulas.
#![allow(clippy::needless_range_loop)]

use pulp::Simd;

use super::extend::Columns;
use crate::Compute;

/// Columns per tile: 6-dimensional variables leave no remainder.
pub(crate) const TILE: usize = 6;

/// Columns of a smaller tile: 3-dimensional variables leave no remainder.
/// Whatever is left then goes column by column, which keeps the number of
/// compiled kernels low.
pub(crate) const HALF: usize = 3;

/// Width of the widest tile that fits into `columns`.
#[inline(always)]
pub(crate) fn narrower(columns: usize) -> usize {
    match columns {
        TILE.. => TILE,
        HALF.. => HALF,
        _ => 1,
    }
}

/// Registers per tile column: all but a few hold the tile.
#[inline(always)]
pub(crate) fn tile_vectors<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 4 } else { 2 }
}

/// `acc[n][m] -= a[row + m, k] · a[column + n, k]`, `k` over all columns of
/// `a`, where `m` counts registers.
#[inline(always)]
fn subtract_products<T: Compute, S: Simd, const M: usize, const N: usize>(
    simd: S,
    acc: &mut [[T::Vector<S>; M]; N],
    a: &[T],
    lda: usize,
    row: usize,
    column: usize,
) {
    for a in a.chunks_exact(lda) {
        let (Some(left), Some(right)) = (
            T::vectors::<S>(&a[row..row + M * T::width::<S>()]).first_chunk::<M>(),
            a[column..column + N].first_chunk::<N>(),
        ) else {
            return;
        };
        for n in 0..N {
            let b = T::broadcast(simd, right[n]);
            for m in 0..M {
                acc[n][m] = T::sub_mul(simd, acc[n][m], left[m], b);
            }
        }
    }
}

#[inline(always)]
pub(crate) fn load<T: Compute, S: Simd, const M: usize, const N: usize>(
    simd: S,
    c: &[T],
    ldc: usize,
    row: usize,
) -> [[T::Vector<S>; M]; N] {
    let mut tile = [[T::broadcast(simd, T::ZERO); M]; N];
    for (n, tile) in tile.iter_mut().enumerate() {
        let at = n * ldc + row;
        let column = T::vectors::<S>(&c[at..at + M * T::width::<S>()]);
        tile.copy_from_slice(column);
    }
    tile
}

#[inline(always)]
pub(crate) fn store<T: Compute, S: Simd, const M: usize, const N: usize>(
    tile: &[[T::Vector<S>; M]; N],
    c: &mut [T],
    ldc: usize,
    row: usize,
) {
    for (n, tile) in tile.iter().enumerate() {
        let at = n * ldc + row;
        let column = T::vectors_mut::<S>(&mut c[at..at + M * T::width::<S>()]);
        column.copy_from_slice(tile);
    }
}

/// One tile column of [`subtract_lower`]: `N` columns from `column` on. The
/// front's column of the first column of `c` is `first`, and the front's row
/// of the first row of `c` is `shift`.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn update_columns<T: Compute, S: Simd, const N: usize, const FRESH: bool>(
    simd: S,
    c: &mut [T],
    ldc: usize,
    a: &[T],
    lda: usize,
    column: usize,
    first: usize,
    shift: usize,
) {
    let width = T::width::<S>();
    let c = &mut c[column * ldc..(column + N) * ldc];
    let diagonal = first - shift + column;
    let mut row = diagonal / width * width;
    macro_rules! tile {
        ($m:literal) => {{
            let mut acc = if FRESH {
                [[T::broadcast(simd, T::ZERO); $m]; N]
            } else {
                load::<T, S, $m, N>(simd, c, ldc, row)
            };
            let right = first + column;
            subtract_products::<T, S, $m, N>(simd, &mut acc, a, lda, row + shift, right);
            store::<T, S, $m, N>(&acc, c, ldc, row);
            row += $m * width;
        }};
    }
    let full = tile_vectors::<S>();
    while full == 4 && row + 4 * width <= ldc {
        tile!(4);
    }
    while row + 2 * width <= ldc {
        tile!(2);
    }
    if row < ldc {
        tile!(1);
    }
    let _ = row;
}

/// Lower triangle of `C -= A Aᵀ`, for the columns in `target`.
///
/// `a` is a panel of the same front with leading dimension `lda`: row `i` of
/// the front is row `i` of `a`. With `FRESH` the old content of C is taken as
/// zero. Rows above the diagonal, back to the start of a register, are
/// overwritten with values of no meaning.
#[inline(always)]
pub(crate) fn subtract_lower<T: Compute, S: Simd, const FRESH: bool>(
    simd: S,
    target: &mut Columns<'_, T>,
    a: &[T],
    lda: usize,
) {
    let (columns, first, row) = (target.count(), target.first, target.row);
    let (c, ldc) = (&mut *target.values, target.ld);
    let mut j = 0;
    macro_rules! columns {
        ($n:expr) => {{
            update_columns::<T, S, { $n }, FRESH>(simd, c, ldc, a, lda, j, first, row);
            j += $n;
        }};
    }
    while j + TILE <= columns {
        columns!(TILE);
    }
    if j + HALF <= columns {
        columns!(HALF);
    }
    while j < columns {
        columns!(1);
    }
}

/// Lower Cholesky factor of an `N`×`N` block in registers or on the stack.
struct Pivot<T, const N: usize> {
    /// `lower[c][r]`: row r, column c.
    lower: [[T; N]; N],
    inverse: [T; N],
}

/// Factors the block whose lower triangle starts at row `row` of `c`.
/// A pivot that is not a positive finite number comes back as the error.
#[inline(always)]
fn factor_block<T: Compute, const N: usize>(
    c: &[T],
    ldc: usize,
    row: usize,
) -> Result<Pivot<T, N>, (usize, T)> {
    let mut lower = [[T::ZERO; N]; N];
    for (n, column) in lower.iter_mut().enumerate() {
        column.copy_from_slice(&c[n * ldc + row..n * ldc + row + N]);
    }
    // Without square roots first (L D Lᵀ): the chain from pivot to pivot is
    // then one division long, and the roots can overlap.
    let mut pivots = [T::ZERO; N];
    for j in 0..N {
        let pivot = lower[j][j];
        if !(pivot > T::ZERO && num_traits::Float::is_finite(pivot)) {
            return Err((j, pivot));
        }
        pivots[j] = pivot;
        let reciprocal = T::ONE / pivot;
        for k in j + 1..N {
            let factor = -lower[j][k] * reciprocal;
            for i in k..N {
                lower[k][i] = num_traits::Float::mul_add(lower[j][i], factor, lower[k][i]);
            }
        }
    }
    let mut inverse = [T::ZERO; N];
    for j in 0..N {
        let root = num_traits::Float::sqrt(pivots[j]);
        inverse[j] = T::ONE / root;
        lower[j][j] = root;
    }
    for j in 0..N {
        for i in j + 1..N {
            lower[j][i] *= inverse[j];
        }
    }
    Ok(Pivot { lower, inverse })
}

/// `X ← X L⁻ᵀ` for the rows in a tile.
#[inline(always)]
fn solve_tile<T: Compute, S: Simd, const M: usize, const N: usize>(
    simd: S,
    tile: &mut [[T::Vector<S>; M]; N],
    pivot: &Pivot<T, N>,
) {
    for j in 0..N {
        let inverse = T::broadcast(simd, pivot.inverse[j]);
        for m in 0..M {
            tile[j][m] = T::times(simd, tile[j][m], inverse);
        }
        for k in j + 1..N {
            let factor = T::broadcast(simd, pivot.lower[j][k]);
            for m in 0..M {
                tile[k][m] = T::sub_mul(simd, tile[k][m], tile[j][m], factor);
            }
        }
    }
}

/// Factors `N` columns of a panel, left-looking over the columns in `done`.
#[inline(always)]
fn factor_columns<T: Compute, S: Simd, const N: usize>(
    simd: S,
    done: &[T],
    c: &mut [T],
    ld: usize,
    diagonal: usize,
    inverse: &mut [T],
) -> Result<(), (usize, T)> {
    let width = T::width::<S>();
    let start = diagonal / width * width;
    // The registers that hold the diagonal block come first, unsolved.
    let mut row = start;
    while row < diagonal + N {
        let mut acc = load::<T, S, 1, N>(simd, c, ld, row);
        subtract_products::<T, S, 1, N>(simd, &mut acc, done, ld, row, diagonal);
        store::<T, S, 1, N>(&acc, c, ld, row);
        row += width;
    }
    let pivot = factor_block::<T, N>(c, ld, diagonal)?;
    inverse[..N].copy_from_slice(&pivot.inverse);
    let mut at = start;
    while at < row {
        let mut acc = load::<T, S, 1, N>(simd, c, ld, at);
        solve_tile::<T, S, 1, N>(simd, &mut acc, &pivot);
        store::<T, S, 1, N>(&acc, c, ld, at);
        at += width;
    }
    for n in 0..N {
        c[n * ld + diagonal..n * ld + diagonal + N].copy_from_slice(&pivot.lower[n]);
    }
    macro_rules! tile {
        ($m:literal) => {{
            let mut acc = load::<T, S, $m, N>(simd, c, ld, row);
            subtract_products::<T, S, $m, N>(simd, &mut acc, done, ld, row, diagonal);
            solve_tile::<T, S, $m, N>(simd, &mut acc, &pivot);
            store::<T, S, $m, N>(&acc, c, ld, row);
            row += $m * width;
        }};
    }
    while tile_vectors::<S>() == 4 && row + 4 * width <= ld {
        tile!(4);
    }
    while row + 2 * width <= ld {
        tile!(2);
    }
    if row < ld {
        tile!(1);
    }
    let _ = row;
    Ok(())
}

/// Partial Cholesky factorisation of some columns of a panel, the diagonal of
/// column `j` at row `lead + j`.
///
/// On return the columns hold those of L, and `inverse` the reciprocals of
/// its diagonal. Rows above the diagonal hold values of no meaning.
///
/// # Errors
/// Column and value of the first pivot that is not positive and finite.
#[inline(always)]
pub(crate) fn factor_panel<T: Compute, S: Simd>(
    simd: S,
    panel: &mut [T],
    ld: usize,
    lead: usize,
    pivots: usize,
    inverse: &mut [T],
) -> Result<(), (usize, T)> {
    let mut j = 0;
    while j < pivots {
        let (done, rest) = panel.split_at_mut(j * ld);
        let (diagonal, inverse) = (lead + j, &mut inverse[j..]);
        let wide = narrower(pivots - j);
        match wide {
            TILE => factor_columns::<T, S, TILE>(simd, done, rest, ld, diagonal, inverse),
            HALF => factor_columns::<T, S, HALF>(simd, done, rest, ld, diagonal, inverse),
            _ => factor_columns::<T, S, 1>(simd, done, rest, ld, diagonal, inverse),
        }
        .map_err(|(column, pivot)| (j + column, pivot))?;
        j += wide;
    }
    Ok(())
}

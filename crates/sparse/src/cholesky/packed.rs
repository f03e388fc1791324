//! The update of large fronts, from a packed copy of the finished columns.
//!
//! Columns of a large front are many pages apart. A copy in the order of use
//! keeps the kernel in the caches and in the address translation buffer.
//! Source: K. Goto, R. van de Geijn, "Anatomy of high-performance matrix
//! multiplication", ACM Trans. Math. Softw. 34 (2008) 12.

// Tiles are indexed by row and column as in the formulas.
#![allow(clippy::needless_range_loop)]

use pulp::Simd;

use super::dense::{HALF, TILE, load, narrower, store};
use super::extend::Columns;
use crate::Compute;

/// Registers per tile column; with [`TILE`] columns they fill 18 of 32.
const VECTORS: usize = 3;

/// Groups of rows that are used for all tile columns of a stripe before the
/// next ones, so that they stay in the second level of the cache.
const SWEEP: usize = 16;

/// Whether the machine has the registers for it.
#[inline(always)]
pub(crate) fn is_worthwhile<S: Simd>() -> bool {
    S::REGISTER_COUNT >= 32
}

/// Rows in a group: [`VECTORS`] registers.
#[inline(always)]
fn group<T: Compute, S: Simd>() -> usize {
    VECTORS * T::width::<S>()
}

/// Rows of finished columns, regrouped: for each group of rows, its entries
/// column by column.
#[derive(Clone, Copy)]
pub(crate) struct Packed<'a, T> {
    values: &'a [T],
    /// Row of the front that the first group starts with.
    row: usize,
    columns: usize,
}

/// Scalars of room for packing `rows` rows of `columns` columns.
pub(crate) fn room<T>(rows: usize, columns: usize) -> usize {
    let group = VECTORS * super::LINE / size_of::<T>();
    rows.div_ceil(group) * group * columns
}

impl<'a, T: Compute> Packed<'a, T> {
    /// Packs the rows of `panel` from `row` on into `room`.
    #[inline(always)]
    pub fn new<S: Simd>(_: S, panel: &[T], ld: usize, row: usize, room: &'a mut [T]) -> Self {
        let group = group::<T, S>();
        let columns = panel.len() / ld;
        let groups = (ld - row).div_ceil(group);
        let room = &mut room[..groups * group * columns];
        for (g, room) in room.chunks_exact_mut(group * columns).enumerate() {
            let from = row + g * group;
            let len = group.min(ld - from);
            for (to, column) in room.chunks_exact_mut(group).zip(panel.chunks_exact(ld)) {
                to[..len].copy_from_slice(&column[from..from + len]);
                to[len..].fill(T::ZERO);
            }
        }
        Self {
            values: room,
            row,
            columns,
        }
    }

    /// The entries of group `g`.
    #[inline(always)]
    fn group<S: Simd>(&self, g: usize) -> &'a [T] {
        let len = group::<T, S>() * self.columns;
        &self.values[g * len..(g + 1) * len]
    }
}

/// As [`super::dense::subtract_lower`], bit for bit.
#[inline(always)]
pub(crate) fn subtract_packed<T: Compute, S: Simd>(
    simd: S,
    target: &mut Columns<'_, T>,
    packed: Packed<'_, T>,
) {
    let (size, width) = (group::<T, S>(), T::width::<S>());
    let count = target.count();
    let groups = (target.row + target.ld - packed.row).div_ceil(size);
    let first_row = (target.first / width * width).max(target.row);
    let mut sweep = (first_row - packed.row) / size;
    while sweep < groups {
        let end = (sweep + SWEEP).min(groups);
        let mut j = 0;
        while j < count {
            // A tile's columns belong to one group of rows.
            let within = (target.first + j - packed.row) % TILE;
            let wide = narrower((TILE - within).min(count - j));
            match wide {
                TILE => sweep_tile::<T, S, TILE>(simd, target, packed, j, sweep..end),
                HALF => sweep_tile::<T, S, HALF>(simd, target, packed, j, sweep..end),
                _ => sweep_tile::<T, S, 1>(simd, target, packed, j, sweep..end),
            }
            j += wide;
        }
        sweep = end;
    }
}

/// Columns `j .. j + N` of the target, for some groups of rows.
#[inline(always)]
fn sweep_tile<T: Compute, S: Simd, const N: usize>(
    simd: S,
    target: &mut Columns<'_, T>,
    packed: Packed<'_, T>,
    j: usize,
    groups: std::ops::Range<usize>,
) {
    let (size, width) = (group::<T, S>(), T::width::<S>());
    let ld = target.ld;
    let diagonal = target.first + j;
    let c = &mut target.values[j * ld..(j + N) * ld];
    let last_row = target.row + ld;
    let first_row = (diagonal / width * width).max(target.row);
    let place = diagonal - packed.row;
    let right = packed.group::<S>(place / size);
    let within = place % size;
    for g in groups {
        let begin = packed.row + g * size;
        let (from, to) = (first_row.max(begin), last_row.min(begin + size));
        if from >= to {
            continue;
        }
        let left = packed.group::<S>(g);
        let skip = from - begin;
        let row = from - target.row;
        macro_rules! tile {
            ($m:literal) => {{
                let mut acc = load::<T, S, $m, N>(simd, c, ld, row);
                subtract::<T, S, $m, N>(simd, &mut acc, left, skip, right, within);
                store::<T, S, $m, N>(&acc, c, ld, row);
            }};
        }
        match (to - from) / width {
            3 => tile!(3),
            2 => tile!(2),
            _ => tile!(1),
        }
    }
}

#[inline(always)]
fn subtract<T: Compute, S: Simd, const M: usize, const N: usize>(
    simd: S,
    acc: &mut [[T::Vector<S>; M]; N],
    left: &[T],
    skip: usize,
    right: &[T],
    within: usize,
) {
    let size = group::<T, S>();
    for (left, right) in left.chunks_exact(size).zip(right.chunks_exact(size)) {
        let (Some(left), Some(right)) = (
            T::vectors::<S>(&left[skip..skip + M * T::width::<S>()]).first_chunk::<M>(),
            right[within..within + N].first_chunk::<N>(),
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

//! `z = Jᵀ y`, one item per variable.

use std::ops::Range;

use super::{ShapeKernel, dispatch_shape, row_count, split_by_ends};
use crate::isa::{Isa, load_block, madd};
use crate::{BlockLayout, EdgeBlocks, Store, Threads};

/// Variables per parallel task.
const CHUNK: usize = 256;

/// `z = Jᵀ y`: every variable gathers `A_fᵀ y_f` and `B_fᵀ y_f` from its
/// factors, sets in order and factors ascending. No transposed copy, no
/// atomics.
///
/// `y` holds the rows of all sets one after the other, `z` is laid out as
/// `layout` says and overwritten. Products and sums are in `S::Compute`.
pub fn jacobian_transpose_mul<S: Store>(
    sets: &[EdgeBlocks<S>],
    layout: &BlockLayout,
    y: &[S::Compute],
    z: &mut [S::Compute],
    threads: &Threads,
) {
    debug_assert_eq!(y.len(), row_count(sets));
    debug_assert_eq!(z.len(), layout.scalars());
    let run = |variables: Range<usize>, z: &mut [S::Compute]| {
        z.fill(S::Compute::default());
        let mut rest = y;
        for blocks in sets {
            let shape = blocks.structure().shape();
            let (y, tail) = rest.split_at(blocks.structure().factors() * shape.rows);
            rest = tail;
            dispatch_shape(
                shape,
                TransposeMul {
                    blocks,
                    layout,
                    y,
                    z: &mut *z,
                    variables: variables.clone(),
                },
            );
        }
    };
    let variables = layout.variables();
    if threads.count() == 1 || variables <= CHUNK {
        run(0..variables, z);
        return;
    }
    let ends = (1..=variables.div_ceil(CHUNK)).map(|i| (i * CHUNK).min(variables));
    let pieces = split_by_ends(z, ends.map(|v| layout.offsets()[v]));
    let tasks = pieces.into_iter().enumerate().collect();
    threads.for_each(tasks, |(i, z): (usize, &mut [S::Compute])| {
        run(i * CHUNK..((i + 1) * CHUNK).min(variables), z);
    });
}

struct TransposeMul<'a, S: Store> {
    blocks: &'a EdgeBlocks<S>,
    layout: &'a BlockLayout,
    y: &'a [S::Compute],
    z: &'a mut [S::Compute],
    variables: Range<usize>,
}

/// `z += Σ blockᵀ y` over the items of one variable.
///
/// Products are summed row by row across items first and over the rows at the
/// end: no horizontal sum inside the loop.
#[inline(always)]
fn gather<'s, I: Isa, const R: usize, const C: usize, S: Store>(
    isa: I,
    items: &[u32],
    block: impl Fn(usize, usize) -> &'s [S],
    y: &[S::Compute],
    z: &mut [S::Compute],
) {
    let mut acc = [[S::Compute::default(); R]; C];
    for &item in items {
        let f = item as usize >> 1;
        let block = load_block::<I, S, R, C>(isa, block(f, item as usize & 1));
        let y = &y[f * R..(f + 1) * R];
        for c in 0..C {
            for r in 0..R {
                acc[c][r] = madd::<I, _>(block[c][r], y[r], acc[c][r]);
            }
        }
    }
    for (z, rows) in z[..C].iter_mut().zip(acc) {
        let mut sum = rows[0];
        for &row in &rows[1..] {
            sum += row;
        }
        *z += sum;
    }
}

impl<S: Store> ShapeKernel for TransposeMul<'_, S> {
    #[inline(always)]
    fn run<I: Isa, const R: usize, const A: usize, const B: usize>(self, isa: I) {
        let structure = self.blocks.structure();
        let first = self.layout.offset(self.variables.start);
        let (a, b) = (&self.blocks.a[..], &self.blocks.b[..]);
        let block_a = |f: usize| &a[f * R * A..(f + 1) * R * A];
        let block_b = |f: usize| &b[f * R * B..(f + 1) * R * B];
        for v in self.variables {
            let items = structure.incidence_items(v);
            let Some(&item) = items.first() else { continue };
            let z = &mut self.z[self.layout.offset(v) - first..];
            if A == B {
                let block = |f, side| if side == 0 { block_a(f) } else { block_b(f) };
                gather::<I, R, A, S>(isa, items, block, self.y, z);
            } else if item & 1 == 0 {
                // Blocks of unlike widths: a variable is always on the same side.
                gather::<I, R, A, S>(isa, items, |f, _| block_a(f), self.y, z);
            } else {
                gather::<I, R, B, S>(isa, items, |f, _| block_b(f), self.y, z);
            }
        }
    }

    #[inline(always)]
    fn run_any<I: Isa>(self, _isa: I) {
        let structure = self.blocks.structure();
        let rows = structure.shape().rows;
        let first = self.layout.offset(self.variables.start);
        for v in self.variables {
            let z = &mut self.z[self.layout.offset(v) - first..][..self.layout.dim(v)];
            for &item in structure.incidence_items(v) {
                let f = item as usize >> 1;
                let block = if item & 1 == 0 {
                    self.blocks.block_a(f)
                } else {
                    self.blocks.block_b(f)
                };
                let y = &self.y[f * rows..(f + 1) * rows];
                for (z, column) in z.iter_mut().zip(block.chunks_exact(rows)) {
                    for (j, &y) in column.iter().zip(y) {
                        *z = madd::<I, _>(j.load(), y, *z);
                    }
                }
            }
        }
    }
}

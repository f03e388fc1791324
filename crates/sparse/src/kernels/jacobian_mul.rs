//! `y = J x`, one item per factor.

use std::ops::Range;

use super::{ShapeKernel, dispatch_shape};
use crate::isa::{Isa, load_block, madd};
use crate::{BlockLayout, EdgeBlocks, Store, Threads};

/// Factors per parallel task.
const CHUNK: usize = 1024;

/// Residual scalars over all sets: the length of `y` in `y = J x`.
pub fn row_count<S: Store>(sets: &[EdgeBlocks<S>]) -> usize {
    sets.iter()
        .map(|s| s.structure().factors() * s.structure().shape().rows)
        .sum()
}

/// `y = J x`: `y_f = A_f x_a + B_f x_b` for every factor `f`.
///
/// `x` is laid out as `layout` says; `y` holds the rows of all sets one after
/// the other, `rows` per factor, [`row_count`] in all. Products and sums are
/// in `S::Compute`.
pub fn jacobian_mul<S: Store>(
    sets: &[EdgeBlocks<S>],
    layout: &BlockLayout,
    x: &[S::Compute],
    y: &mut [S::Compute],
    threads: &Threads,
) {
    debug_assert_eq!(x.len(), layout.scalars());
    debug_assert_eq!(y.len(), row_count(sets));
    let mut rest = y;
    for blocks in sets {
        let shape = blocks.structure().shape();
        let factors = blocks.structure().factors();
        let (y, tail) = rest.split_at_mut(factors * shape.rows);
        rest = tail;
        let run = |factors: Range<usize>, y: &mut [S::Compute]| {
            dispatch_shape(
                shape,
                Mul {
                    blocks,
                    layout,
                    x,
                    y,
                    factors,
                },
            );
        };
        if threads.count() == 1 || factors <= CHUNK {
            run(0..factors, y);
        } else {
            let tasks = y.chunks_mut(CHUNK * shape.rows).enumerate().collect();
            threads.for_each(tasks, |(i, y): (usize, &mut [S::Compute])| {
                run(i * CHUNK..((i + 1) * CHUNK).min(factors), y);
            });
        }
    }
}

struct Mul<'a, S: Store> {
    blocks: &'a EdgeBlocks<S>,
    layout: &'a BlockLayout,
    x: &'a [S::Compute],
    y: &'a mut [S::Compute],
    factors: Range<usize>,
}

/// `acc += block x`, columns in order.
#[inline(always)]
fn add_product<I: Isa, const R: usize, const C: usize, S: Store>(
    isa: I,
    block: &[S],
    x: &[S::Compute],
    acc: &mut [S::Compute; R],
) {
    let block = load_block::<I, S, R, C>(isa, block);
    for (column, &x) in block.iter().zip(&x[..C]) {
        for r in 0..R {
            acc[r] = madd::<I, _>(column[r], x, acc[r]);
        }
    }
}

impl<S: Store> ShapeKernel for Mul<'_, S> {
    #[inline(always)]
    fn run<I: Isa, const R: usize, const A: usize, const B: usize>(self, isa: I) {
        let zero = S::Compute::default();
        let structure = self.blocks.structure();
        let var_a = &structure.var_a()[self.factors.clone()];
        let var_b = &structure.var_b()[self.factors.clone()];
        let a = &self.blocks.a[self.factors.start * R * A..self.factors.end * R * A];
        let b = &self.blocks.b[self.factors.start * R * B..self.factors.end * R * B];
        for (f, y) in self.y.chunks_exact_mut(R).enumerate() {
            let x = &self.x[self.layout.offset(var_a[f] as usize)..];
            let mut first = [zero; R];
            add_product::<I, R, A, S>(isa, &a[f * R * A..(f + 1) * R * A], x, &mut first);
            if B > 0 {
                let x = &self.x[self.layout.offset(var_b[f] as usize)..];
                let mut second = [zero; R];
                add_product::<I, R, B, S>(isa, &b[f * R * B..(f + 1) * R * B], x, &mut second);
                for r in 0..R {
                    first[r] += second[r];
                }
            }
            y.copy_from_slice(&first);
        }
    }

    #[inline(always)]
    fn run_any<I: Isa>(self, _isa: I) {
        let structure = self.blocks.structure();
        let shape = structure.shape();
        for (y, f) in self.y.chunks_exact_mut(shape.rows).zip(self.factors) {
            y.fill(S::Compute::default());
            let mut add = |block: &[S], var: u32, cols: usize| {
                let x = &self.x[self.layout.offset(var as usize)..][..cols];
                for (column, &x) in block.chunks_exact(shape.rows).zip(x) {
                    for (y, j) in y.iter_mut().zip(column) {
                        *y = madd::<I, _>(j.load(), x, *y);
                    }
                }
            };
            add(self.blocks.block_a(f), structure.var_a()[f], shape.cols_a);
            if shape.cols_b > 0 {
                add(self.blocks.block_b(f), structure.var_b()[f], shape.cols_b);
            }
        }
    }
}

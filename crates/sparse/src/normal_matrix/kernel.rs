//! Products of small dense blocks.

use std::ops::Range;

use crate::kernels::{ShapeKernel, madd};
use crate::{BlockLayout, EdgeBlocks};

/// A block with its rows contiguous: the outer-product form then needs no
/// horizontal sums.
#[inline(always)]
fn rows<const R: usize, const C: usize>(block: &[f64]) -> [[f64; C]; R] {
    let block = &block[..R * C];
    let mut rows = [[0.0; C]; R];
    for c in 0..C {
        for r in 0..R {
            rows[r][c] = block[c * R + r];
        }
    }
    rows
}

/// `acc += highᵀ low`, `acc[j][i]` being row `i` of column `j`.
#[inline(always)]
fn add_product<const FUSED: bool, const R: usize, const H: usize, const L: usize>(
    high: &[[f64; H]; R],
    low: &[f64],
    acc: &mut [[f64; H]; L],
) {
    let low = &low[..R * L];
    for r in 0..R {
        for j in 0..L {
            for i in 0..H {
                acc[j][i] = madd::<FUSED, _>(high[r][i], low[j * R + r], acc[j][i]);
            }
        }
    }
}

/// Adds the diagonal blocks and the gradient of one set.
pub(super) struct AddDiagonal<'a> {
    pub(super) layout: &'a BlockLayout,
    pub(super) blocks: &'a EdgeBlocks<f64>,
    pub(super) residuals: &'a [f64],
    pub(super) variables: Range<usize>,
    pub(super) diagonal: &'a mut [f64],
    pub(super) gradient: &'a mut [f64],
}

#[inline(always)]
fn gather<'s, const FUSED: bool, const R: usize, const C: usize>(
    items: &[u32],
    block: impl Fn(usize, usize) -> &'s [f64],
    residuals: &[f64],
    diagonal: &mut [f64],
    gradient: &mut [f64],
) {
    let mut gram = [[0.0; C]; C];
    let mut grad = [0.0; C];
    for &item in items {
        let f = item as usize >> 1;
        let block = block(f, item as usize & 1);
        let residual = &residuals[f * R..(f + 1) * R];
        let by_row = rows::<R, C>(block);
        add_product::<FUSED, R, C, C>(&by_row, block, &mut gram);
        for r in 0..R {
            for c in 0..C {
                grad[c] = madd::<FUSED, _>(by_row[r][c], residual[r], grad[c]);
            }
        }
    }
    for (target, column) in diagonal[..C * C].chunks_exact_mut(C).zip(&gram) {
        for (t, v) in target.iter_mut().zip(column) {
            *t += v;
        }
    }
    for (t, v) in gradient[..C].iter_mut().zip(&grad) {
        *t += v;
    }
}

impl ShapeKernel for AddDiagonal<'_> {
    #[inline(always)]
    fn run<const FUSED: bool, const R: usize, const A: usize, const B: usize>(self) {
        let structure = self.blocks.structure();
        let (a, b) = (&self.blocks.a[..], &self.blocks.b[..]);
        let block_a = |f: usize| &a[f * R * A..(f + 1) * R * A];
        let block_b = |f: usize| &b[f * R * B..(f + 1) * R * B];
        let (mut diagonal, mut gradient) = (self.diagonal, self.gradient);
        for v in self.variables {
            let dim = self.layout.dim(v);
            let (d, rest_d) = diagonal.split_at_mut(dim * dim);
            let (g, rest_g) = gradient.split_at_mut(dim);
            (diagonal, gradient) = (rest_d, rest_g);
            let items = structure.incidence_items(v);
            let Some(&item) = items.first() else { continue };
            if A == B {
                let block = |f, side| if side == 0 { block_a(f) } else { block_b(f) };
                gather::<FUSED, R, A>(items, block, self.residuals, d, g);
            } else if item & 1 == 0 {
                gather::<FUSED, R, A>(items, |f, _| block_a(f), self.residuals, d, g);
            } else {
                gather::<FUSED, R, B>(items, |f, _| block_b(f), self.residuals, d, g);
            }
        }
    }

    #[inline(always)]
    fn run_any<const FUSED: bool>(self) {
        let structure = self.blocks.structure();
        let rows = structure.shape().rows;
        let (mut diagonal, mut gradient) = (self.diagonal, self.gradient);
        for v in self.variables {
            let dim = self.layout.dim(v);
            let (d, rest_d) = diagonal.split_at_mut(dim * dim);
            let (g, rest_g) = gradient.split_at_mut(dim);
            (diagonal, gradient) = (rest_d, rest_g);
            for &item in structure.incidence_items(v) {
                let f = item as usize >> 1;
                let block = self.blocks.side(item);
                let residual = &self.residuals[f * rows..(f + 1) * rows];
                for (j, low) in block.chunks_exact(rows).enumerate() {
                    for (i, high) in block.chunks_exact(rows).enumerate() {
                        d[j * dim + i] += dot::<FUSED>(high, low);
                    }
                    g[j] += dot::<FUSED>(low, residual);
                }
            }
        }
    }
}

#[inline(always)]
fn dot<const FUSED: bool>(a: &[f64], b: &[f64]) -> f64 {
    a.iter()
        .zip(b)
        .fold(0.0, |sum, (&a, &b)| madd::<FUSED, _>(a, b, sum))
}

/// Adds the off-diagonal blocks of one set.
pub(super) struct AddBelow<'a> {
    pub(super) edges: &'a EdgeBlocks<f64>,
    pub(super) block_of: &'a [u32],
    pub(super) factors: &'a [u32],
    /// First scalar of every block of the whole matrix.
    pub(super) starts: &'a [usize],
    /// First block of this piece.
    pub(super) first: usize,
    pub(super) overwrite: bool,
    pub(super) below: &'a mut [f64],
}

impl AddBelow<'_> {
    /// Calls `body(target, run)` for each block with its run of entries.
    #[inline(always)]
    fn for_each_block(&mut self, mut body: impl FnMut(&mut [f64], &[u32])) {
        let base = self.starts[self.first];
        let mut from = 0;
        while from < self.block_of.len() {
            let block = self.block_of[from];
            let mut to = from + 1;
            while to < self.block_of.len() && self.block_of[to] == block {
                to += 1;
            }
            let range = self.starts[block as usize] - base..self.starts[block as usize + 1] - base;
            body(&mut self.below[range], &self.factors[from..to]);
            from = to;
        }
    }
}

/// One block, whose high variable is `H` wide and whose low one is `L` wide.
#[inline(always)]
fn product<'s, const FUSED: bool, const R: usize, const H: usize, const L: usize>(
    factors: &[u32],
    sides: impl Fn(u32) -> (&'s [f64], &'s [f64]),
    overwrite: bool,
    target: &mut [f64],
) {
    let mut acc = [[0.0; H]; L];
    for &entry in factors {
        let (high, low) = sides(entry);
        add_product::<FUSED, R, H, L>(&rows::<R, H>(high), low, &mut acc);
    }
    for (target, column) in target[..H * L].chunks_exact_mut(H).zip(&acc) {
        for (t, &v) in target.iter_mut().zip(column) {
            *t = if overwrite { v } else { *t + v };
        }
    }
}

impl ShapeKernel for AddBelow<'_> {
    #[inline(always)]
    fn run<const FUSED: bool, const R: usize, const A: usize, const B: usize>(mut self) {
        if B == 0 {
            return;
        }
        let (a, b) = (&self.edges.a[..], &self.edges.b[..]);
        let block_a = |f: usize| &a[f * R * A..(f + 1) * R * A];
        let block_b = |f: usize| &b[f * R * B..(f + 1) * R * B];
        let overwrite = self.overwrite;
        self.for_each_block(|target, factors| {
            if A == B {
                let sides = |entry: u32| {
                    let f = entry as usize >> 1;
                    if entry & 1 == 1 {
                        (block_b(f), block_a(f))
                    } else {
                        (block_a(f), block_b(f))
                    }
                };
                product::<FUSED, R, A, B>(factors, sides, overwrite, target);
            } else if factors[0] & 1 == 1 {
                let sides =
                    |entry: u32| (block_b(entry as usize >> 1), block_a(entry as usize >> 1));
                product::<FUSED, R, B, A>(factors, sides, overwrite, target);
            } else {
                let sides =
                    |entry: u32| (block_a(entry as usize >> 1), block_b(entry as usize >> 1));
                product::<FUSED, R, A, B>(factors, sides, overwrite, target);
            }
        });
    }

    #[inline(always)]
    fn run_any<const FUSED: bool>(mut self) {
        let edges = self.edges;
        let rows = edges.structure().shape().rows;
        let overwrite = self.overwrite;
        self.for_each_block(|target, factors| {
            if overwrite {
                target.fill(0.0);
            }
            for &entry in factors {
                let high = edges.side(entry);
                let low = edges.side(entry ^ 1);
                let height = high.len() / rows;
                for (j, low) in low.chunks_exact(rows).enumerate() {
                    for (i, high) in high.chunks_exact(rows).enumerate() {
                        target[j * height + i] += dot::<FUSED>(high, low);
                    }
                }
            }
        });
    }
}

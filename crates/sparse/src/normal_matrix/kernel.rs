//! Products of small dense blocks.

use std::ops::Range;

use crate::isa::{Isa, madd};
use crate::kernels::ShapeKernel;
use crate::{BlockLayout, EdgeBlocks};

/// Quads that hold the widest column of a compiled-in block, 9.
const QUADS: usize = 3;

/// `C` numbers in quads, the last one padded with zeros.
type Column<I> = [<I as Isa>::Quad; QUADS];

/// Row `r` of a column-major block of `R` rows: with rows in registers the
/// product of two blocks is a sum of outer products, free of horizontal sums.
#[inline(always)]
fn row<I: Isa, const R: usize, const C: usize>(isa: I, block: &[f64], r: usize) -> Column<I> {
    // Not `array::from_fn`: its closure would not be inlined into the function
    // that has the vector instructions enabled.
    [
        quad::<I, R, C, 0>(isa, block, r),
        quad::<I, R, C, 4>(isa, block, r),
        quad::<I, R, C, 8>(isa, block, r),
    ]
}

#[inline(always)]
fn quad<I: Isa, const R: usize, const C: usize, const FROM: usize>(
    isa: I,
    block: &[f64],
    r: usize,
) -> I::Quad {
    let block = &block[..R * C];
    isa.quad([
        if FROM < C { block[FROM * R + r] } else { 0.0 },
        if FROM + 1 < C {
            block[(FROM + 1) * R + r]
        } else {
            0.0
        },
        if FROM + 2 < C {
            block[(FROM + 2) * R + r]
        } else {
            0.0
        },
        if FROM + 3 < C {
            block[(FROM + 3) * R + r]
        } else {
            0.0
        },
    ])
}

/// `acc += highᵀ low`, column `j` of the product in `acc[j]`.
#[inline(always)]
fn add_product<I: Isa, const R: usize, const H: usize, const L: usize>(
    isa: I,
    high: &[f64],
    low: &[f64],
    acc: &mut [Column<I>; L],
) {
    let low = &low[..R * L];
    for r in 0..R {
        let high = row::<I, R, H>(isa, high, r);
        for j in 0..L {
            let low = isa.quad_splat(low[j * R + r]);
            for q in 0..H.div_ceil(4) {
                acc[j][q] = isa.quad_madd(high[q], low, acc[j][q]);
            }
        }
    }
}

/// `gram += blockᵀ block` in the quads that reach the diagonal or lie above
/// it, and `grad += blockᵀ residual`.
#[inline(always)]
fn add_gram<I: Isa, const R: usize, const C: usize>(
    isa: I,
    block: &[f64],
    residual: Option<&[f64]>,
    gram: &mut [Column<I>; C],
    grad: &mut Column<I>,
) {
    let block = &block[..R * C];
    for r in 0..R {
        let row = row::<I, R, C>(isa, block, r);
        for j in 0..C {
            let low = isa.quad_splat(block[j * R + r]);
            for q in 0..=j / 4 {
                gram[j][q] = isa.quad_madd(row[q], low, gram[j][q]);
            }
        }
        if let Some(residual) = residual {
            let residual = isa.quad_splat(residual[r]);
            for q in 0..C.div_ceil(4) {
                grad[q] = isa.quad_madd(row[q], residual, grad[q]);
            }
        }
    }
}

/// The first `C` numbers of a column of quads.
#[inline(always)]
fn values<I: Isa>(isa: I, column: &Column<I>) -> [f64; 4 * QUADS] {
    let mut values = [0.0; 4 * QUADS];
    for (to, quad) in values.chunks_exact_mut(4).zip(column) {
        to.copy_from_slice(&isa.quad_values(*quad));
    }
    values
}

/// Adds the diagonal blocks and the gradient of one set.
pub(crate) struct AddDiagonal<'a> {
    pub(crate) layout: &'a BlockLayout,
    pub(crate) blocks: &'a EdgeBlocks<f64>,
    /// Without residuals no gradient is formed, and `gradient` may be empty.
    pub(crate) residuals: Option<&'a [f64]>,
    pub(crate) variables: Range<usize>,
    pub(crate) diagonal: &'a mut [f64],
    pub(crate) gradient: &'a mut [f64],
}

#[inline(always)]
fn gather<'s, I: Isa, const R: usize, const C: usize>(
    isa: I,
    items: &[u32],
    block: impl Fn(usize, usize) -> &'s [f64],
    residuals: Option<&[f64]>,
    diagonal: &mut [f64],
    gradient: &mut [f64],
) {
    let zero = isa.quad_splat(0.0);
    let mut gram = [[zero; QUADS]; C];
    let mut grad = [zero; QUADS];
    for &item in items {
        let f = item as usize >> 1;
        let block = block(f, item as usize & 1);
        let residual = residuals.map(|residuals| &residuals[f * R..(f + 1) * R]);
        add_gram::<I, R, C>(isa, block, residual, &mut gram, &mut grad);
    }
    for j in 0..C {
        let column = values(isa, &gram[j]);
        for i in 0..j {
            diagonal[j * C + i] += column[i];
            diagonal[i * C + j] += column[i];
        }
        diagonal[j * C + j] += column[j];
    }
    for (t, v) in gradient.iter_mut().zip(values(isa, &grad)) {
        *t += v;
    }
}

impl ShapeKernel for AddDiagonal<'_> {
    #[inline(always)]
    fn run<I: Isa, const R: usize, const A: usize, const B: usize>(self, isa: I) {
        let structure = self.blocks.structure();
        let (a, b) = (&self.blocks.a[..], &self.blocks.b[..]);
        let block_a = |f: usize| &a[f * R * A..(f + 1) * R * A];
        let block_b = |f: usize| &b[f * R * B..(f + 1) * R * B];
        let (mut diagonal, mut gradient) = (self.diagonal, self.gradient);
        for v in self.variables {
            let dim = self.layout.dim(v);
            let (d, rest_d) = diagonal.split_at_mut(dim * dim);
            let (g, rest_g) = gradient.split_at_mut(dim.min(gradient.len()));
            (diagonal, gradient) = (rest_d, rest_g);
            let items = structure.incidence_items(v);
            let Some(&item) = items.first() else { continue };
            if A == B {
                let block = |f, side| if side == 0 { block_a(f) } else { block_b(f) };
                gather::<I, R, A>(isa, items, block, self.residuals, d, g);
            } else if item & 1 == 0 {
                gather::<I, R, A>(isa, items, |f, _| block_a(f), self.residuals, d, g);
            } else {
                gather::<I, R, B>(isa, items, |f, _| block_b(f), self.residuals, d, g);
            }
        }
    }

    #[inline(always)]
    fn run_any<I: Isa>(self, _isa: I) {
        let structure = self.blocks.structure();
        let rows = structure.shape().rows;
        let (mut diagonal, mut gradient) = (self.diagonal, self.gradient);
        for v in self.variables {
            let dim = self.layout.dim(v);
            let (d, rest_d) = diagonal.split_at_mut(dim * dim);
            let (g, rest_g) = gradient.split_at_mut(dim.min(gradient.len()));
            (diagonal, gradient) = (rest_d, rest_g);
            for &item in structure.incidence_items(v) {
                let f = item as usize >> 1;
                let block = self.blocks.side(item);
                for (j, low) in block.chunks_exact(rows).enumerate() {
                    for (i, high) in block.chunks_exact(rows).enumerate() {
                        d[j * dim + i] += dot::<I>(high, low);
                    }
                    if let Some(residuals) = self.residuals {
                        g[j] += dot::<I>(low, &residuals[f * rows..(f + 1) * rows]);
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn dot<I: Isa>(a: &[f64], b: &[f64]) -> f64 {
    a.iter()
        .zip(b)
        .fold(0.0, |sum, (&a, &b)| madd::<I, _>(a, b, sum))
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
fn product<'s, I: Isa, const R: usize, const H: usize, const L: usize>(
    isa: I,
    factors: &[u32],
    sides: impl Fn(u32) -> (&'s [f64], &'s [f64]),
    overwrite: bool,
    target: &mut [f64],
) {
    let mut acc = [[isa.quad_splat(0.0); QUADS]; L];
    for &entry in factors {
        let (high, low) = sides(entry);
        add_product::<I, R, H, L>(isa, high, low, &mut acc);
    }
    for (target, column) in target[..H * L].chunks_exact_mut(H).zip(&acc) {
        for (t, v) in target.iter_mut().zip(values(isa, column)) {
            *t = if overwrite { v } else { *t + v };
        }
    }
}

impl ShapeKernel for AddBelow<'_> {
    #[inline(always)]
    fn run<I: Isa, const R: usize, const A: usize, const B: usize>(mut self, isa: I) {
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
                product::<I, R, A, B>(isa, factors, sides, overwrite, target);
            } else if factors[0] & 1 == 1 {
                let sides =
                    |entry: u32| (block_b(entry as usize >> 1), block_a(entry as usize >> 1));
                product::<I, R, B, A>(isa, factors, sides, overwrite, target);
            } else {
                let sides =
                    |entry: u32| (block_a(entry as usize >> 1), block_b(entry as usize >> 1));
                product::<I, R, A, B>(isa, factors, sides, overwrite, target);
            }
        });
    }

    #[inline(always)]
    fn run_any<I: Isa>(mut self, _isa: I) {
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
                        target[j * height + i] += dot::<I>(high, low);
                    }
                }
            }
        });
    }
}

//! Scaling the columns of a Jacobian and rounding it to storage in one pass.

use super::DiagonalBlocks;
use crate::isa::{Isa, Kernel, dispatch, madd, round_into};
use crate::{BlockLayout, EdgeBlocks, Store, Threads};

/// Factors per parallel task.
const CHUNK: usize = 1024;
/// Factors scaled before they are rounded together.
const BATCH: usize = 16;

/// What the columns are multiplied with before they are rounded.
#[derive(Clone, Copy, Debug)]
pub enum ColumnScaling<'a> {
    /// Nothing.
    None,
    /// Column `i` by `scale[i]`, laid out like the unknowns.
    Scalars(&'a [f64]),
    /// The columns of variable `v` by the upper-triangular block `v`:
    /// `A_f ← A_f R_v⁻¹`, where the block holds `R_v⁻¹`.
    Upper(&'a DiagonalBlocks),
}

/// `target = round(source · scaling)`. Returns how many entries overflowed:
/// finite before, not finite after.
///
/// Both must belong to the same structure.
pub fn encode_blocks<S: Store>(
    source: &EdgeBlocks<f64>,
    scaling: ColumnScaling<'_>,
    layout: &BlockLayout,
    target: &mut EdgeBlocks<S>,
    threads: &Threads,
) -> usize {
    let structure = source.structure().clone();
    let shape = structure.shape();
    [
        (structure.var_a(), shape.cols_a, &source.a, &mut target.a),
        (structure.var_b(), shape.cols_b, &source.b, &mut target.b),
    ]
    .into_iter()
    .map(|(variables, cols, from, to)| {
        let size = (shape.rows, cols);
        encode_in_order(size, variables, &[], from, scaling, layout, to, threads)
    })
    .sum()
}

/// As [`encode_blocks`] for the blocks of one side, taken in another order:
/// place `k` of `to` gets block `order[k]` of `from`, or block `k` where
/// `order` is empty. `variables` is by place.
#[allow(clippy::too_many_arguments)]
pub(crate) fn encode_in_order<S: Store>(
    (rows, cols): (usize, usize),
    variables: &[u32],
    order: &[u32],
    from: &[f64],
    scaling: ColumnScaling<'_>,
    layout: &BlockLayout,
    to: &mut [S],
    threads: &Threads,
) -> usize {
    let size = rows * cols;
    if size == 0 {
        return 0;
    }
    let tasks = to.chunks_mut(CHUNK * size).enumerate().collect();
    threads
        .map(tasks, |(i, to): (usize, &mut [S])| {
            let places = i * CHUNK..i * CHUNK + to.len() / size;
            let source = if order.is_empty() {
                Source::Run(&from[places.start * size..places.end * size])
            } else {
                Source::Picked(from, &order[places.clone()])
            };
            dispatch(EncodeSide {
                variables: &variables[places],
                rows,
                cols,
                source,
                to,
                scaling,
                layout,
            })
        })
        .into_iter()
        .sum()
}

/// Where the blocks come from.
enum Source<'a> {
    /// One after the other.
    Run(&'a [f64]),
    /// Those with the given numbers.
    Picked(&'a [f64], &'a [u32]),
}

/// One side of a run of factors.
struct EncodeSide<'a, S> {
    variables: &'a [u32],
    rows: usize,
    cols: usize,
    source: Source<'a>,
    to: &'a mut [S],
    scaling: ColumnScaling<'a>,
    layout: &'a BlockLayout,
}

impl<S: Store> Kernel for EncodeSide<'_, S> {
    type Output = usize;
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> usize {
        let (rows, cols) = (self.rows, self.cols);
        let size = rows * cols;
        if let (ColumnScaling::None, Source::Run(from)) = (self.scaling, &self.source) {
            return round_into(isa, from, self.to);
        }
        let mut overflows = 0;
        let mut scaled = vec![0.0; BATCH * size];
        for (batch, (to, variables)) in self
            .to
            .chunks_mut(BATCH * size)
            .zip(self.variables.chunks(BATCH))
            .enumerate()
        {
            let scaled = &mut scaled[..to.len()];
            let blocks = scaled.chunks_exact_mut(size).zip(variables);
            for (k, (scaled, &v)) in blocks.enumerate() {
                let place = batch * BATCH + k;
                let from = match self.source {
                    Source::Run(from) => &from[place * size..(place + 1) * size],
                    Source::Picked(from, order) => {
                        let f = order[place] as usize;
                        &from[f * size..(f + 1) * size]
                    }
                };
                match self.scaling {
                    ColumnScaling::None => scaled.copy_from_slice(from),
                    ColumnScaling::Scalars(scale) => {
                        let scale = &scale[self.layout.range(v as usize)];
                        scale_block(rows, from, scale, scaled);
                    }
                    ColumnScaling::Upper(upper) => {
                        mul_upper::<I>((rows, cols), from, upper.block(v as usize), scaled);
                    }
                }
            }
            overflows += round_into(isa, scaled, to);
        }
        overflows
    }
}

#[inline(always)]
fn scale_block(rows: usize, from: &[f64], scale: &[f64], to: &mut [f64]) {
    let columns = to.chunks_exact_mut(rows).zip(from.chunks_exact(rows));
    for ((to, from), scale) in columns.zip(scale) {
        for (to, from) in to.iter_mut().zip(from) {
            *to = from * scale;
        }
    }
}

#[inline(always)]
fn mul_upper<I: Isa>((rows, cols): (usize, usize), from: &[f64], upper: &[f64], to: &mut [f64]) {
    to.fill(0.0);
    for (j, to) in to.chunks_exact_mut(rows).enumerate() {
        for (i, from) in from.chunks_exact(rows).take(j + 1).enumerate() {
            for (to, &from) in to.iter_mut().zip(from) {
                *to = madd::<I, _>(from, upper[j * cols + i], *to);
            }
        }
    }
}

//! Squared norms of the columns of a Jacobian.

use super::split_by_ends;
use crate::{BlockLayout, EdgeBlocks, Store, Threads};

/// Variables per parallel task.
const CHUNK: usize = 256;

/// `norms_i = Σ J_{·i}²`, the diagonal of `JᵀJ`, in f64, laid out as `layout`
/// says. Zero for held scalars.
pub fn column_norms<S: Store>(
    sets: &[EdgeBlocks<S>],
    layout: &BlockLayout,
    norms: &mut [f64],
    threads: &Threads,
) {
    debug_assert_eq!(norms.len(), layout.scalars());
    let variables = layout.variables();
    let ends = (1..=variables.div_ceil(CHUNK)).map(|i| (i * CHUNK).min(variables));
    let pieces = split_by_ends(norms, ends.map(|v| layout.offsets()[v]));
    let tasks = pieces.into_iter().enumerate().collect();
    threads.for_each(tasks, |(i, norms): (usize, &mut [f64])| {
        let first = layout.offset(i * CHUNK);
        norms.fill(0.0);
        for v in i * CHUNK..((i + 1) * CHUNK).min(variables) {
            let range = layout.offset(v) - first..layout.offset(v) - first + layout.dim(v);
            for blocks in sets {
                let rows = blocks.structure().shape().rows;
                for &item in blocks.structure().incidence_items(v) {
                    let block = blocks.side(item);
                    for (norm, column) in norms[range.clone()]
                        .iter_mut()
                        .zip(block.chunks_exact(rows))
                    {
                        for j in column {
                            *norm += j.widen() * j.widen();
                        }
                    }
                }
            }
        }
    });
}

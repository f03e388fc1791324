//! Products of a binary16 Jacobian summed in binary16: what hardware without
//! wider accumulators would give. They exist to be compared with.

use half::f16;

use super::split_by_ends;
use crate::{BlockLayout, EdgeBlocks, Store, Threads};

/// Factors per parallel task.
const FACTORS: usize = 1024;
/// Variables per parallel task.
const VARIABLES: usize = 256;

#[inline(always)]
fn round(value: f32) -> f32 {
    f16::store(value).load()
}

/// `sum + a b` with both operations rounded to binary16.
#[inline(always)]
fn add_product(sum: f32, a: f16, b: f32) -> f32 {
    round(sum + round(a.load() * b))
}

/// `y = J x` as [`jacobian_mul`](super::jacobian_mul), every product and every
/// sum rounded to binary16. `x` must hold binary16 values.
pub fn jacobian_mul_half_sums(
    sets: &[EdgeBlocks<f16>],
    layout: &BlockLayout,
    x: &[f32],
    y: &mut [f32],
    threads: &Threads,
) {
    let mut rest = y;
    for blocks in sets {
        let structure = blocks.structure();
        let shape = structure.shape();
        let (y, tail) = rest.split_at_mut(structure.factors() * shape.rows);
        rest = tail;
        let tasks = y.chunks_mut(FACTORS * shape.rows).enumerate().collect();
        threads.for_each(tasks, |(chunk, y): (usize, &mut [f32])| {
            for (k, y) in y.chunks_exact_mut(shape.rows).enumerate() {
                let f = chunk * FACTORS + k;
                y.fill(0.0);
                let mut add = |block: &[f16], var: u32, cols: usize| {
                    let x = &x[layout.offset(var as usize)..][..cols];
                    for (column, &x) in block.chunks_exact(shape.rows).zip(x) {
                        for (y, &j) in y.iter_mut().zip(column) {
                            *y = add_product(*y, j, x);
                        }
                    }
                };
                add(blocks.block_a(f), structure.var_a()[f], shape.cols_a);
                if shape.cols_b > 0 {
                    add(blocks.block_b(f), structure.var_b()[f], shape.cols_b);
                }
            }
        });
    }
}

/// `z = Jᵀ y` as [`jacobian_transpose_mul`](super::jacobian_transpose_mul),
/// every product and the sums inside one factor rounded to binary16, and with
/// `across` the sums over factors too. `y` must hold binary16 values.
pub fn jacobian_transpose_mul_half_sums(
    sets: &[EdgeBlocks<f16>],
    layout: &BlockLayout,
    y: &[f32],
    z: &mut [f32],
    across: bool,
    threads: &Threads,
) {
    let variables = layout.variables();
    let ends = (1..=variables.div_ceil(VARIABLES)).map(|i| (i * VARIABLES).min(variables));
    let pieces = split_by_ends(z, ends.map(|v| layout.offsets()[v]));
    let tasks = pieces.into_iter().enumerate().collect();
    threads.for_each(tasks, |(chunk, mut z): (usize, &mut [f32])| {
        for v in chunk * VARIABLES..((chunk + 1) * VARIABLES).min(variables) {
            let (own, tail) = z.split_at_mut(layout.dim(v));
            z = tail;
            own.fill(0.0);
            let mut first = 0;
            for blocks in sets {
                let structure = blocks.structure();
                let rows = structure.shape().rows;
                for &item in structure.incidence_items(v) {
                    let at = first + (item as usize >> 1) * rows;
                    let y = &y[at..at + rows];
                    for (z, column) in own.iter_mut().zip(blocks.side(item).chunks_exact(rows)) {
                        let inside = column
                            .iter()
                            .zip(y)
                            .fold(0.0, |sum, (&j, &y)| add_product(sum, j, y));
                        *z = if across {
                            round(*z + inside)
                        } else {
                            *z + inside
                        };
                    }
                }
                first += structure.factors() * rows;
            }
        }
    });
}

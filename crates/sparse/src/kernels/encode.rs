//! Scaling the columns of a Jacobian and rounding it to storage in one pass.

use super::DiagonalBlocks;
use crate::{BlockLayout, EdgeBlocks, Store, Threads};

/// Factors per parallel task.
const CHUNK: usize = 1024;

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
    let mut overflows = 0;
    for (variables, cols, from, to) in [
        (structure.var_a(), shape.cols_a, &source.a, &mut target.a),
        (structure.var_b(), shape.cols_b, &source.b, &mut target.b),
    ] {
        if cols == 0 {
            continue;
        }
        let size = shape.rows * cols;
        let tasks = to
            .chunks_mut(CHUNK * size)
            .zip(from.chunks(CHUNK * size))
            .zip(variables.chunks(CHUNK))
            .collect();
        overflows += threads
            .map(tasks, |((to, from), variables): ((&mut [S], &[f64]), _)| {
                encode_side(variables, (shape.rows, cols), from, to, scaling, layout)
            })
            .into_iter()
            .sum::<usize>();
    }
    overflows
}

fn encode_side<S: Store>(
    variables: &[u32],
    (rows, cols): (usize, usize),
    from: &[f64],
    to: &mut [S],
    scaling: ColumnScaling<'_>,
    layout: &BlockLayout,
) -> usize {
    let mut overflows = 0;
    let mut put = |to: &mut S, value: f64| {
        *to = S::encode(value);
        overflows += usize::from(value.is_finite() && !to.widen().is_finite());
    };
    let size = rows * cols;
    for ((to, from), &v) in to
        .chunks_exact_mut(size)
        .zip(from.chunks_exact(size))
        .zip(variables)
    {
        match scaling {
            ColumnScaling::None => {
                for (to, &from) in to.iter_mut().zip(from) {
                    put(to, from);
                }
            }
            ColumnScaling::Scalars(scale) => {
                let scale = &scale[layout.range(v as usize)];
                for (c, &scale) in scale.iter().enumerate() {
                    for r in c * rows..(c + 1) * rows {
                        put(&mut to[r], from[r] * scale);
                    }
                }
            }
            ColumnScaling::Upper(blocks) => {
                let upper = blocks.block(v as usize);
                for j in 0..cols {
                    for r in 0..rows {
                        let sum = (0..=j)
                            .fold(0.0, |sum, i| sum + from[i * rows + r] * upper[j * cols + i]);
                        put(&mut to[j * rows + r], sum);
                    }
                }
            }
        }
    }
    overflows
}

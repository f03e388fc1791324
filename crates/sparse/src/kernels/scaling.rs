//! Between the unknowns and their scaled coordinates.

use super::{ColumnScaling, DiagonalBlocks};
use crate::{BlockLayout, Compute};

/// `b = −Sᵀ g` for the scaling `x = S s` of the unknowns.
pub fn scale_transposed<V: Compute>(
    scaling: ColumnScaling<'_>,
    layout: &BlockLayout,
    gradient: &[f64],
    b: &mut [V],
) {
    match scaling {
        ColumnScaling::None => {
            for (b, g) in b.iter_mut().zip(gradient) {
                *b = V::encode(-g);
            }
        }
        ColumnScaling::Scalars(scale) => {
            for ((b, g), s) in b.iter_mut().zip(gradient).zip(scale) {
                *b = V::encode(-g * s);
            }
        }
        ColumnScaling::Upper(inverse) => {
            for v in 0..layout.variables() {
                let (dim, block) = (layout.dim(v), inverse.block(v));
                let g = &gradient[layout.range(v)];
                for (c, b) in b[layout.range(v)].iter_mut().enumerate() {
                    let sum: f64 = (0..=c).map(|k| block[c * dim + k] * g[k]).sum();
                    *b = V::encode(-sum);
                }
            }
        }
    }
}

/// `step = S x`.
pub fn unscale<V: Compute>(
    scaling: ColumnScaling<'_>,
    layout: &BlockLayout,
    x: &[V],
    step: &mut [f64],
) {
    match scaling {
        ColumnScaling::None => {
            for (step, x) in step.iter_mut().zip(x) {
                *step = x.widen();
            }
        }
        ColumnScaling::Scalars(scale) => {
            for ((step, x), s) in step.iter_mut().zip(x).zip(scale) {
                *step = x.widen() * s;
            }
        }
        ColumnScaling::Upper(inverse) => {
            for v in 0..layout.variables() {
                let (dim, block) = (layout.dim(v), inverse.block(v));
                let x = &x[layout.range(v)];
                for (r, step) in step[layout.range(v)].iter_mut().enumerate() {
                    *step = (r..dim).map(|c| block[c * dim + r] * x[c].widen()).sum();
                }
            }
        }
    }
}

/// `Λ = λ Sᵀ D S` for a diagonal `D` and block-diagonal `S`: one full block per
/// variable, column-major, added to `blocks`.
pub fn scaled_damping<V: Compute>(
    damping: f64,
    scale: &[f64],
    inverse: &DiagonalBlocks,
    layout: &BlockLayout,
    blocks: &mut Vec<V>,
) {
    for v in 0..layout.variables() {
        let (dim, d) = (layout.dim(v), &scale[layout.range(v)]);
        let r = inverse.block(v);
        for j in 0..dim {
            for i in 0..dim {
                let sum: f64 = (0..=i.min(j))
                    .map(|k| r[i * dim + k] * d[k] * r[j * dim + k])
                    .sum();
                blocks.push(V::encode(damping * sum));
            }
        }
    }
}

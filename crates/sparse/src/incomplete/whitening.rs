//! Scaling by the Cholesky factors of the diagonal blocks.

use std::sync::Arc;

use super::block::cholesky_upper;
use crate::{BlockLayout, DiagonalBlocks};

/// Relative ridge on the diagonal of a block before it is factored: always
/// factorable in f64, invisible in the result.
const RIDGE: f64 = 1e-6;

/// `R_v` with `R_vᵀ R_v = H_vv + ε diag(H_vv)`, upper triangular, and its
/// inverse. `H_vv` is diagonal block `v` of `JᵀJ` and `ε = 10⁻⁶`.
#[derive(Clone, Debug)]
pub struct Whitening {
    /// `R_v⁻¹`, upper triangular.
    pub inverse: DiagonalBlocks,
    /// `R_v`, upper triangular.
    pub factor: DiagonalBlocks,
}

impl Whitening {
    /// The identity, to be set later.
    pub fn new(layout: Arc<BlockLayout>) -> Self {
        Self {
            inverse: DiagonalBlocks::zeros(layout.clone()),
            factor: DiagonalBlocks::zeros(layout),
        }
    }

    /// Factors the diagonal blocks of `JᵀJ`.
    ///
    /// A zero diagonal entry (held scalar) counts as 1. A block that cannot be
    /// factored gets ten times the ridge, again and again, and in the end only
    /// its diagonal.
    pub fn set<'a>(&mut self, block: impl Fn(usize) -> &'a [f64]) {
        let layout = self.factor.layout().clone();
        for v in 0..layout.variables() {
            let dim = layout.dim(v);
            let target = self.factor.block_mut(v);
            let mut ridge = RIDGE;
            loop {
                target.copy_from_slice(block(v));
                for d in target.iter_mut().step_by(dim + 1) {
                    *d = if *d == 0.0 { 1.0 } else { *d * (1.0 + ridge) };
                }
                if cholesky_upper(target, dim) {
                    break;
                }
                ridge *= 10.0;
                if ridge > 1e-2 {
                    let source = block(v);
                    target.fill(0.0);
                    for k in (0..dim * dim).step_by(dim + 1) {
                        let d = source[k];
                        target[k] = if d > 0.0 { d.sqrt() } else { 1.0 };
                    }
                    break;
                }
            }
            invert_upper(self.factor.block(v), dim, self.inverse.block_mut(v));
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.inverse.bytes() + self.factor.bytes()
    }
}

/// Inverse of an upper triangular column-major matrix.
pub(crate) fn invert_upper(upper: &[f64], dim: usize, inverse: &mut [f64]) {
    inverse.fill(0.0);
    for j in 0..dim {
        inverse[j * dim + j] = 1.0 / upper[j * dim + j];
        for i in (0..j).rev() {
            let mut sum = 0.0;
            for k in i + 1..=j {
                sum += upper[k * dim + i] * inverse[j * dim + k];
            }
            inverse[j * dim + i] = -sum / upper[i * dim + i];
        }
    }
}

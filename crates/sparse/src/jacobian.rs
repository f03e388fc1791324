//! The whole Jacobian: the blocks of every factor set, and the residuals.

use std::sync::Arc;

use crate::{BlockLayout, DenseRows, DenseStructure, EdgeBlocks, EdgeStructure, Store};

/// What never changes while a problem keeps its variables and factors.
#[derive(Clone, Debug)]
pub struct JacobianStructure {
    /// Where each variable's scalars lie.
    pub layout: Arc<BlockLayout>,
    /// One structure per factor set, in the problem's order.
    pub sets: Vec<Arc<EdgeStructure>>,
    /// Rows that touch many variables, where there are any.
    pub dense: Option<Arc<DenseStructure>>,
}

impl JacobianStructure {
    /// Number of residual scalars over all sets.
    pub fn rows(&self) -> usize {
        let sets = self.sets.iter().map(|s| s.factors() * s.shape().rows);
        sets.sum::<usize>() + self.dense.as_ref().map_or(0, |d| d.rows())
    }
}

/// `J` (blocks) and `r` (residuals) of `min ½ ‖J δ + r‖²`, weighted: square
/// roots of information and of robust weights are already multiplied in.
#[derive(Clone, Debug)]
pub struct Jacobian<S: Store> {
    structure: JacobianStructure,
    /// Blocks of each factor set.
    pub sets: Vec<EdgeBlocks<S>>,
    /// Residuals of each factor set, `rows` per factor.
    pub residuals: Vec<Vec<f64>>,
    /// The dense rows, always in f64.
    pub dense: Option<DenseRows>,
}

impl<S: Store> Jacobian<S> {
    /// An all-zero Jacobian for a structure.
    pub fn zeros(structure: JacobianStructure) -> Self {
        Self {
            sets: structure
                .sets
                .iter()
                .cloned()
                .map(EdgeBlocks::zeros)
                .collect(),
            residuals: structure
                .sets
                .iter()
                .map(|s| vec![0.0; s.factors() * s.shape().rows])
                .collect(),
            dense: structure.dense.clone().map(DenseRows::zeros),
            structure,
        }
    }

    /// The structure these values belong to.
    pub fn structure(&self) -> &JacobianStructure {
        &self.structure
    }

    /// Where each variable's scalars lie.
    pub fn layout(&self) -> &BlockLayout {
        &self.structure.layout
    }

    /// Bytes of all blocks and residuals.
    pub fn bytes(&self) -> usize {
        self.sets.iter().map(EdgeBlocks::bytes).sum::<usize>()
            + self.residuals.iter().map(|r| r.len() * 8).sum::<usize>()
            + self.dense.as_ref().map_or(0, DenseRows::bytes)
    }
}

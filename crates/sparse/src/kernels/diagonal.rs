//! One small dense block per variable.

use std::sync::Arc;

use super::{dispatch_shape, split_by_ends};
use crate::normal_matrix::AddDiagonal;
use crate::{BlockLayout, EdgeBlocks, Threads};

/// Variables per parallel task.
const CHUNK: usize = 256;

/// A block-diagonal matrix in f64: block `v` is `dim(v) × dim(v)`, full,
/// column-major.
#[derive(Clone, Debug)]
pub struct DiagonalBlocks {
    layout: Arc<BlockLayout>,
    start: Vec<usize>,
    /// All blocks, one after the other.
    pub values: Vec<f64>,
}

impl DiagonalBlocks {
    /// An all-zero block diagonal.
    pub fn zeros(layout: Arc<BlockLayout>) -> Self {
        let mut start = Vec::with_capacity(layout.variables() + 1);
        let mut end = 0;
        for v in 0..layout.variables() {
            start.push(end);
            end += layout.dim(v) * layout.dim(v);
        }
        start.push(end);
        Self {
            values: vec![0.0; end],
            start,
            layout,
        }
    }

    /// Block sizes.
    pub fn layout(&self) -> &Arc<BlockLayout> {
        &self.layout
    }

    /// Block `v`, column-major.
    #[inline]
    pub fn block(&self, v: usize) -> &[f64] {
        &self.values[self.start[v]..self.start[v + 1]]
    }

    /// Block `v`, column-major.
    #[inline]
    pub fn block_mut(&mut self, v: usize) -> &mut [f64] {
        &mut self.values[self.start[v]..self.start[v + 1]]
    }

    /// Bytes of the blocks and their index.
    pub fn bytes(&self) -> usize {
        std::mem::size_of_val(self.values.as_slice()) + std::mem::size_of_val(self.start.as_slice())
    }

    /// Fills in the diagonal blocks of `JᵀJ`: `Σ A_fᵀ A_f + Σ B_fᵀ B_f` over the
    /// factors of each variable, sets in order and factors ascending.
    pub fn fill_with_gram(&mut self, sets: &[EdgeBlocks<f64>], threads: &Threads) {
        let layout = &self.layout;
        let start = &self.start;
        let variables = layout.variables();
        let ends = (1..=variables.div_ceil(CHUNK)).map(|i| (i * CHUNK).min(variables));
        let pieces = split_by_ends(&mut self.values, ends.map(|v| start[v]));
        let tasks = pieces.into_iter().enumerate().collect();
        threads.for_each(tasks, |(i, values): (usize, &mut [f64])| {
            values.fill(0.0);
            for blocks in sets {
                let kernel = AddDiagonal {
                    layout,
                    blocks,
                    residuals: None,
                    variables: i * CHUNK..((i + 1) * CHUNK).min(variables),
                    diagonal: &mut *values,
                    gradient: &mut [],
                };
                dispatch_shape(blocks.structure().shape(), kernel);
            }
        });
    }
}

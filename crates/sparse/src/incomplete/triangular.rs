//! The factor as the triangular solves read it.

use std::sync::Arc;

use super::BlockFactor;
use super::FactorPattern;
use super::block::stride;
use crate::isa::{Isa, Kernel, dispatch, round_into};
use crate::{BlockLayout, Store};

/// `L` of `P A Pᵀ ≈ L Lᵀ` in storage precision `S`, diagonal blocks inverted.
///
/// Block number `k` of the pattern, at row `i` and column `j`, is `dim(i) ×
/// dim(j)`, column-major; inverse diagonal block `j` is `dim(j) × dim(j)`,
/// column-major and full, zero above the diagonal. Sizes are those of the
/// elimination order.
#[derive(Clone, Debug)]
pub struct TriangularFactor<S: Store> {
    pattern: Arc<FactorPattern>,
    layout: Arc<BlockLayout>,
    old_from_new: Vec<u32>,
    /// Offset in the original vector of each eliminated variable.
    pub(super) origin: Vec<u32>,
    /// First scalar of each block in `below`, and the end; empty where all
    /// blocks have the same size.
    below_start: Vec<u32>,
    diagonal_start: Vec<u32>,
    uniform: Option<usize>,
    /// Blocks below the diagonal.
    pub below: Vec<S>,
    /// Inverse diagonal blocks.
    pub inverse_diagonal: Vec<S>,
}

impl<S: Store> TriangularFactor<S> {
    /// Rounds a factor to storage. `original` is the layout of the unknowns in
    /// their own order. Also returns how many entries overflowed.
    pub fn encode(factor: &BlockFactor, original: &BlockLayout) -> (Self, usize) {
        let layout = factor.layout.clone();
        let n = layout.variables();
        let uniform = (n > 0)
            .then(|| layout.dim(0))
            .filter(|d| (0..n).all(|v| layout.dim(v) == *d));
        let sizes: Vec<(usize, usize)> = (0..n)
            .flat_map(|j| {
                let layout = &layout;
                let column = factor.pattern.column(j).iter();
                column.map(move |&i| (layout.dim(i as usize), layout.dim(j)))
            })
            .collect();
        let squares: Vec<(usize, usize)> = (0..n).map(|j| (layout.dim(j), layout.dim(j))).collect();
        let starts = |sizes: &[(usize, usize)]| -> Vec<u32> {
            let mut end = 0;
            let mut starts = vec![0];
            starts.extend(sizes.iter().map(|(r, c)| {
                end += (r * c) as u32;
                end
            }));
            starts
        };
        let (below_start, diagonal_start) = if uniform.is_some() {
            (Vec::new(), Vec::new())
        } else {
            (starts(&sizes), starts(&squares))
        };
        let mut below = Vec::new();
        let mut inverse_diagonal = Vec::new();
        let overflows = dispatch(Unpad {
            from: &factor.below,
            sizes: &sizes,
            to: &mut below,
        }) + dispatch(Unpad {
            from: &factor.inverse_diagonal,
            sizes: &squares,
            to: &mut inverse_diagonal,
        });
        let origin = factor
            .old_from_new
            .iter()
            .map(|&old| original.offset(old as usize) as u32)
            .collect();
        let made = Self {
            pattern: factor.pattern.clone(),
            layout,
            old_from_new: factor.old_from_new.clone(),
            origin,
            below_start,
            diagonal_start,
            uniform,
            below,
            inverse_diagonal,
        };
        (made, overflows)
    }

    /// Positions of the blocks.
    pub fn pattern(&self) -> &Arc<FactorPattern> {
        &self.pattern
    }

    /// Block sizes in elimination order.
    pub fn layout(&self) -> &BlockLayout {
        &self.layout
    }

    /// The variable eliminated as `j`-th, for every `j`.
    pub fn old_from_new(&self) -> &[u32] {
        &self.old_from_new
    }

    /// Offset of each row's variable among the unknowns in their own order, for
    /// every row `j` of the elimination order.
    pub fn origin(&self) -> &[u32] {
        &self.origin
    }

    /// The dimension that all variables share, if they do.
    pub fn uniform_dim(&self) -> Option<usize> {
        self.uniform
    }

    /// Block number `k` of the pattern, column-major. `size` is its number of
    /// scalars, `dim(i) · dim(j)` at row `i` and column `j`.
    #[inline(always)]
    pub fn below_block(&self, k: usize, size: usize) -> &[S] {
        let at = match self.uniform {
            Some(_) => k * size,
            None => self.below_start[k] as usize,
        };
        &self.below[at..at + size]
    }

    /// Inverse diagonal block `j`, column-major. `size` is its number of scalars,
    /// `dim(j)²`.
    #[inline(always)]
    pub fn diagonal_block(&self, j: usize, size: usize) -> &[S] {
        let at = match self.uniform {
            Some(_) => j * size,
            None => self.diagonal_start[j] as usize,
        };
        &self.inverse_diagonal[at..at + size]
    }

    /// Bytes of values and index.
    pub fn bytes(&self) -> usize {
        std::mem::size_of_val(self.below.as_slice())
            + std::mem::size_of_val(self.inverse_diagonal.as_slice())
            + 4 * (self.below_start.len() + self.diagonal_start.len() + 2 * self.origin.len())
            + self.pattern.bytes()
    }
}

/// Rounds padded blocks to storage without the padding.
struct Unpad<'a, S> {
    from: &'a [f64],
    sizes: &'a [(usize, usize)],
    to: &'a mut Vec<S>,
}

impl<S: Store> Kernel for Unpad<'_, S> {
    type Output = usize;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> usize {
        let total = self.sizes.iter().map(|(r, c)| r * c).sum();
        self.to.reserve_exact(total);
        self.to.resize(total, S::default());
        let (mut from, mut to) = (0, 0);
        let mut overflows = 0;
        let mut block = Vec::new();
        for &(rows, cols) in self.sizes {
            let s = stride(rows);
            block.clear();
            for c in 0..cols {
                block.extend_from_slice(&self.from[from + c * s..from + c * s + rows]);
            }
            overflows += round_into(isa, &block, &mut self.to[to..to + rows * cols]);
            from += s * cols;
            to += rows * cols;
        }
        overflows
    }
}

//! A symmetric block matrix by its lower triangle: the normal matrix `JᵀJ`.

use std::sync::Arc;

use crate::{BlockLayout, JacobianStructure, NO_VARIABLE};

/// Positions of the nonzero blocks strictly below the diagonal.
///
/// Column `j` holds the block rows `rows(j)`, ascending, all greater than `j`.
/// The diagonal is always present and not listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SymmetricPattern {
    start: Vec<usize>,
    rows: Vec<u32>,
}

impl SymmetricPattern {
    /// Pattern of `JᵀJ`: a block for every pair of variables that share a factor.
    pub fn of_normal_matrix(structure: &JacobianStructure) -> Self {
        let dense = structure.dense.iter().flat_map(|d| d.pairs());
        let pairs = structure.sets.iter().flat_map(|set| {
            set.var_a()
                .iter()
                .zip(set.var_b())
                .filter(|(_, b)| **b != NO_VARIABLE)
                .map(|(a, b)| (*a, *b))
        });
        Self::from_pairs(structure.layout.variables(), pairs.chain(dense))
    }

    /// Pattern from unordered pairs of variables; repeated pairs and pairs of
    /// a variable with itself are folded away.
    pub fn from_pairs(variables: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let ordered = pairs
            .filter(|(a, b)| a != b)
            .map(|(a, b)| (a.min(b), a.max(b)));
        let mut start = vec![0_usize; variables + 1];
        for (low, _) in ordered.clone() {
            start[low as usize + 1] += 1;
        }
        for v in 0..variables {
            start[v + 1] += start[v];
        }
        let mut next = start.clone();
        let mut raw = vec![0_u32; start[variables]];
        for (low, high) in ordered {
            raw[next[low as usize]] = high;
            next[low as usize] += 1;
        }
        let mut rows = Vec::with_capacity(raw.len());
        let mut packed = Vec::with_capacity(variables + 1);
        packed.push(0);
        for v in 0..variables {
            let column = &mut raw[start[v]..start[v + 1]];
            column.sort_unstable();
            let first = rows.len();
            for &row in column.iter() {
                if rows.len() == first || rows[rows.len() - 1] != row {
                    rows.push(row);
                }
            }
            packed.push(rows.len());
        }
        rows.shrink_to_fit();
        Self {
            start: packed,
            rows,
        }
    }

    /// Number of block columns.
    pub fn variables(&self) -> usize {
        self.start.len() - 1
    }

    /// Number of blocks strictly below the diagonal.
    pub fn blocks(&self) -> usize {
        self.rows.len()
    }

    /// Block rows below the diagonal in column `j`, ascending.
    #[inline]
    pub fn rows(&self, j: usize) -> &[u32] {
        &self.rows[self.start[j]..self.start[j + 1]]
    }

    /// Index of the first block of column `j` in block order.
    #[inline]
    pub fn start(&self, j: usize) -> usize {
        self.start[j]
    }

    /// Index, in block order, of block (`i`, `j`) with `i > j`.
    pub fn find(&self, i: u32, j: u32) -> Option<usize> {
        let j = j as usize;
        self.rows(j)
            .binary_search(&i)
            .ok()
            .map(|k| self.start[j] + k)
    }
}

/// Values on a [`SymmetricPattern`].
///
/// Diagonal block `v` is `dim(v) × dim(v)`, full, column-major, at
/// `diagonal[diagonal_start(v)..]`. Off-diagonal block number `k`, at row `i`
/// and column `j < i`, is `dim(i) × dim(j)`, column-major, at
/// `below[below_start(k)..]`.
#[derive(Clone, Debug)]
pub struct SymmetricBlocks {
    layout: Arc<BlockLayout>,
    pattern: Arc<SymmetricPattern>,
    diagonal_start: Vec<usize>,
    below_start: Vec<usize>,
    /// Diagonal blocks.
    pub diagonal: Vec<f64>,
    /// Blocks below the diagonal.
    pub below: Vec<f64>,
}

impl SymmetricBlocks {
    /// An all-zero matrix.
    pub fn zeros(layout: Arc<BlockLayout>, pattern: Arc<SymmetricPattern>) -> Self {
        let mut diagonal_start = Vec::with_capacity(layout.variables() + 1);
        let mut below_start = Vec::with_capacity(pattern.blocks() + 1);
        let (mut diagonal_end, mut below_end) = (0, 0);
        for v in 0..layout.variables() {
            diagonal_start.push(diagonal_end);
            diagonal_end += layout.dim(v) * layout.dim(v);
            for &row in pattern.rows(v) {
                below_start.push(below_end);
                below_end += layout.dim(v) * layout.dim(row as usize);
            }
        }
        diagonal_start.push(diagonal_end);
        below_start.push(below_end);
        Self {
            diagonal: vec![0.0; diagonal_end],
            below: vec![0.0; below_end],
            layout,
            pattern,
            diagonal_start,
            below_start,
        }
    }

    /// Block sizes.
    pub fn layout(&self) -> &Arc<BlockLayout> {
        &self.layout
    }

    /// Positions of the blocks.
    pub fn pattern(&self) -> &Arc<SymmetricPattern> {
        &self.pattern
    }

    /// First scalar of diagonal block `v` in `diagonal`.
    #[inline]
    pub fn diagonal_start(&self, v: usize) -> usize {
        self.diagonal_start[v]
    }

    /// First scalar of off-diagonal block number `k` in `below`.
    #[inline]
    pub fn below_start(&self, k: usize) -> usize {
        self.below_start[k]
    }

    /// Diagonal block `v`, full, column-major.
    #[inline]
    pub fn diagonal_block(&self, v: usize) -> &[f64] {
        &self.diagonal[self.diagonal_start[v]..self.diagonal_start[v + 1]]
    }

    /// Writes the scalar diagonal.
    pub fn copy_diagonal(&self, to: &mut [f64]) {
        for v in 0..self.layout.variables() {
            let dim = self.layout.dim(v);
            let block = self.diagonal_block(v);
            for (c, d) in to[self.layout.range(v)].iter_mut().enumerate() {
                *d = block[c * (dim + 1)];
            }
        }
    }

    /// Off-diagonal block number `k`, column-major.
    #[inline]
    pub fn below_block(&self, k: usize) -> &[f64] {
        &self.below[self.below_start[k]..self.below_start[k + 1]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_fold_and_sort() {
        let pairs = [(3, 0), (0, 1), (1, 0), (2, 2), (2, 1)];
        let p = SymmetricPattern::from_pairs(4, pairs.into_iter());
        assert_eq!(p.rows(0), &[1, 3]);
        assert_eq!(p.rows(1), &[2]);
        assert_eq!(p.blocks(), 3);
        assert_eq!(p.find(3, 0), Some(1));
        assert_eq!(p.find(3, 1), None);
        let layout = Arc::new(BlockLayout::new([2, 3, 1, 2]));
        let m = SymmetricBlocks::zeros(layout, Arc::new(p));
        assert_eq!(m.diagonal.len(), 4 + 9 + 1 + 4);
        assert_eq!(m.below_block(0).len(), 6);
        assert_eq!(m.below_block(1).len(), 4);
        assert_eq!(m.below_block(2).len(), 3);
    }
}

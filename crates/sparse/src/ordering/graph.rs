//! The block graph of a symmetric pattern: both directions of every block.

use crate::{BlockLayout, SymmetricPattern};

/// Adjacency lists of the variables, without the diagonal, and the weight
/// (number of scalars, at least 1) of each variable.
#[derive(Clone, Debug)]
pub(crate) struct Graph {
    pub start: Vec<u32>,
    pub neighbours: Vec<u32>,
    /// Number, in block order, of the block behind each entry of `neighbours`.
    pub blocks: Vec<u32>,
    pub weights: Vec<u32>,
}

impl Graph {
    /// Neighbours come out ascending.
    pub fn new(pattern: &SymmetricPattern, layout: &BlockLayout) -> Self {
        let n = pattern.variables();
        let mut start = vec![0_u32; n + 1];
        for j in 0..n {
            start[j + 1] += pattern.rows(j).len() as u32;
            for &i in pattern.rows(j) {
                start[i as usize + 1] += 1;
            }
        }
        for v in 0..n {
            start[v + 1] += start[v];
        }
        let mut next = start.clone();
        let mut neighbours = vec![0_u32; 2 * pattern.blocks()];
        let mut blocks = vec![0_u32; 2 * pattern.blocks()];
        // Lower neighbours of every vertex come before its upper ones: when
        // column j is visited all of its entries from columns below are there.
        for j in 0..n {
            for (k, &i) in (pattern.start(j) as u32..).zip(pattern.rows(j)) {
                for (from, to) in [(j, i as usize), (i as usize, j)] {
                    let at = next[from] as usize;
                    neighbours[at] = to as u32;
                    blocks[at] = k;
                    next[from] += 1;
                }
            }
        }
        let weights = (0..n).map(|v| layout.dim(v).max(1) as u32).collect();
        Self {
            start,
            neighbours,
            blocks,
            weights,
        }
    }

    pub fn vertices(&self) -> usize {
        self.weights.len()
    }

    #[inline]
    pub fn of(&self, v: u32) -> &[u32] {
        &self.neighbours[self.range(v)]
    }

    /// Where the neighbours of `v` lie in `neighbours` and `blocks`.
    #[inline]
    pub fn range(&self, v: u32) -> std::ops::Range<usize> {
        self.start[v as usize] as usize..self.start[v as usize + 1] as usize
    }
}

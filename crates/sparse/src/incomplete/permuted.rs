//! The lower triangle of a symmetric block matrix in elimination order.

use std::sync::Arc;

use crate::{BlockLayout, SymmetricPattern};

/// Where the blocks of `P A Pᵀ` come from.
#[derive(Clone, Debug)]
pub struct PermutedPattern {
    old_from_new: Vec<u32>,
    layout: Arc<BlockLayout>,
    start: Vec<u32>,
    rows: Vec<u32>,
    /// `2 k`, plus 1 where block `k` of `A` appears transposed.
    sources: Vec<u32>,
}

impl PermutedPattern {
    /// Eliminates variable `old_from_new[j]` as `j`-th. `layout` is that of
    /// `A`; `old_from_new` must be a permutation of its variables.
    pub fn new(pattern: &SymmetricPattern, layout: &BlockLayout, old_from_new: &[u32]) -> Self {
        let n = pattern.variables();
        debug_assert_eq!(old_from_new.len(), n);
        let mut new_from_old = vec![0_u32; n];
        for (new, &old) in old_from_new.iter().enumerate() {
            new_from_old[old as usize] = new as u32;
        }
        let mut start = vec![0_u32; n + 1];
        let pair = |i: u32, j: usize| {
            let (i, j) = (new_from_old[i as usize], new_from_old[j]);
            (i.max(j), i.min(j), i < j)
        };
        for j in 0..n {
            for &i in pattern.rows(j) {
                start[pair(i, j).1 as usize + 1] += 1;
            }
        }
        for j in 0..n {
            start[j + 1] += start[j];
        }
        let mut next = start.clone();
        let mut entries = vec![(0_u32, 0_u32); pattern.blocks()];
        for j in 0..n {
            for (k, &i) in pattern.rows(j).iter().enumerate() {
                let (high, low, transposed) = pair(i, j);
                let at = &mut next[low as usize];
                let source = 2 * (pattern.start(j) + k) as u32 + u32::from(transposed);
                entries[*at as usize] = (high, source);
                *at += 1;
            }
        }
        for j in 0..n {
            entries[start[j] as usize..start[j + 1] as usize].sort_unstable();
        }
        Self {
            layout: Arc::new(BlockLayout::new(
                old_from_new.iter().map(|&old| layout.dim(old as usize)),
            )),
            old_from_new: old_from_new.to_vec(),
            start,
            rows: entries.iter().map(|e| e.0).collect(),
            sources: entries.iter().map(|e| e.1).collect(),
        }
    }

    /// The variable eliminated as `j`-th, for every `j`.
    pub fn old_from_new(&self) -> &[u32] {
        &self.old_from_new
    }

    /// Block sizes in elimination order.
    pub fn layout(&self) -> &Arc<BlockLayout> {
        &self.layout
    }

    /// Number of block columns.
    pub fn columns(&self) -> usize {
        self.start.len() - 1
    }

    /// Number of blocks below the diagonal.
    pub fn blocks(&self) -> usize {
        self.rows.len()
    }

    /// Block rows of column `j`, ascending.
    #[inline]
    pub(crate) fn column(&self, j: usize) -> &[u32] {
        &self.rows[self.start[j] as usize..self.start[j + 1] as usize]
    }

    /// For each row of column `j`: `2 k`, plus 1 where block `k` of `A`
    /// appears transposed.
    #[inline]
    pub(crate) fn sources(&self, j: usize) -> &[u32] {
        &self.sources[self.start[j] as usize..self.start[j + 1] as usize]
    }

    /// Bytes of the index.
    pub fn bytes(&self) -> usize {
        4 * (self.old_from_new.len() + self.start.len() + 2 * self.rows.len())
            + 8 * self.layout.offsets().len()
    }
}

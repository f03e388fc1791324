//! Where the numbers of many equal blocks lie for a device.

/// Blocks in tiles: inside a tile of `tile` blocks, pair `k` of all its blocks
/// comes before pair `k + 1`, so that neighbouring lanes read neighbouring
/// words. Two consecutive numbers of a block (column-major) make a pair; a
/// block with an odd number of them ends in a zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TiledLayout {
    tile: usize,
    values: usize,
}

impl TiledLayout {
    /// Blocks of `values` numbers in tiles of `tile` blocks; 1 keeps each block
    /// together.
    pub fn new(tile: usize, values: usize) -> Self {
        Self {
            tile: tile.max(1),
            values,
        }
    }

    /// Blocks in a tile.
    pub fn tile(&self) -> usize {
        self.tile
    }

    /// Pairs in a block.
    pub fn pairs(&self) -> usize {
        self.values.div_ceil(2)
    }

    /// Number of scalars that `blocks` blocks take, whole tiles.
    pub fn len(&self, blocks: usize) -> usize {
        2 * self.pairs() * blocks.next_multiple_of(self.tile)
    }

    /// Where number `value` of block `block` lies.
    #[inline]
    pub fn index(&self, block: usize, value: usize) -> usize {
        let pair = (block / self.tile * self.pairs() + value / 2) * self.tile + block % self.tile;
        2 * pair + value % 2
    }

    /// Moves blocks that lie one after the other to their places. `to` has
    /// [`TiledLayout::len`] numbers; those of no block are set to zero.
    pub fn arrange<S: Copy + Default>(&self, blocks: &[S], to: &mut [S]) {
        to.fill(S::default());
        for (n, block) in blocks.chunks_exact(self.values.max(1)).enumerate() {
            for (k, value) in block.iter().enumerate() {
                to[self.index(n, k)] = *value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_a_tile_lie_side_by_side() {
        let layout = TiledLayout::new(2, 3);
        assert_eq!((layout.pairs(), layout.len(3)), (2, 16));
        let blocks = [1, 2, 3, 11, 12, 13, 21, 22, 23];
        let mut to = [-1; 16];
        layout.arrange(&blocks, &mut to);
        assert_eq!(to, [1, 2, 11, 12, 3, 0, 13, 0, 21, 22, 0, 0, 23, 0, 0, 0]);
        assert_eq!(to[layout.index(2, 2)], 23);
        assert_eq!(TiledLayout::new(1, 4).index(3, 1), 13);
    }
}

//! Upper triangles column by column.

use slam16_sparse::TiledLayout;

/// Where the triangles of blocks of `cols` columns lie, in tiles of `tile`.
pub(super) fn layout(tile: usize, cols: usize) -> TiledLayout {
    TiledLayout::new(tile, cols * (cols + 1) / 2)
}

/// Place of row `i`, column `j ≥ i`.
pub(super) fn upper(i: usize, j: usize) -> usize {
    j * (j + 1) / 2 + i
}

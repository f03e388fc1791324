//! Upper triangles of the blocks of several variables, in tiles.

use slam16::sparse::TiledLayout;
use slam16_gpu::kernels::TILE;

/// Place of row `i`, column `j ≥ i` in a triangle.
pub fn upper(i: usize, j: usize) -> usize {
    j * (j + 1) / 2 + i
}

/// Numbers in a triangle.
pub fn size(cols: usize) -> usize {
    upper(0, cols)
}

fn layout(cols: usize) -> TiledLayout {
    TiledLayout::new(TILE, size(cols))
}

/// Triangles, one after the other, to their places.
pub fn arrange<T: Copy + Default>(cols: usize, triangles: &[T]) -> Vec<T> {
    let layout = layout(cols);
    let mut tiles = vec![T::default(); layout.len(triangles.len() / size(cols))];
    layout.arrange(triangles, &mut tiles);
    tiles
}

/// Back again; what belongs to no variable must be zero.
pub fn gather(cols: usize, variables: usize, tiles: &[f32]) -> Vec<f32> {
    let layout = layout(cols);
    let mut rest = tiles.to_vec();
    let mut triangles = Vec::new();
    for v in 0..variables {
        for k in 0..size(cols) {
            triangles.push(std::mem::take(&mut rest[layout.index(v, k)]));
        }
    }
    assert!(rest.iter().all(|v| *v == 0.0), "wrote beside a triangle");
    triangles
}

/// Storage of `width` words a pair: `filler` in the pairs of variables, zero
/// elsewhere.
pub fn words(cols: usize, variables: usize, width: usize, filler: u32) -> Vec<u32> {
    let layout = layout(cols);
    let mut words = vec![0; layout.len(variables) * width / 2];
    for v in 0..variables {
        for k in 0..layout.pairs() {
            let pair = layout.index(v, 2 * k) / 2;
            words[pair * width..(pair + 1) * width].fill(filler);
        }
    }
    words
}

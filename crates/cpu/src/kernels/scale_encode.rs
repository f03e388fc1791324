//! The columns of one factor set scaled and rounded to storage.

use slam16_sparse::{EdgeShape, Store, TiledLayout};

use super::sums::tree;

/// `encoded = blocks` with every column times its factor, rounded to `S`.
///
/// Both lie in tiles of `tile`, the second ones `second` pairs on; `columns`
/// has the first columns of each factor's variables. `partials[first + g]`
/// counts the factors of workgroup `g` with a number that is not finite once
/// it is stored.
pub fn scale_encode<S: Store<Compute = f32>>(
    shape: EdgeShape,
    workgroup: usize,
    tile: usize,
    columns: &[u32],
    scale: &[f32],
    blocks: &[f32],
    encoded: &mut [S],
    partials: &mut [f32],
    factors: usize,
    second: usize,
    first: usize,
) {
    let EdgeShape {
        rows,
        cols_a,
        cols_b,
    } = shape;
    let sides = if cols_b > 0 { 2 } else { 1 };
    let mut lanes = vec![0.0; workgroup];
    for f in 0..factors {
        let mut sound = true;
        for (side, cols) in [cols_a, cols_b].into_iter().enumerate().take(sides) {
            let layout = TiledLayout::new(tile, rows * cols);
            let column = columns[f * sides + side] as usize;
            for i in 0..2 * layout.pairs() {
                let at = 2 * side * second + layout.index(f, i);
                // The number that fills the last pair is 0, whatever its factor.
                let factor = scale[column + (i / rows).min(cols - 1)];
                encoded[at] = S::store(blocks[at] * factor);
                sound &= encoded[at].load().is_finite();
            }
        }
        lanes[f % workgroup] = if sound { 0.0 } else { 1.0 };
        if f % workgroup == workgroup - 1 || f == factors - 1 {
            partials[first + f / workgroup] = tree(&mut lanes);
            lanes.fill(0.0);
        }
    }
}

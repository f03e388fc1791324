//! Squared norms of the columns of one factor set.

use slam16_sparse::{Store, TiledLayout};

use super::sums::tree;

/// `norms_v = Σ_f J_{f,v}²` column by column for each of `variables` variables
/// with blocks of `size` (rows, columns), plus what was there if `add` is 1.
/// `lanes` lanes share a variable as in [`super::jacobian_transpose_mul`].
pub fn column_norms<S: Store<Compute = f32>>(
    size: (usize, usize),
    lanes: usize,
    tile: usize,
    blocks: &[S],
    starts: &[u32],
    items: &[u32],
    columns: &[u32],
    norms: &mut [f32],
    variables: usize,
    base: usize,
    add: u32,
) {
    let (rows, cols) = size;
    let layout = TiledLayout::new(tile, rows * cols);
    let blocks = &blocks[2 * base..];
    for v in 0..variables {
        let own = &items[starts[v] as usize..starts[v + 1] as usize];
        let mut sums = vec![vec![0.0; lanes]; cols];
        for lane in 0..lanes {
            for &n in own.iter().skip(lane).step_by(lanes) {
                for (c, sums) in sums.iter_mut().enumerate() {
                    for r in 0..rows {
                        let value = blocks[layout.index(n as usize, c * rows + r)].load();
                        sums[lane] += value * value;
                    }
                }
            }
        }
        for (c, sums) in sums.iter_mut().enumerate() {
            let norm = &mut norms[columns[v] as usize + c];
            let sum = tree(sums);
            *norm = if add == 1 { sum + *norm } else { sum };
        }
    }
}

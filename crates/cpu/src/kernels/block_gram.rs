//! Diagonal blocks of `JᵀJ` of one factor set.

use slam16_sparse::{Store, TiledLayout};

use super::sums::tree;
use super::triangles::{layout, upper};

/// `gram_v = Σ_f J_{f,v}ᵀ J_{f,v}`, upper triangles column by column in tiles
/// of `tile`, for each of `variables` variables with blocks of `size` (rows,
/// columns), plus what was there if `add` is 1. `lanes` lanes share a variable
/// as in [`super::jacobian_transpose_mul`].
pub fn block_gram<S: Store<Compute = f32>>(
    size: (usize, usize),
    lanes: usize,
    tile: usize,
    blocks: &[S],
    starts: &[u32],
    items: &[u32],
    gram: &mut [f32],
    variables: usize,
    base: usize,
    add: u32,
) {
    let (rows, cols) = size;
    let source = TiledLayout::new(tile, rows * cols);
    let target = layout(tile, cols);
    let blocks = &blocks[2 * base..];
    for v in 0..variables {
        let own = &items[starts[v] as usize..starts[v + 1] as usize];
        let mut partial = vec![vec![0.0; 2 * target.pairs()]; lanes];
        for (lane, sums) in partial.iter_mut().enumerate() {
            for &n in own.iter().skip(lane).step_by(lanes) {
                let entry = |c: usize, r: usize| blocks[source.index(n as usize, c * rows + r)];
                for j in 0..cols {
                    for i in 0..=j {
                        for r in 0..rows {
                            sums[upper(i, j)] += entry(i, r).load() * entry(j, r).load();
                        }
                    }
                }
            }
        }
        for k in 0..2 * target.pairs() {
            let place = &mut gram[target.index(v, k)];
            let mut sums: Vec<f32> = partial.iter().map(|sums| sums[k]).collect();
            let sum = tree(&mut sums);
            *place = if add == 1 { sum + *place } else { sum };
        }
    }
}

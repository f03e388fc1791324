//! `z = α Jᵀ y + β z` for one factor set.

use slam16_sparse::{Store, TiledLayout};

use super::keep;
use super::sums::tree;

/// `z_v = alpha Σ_f J_{f,v}ᵀ y_f + beta z_v` for each of `variables` variables
/// with blocks of `size` (rows, columns). `lanes` lanes share a variable: lane
/// `l` adds its items `l`, `l + lanes` and so on, a fixed tree adds the lanes.
///
/// `blocks` begin `base` pairs in, in tiles of `tile`; block `n` belongs to
/// factor `n`, or `n − split` from `split` on; the set's rows begin at `row` of
/// `y`. With `beta = 0`, `z` is not read. `round` rounds the
/// results to `S`.
pub fn jacobian_transpose_mul<S: Store<Compute = f32>>(
    size: (usize, usize),
    lanes: usize,
    tile: usize,
    round: bool,
    blocks: &[S],
    starts: &[u32],
    items: &[u32],
    columns: &[u32],
    y: &[f32],
    z: &mut [f32],
    variables: usize,
    base: usize,
    split: usize,
    row: usize,
    alpha: f32,
    beta: f32,
) {
    let (rows, cols) = size;
    let layout = TiledLayout::new(tile, rows * cols);
    let blocks = &blocks[2 * base..];
    for v in 0..variables {
        let own = &items[starts[v] as usize..starts[v + 1] as usize];
        let mut sums = vec![vec![0.0; lanes]; cols];
        for lane in 0..lanes {
            for &n in own.iter().skip(lane).step_by(lanes) {
                let n = n as usize;
                let f = if n >= split { n - split } else { n };
                for r in 0..rows {
                    let value = y[row + f * rows + r];
                    for (c, sums) in sums.iter_mut().enumerate() {
                        sums[lane] += blocks[layout.index(n, c * rows + r)].load() * value;
                    }
                }
            }
        }
        for (c, sums) in sums.iter_mut().enumerate() {
            let z = &mut z[columns[v] as usize + c];
            let product = alpha * tree(sums);
            let value = if beta == 0.0 {
                product
            } else {
                product + beta * *z
            };
            *z = if round { keep::<S>(value) } else { value };
        }
    }
}

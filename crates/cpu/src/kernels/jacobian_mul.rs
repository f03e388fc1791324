//! `y = α J x + β y` for one factor set.

use slam16_sparse::{EdgeShape, Store, TiledLayout};

use super::keep;

/// `y_f = alpha (A_f x_a + B_f x_b) + beta y_f` for every factor of a set.
///
/// `blocks` holds the first blocks in tiles of `tile`, and `second` pairs on
/// the second ones; `columns` the first columns of each factor's variables;
/// the set's rows begin at `row` of `y`. With `beta = 0`, `y` is not read.
/// `round` rounds the results to `S`.
pub fn jacobian_mul<S: Store<Compute = f32>>(
    shape: EdgeShape,
    tile: usize,
    round: bool,
    blocks: &[S],
    columns: &[u32],
    x: &[f32],
    y: &mut [f32],
    factors: usize,
    second: usize,
    row: usize,
    alpha: f32,
    beta: f32,
) {
    let EdgeShape {
        rows,
        cols_a,
        cols_b,
    } = shape;
    let sides = if cols_b > 0 { 2 } else { 1 };
    let mut sum = vec![0.0; rows];
    for f in 0..factors {
        sum.fill(0.0);
        for (side, cols) in [cols_a, cols_b].into_iter().enumerate().take(sides) {
            let layout = TiledLayout::new(tile, rows * cols);
            let blocks = &blocks[2 * side * second..];
            let first = columns[f * sides + side] as usize;
            for c in 0..cols {
                let value = x[first + c];
                for (r, sum) in sum.iter_mut().enumerate() {
                    *sum += blocks[layout.index(f, c * rows + r)].load() * value;
                }
            }
        }
        for (r, sum) in sum.iter().enumerate() {
            let y = &mut y[row + f * rows + r];
            let product = alpha * sum;
            let value = if beta == 0.0 {
                product
            } else {
                product + beta * *y
            };
            *y = if round { keep::<S>(value) } else { value };
        }
    }
}

//! Steps of a triangular solve by blocks, in place.

use slam16_sparse::{Store, TriangularArithmetic};

use super::triangular::{Shape, Side};

/// `x_i = D_i (x_i − Σ B_ij x_j)` for the rows of `steps` steps, every row by
/// `lanes` lanes that add in a fixed tree.
///
/// `blocks` are in tiles of `tile`, `dim` columns padded to whole pairs:
/// `below` pairs before the `B`, numbered row by row, `diagonal` before the
/// `D`. In `tables`, from `starts` on, each row's first block and the end; from
/// `neighbours` on the row that each block multiplies; from `first` on the first
/// row of each step and its end.
pub fn triangular_solve<S: Store<Compute = f32>>(
    dim: usize,
    lanes: usize,
    tile: usize,
    arithmetic: TriangularArithmetic,
    blocks: &[S],
    tables: &[u32],
    vector: &mut [f32],
    below: usize,
    diagonal: usize,
    starts: usize,
    neighbours: usize,
    first: usize,
    steps: usize,
) {
    let shape = Shape {
        dim,
        lanes,
        tile,
        arithmetic,
    };
    let side = Side {
        below,
        diagonal,
        starts,
        neighbours,
    };
    shape.solve_steps(side, blocks, tables, vector, first, steps);
}

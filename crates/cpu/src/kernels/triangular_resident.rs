//! Both triangular solves of a preconditioner.

use slam16_sparse::{Store, TriangularArithmetic};

use super::NONE;
use super::maxima::powers_of_two;
use super::triangular::{Shape, Side};

/// `result = Pᵀ L⁻ᵀ L⁻¹ P rhs`: `rhs` into elimination order by the table from
/// `index` on, the forward steps, the backward steps, and back. Where the
/// arithmetic rounds, the vector of `scalars` numbers is scaled by a power of
/// two before each solve.
pub fn triangular_resident<S: Store<Compute = f32>>(
    dim: usize,
    lanes: usize,
    tile: usize,
    arithmetic: TriangularArithmetic,
    blocks: &[S],
    tables: &[u32],
    rhs: &[f32],
    vector: &mut [f32],
    result: &mut [f32],
    scalars: usize,
    index: usize,
    below: usize,
    diagonal: usize,
    starts: usize,
    neighbours: usize,
    first: usize,
    steps: usize,
    below_back: usize,
    diagonal_back: usize,
    starts_back: usize,
    neighbours_back: usize,
    first_back: usize,
    steps_back: usize,
) {
    let shape = Shape {
        dim,
        lanes,
        tile,
        arithmetic,
    };
    let forward = Side {
        below,
        diagonal,
        starts,
        neighbours,
    };
    let backward = Side {
        below: below_back,
        diagonal: diagonal_back,
        starts: starts_back,
        neighbours: neighbours_back,
    };
    let index = &tables[index..index + scalars];
    let vector = &mut vector[..scalars];
    for (value, &at) in vector.iter_mut().zip(index) {
        *value = match at {
            NONE => 0.0,
            _ => rhs[at as usize],
        };
    }
    let rescale = |vector: &mut [f32]| -> f32 {
        if arithmetic == TriangularArithmetic::Wide {
            return 1.0;
        }
        let [down, up] = powers_of_two(vector.iter().fold(0.0, |most, v| v.abs().max(most)));
        for value in vector {
            *value = shape.entry::<S>(down * *value);
        }
        up
    };
    let mut undo = rescale(vector);
    shape.solve_steps(forward, blocks, tables, vector, first, steps);
    undo *= rescale(vector);
    shape.solve_steps(backward, blocks, tables, vector, first_back, steps_back);
    for (value, &at) in vector.iter().zip(index) {
        if at != NONE {
            result[at as usize] = undo * value;
        }
    }
}

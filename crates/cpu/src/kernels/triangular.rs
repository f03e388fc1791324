//! A row of a triangular solve by blocks.

use slam16_sparse::{Store, TiledLayout, TriangularArithmetic};

use super::keep;

/// Sizes, and how many lanes share a row.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub dim: usize,
    pub lanes: usize,
    pub tile: usize,
    pub arithmetic: TriangularArithmetic,
}

/// Where the numbers of one direction lie: pairs before blocks, places in the
/// tables.
#[derive(Clone, Copy)]
pub(super) struct Side {
    pub below: usize,
    pub diagonal: usize,
    pub starts: usize,
    pub neighbours: usize,
}

impl Shape {
    pub(super) fn entry<S: Store<Compute = f32>>(self, value: f32) -> f32 {
        match self.arithmetic {
            TriangularArithmetic::Wide => value,
            _ => keep::<S>(value),
        }
    }

    fn multiply_add<S: Store<Compute = f32>>(self, sum: f32, block: S, x: f32) -> f32 {
        match self.arithmetic {
            TriangularArithmetic::HalfSums => {
                keep::<S>(keep::<S>(sum) + keep::<S>(block.load() * keep::<S>(x)))
            }
            _ => sum + block.load() * x,
        }
    }

    fn added<S: Store<Compute = f32>>(self, a: f32, b: f32) -> f32 {
        match self.arithmetic {
            TriangularArithmetic::HalfSums => keep::<S>(keep::<S>(a) + keep::<S>(b)),
            _ => a + b,
        }
    }

    /// `x_i = D_i (x_i − Σ B_ij x_j)` in place.
    fn solve_row<S: Store<Compute = f32>>(
        self,
        side: Side,
        row: usize,
        blocks: &[S],
        tables: &[u32],
        vector: &mut [f32],
    ) {
        let Self { dim, lanes, .. } = self;
        let column = dim.next_multiple_of(2);
        let layout = TiledLayout::new(self.tile, column * dim);
        let mut sums = vec![0.0; lanes * dim];
        sums[..dim].copy_from_slice(&vector[row * dim..(row + 1) * dim]);
        let start = tables[side.starts + row] as usize;
        for at in start..tables[side.starts + row + 1] as usize {
            let neighbour = tables[side.neighbours + at] as usize;
            let lane = (at - start) % lanes;
            for c in 0..dim {
                let x = -vector[neighbour * dim + c];
                for (r, sum) in sums[lane * dim..(lane + 1) * dim].iter_mut().enumerate() {
                    let block = blocks[2 * side.below + layout.index(at, c * column + r)];
                    *sum = self.multiply_add(*sum, block, x);
                }
            }
        }
        let mut width = lanes / 2;
        while width > 0 {
            for k in 0..width * dim {
                sums[k] = self.added::<S>(sums[k], sums[k + width * dim]);
            }
            width /= 2;
        }
        for r in 0..dim {
            let mut value = 0.0;
            for (c, rest) in sums[..dim].iter().enumerate() {
                let block = blocks[2 * side.diagonal + layout.index(row, c * column + r)];
                value = self.multiply_add(value, block, *rest);
            }
            vector[row * dim + r] = self.entry::<S>(value);
        }
    }

    /// The rows of `steps` steps, whose first rows and ends are in the tables
    /// from `first` on.
    pub(super) fn solve_steps<S: Store<Compute = f32>>(
        self,
        side: Side,
        blocks: &[S],
        tables: &[u32],
        vector: &mut [f32],
        first: usize,
        steps: usize,
    ) {
        for s in 0..steps {
            let at = first + 2 * s;
            for row in tables[at]..tables[at + 1] {
                self.solve_row(side, row as usize, blocks, tables, vector);
            }
        }
    }
}

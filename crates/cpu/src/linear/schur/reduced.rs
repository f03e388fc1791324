//! The reduced system, and its direct solution.

use std::sync::Arc;

use slam16_solver::{NumericError, SchurReduced};
use slam16_sparse::{
    Cholesky, Ordering, Prediction, SymbolicCholesky, SymmetricBlocks, SymmetricPattern, Threads,
};

use super::block::{KEPT, block_at, block_len};
use super::structure::Elimination;

/// Share of nonzero blocks from which on the reduced system is kept dense:
/// beyond it a factor has no zeros worth skipping.
const DENSE_FILL: f64 = 0.7;

/// The reduced system `S x = b` as the elimination leaves it, all padded.
#[derive(Clone, Copy)]
pub(super) struct Reduced<'a> {
    /// Rows and columns of a block.
    pub dim: usize,
    /// Diagonal blocks.
    pub diagonal: &'a [f64],
    /// Blocks of the pattern below the diagonal.
    pub below: &'a [f64],
    /// Right-hand side.
    pub rhs: &'a [f64],
}

/// The reduced system and its factor.
pub(super) struct Direct {
    matrix: SymmetricBlocks,
    factor: Cholesky<f64>,
    no_damping: Vec<f64>,
    room: Vec<f64>,
    /// Where each block below the diagonal goes in `matrix`; empty when they
    /// are the same blocks.
    place: Vec<u32>,
}

impl Direct {
    pub(super) fn new(elimination: &Elimination, form: SchurReduced, ordering: Ordering) -> Self {
        let kept = elimination.kept;
        let pattern = &elimination.pattern;
        let all = kept * (kept - 1) / 2;
        let dense = match form {
            SchurReduced::Dense => true,
            SchurReduced::Sparse => false,
            SchurReduced::Auto => pattern.blocks() as f64 >= DENSE_FILL * all as f64,
        };
        let layout = elimination.kept_layout.clone();
        let (pattern, place, ordering) = if dense {
            let pairs = (0..kept as u32).flat_map(|j| (j + 1..kept as u32).map(move |i| (i, j)));
            let full = SymmetricPattern::from_pairs(kept, pairs);
            let place = (0..kept)
                .flat_map(|j| {
                    let first = full.start(j);
                    let rows = pattern.rows(j).iter();
                    rows.map(move |&i| (first + i as usize - j - 1) as u32)
                })
                .collect();
            (Arc::new(full), place, Ordering::Natural)
        } else {
            (pattern.clone(), Vec::new(), ordering)
        };
        let symbolic = SymbolicCholesky::analyze(layout.clone(), &pattern, ordering);
        let factor = Cholesky::new(Arc::new(symbolic));
        Self {
            no_damping: vec![0.0; layout.scalars()],
            room: vec![0.0; factor.solve_room()],
            matrix: SymmetricBlocks::zeros(layout, pattern),
            factor,
            place,
        }
    }

    /// Solves `S x = b`.
    ///
    /// # Errors
    /// A pivot that is not positive.
    pub(super) fn solve(
        &mut self,
        system: Reduced<'_>,
        x: &mut [f64],
        threads: &Threads,
    ) -> Result<(), NumericError> {
        let Reduced {
            dim,
            diagonal,
            below,
            rhs,
        } = system;
        let (len, size) = (block_len(dim), dim * dim);
        let blocks = self.matrix.diagonal.chunks_exact_mut(size);
        for (to, from) in blocks.zip(diagonal.chunks_exact(len)) {
            unpad(dim, from, to);
        }
        if self.place.is_empty() {
            let blocks = self.matrix.below.chunks_exact_mut(size);
            for (to, from) in blocks.zip(below.chunks_exact(len)) {
                unpad(dim, from, to);
            }
        } else {
            for (&k, from) in self.place.iter().zip(below.chunks_exact(len)) {
                let at = k as usize * size;
                unpad(dim, from, &mut self.matrix.below[at..at + size]);
            }
        }
        for (x, b) in x.chunks_exact_mut(dim).zip(rhs.chunks_exact(KEPT)) {
            x.copy_from_slice(&b[..dim]);
        }
        self.factor
            .factorize(&self.matrix, &self.no_damping, threads)
            .map_err(|e| NumericError::NotPositiveDefinite {
                variable: e.variable,
                pivot: e.pivot,
            })?;
        self.factor.solve_with(x, &mut self.room);
        Ok(())
    }

    pub(super) fn ordering(&self) -> &'static str {
        self.factor.symbolic().ordering().name()
    }

    pub(super) fn prediction(&self) -> Prediction {
        self.factor.symbolic().prediction()
    }

    pub(super) fn bytes(&self) -> usize {
        let vectors = 2 * self.room.len();
        self.factor.bytes()
            + 8 * (self.matrix.diagonal.len() + self.matrix.below.len() + vectors)
            + 4 * self.place.len()
    }
}

fn unpad(dim: usize, padded: &[f64], block: &mut [f64]) {
    for (c, column) in block.chunks_exact_mut(dim).enumerate() {
        for (r, value) in column.iter_mut().enumerate() {
            *value = padded[block_at(dim, r, c)];
        }
    }
}

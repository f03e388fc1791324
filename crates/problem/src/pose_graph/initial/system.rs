//! Sparse linear least squares whose unknowns come in small blocks.

use std::sync::Arc;

use slam16_sparse::{
    BlockLayout, Cholesky, Ordering, SymbolicCholesky, SymmetricBlocks, SymmetricPattern, Threads,
};

/// Share of the largest diagonal entry that is added to the diagonal of a
/// singular system: rounding errors of order ε stay far below it, and
/// directions with information are hardly moved.
const SHIFT: f64 = 1e-10;

/// `min Σ ‖Σ_v B_v x_v − c‖²`, each x_v with one or more columns.
///
/// Holds the normal equations and their factor; the pattern is analysed once
/// and serves any number of problems.
pub(super) struct System {
    matrix: SymmetricBlocks,
    factor: Cholesky<f64>,
    columns: usize,
    held: Vec<bool>,
    /// Held values, and the start of all others: column after column.
    values: Vec<f64>,
    right: Vec<f64>,
}

/// One variable's part in an equation: which, and `B`, column-major.
pub(super) type Term<'a> = (usize, &'a [f64]);

impl System {
    /// Analyses the pattern; `pairs` names the variables that share an equation.
    pub(super) fn new(
        dims: impl IntoIterator<Item = usize>,
        pairs: impl Iterator<Item = (u32, u32)> + Clone,
    ) -> Self {
        let layout = Arc::new(BlockLayout::new(dims));
        let pattern = Arc::new(SymmetricPattern::from_pairs(layout.variables(), pairs));
        let symbolic =
            SymbolicCholesky::analyze(Arc::clone(&layout), &pattern, Ordering::default());
        Self {
            matrix: SymmetricBlocks::zeros(layout, pattern),
            factor: Cholesky::new(Arc::new(symbolic)),
            columns: 0,
            held: Vec::new(),
            values: Vec::new(),
            right: Vec::new(),
        }
    }

    /// Starts a problem with `columns` right-hand sides. `start` gives, for
    /// a variable and a column, the value that it keeps where it is `held`,
    /// and that it falls back to where the equations leave it free.
    pub(super) fn restart(
        &mut self,
        columns: usize,
        held: Vec<bool>,
        start: impl Fn(usize, usize, &mut [f64]),
    ) {
        let layout = Arc::clone(self.matrix.layout());
        self.matrix.diagonal.fill(0.0);
        self.matrix.below.fill(0.0);
        self.columns = columns;
        self.held = held;
        self.values = vec![0.0; columns * layout.scalars()];
        self.right = vec![0.0; columns * layout.scalars()];
        for (column, values) in self
            .values
            .chunks_exact_mut(layout.scalars().max(1))
            .enumerate()
        {
            for v in 0..layout.variables() {
                start(v, column, &mut values[layout.range(v)]);
            }
        }
    }

    /// Adds the equations `Σ B_v x_v = c`; `c` is one row of blocks high,
    /// with a column for each right-hand side.
    pub(super) fn add<const R: usize>(&mut self, terms: &[Term<'_>], c: &[[f64; R]]) {
        let layout = Arc::clone(self.matrix.layout());
        let scalars = layout.scalars();
        for (a, ta) in terms.iter().enumerate() {
            if self.held[ta.0] {
                continue;
            }
            for (column, c) in c.iter().enumerate() {
                let at = column * scalars;
                let mut rest = *c;
                for tb in terms.iter().filter(|t| self.held[t.0]) {
                    let x = &self.values[at..][layout.range(tb.0)];
                    for (column, x) in tb.1.chunks_exact(R).zip(x) {
                        rest.iter_mut().zip(column).for_each(|(r, b)| *r -= b * x);
                    }
                }
                let right = &mut self.right[at..][layout.range(ta.0)];
                for (out, column) in right.iter_mut().zip(ta.1.chunks_exact(R)) {
                    *out += dot(column, &rest);
                }
            }
            let at = self.matrix.diagonal_start(ta.0);
            accumulate::<R>(&mut self.matrix.diagonal[at..], ta.1, ta.1);
            for tb in &terms[..a] {
                if !self.held[tb.0] {
                    self.add_below::<R>(*ta, *tb);
                }
            }
        }
    }

    fn add_below<const R: usize>(&mut self, a: Term<'_>, b: Term<'_>) {
        let (high, low) = if a.0 > b.0 { (a, b) } else { (b, a) };
        let pattern = self.matrix.pattern();
        if let Some(k) = pattern.find(high.0 as u32, low.0 as u32) {
            let at = self.matrix.below_start(k);
            accumulate::<R>(&mut self.matrix.below[at..], high.1, low.1);
        }
    }

    /// Solves; `true` when the diagonal had to be raised, which pulls towards
    /// the starting values.
    ///
    /// # Errors
    /// The variable at which elimination failed even so.
    pub(super) fn solve(&mut self) -> Result<bool, usize> {
        let layout = Arc::clone(self.matrix.layout());
        let scalars = layout.scalars();
        for (v, _) in self.held.iter().enumerate().filter(|(_, held)| **held) {
            let (at, dim) = (self.matrix.diagonal_start(v), layout.dim(v));
            for k in 0..dim {
                self.matrix.diagonal[at + k * (dim + 1)] = 1.0;
            }
            for column in 0..self.columns {
                let range = layout.range(v);
                let range = column * scalars + range.start..column * scalars + range.end;
                self.right[range.clone()].copy_from_slice(&self.values[range]);
            }
        }
        let threads = Threads::single();
        let mut damping = vec![0.0; scalars];
        let whole = self.factor.factorize(&self.matrix, &damping, &threads);
        if whole.is_err() {
            let entries = self.matrix.diagonal.iter();
            let largest = entries.fold(0.0, |m: f64, x| m.max(x.abs()));
            let shift = SHIFT * largest;
            damping.fill(shift);
            for (right, value) in self.right.iter_mut().zip(&self.values) {
                *right += value * shift;
            }
            self.factor
                .factorize(&self.matrix, &damping, &threads)
                .map_err(|failure| failure.variable)?;
        }
        std::mem::swap(&mut self.values, &mut self.right);
        for column in self.values.chunks_exact_mut(scalars.max(1)) {
            self.factor.solve_in_place(column);
        }
        Ok(whole.is_err())
    }

    /// A variable's solution in one column.
    pub(super) fn solution(&self, variable: usize, column: usize) -> &[f64] {
        let layout = self.matrix.layout();
        &self.values[column * layout.scalars()..][layout.range(variable)]
    }

    /// Whether a variable is held.
    pub(super) fn is_held(&self, variable: usize) -> bool {
        self.held[variable]
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `out += Aᵀ B`, all column-major, with `R` rows in A and B.
fn accumulate<const R: usize>(out: &mut [f64], a: &[f64], b: &[f64]) {
    let rows = a.len() / R;
    for (out, b) in out.chunks_exact_mut(rows).zip(b.chunks_exact(R)) {
        for (out, a) in out.iter_mut().zip(a.chunks_exact(R)) {
            *out += dot(a, b);
        }
    }
}

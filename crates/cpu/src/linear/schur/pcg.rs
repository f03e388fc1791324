//! Iterative solution of the reduced system.

use std::sync::Arc;

use nalgebra::DMatrix;
use slam16_solver::{
    CgBeta, CgControl, CgOptions, CgState, CgStatus, CgStop, CgWorkspace, LinearOutcome,
    LinearRequest, NumericError, Space, StopTests, conjugate_gradients,
};
use slam16_sparse::SymmetricPattern;

use super::block::{KEPT, block_at, block_len};
use super::reduced::Reduced;
use crate::linear::cg::Workspace;
use crate::linear::dot;

/// Conjugate gradients on `S x = b` with the inverse diagonal blocks of `S` as
/// preconditioner (Schur-Jacobi). `S` is kept as blocks: once it is summed, an
/// iteration costs its blocks and not the observations.
///
/// Source: Agarwal, Snavely, Seitz, Szeliski, *Bundle adjustment in the large*,
/// ECCV 2010.
pub(super) struct Pcg {
    options: CgOptions,
    pattern: Arc<SymmetricPattern>,
    /// Inverse diagonal blocks, column-major.
    inverse: Vec<f64>,
    workspace: Option<Workspace<f64>>,
}

impl Pcg {
    pub(super) fn new(options: CgOptions, pattern: Arc<SymmetricPattern>) -> Self {
        Self {
            options,
            pattern,
            inverse: Vec::new(),
            workspace: None,
        }
    }

    /// Solves `S x = b` to the tolerance of the request.
    ///
    /// # Errors
    /// A diagonal block that is not positive definite.
    pub(super) fn solve(
        &mut self,
        system: Reduced<'_>,
        request: &LinearRequest,
        x: &mut [f64],
    ) -> Result<LinearOutcome, NumericError> {
        self.invert(system)?;
        let mut space = ReducedSpace {
            system,
            pattern: &self.pattern,
            inverse: &self.inverse,
            scalars: x.len(),
            tests: StopTests {
                tolerance: request.tolerance,
                model_tolerance: self.options.model_tolerance,
            },
            first: 0.0,
            status: CgStatus::default(),
        };
        let control = CgControl {
            tests: space.tests,
            beta: CgBeta::FletcherReeves,
            max_iterations: self.options.max_iterations,
            checkpoint_every: self.options.checkpoint_every,
            read_every: 1,
            deadline: request.deadline,
        };
        let work = self
            .workspace
            .get_or_insert_with(|| CgWorkspace::new(&mut space));
        let outcome = conjugate_gradients(&mut space, work, &control);
        x.copy_from_slice(&work.x);
        Ok(LinearOutcome {
            iterations: outcome.iterations,
            factorizations: 0,
            interrupted: outcome.stop == CgStop::Deadline,
        })
    }

    fn invert(&mut self, system: Reduced<'_>) -> Result<(), NumericError> {
        let (dim, len) = (system.dim, block_len(system.dim));
        self.inverse.clear();
        for (variable, block) in system.diagonal.chunks_exact(len).enumerate() {
            let block = DMatrix::from_fn(dim, dim, |r, c| {
                // The lower triangle is the one that is summed.
                block[block_at(dim, r.max(c), r.min(c))]
            });
            let factor =
                block
                    .clone()
                    .cholesky()
                    .ok_or_else(|| NumericError::NotPositiveDefinite {
                        variable,
                        pivot: block.symmetric_eigenvalues().min(),
                    })?;
            self.inverse.extend(factor.inverse().iter());
        }
        Ok(())
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.inverse.as_slice()) + self.workspace.as_ref().map_or(0, Workspace::bytes)
    }
}

/// The space of `S x = b`. A vector of rows holds products with `S`, so that
/// `r = −S x` and the residual is `b + r`; then `yᵀy` of the normal equations
/// becomes `pᵀ y`.
struct ReducedSpace<'a> {
    system: Reduced<'a>,
    pattern: &'a SymmetricPattern,
    inverse: &'a [f64],
    scalars: usize,
    tests: StopTests,
    first: f64,
    status: CgStatus,
}

impl ReducedSpace<'_> {
    /// `y = S x`, block columns in order.
    fn product(&self, x: &[f64], y: &mut [f64]) {
        let Reduced {
            dim,
            diagonal,
            below,
            ..
        } = self.system;
        let len = block_len(dim);
        y.fill(0.0);
        for (j, block) in diagonal.chunks_exact(len).enumerate() {
            let own = j * dim..(j + 1) * dim;
            let x_j = &x[own.clone()];
            for (r, y) in y[own].iter_mut().enumerate() {
                for (c, x) in x_j.iter().enumerate() {
                    *y += block[block_at(dim, r.max(c), r.min(c))] * x;
                }
            }
            let first = self.pattern.start(j);
            for (k, &i) in self.pattern.rows(j).iter().enumerate() {
                let block = &below[(first + k) * len..(first + k + 1) * len];
                let i = i as usize * dim;
                for c in 0..dim {
                    let mut transposed = 0.0;
                    for r in 0..dim {
                        let entry = block[block_at(dim, r, c)];
                        y[i + r] += entry * x_j[c];
                        transposed += entry * x[i + r];
                    }
                    y[j * dim + c] += transposed;
                }
            }
        }
    }

    fn rhs(&self) -> impl Iterator<Item = f64> {
        let dim = self.system.dim;
        let padded = self.system.rhs.chunks_exact(KEPT);
        padded.flat_map(move |b| b[..dim].iter().copied())
    }
}

impl Space for ReducedSpace<'_> {
    type Unknowns = Vec<f64>;
    type Rows = Vec<f64>;
    type Scalar = f64;

    fn unknowns(&mut self) -> Vec<f64> {
        vec![0.0; self.scalars]
    }

    fn rows(&mut self) -> Vec<f64> {
        vec![0.0; self.scalars]
    }

    fn scalar(&mut self) -> f64 {
        0.0
    }

    fn clear(&mut self, x: &mut Vec<f64>) {
        x.fill(0.0);
    }

    fn clear_rows(&mut self, r: &mut Vec<f64>) {
        r.fill(0.0);
    }

    fn copy(&mut self, from: &Vec<f64>, to: &mut Vec<f64>) {
        to.copy_from_slice(from);
    }

    fn right_hand_side(&mut self, z: &mut Vec<f64>) {
        z.clear();
        z.extend(self.rhs());
    }

    fn multiply(&mut self, x: &Vec<f64>, y: &mut Vec<f64>) {
        self.product(x, y);
    }

    fn residual(&mut self, r: &Vec<f64>, _x: &Vec<f64>, z: &mut Vec<f64>) {
        z.clear();
        z.extend(self.rhs().zip(r).map(|(b, r)| b + r));
    }

    fn precondition(&mut self, z: &Vec<f64>, w: &mut Vec<f64>) {
        let dim = self.system.dim;
        let blocks = self.inverse.chunks_exact(dim * dim);
        for ((w, z), block) in w.chunks_exact_mut(dim).zip(z.chunks_exact(dim)).zip(blocks) {
            // Symmetric: a column is a row.
            for (w, row) in w.iter_mut().zip(block.chunks_exact(dim)) {
                *w = dot(row, z);
            }
        }
    }

    fn dot(&mut self, a: &Vec<f64>, b: &Vec<f64>, out: &mut f64) {
        *out = dot(a, b);
    }

    fn curvature(&mut self, y: &Vec<f64>, p: &Vec<f64>, out: &mut f64) {
        *out = dot(y, p);
    }

    fn model(&mut self, r: &Vec<f64>, x: &Vec<f64>, out: &mut f64) {
        let linear: f64 = self.rhs().zip(x).map(|(b, x)| b * x).sum();
        *out = -0.5 * dot(r, x) - linear;
    }

    fn advance(
        &mut self,
        alpha: &f64,
        p: &Vec<f64>,
        y: &Vec<f64>,
        x: &mut Vec<f64>,
        r: &mut Vec<f64>,
    ) {
        for (x, p) in x.iter_mut().zip(p) {
            *x += alpha * p;
        }
        for (r, y) in r.iter_mut().zip(y) {
            *r -= alpha * y;
        }
    }

    fn direction(&mut self, w: &Vec<f64>, beta: &f64, p: &mut Vec<f64>) {
        for (p, w) in p.iter_mut().zip(w) {
            *p = w + beta * *p;
        }
    }

    fn step_length(&mut self, gamma: &f64, curvature: &f64, alpha: &mut f64) {
        *alpha = self.status.step_length(gamma / curvature, *curvature);
    }

    fn fletcher_reeves(&mut self, new: &f64, old: &f64, beta: &mut f64) {
        *beta = if *old == 0.0 { 0.0 } else { new / old };
    }

    fn polak_ribiere(&mut self, new: &f64, mixed: &f64, old: &f64, beta: &mut f64) {
        *beta = if *old == 0.0 {
            0.0
        } else {
            ((new - mixed) / old).max(0.0)
        };
    }

    fn begin(&mut self, tests: StopTests, first: &f64) {
        self.tests = tests;
        self.first = *first;
        self.status = CgStatus::begin(*first);
    }

    fn judge(&mut self, iteration: usize, alpha: &f64, gamma: &f64, next: &f64) {
        let fall = 0.5 * alpha * gamma;
        self.status
            .judge(&self.tests, self.first, iteration, fall, *next);
    }

    fn resume(&mut self) {
        self.status.state = CgState::Running;
    }

    fn status(&mut self) -> CgStatus {
        self.status
    }

    fn read(&mut self, scalar: &f64) -> f64 {
        *scalar
    }

    fn rounded(&self) -> bool {
        false
    }

    fn true_rows(&mut self, x: &Vec<f64>, r: &mut Vec<f64>) {
        self.product(x, r);
        r.iter_mut().for_each(|r| *r = -*r);
    }

    fn escalate(&mut self) -> bool {
        false
    }
}

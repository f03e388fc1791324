//! `cholesky`: the normal equations by a sparse factor, which may be kept over
//! several linearisations and corrected by conjugate gradients.

mod correct;
mod cost_model;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use slam16_solver::{
    BackendError, Description, Fallback, LinearOutcome, LinearRequest, LinearSolver, NumericError,
    RefactorPolicy, ReuseOptions, RolePrecisions, ScalarType,
};
use slam16_sparse::{
    Cholesky, Compute, Jacobian, NormalAssembly, Ordering, SymbolicCholesky, SymmetricBlocks,
    Threads,
};

use crate::linear::dot;
use correct::{Correction, Goal};

/// An old factor is tried when it promises a decrease of at most this share of
/// the cost. Farther from the optimum the matrix changes too much with every
/// step: on M3500 and sphere2500 no attempt above it succeeded.
const NEARBY: f64 = 1e-2;

/// Sparse Cholesky with factors in `T`; vectors and products stay in f64.
///
/// With `T = f64` and [`RefactorPolicy::Always`] this is the reference solver. With an
/// old factor or `T = f32` the factor is a preconditioner and CG on the f64
/// normal matrix restores the accuracy, so the step solves the same equations.
pub(crate) struct CholeskySolver<T: Compute> {
    assembly: NormalAssembly,
    matrix: SymmetricBlocks,
    factor: Cholesky<T>,
    /// `λ D` of the current solve.
    shift: Vec<f64>,
    narrow: Vec<T>,
    /// Scratch of the triangular solves.
    room: Vec<T>,
    correction: Correction,
    reuse: Option<ReuseOptions>,
    /// The factor holds values.
    factored: bool,
    /// Steps corrected since the factor was made.
    corrected_steps: usize,
    /// The factor belongs to the current matrix and damping.
    fresh_for: Option<f64>,
    /// `½ ‖r‖²` of the current linearisation.
    cost: f64,
    exact: bool,
    fallbacks: Vec<Fallback>,
}

impl<T: Compute> CholeskySolver<T> {
    pub(crate) fn new(
        structure: &slam16_sparse::JacobianStructure,
        ordering: Ordering,
        refactor: RefactorPolicy,
    ) -> Self {
        let assembly = NormalAssembly::new(structure);
        let matrix = assembly.zeros();
        let symbolic = Arc::new(SymbolicCholesky::analyze(
            structure.layout.clone(),
            assembly.pattern(),
            ordering,
        ));
        let prediction = symbolic.prediction();
        let scalars = structure.layout.scalars();
        let worthwhile = cost_model::worthwhile_corrections(
            prediction.flops,
            prediction.factor_scalars,
            matrix.diagonal.len() + matrix.below.len(),
        );
        let reuse = match refactor {
            RefactorPolicy::Always => None,
            RefactorPolicy::Reuse(options) => Some(ReuseOptions {
                max_iterations: options.max_iterations.min(worthwhile),
                ..options
            }),
        };
        let mut solver = Self {
            assembly,
            matrix,
            room: Vec::new(),
            factor: Cholesky::new(symbolic),
            shift: vec![0.0; scalars],
            narrow: vec![<T as num_traits::Zero>::zero(); scalars],
            correction: Correction::new(scalars),
            reuse,
            factored: false,
            corrected_steps: 0,
            fresh_for: None,
            cost: 0.0,
            exact: true,
            fallbacks: Vec::new(),
        };
        solver
            .room
            .resize(solver.factor.solve_room(), <T as num_traits::Zero>::zero());
        solver
    }

    fn factorize(&mut self, damping: f64, threads: &Threads) -> Result<(), NumericError> {
        self.factored = false;
        self.fresh_for = None;
        self.factor
            .factorize(&self.matrix, &self.shift, threads)
            .map_err(|e| NumericError::NotPositiveDefinite {
                variable: e.variable,
                pivot: e.pivot,
            })?;
        self.factored = true;
        self.corrected_steps = 0;
        self.fresh_for = Some(damping);
        Ok(())
    }

    /// `to = (L Lᵀ)⁻¹ from`.
    fn apply(factor: &Cholesky<T>, narrow: &mut [T], room: &mut [T], from: &[f64], to: &mut [f64]) {
        if let Some(to) = same_type::<T>(to) {
            for (t, f) in to.iter_mut().zip(from) {
                *t = T::encode(*f);
            }
            factor.solve_with(to, room);
            return;
        }
        // A power of two brings the largest entry near 1, so that f32 neither
        // overflows nor loses small residuals; it is undone exactly.
        let largest = from.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
        let unit = if largest > 0.0 && largest.is_finite() {
            largest.log2().floor().exp2()
        } else {
            1.0
        };
        for (n, f) in narrow.iter_mut().zip(from) {
            *n = T::encode(*f / unit);
        }
        factor.solve_with(narrow, room);
        for (t, n) in to.iter_mut().zip(narrow.iter()) {
            *t = n.widen() * unit;
        }
    }
}

/// The vector itself when `T` is f64.
fn same_type<T: Compute>(vector: &mut [f64]) -> Option<&mut [T]> {
    (T::NAME == <f64 as slam16_sparse::Store>::NAME).then(|| bytemuck::cast_slice_mut(vector))
}

impl<T: Compute> LinearSolver for CholeskySolver<T> {
    fn update(
        &mut self,
        jacobian: &Jacobian<f64>,
        gradient: &mut [f64],
        scale: &mut [f64],
        threads: &Threads,
    ) -> Result<(), BackendError> {
        self.assembly
            .assemble(jacobian, &mut self.matrix, gradient, threads);
        self.matrix.copy_diagonal(scale);
        let dense = jacobian.dense.as_ref().map(|d| &d.residuals);
        let residuals = jacobian.residuals.iter().chain(dense);
        self.cost = 0.5 * residuals.map(|r| dot(r, r)).sum::<f64>();
        self.fresh_for = None;
        Ok(())
    }

    fn solve(
        &mut self,
        _jacobian: &Jacobian<f64>,
        gradient: &[f64],
        scale: &[f64],
        request: &LinearRequest,
        step: &mut [f64],
        threads: &Threads,
    ) -> Result<LinearOutcome, BackendError> {
        for (s, d) in self.shift.iter_mut().zip(scale) {
            *s = request.damping * d;
        }
        let mut outcome = LinearOutcome::default();
        let reuse = self.reuse.filter(|reuse| {
            self.factored
                && self.corrected_steps < reuse.max_steps
                && self.fresh_for != Some(request.damping)
        });
        if let Some(reuse) = reuse {
            let (factor, narrow, room) = (&self.factor, &mut self.narrow, &mut self.room);
            let corrected = self.correction.run(
                |x, y| self.matrix.mul(&self.shift, x, y),
                |r, z| Self::apply(factor, narrow, room, r, z),
                gradient,
                step,
                Goal {
                    limit: reuse.max_iterations,
                    remaining: reuse.tolerance,
                    largest_decrease: NEARBY * self.cost,
                },
                request.deadline,
            );
            outcome.iterations = corrected.iterations;
            outcome.interrupted = corrected.interrupted;
            if corrected.converged {
                self.corrected_steps += 1;
                self.exact = false;
                return Ok(outcome);
            }
        }
        if self.fresh_for != Some(request.damping) {
            self.factorize(request.damping, threads)?;
            outcome.factorizations = 1;
        }
        let (factor, narrow, room) = (&self.factor, &mut self.narrow, &mut self.room);
        if T::NAME == "f64" {
            for (s, g) in step.iter_mut().zip(gradient) {
                *s = -g;
            }
            factor.solve_with(same_type::<T>(step).unwrap_or(narrow), room);
            self.exact = true;
            outcome.iterations = 0;
            return Ok(outcome);
        }
        let corrected = self.correction.run(
            |x, y| self.matrix.mul(&self.shift, x, y),
            |r, z| Self::apply(factor, narrow, room, r, z),
            gradient,
            step,
            Goal {
                limit: 40,
                remaining: 1e-5,
                largest_decrease: f64::INFINITY,
            },
            request.deadline,
        );
        self.exact = false;
        outcome.iterations += corrected.iterations;
        outcome.interrupted = corrected.interrupted;
        Ok(outcome)
    }

    fn exact(&self) -> bool {
        self.exact
    }

    fn precision(&self) -> ScalarType {
        if size_of::<T>() == size_of::<f32>() {
            ScalarType::F32
        } else {
            ScalarType::F64
        }
    }

    fn describe(&self) -> Description {
        Description {
            name: "cholesky".to_owned(),
            ordering: self.factor.symbolic().ordering().name().to_owned(),
            precision: RolePrecisions {
                products: "f64".to_owned(),
                triangular: T::NAME.to_owned(),
                vectors: "f64".to_owned(),
                residual: "f64".to_owned(),
                update: "f64".to_owned(),
            },
            fallbacks: self.fallbacks.clone(),
            prediction: Some(self.factor.symbolic().prediction()),
            device_bytes: 0,
            bytes: self.assembly.bytes()
                + self.factor.bytes()
                + 8 * (self.matrix.diagonal.len() + self.matrix.below.len() + self.shift.len())
                + self.correction.bytes(),
        }
    }
}

//! Linear solvers of the damped normal equations `(JᵀJ + λ D) δ = −Jᵀ r`.

mod cg;
mod cgnr;
mod cgnr_ic;
mod cholesky;
mod choose;
mod schur;

#[cfg(test)]
mod test_problems;

pub(crate) use choose::{Choice, choose};

use slam16_solver::{Fallback, LinearOutcome, LinearRequest, NumericError, RolePrecisions};
use slam16_sparse::{Jacobian, Prediction, Threads, column_norms, jacobian_transpose_mul};

/// What a linear solver says about itself for the summary.
#[derive(Clone, Debug, Default)]
pub(crate) struct Description {
    /// Name as users write it.
    pub name: String,
    /// Elimination ordering, empty when there is none.
    pub ordering: String,
    /// Precision of its roles.
    pub precision: RolePrecisions,
    /// Fallbacks it took.
    pub fallbacks: Vec<Fallback>,
    /// Size and work of its direct factor, if it has one.
    pub prediction: Option<Prediction>,
    /// Bytes it holds.
    pub bytes: usize,
}

/// One way to solve the damped normal equations.
///
/// `update` is called once per linearisation, `solve` once per damping.
pub(crate) trait LinearSolver: Send {
    /// Takes new Jacobian values (the structure never changes) and writes
    /// `gradient = Jᵀ r` and `scale = diag(JᵀJ)`, not clamped.
    /// [`normal_vectors`] does the latter for solvers that form no `JᵀJ`.
    fn update(
        &mut self,
        jacobian: &Jacobian<f64>,
        gradient: &mut [f64],
        scale: &mut [f64],
        threads: &Threads,
    ) -> Result<(), NumericError>;

    /// Writes the step `δ`. `gradient` is `Jᵀ r`, `scale` is the diagonal `D`;
    /// held scalars have zero columns and must get a step of exactly zero.
    fn solve(
        &mut self,
        jacobian: &Jacobian<f64>,
        gradient: &[f64],
        scale: &[f64],
        request: &LinearRequest,
        step: &mut [f64],
        threads: &Threads,
    ) -> Result<LinearOutcome, NumericError>;

    /// `true` when the step solves the equations to rounding, so that the
    /// model's decrease follows from the gradient alone.
    fn exact(&self) -> bool;

    /// What it is and what it used.
    fn describe(&self) -> Description;
}

/// `gradient = Jᵀ r` and `scale = diag(JᵀJ)`, for solvers that form no `JᵀJ`.
/// `rows` is scratch for the residuals of all sets in one piece.
pub(crate) fn normal_vectors(
    jacobian: &Jacobian<f64>,
    rows: &mut Vec<f64>,
    gradient: &mut [f64],
    scale: &mut [f64],
    threads: &Threads,
) {
    rows.clear();
    rows.extend(jacobian.residuals.iter().flatten());
    let layout = jacobian.layout();
    jacobian_transpose_mul(&jacobian.sets, layout, rows, gradient, threads);
    column_norms(&jacobian.sets, layout, scale, threads);
}

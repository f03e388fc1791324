//! What solves the damped normal equations `(JᵀJ + λ D) δ = −Jᵀ r`.

use slam16_sparse::{Jacobian, Prediction, Threads, column_norms, jacobian_transpose_mul};

use crate::{BackendError, Fallback, LinearOutcome, LinearRequest, RolePrecisions, ScalarType};

/// What a linear solver says about itself for the summary.
#[derive(Clone, Debug, Default)]
pub struct Description {
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
    /// Bytes it holds on the host.
    pub bytes: usize,
    /// Bytes it holds on a device.
    pub device_bytes: usize,
}

/// One way to solve the damped normal equations.
///
/// `update` is called once per linearisation, `solve` once per damping.
pub trait LinearSolver: Send {
    /// Takes new Jacobian values (the structure never changes) and writes
    /// `gradient = Jᵀ r` and `scale = diag(JᵀJ)`, not clamped.
    /// [`normal_vectors`] does the latter for solvers that form no `JᵀJ`.
    ///
    /// # Errors
    /// A device that gave up.
    fn update(
        &mut self,
        jacobian: &Jacobian<f64>,
        gradient: &mut [f64],
        scale: &mut [f64],
        threads: &Threads,
    ) -> Result<(), BackendError>;

    /// Writes the step `δ`. `gradient` is `Jᵀ r`, `scale` is the diagonal `D`;
    /// held scalars have zero columns and must get a step of exactly zero.
    ///
    /// # Errors
    /// There is no such step ([`crate::NumericError`]), or a device gave up.
    fn solve(
        &mut self,
        jacobian: &Jacobian<f64>,
        gradient: &[f64],
        scale: &[f64],
        request: &LinearRequest,
        step: &mut [f64],
        threads: &Threads,
    ) -> Result<LinearOutcome, BackendError>;

    /// `true` when the step solves the equations to rounding, so that the
    /// model's decrease follows from the gradient alone.
    fn exact(&self) -> bool;

    /// The narrowest precision that the last solve used.
    fn precision(&self) -> ScalarType;

    /// Blocking reads of device results so far.
    fn readbacks(&self) -> usize {
        0
    }

    /// What it is and what it used.
    fn describe(&self) -> Description;
}

/// `gradient = Jᵀ r` and `scale = diag(JᵀJ)`, for solvers that form no `JᵀJ`.
/// `rows` is scratch for the residuals of all sets in one piece.
pub fn normal_vectors(
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

//! The upper seam: what the outer loop asks of a backend.

use std::time::{Duration, Instant};

use slam16_problem::{Cost, ProblemError};

use crate::ScalarType;

/// The linear model at the current state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Linearized {
    /// Objective at the current state.
    pub cost: Cost,
    /// `‖Jᵀ r‖∞`, the gradient of the objective in tangent coordinates.
    pub gradient_norm: f64,
}

/// What a linear solve may spend and how exact it must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearRequest {
    /// `λ` in `(JᵀJ + λ D) δ = −Jᵀ r`, `D = diag(JᵀJ)` clamped.
    pub damping: f64,
    /// `η`: an iterative solver stops at `‖residual‖ ≤ η ‖right-hand side‖`
    /// in its own scaled norm. Direct solvers ignore it.
    pub tolerance: f64,
    /// An iterative solver returns its best step when this moment has passed.
    pub deadline: Option<Instant>,
}

/// How a linear solve went.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LinearOutcome {
    /// CG iterations; 0 for a pure direct solve.
    pub iterations: usize,
    /// Factorisations made.
    pub factorizations: usize,
    /// `true` when the deadline cut it short.
    pub interrupted: bool,
}

/// A linear system that could not be solved.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NumericError {
    /// A pivot is not positive: more damping may help.
    #[error(
        "normal matrix is singular at variable {variable} (pivot {pivot:.3e}): raise the damping, or fix or constrain that variable"
    )]
    NotPositiveDefinite {
        /// Index of the variable.
        variable: usize,
        /// The pivot found.
        pivot: f64,
    },
    /// A step with a NaN or an infinity.
    #[error("the linear solve gave a step that is not finite at variable {variable}")]
    NonFiniteStep {
        /// Index of the first such variable.
        variable: usize,
    },
}

/// An error of a backend: no trustworthy result.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// The problem cannot be evaluated.
    #[error(transparent)]
    Problem(#[from] ProblemError),
    /// The linear system cannot be solved.
    #[error(transparent)]
    Numeric(#[from] NumericError),
    /// A device gave no result.
    #[error("{reason}")]
    Device {
        /// What happened, and what to do.
        reason: String,
    },
    /// An option does not fit the problem or the backend.
    #[error("{option}: {reason}")]
    Unsupported {
        /// The option, as users write it.
        option: String,
        /// Why it does not fit, and what does.
        reason: String,
    },
}

/// Wall time a backend has spent, by stage.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StageTimes {
    /// Structure, ordering, symbolic analysis, allocation.
    pub setup: Duration,
    /// Residuals and Jacobians.
    pub linearize: Duration,
    /// Assembling, factoring, iterating.
    pub linear_solve: Duration,
    /// Retraction and cost of trial states.
    pub update: Duration,
}

/// What the outer loop sees of a problem and of the machinery that solves it.
///
/// A backend holds the fp64 state `x`, at most one linear model of it, at most
/// one proposed step `δ` and one trial state `x ⊞ δ`. The loop does no array
/// arithmetic and knows no backend by name.
pub trait Backend {
    /// Objective at the current state, in fp64.
    ///
    /// # Errors
    /// A residual that is not finite, by name.
    fn cost(&mut self) -> Result<Cost, BackendError>;

    /// Builds the linear model at the current state.
    ///
    /// # Errors
    /// As for [`Backend::cost`].
    fn linearize(&mut self) -> Result<Linearized, BackendError>;

    /// Proposes the damped Gauss-Newton step of the current linear model.
    /// May be called again with another damping after a rejection.
    ///
    /// # Errors
    /// [`NumericError`] when there is no such step; the loop raises the
    /// damping and tries again.
    fn solve(&mut self, request: &LinearRequest) -> Result<LinearOutcome, BackendError>;

    /// Proposes Powell's dogleg step of radius `radius` in the norm
    /// `√(δᵀ D δ)`, after `solve` has given the Gauss-Newton step. Returns the
    /// step's norm in that metric.
    ///
    /// # Errors
    /// As for [`Backend::solve`].
    fn dogleg(&mut self, radius: f64) -> Result<f64, BackendError>;

    /// Moves to the trial state `x ⊞ δ` and returns the objective there.
    /// `accept` or `reject` follows, also after an error.
    ///
    /// # Errors
    /// A residual that is not finite there; the loop counts it as a rejection.
    fn step(&mut self) -> Result<Cost, BackendError>;

    /// `m(0) − m(δ) = −gᵀδ − ½ ‖J δ‖²` of the proposed step.
    fn predicted_decrease(&self) -> f64;

    /// `‖δ‖₂` of the proposed step.
    fn step_norm(&self) -> f64;

    /// `√(δᵀ D δ)` of the proposed step, the metric of the trust region.
    fn scaled_step_norm(&self) -> f64;

    /// `‖x‖₂` of the current state.
    fn state_norm(&self) -> f64;

    /// Makes the trial state the current one.
    fn accept(&mut self);

    /// Goes back to the current state; the linear model stays valid.
    fn reject(&mut self);

    /// Keeps a copy of the state that the pending step started from: the best
    /// one, when a step that raises the cost is about to be accepted. Called
    /// between `step` and `accept` or `reject`.
    fn keep(&mut self);

    /// Goes back to the kept state; the linear model is void. Does nothing
    /// when none was kept.
    fn restore(&mut self);

    /// Wall time spent so far.
    fn times(&self) -> StageTimes;

    /// The narrowest precision used by the last linear solve.
    fn precision(&self) -> ScalarType {
        ScalarType::F64
    }

    /// Blocking reads of device results so far; 0 on the CPU.
    fn readbacks(&self) -> usize {
        0
    }

    /// What is in use, for the summary.
    fn used(&self) -> crate::Used;
}

/// A borrowed backend serves as well as an owned one.
impl<B: Backend + ?Sized> Backend for &mut B {
    fn cost(&mut self) -> Result<Cost, BackendError> {
        (**self).cost()
    }

    fn linearize(&mut self) -> Result<Linearized, BackendError> {
        (**self).linearize()
    }

    fn solve(&mut self, request: &LinearRequest) -> Result<LinearOutcome, BackendError> {
        (**self).solve(request)
    }

    fn dogleg(&mut self, radius: f64) -> Result<f64, BackendError> {
        (**self).dogleg(radius)
    }

    fn step(&mut self) -> Result<Cost, BackendError> {
        (**self).step()
    }

    fn predicted_decrease(&self) -> f64 {
        (**self).predicted_decrease()
    }

    fn step_norm(&self) -> f64 {
        (**self).step_norm()
    }

    fn scaled_step_norm(&self) -> f64 {
        (**self).scaled_step_norm()
    }

    fn state_norm(&self) -> f64 {
        (**self).state_norm()
    }

    fn accept(&mut self) {
        (**self).accept();
    }

    fn reject(&mut self) {
        (**self).reject();
    }

    fn keep(&mut self) {
        (**self).keep();
    }

    fn restore(&mut self) {
        (**self).restore();
    }

    fn times(&self) -> StageTimes {
        (**self).times()
    }

    fn precision(&self) -> ScalarType {
        (**self).precision()
    }

    fn readbacks(&self) -> usize {
        (**self).readbacks()
    }

    fn used(&self) -> crate::Used {
        (**self).used()
    }
}

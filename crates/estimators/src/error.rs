//! What makes an estimator refuse.

use slam16_problem::ProblemError;
use slam16_solver::{OptionsError, SolveError};

/// An estimator that could not go on; it keeps its last estimate and takes
/// the next input.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EstimatorError {
    /// A setting outside its range.
    #[error("{setting} must be {range}, not {value}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// What it may be.
        range: &'static str,
        /// What it is.
        value: f64,
    },
    /// Options of the solver that cannot be used.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// Input that names what is not there, or is not finite.
    #[error(transparent)]
    Problem(#[from] ProblemError),
    /// A solve without a trustworthy result.
    #[error(transparent)]
    Solve(#[from] SolveError),
}

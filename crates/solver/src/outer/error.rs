//! What makes a solve end without a trustworthy result.

use crate::{BackendError, OptionsError};

/// A solve that failed. The backend is left at the best state it reached.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SolveError {
    /// An option cannot be used.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// The backend cannot evaluate the problem or solve its linear system.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// A cost or gradient that is not finite, which the backend did not trace
    /// to a factor.
    #[error(
        "the {quantity} at iteration {iteration} is {value}: check the measurements and the initial guess for numbers that are not finite or far too large"
    )]
    NotFinite {
        /// `cost` or `gradient`.
        quantity: &'static str,
        /// Steps tried before.
        iteration: usize,
        /// The value.
        value: f64,
    },
}

//! Whole solves, for callers that know no backend.

use std::time::Instant;

use slam16_problem::LeastSquares;

use crate::{Options, SolveError, Summary};

/// Solves problems in place with a backend of its own.
pub trait Engine {
    /// Solves a problem; it holds the best state found, also after an error.
    /// Time counts from `start`, so that what the caller did before is part of
    /// the time budget.
    ///
    /// # Errors
    /// When there is no trustworthy result.
    fn solve<P: LeastSquares>(
        &mut self,
        problem: &mut P,
        options: &Options,
        start: Instant,
    ) -> Result<Summary, SolveError>;
}

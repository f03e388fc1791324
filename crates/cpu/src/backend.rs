//! The CPU backend.

use slam16_problem::LeastSquares;
use slam16_solver::{BackendError, HostBackend, Options};

use crate::linear;

/// Solves one problem on the CPU, in place: any linear solver, in any
/// precision. Prepares structure, ordering and memory.
///
/// # Errors
/// An empty problem, or options that do not fit it.
pub fn backend<'p, P: LeastSquares>(
    problem: &'p mut P,
    options: &Options,
) -> Result<HostBackend<'p, P>, BackendError> {
    HostBackend::new(problem, options, |setup, kind| {
        linear::choose(setup, kind, options)
    })
}

//! Whole solves on the CPU.

use std::ops::ControlFlow;
use std::time::Instant;

use slam16_problem::LeastSquares;
use slam16_solver::{Engine, Iterations, Options, ProblemDescription, SolveError, Summary};

use crate::backend;

/// Solves with [`backend`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cpu;

impl Engine for Cpu {
    fn solve<P: LeastSquares>(
        &mut self,
        problem: &mut P,
        options: &Options,
        start: Instant,
    ) -> Result<Summary, SolveError> {
        options.validate()?;
        let backend = backend(problem, options)?;
        let description = ProblemDescription::new(backend.problem().kind(), backend.setup());
        Iterations::new(backend, description, options)?
            .since(start)
            .run(|_| ControlFlow::Continue(()))
    }
}

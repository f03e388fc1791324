//! What a user may ask for: small nested parts, checked as a whole.

mod algorithm;
mod error;
mod linear;
mod solver_kind;
mod stop;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use slam16_problem::ProblemKind;

pub use algorithm::{Algorithm, AlgorithmName, DampingPolicy, DoglegOptions, LmOptions};
pub use error::OptionsError;
pub use linear::{
    CgOptions, LinearOptions, Ordering, PreconditionerOptions, RefactorPolicy, RefreshPolicy,
    ReuseOptions,
};
pub use solver_kind::{ColumnScaling, Fill, LinearSolverKind, SchurReduced};
pub use stop::{StopOptions, TimeBudget};

use crate::{HalfArithmetic, Precision};

/// Everything that can be set about a solve.
///
/// There is no default that suits both graphs and bundles: begin with
/// [`Options::for_kind`] and change what you want.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The outer loop.
    pub algorithm: Algorithm,
    /// The linear solver.
    pub linear: LinearOptions,
    /// Precision of each role. Fixed at setup.
    pub precision: Precision,
    /// What is done in 16 bits where a role is f16. Fixed at setup.
    pub half_arithmetic: HalfArithmetic,
    /// When to stop.
    pub stop: StopOptions,
    /// Threads; the result has the same bits for any number. 1. Fixed at setup.
    pub threads: usize,
}

impl Options {
    /// The defaults for a kind of problem.
    pub fn for_kind(kind: ProblemKind) -> Self {
        Self {
            algorithm: AlgorithmName::LevenbergMarquardt.for_kind(kind),
            linear: LinearOptions::for_kind(kind),
            precision: Precision::default(),
            half_arithmetic: HalfArithmetic::default(),
            stop: StopOptions::default(),
            threads: 1,
        }
    }

    /// Checks every part.
    ///
    /// # Errors
    /// The first option that cannot be used, by its path.
    pub fn validate(&self) -> Result<(), OptionsError> {
        self.algorithm.validate()?;
        self.linear.validate()?;
        self.stop.validate()?;
        // One address space has no use for more; a slip of the keyboard does.
        let threads = "1 to 1024";
        error::in_range("threads", self.threads as f64, threads, |v| {
            (1.0..=1024.0).contains(&v)
        })?;
        let may_be_half = match self.precision {
            Precision::F64 | Precision::F32 => false,
            Precision::Mixed | Precision::NaiveHalf => true,
            Precision::Custom(roles) => roles.any_half(),
        };
        if self.half_arithmetic != HalfArithmetic::Storage && !may_be_half {
            return Err(OptionsError::Conflict {
                option: format!("half_arithmetic {}", self.half_arithmetic),
                other: format!("precision {}", self.precision),
                remedy: "choose a precision with an f16 role, or half_arithmetic storage",
            });
        }
        Ok(())
    }

    /// Checks that `changed` can take the place of these options in a solver
    /// already set up with them.
    ///
    /// # Errors
    /// As for [`Options::validate`], and [`OptionsError::Fixed`] for an option
    /// that shaped the setup.
    pub fn validate_as_update(&self, changed: &Self) -> Result<(), OptionsError> {
        changed.validate()?;
        for (option, same) in [
            ("linear.solver", self.linear.solver == changed.linear.solver),
            (
                "linear.ordering",
                self.linear.ordering == changed.linear.ordering,
            ),
            (
                "linear.refactor",
                self.linear.refactor == changed.linear.refactor,
            ),
            ("linear.cg", self.linear.cg == changed.linear.cg),
            (
                "linear.preconditioner",
                self.linear.preconditioner == changed.linear.preconditioner,
            ),
            ("precision", self.precision == changed.precision),
            (
                "half_arithmetic",
                self.half_arithmetic == changed.half_arithmetic,
            ),
            ("threads", self.threads == changed.threads),
        ] {
            if !same {
                return Err(OptionsError::Fixed { option });
            }
        }
        Ok(())
    }
}

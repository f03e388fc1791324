//! What every backend must do, as functions that a backend's tests call.
//!
//! A rule is a function over [`Known`], a small problem whose optimum is
//! known, and [`Build`], which sets the problem up at its start, hands a
//! backend for it to the body, and returns the body's answer:
//!
//! ```
//! # use slam16_solver::{Backend, BackendError, Options};
//! # use slam16_solver::conformance::{Known, Verdict, check};
//! # struct Graph;
//! # struct MyBackend<'p>(&'p mut Graph);
//! # impl<'p> MyBackend<'p> {
//! #     fn new(_: &'p mut Graph, _: &Options) -> Result<Box<dyn Backend + 'p>, BackendError> {
//! #         Err(BackendError::Unsupported { option: String::new(), reason: String::new() })
//! #     }
//! # }
//! # fn ring_of_poses() -> Graph { Graph }
//! fn conforms(known: &Known) -> Verdict {
//!     check(known, &|options, body| {
//!         let mut graph = ring_of_poses();
//!         let mut backend = MyBackend::new(&mut graph, options)?;
//!         body(&mut *backend)
//!     })
//! }
//! ```
//!
//! The rules are about the verbs of [`Backend`], not about one linear solver:
//! run [`check`] once for each solver and precision, with options that say so.

mod solves;
#[cfg(test)]
mod tests;
mod verbs;

use slam16_problem::ProblemKind;

pub use solves::{
    deadline_is_kept, optimum_is_reached, same_bits_on_any_thread, same_bits_twice, use_is_reported,
};
pub use verbs::{
    acceptance_moves, best_is_restored, costs_agree, damping_shortens, dogleg_keeps_its_radius,
    gradient_bounds_the_promise, promise_is_kept, rejection_goes_back,
};

use crate::{AlgorithmName, Backend, BackendError, OptionsError, SolveError};

/// A small problem with a known answer. Its start must not be its optimum.
#[derive(Clone, Debug)]
pub struct Known {
    /// The family.
    pub kind: ProblemKind,
    /// Options every rule begins with.
    pub options: crate::Options,
    /// Free scalar unknowns.
    pub unknowns: usize,
    /// The objective at the optimum.
    pub optimum: f64,
    /// How near, relative to the optimum, a solve must come.
    pub tolerance: f64,
    /// The algorithms that reach it from the start.
    pub algorithms: Vec<AlgorithmName>,
}

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{rule}: {detail}")]
pub struct Violation {
    /// The rule: the name of its function, or `runs` when a verb failed.
    pub rule: &'static str,
    /// What was found.
    pub detail: String,
}

/// Whether a rule holds.
pub type Verdict = Result<(), Violation>;

/// What a rule does with a backend.
pub type Body<'a> = dyn FnMut(&mut dyn Backend) -> Verdict + 'a;

/// Sets the problem up at its start and hands a backend to the body.
pub type Build<'a> = dyn Fn(&crate::Options, &mut Body<'_>) -> Verdict + 'a;

/// Every rule, in order; stops at the first that is broken.
///
/// # Errors
/// The first rule broken.
pub fn check(known: &Known, build: &Build<'_>) -> Verdict {
    for rule in [
        costs_agree,
        gradient_bounds_the_promise,
        promise_is_kept,
        damping_shortens,
        rejection_goes_back,
        acceptance_moves,
        best_is_restored,
        dogleg_keeps_its_radius,
        deadline_is_kept,
        use_is_reported,
        same_bits_twice,
        same_bits_on_any_thread,
        optimum_is_reached,
    ] {
        rule(known, build)?;
    }
    Ok(())
}

impl From<BackendError> for Violation {
    fn from(error: BackendError) -> Self {
        Self {
            rule: "runs",
            detail: error.to_string(),
        }
    }
}

impl From<OptionsError> for Violation {
    fn from(error: OptionsError) -> Self {
        Self {
            rule: "runs",
            detail: error.to_string(),
        }
    }
}

impl From<SolveError> for Violation {
    fn from(error: SolveError) -> Self {
        Self {
            rule: "runs",
            detail: error.to_string(),
        }
    }
}

/// `Ok` when the condition holds, else the rule with what was found.
fn require(rule: &'static str, holds: bool, detail: impl FnOnce() -> String) -> Verdict {
    if holds {
        Ok(())
    } else {
        Err(Violation {
            rule,
            detail: detail(),
        })
    }
}

/// `a` and `b` within `tolerance`, relative to the larger.
fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * a.abs().max(b.abs())
}

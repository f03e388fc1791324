#![allow(clippy::unwrap_used, clippy::panic)]

mod errors;
mod loops;
mod stops;
mod time;

use std::ops::ControlFlow;

use slam16_problem::ProblemKind;

use crate::toy::{Function, Toy};
use crate::{
    Algorithm, AlgorithmName, Backend, Iterations, Options, SolveError, StopOptions, Summary,
};

const ALGORITHMS: [AlgorithmName; 3] = [
    AlgorithmName::LevenbergMarquardt,
    AlgorithmName::GaussNewton,
    AlgorithmName::Dogleg,
];

/// Options for graphs with every stop test at its default.
fn options(name: AlgorithmName) -> Options {
    let mut options = Options::for_kind(ProblemKind::PoseGraph2);
    options.algorithm = name.for_kind(ProblemKind::PoseGraph2);
    options
}

/// The same without steps on trust.
fn monotone(mut options: Options) -> Options {
    if let Algorithm::LevenbergMarquardt(lm) = &mut options.algorithm {
        lm.uphill_steps = 0;
    }
    options
}

/// Options with all thresholds at 0.
fn endless(name: AlgorithmName) -> Options {
    let mut options = options(name);
    options.stop = StopOptions {
        relative_cost: 0.0,
        gradient: 0.0,
        step: 0.0,
        rounding: 0.0,
        ..StopOptions::default()
    };
    options
}

/// Runs to the end, and holds the loop to the rules that no outcome excuses:
/// the verbs in order, and the state that the summary speaks of.
fn solve(toy: &mut Toy, options: &Options) -> Result<Summary, SolveError> {
    let result = Iterations::new(&mut *toy, Toy::description(), options)
        .map_err(SolveError::from)
        .and_then(|iterations| iterations.run(|_| ControlFlow::Continue(())));
    assert!(toy.violations.is_empty(), "{:?}", toy.violations);
    if let Ok(summary) = &result {
        assert!(summary.final_cost <= summary.initial_cost);
        assert_eq!(toy.evaluate(), summary.final_cost);
        assert_eq!(summary.used, toy.used());
    }
    result
}

fn run(function: Function, x: &[f64], options: &Options) -> (Summary, Vec<f64>) {
    let mut toy = Toy::new(function, x);
    let summary = solve(&mut toy, options).unwrap();
    (summary, toy.x)
}

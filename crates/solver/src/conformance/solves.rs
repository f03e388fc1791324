//! Rules about whole solves.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::{Build, Known, Verdict, require};
use crate::summary::{ProblemDescription, ProblemSummary};
use crate::{Backend, Iterations, LinearRequest, Options, Summary};

fn solve(
    backend: &mut dyn Backend,
    known: &Known,
    options: &Options,
) -> Result<Summary, super::Violation> {
    let problem = ProblemDescription {
        summary: ProblemSummary {
            kind: known.kind,
            variables: 0,
            factors: 0,
            dof: known.unknowns,
            residuals: 0,
        },
        notes: Vec::new(),
    };
    let iterations = Iterations::new(backend, problem, options)?;
    Ok(iterations.run(|_| ControlFlow::Continue(()))?)
}

/// Every algorithm named reaches the optimum, says that it converged, and
/// leaves a small gradient.
///
/// # Errors
/// The rule broken.
pub fn optimum_is_reached(known: &Known, build: &Build<'_>) -> Verdict {
    const RULE: &str = "optimum_is_reached";
    for name in &known.algorithms {
        let mut options = known.options;
        options.algorithm = name.for_kind(known.kind);
        build(&options, &mut |backend| {
            let start = backend.linearize()?.gradient_norm;
            let summary = solve(backend, known, &options)?;
            let excess = summary.robust_cost / known.optimum - 1.0;
            require(RULE, excess.abs() <= known.tolerance, || {
                format!(
                    "{name} ends {excess:.3e} from the optimum: {}",
                    summary.brief()
                )
            })?;
            require(RULE, summary.converged(), || {
                format!("{name}: {}", summary.stop)
            })?;
            let end = backend.linearize()?.gradient_norm;
            // A cost within t of the optimum leaves a gradient of order √t.
            let bound = 10.0 * known.tolerance.sqrt() * start;
            require(RULE, end <= bound, || {
                format!("{name}: gradient {start} at the start, {end} at the end")
            })
        })?;
    }
    Ok(())
}

/// Bits that a solve must repeat.
type Bits = Vec<[u64; 4]>;

fn bits(known: &Known, build: &Build<'_>, options: &Options) -> Result<Bits, super::Violation> {
    let mut found = Vec::new();
    build(options, &mut |backend| {
        let summary = solve(backend, known, options)?;
        found = summary
            .iterations
            .iter()
            .map(|i| [i.cost, i.gradient_norm, i.step_norm, i.damping].map(f64::to_bits))
            .collect();
        let state = backend.state_norm().to_bits();
        found.push([summary.final_cost.to_bits(), state, 0, 0]);
        Ok(())
    })?;
    Ok(found)
}

fn compare(rule: &'static str, one: &Bits, other: &Bits, what: &str) -> Verdict {
    let differ = one.iter().zip(other).position(|(a, b)| a != b);
    require(rule, differ.is_none() && one.len() == other.len(), || {
        format!(
            "{what}: {} and {} steps, which differ first at step {differ:?}",
            one.len(),
            other.len()
        )
    })
}

/// Two solves from the same start give the same bits.
///
/// # Errors
/// The rule broken.
pub fn same_bits_twice(known: &Known, build: &Build<'_>) -> Verdict {
    let first = bits(known, build, &known.options)?;
    let second = bits(known, build, &known.options)?;
    compare("same_bits_twice", &first, &second, "two runs")
}

/// One thread and two give the same bits.
///
/// # Errors
/// The rule broken.
pub fn same_bits_on_any_thread(known: &Known, build: &Build<'_>) -> Verdict {
    let mut options = known.options;
    options.threads = 1;
    let one = bits(known, build, &options)?;
    options.threads = 2;
    let two = bits(known, build, &options)?;
    compare("same_bits_on_any_thread", &one, &two, "one thread and two")
}

/// A deadline that has passed gives a finite step soon, and one that promises
/// no increase; it does not fail.
///
/// # Errors
/// The rule broken.
pub fn deadline_is_kept(known: &Known, build: &Build<'_>) -> Verdict {
    const RULE: &str = "deadline_is_kept";
    build(&known.options, &mut |backend| {
        backend.linearize()?;
        let outcome = backend.solve(&LinearRequest {
            damping: 1e-3,
            tolerance: 0.0,
            deadline: Instant::now().checked_sub(Duration::from_secs(1)),
        })?;
        require(RULE, outcome.interrupted || outcome.iterations == 0, || {
            format!("{} iterations after the deadline", outcome.iterations)
        })?;
        let (norm, promise) = (backend.step_norm(), backend.predicted_decrease());
        require(RULE, norm.is_finite() && promise >= 0.0, || {
            format!("step of length {norm} that promises {promise}")
        })
    })
}

/// The summary's questions have answers: backend, linear solver, precision of
/// each role, threads; and stage times do not run backwards or beyond the
/// clock on the wall.
///
/// # Errors
/// The rule broken.
pub fn use_is_reported(known: &Known, build: &Build<'_>) -> Verdict {
    const RULE: &str = "use_is_reported";
    let start = Instant::now();
    build(&known.options, &mut |backend| {
        let before = backend.times();
        backend.linearize()?;
        backend.solve(&LinearRequest {
            damping: 1.0,
            tolerance: known.options.linear.cg.tolerance,
            deadline: None,
        })?;
        backend.step()?;
        backend.reject();
        let after = backend.times();
        for (stage, before, after) in [
            ("linearize", before.linearize, after.linearize),
            ("linear_solve", before.linear_solve, after.linear_solve),
            ("update", before.update, after.update),
        ] {
            require(RULE, after >= before, || {
                format!("{stage} went from {before:?} to {after:?}")
            })?;
        }
        let spent = after.setup + after.linearize + after.linear_solve + after.update;
        require(RULE, spent <= start.elapsed(), || {
            format!("{spent:?} spent in {:?}", start.elapsed())
        })?;
        let used = backend.used();
        let roles = &used.precision;
        for (what, text) in [
            ("backend", &used.backend),
            ("linear_solver", &used.linear_solver),
            ("precision.products", &roles.products),
            ("precision.vectors", &roles.vectors),
            ("precision.residual", &roles.residual),
            ("precision.update", &roles.update),
        ] {
            require(RULE, !text.is_empty(), || format!("{what} is empty"))?;
        }
        require(RULE, used.threads >= 1 && used.host_bytes > 0, || {
            format!("{} threads, {} bytes", used.threads, used.host_bytes)
        })
    })
}

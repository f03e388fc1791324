//! Rules about single verbs.

use super::{Build, Known, Verdict, close, require};
use crate::{Backend, LinearRequest};

/// Two sums over the same residuals in different order: `n ε` for the few
/// thousand residuals of a small problem.
const SUM: f64 = 1e-12;

fn request(known: &Known, damping: f64) -> LinearRequest {
    LinearRequest {
        damping,
        tolerance: known.options.linear.cg.tolerance,
        deadline: None,
    }
}

/// How far two solves of one system may differ: an iterative solver answers
/// for its tolerance only.
fn solve_tolerance(known: &Known, iterations: usize) -> f64 {
    if iterations == 0 {
        1e-9
    } else {
        known.options.linear.cg.tolerance.max(1e-9)
    }
}

/// `cost` and `linearize` speak of the same objective, robust and plain; the
/// gradient is finite and, away from the optimum, not zero.
///
/// # Errors
/// The rule broken.
pub fn costs_agree(known: &Known, build: &Build<'_>) -> Verdict {
    const RULE: &str = "costs_agree";
    build(&known.options, &mut |backend| {
        let cost = backend.cost()?;
        let model = backend.linearize()?;
        require(
            RULE,
            close(cost.robust, model.cost.robust, SUM) && close(cost.plain, model.cost.plain, SUM),
            || format!("cost gives {cost:?}, linearize {:?}", model.cost),
        )?;
        require(RULE, cost.plain >= cost.robust * (1.0 - SUM), || {
            format!("plain cost {} below robust {}", cost.plain, cost.robust)
        })?;
        let gradient = model.gradient_norm;
        require(RULE, gradient.is_finite() && gradient > 0.0, || {
            format!("gradient {gradient} at the start")
        })
    })
}

/// `m(0) − m(δ) ≤ −gᵀδ ≤ √n ‖g‖∞ ‖δ‖₂`.
///
/// # Errors
/// The rule broken.
pub fn gradient_bounds_the_promise(known: &Known, build: &Build<'_>) -> Verdict {
    const RULE: &str = "gradient_bounds_the_promise";
    build(&known.options, &mut |backend| {
        let gradient = backend.linearize()?.gradient_norm;
        for damping in [1e-3, 1.0, 1e3] {
            backend.solve(&request(known, damping))?;
            let promise = backend.predicted_decrease();
            let bound = (known.unknowns as f64).sqrt() * gradient * backend.step_norm();
            // A product rounded to f16 shifts the promise by 2⁻¹¹ per term.
            require(RULE, promise > 0.0 && promise <= 1.01 * bound, || {
                format!("promise {promise} at damping {damping}, bound {bound}")
            })?;
        }
        Ok(())
    })
}

/// Where the step is short the model is right: the gain ratio tends to 1.
///
/// # Errors
/// The rule broken.
pub fn promise_is_kept(known: &Known, build: &Build<'_>) -> Verdict {
    const RULE: &str = "promise_is_kept";
    build(&known.options, &mut |backend| {
        let cost = backend.linearize()?.cost.robust;
        let mut damping = 1.0;
        // A promise of 1e-7 of the cost is nine digits above its rounding.
        while damping < 1e12 {
            damping *= 10.0;
            backend.solve(&request(known, damping))?;
            if backend.predicted_decrease() < 1e-6 * cost {
                break;
            }
        }
        let promise = backend.predicted_decrease();
        let gain = (cost - backend.step()?.robust) / promise;
        backend.reject();
        require(RULE, (gain - 1.0).abs() < 0.02, || {
            format!("gain ratio {gain} at damping {damping}, promise {promise}, cost {cost}")
        })
    })
}

/// More damping gives a shorter step and a smaller promise; where it
/// dominates, ten times the damping a tenth of the step.
///
/// # Errors
/// The rule broken.
pub fn damping_shortens(known: &Known, build: &Build<'_>) -> Verdict {
    const RULE: &str = "damping_shortens";
    build(&known.options, &mut |backend| {
        backend.linearize()?;
        let mut lengths = Vec::new();
        for damping in [1e-2, 1.0, 1e2, 1e4, 1e5] {
            let outcome = backend.solve(&request(known, damping))?;
            let length = backend.scaled_step_norm();
            let slack = solve_tolerance(known, outcome.iterations);
            if let Some(before) = lengths.last() {
                require(RULE, length < before * (1.0 + slack), || {
                    format!("steps of length {before} then {length} at damping {damping}")
                })?;
            }
            lengths.push(length);
        }
        let ratio = lengths[3] / lengths[4];
        require(RULE, (ratio - 10.0).abs() < 0.5, || {
            format!("ten times the damping shortened the step {ratio} times")
        })
    })
}

/// After a rejection the state is the one before, bit for bit, and the linear
/// model is still there.
///
/// # Errors
/// The rule broken.
pub fn rejection_goes_back(known: &Known, build: &Build<'_>) -> Verdict {
    const RULE: &str = "rejection_goes_back";
    build(&known.options, &mut |backend| {
        let before = backend.cost()?;
        let norm = backend.state_norm();
        backend.linearize()?;
        let outcome = backend.solve(&request(known, 1e-2))?;
        let slack = solve_tolerance(known, outcome.iterations);
        // The promise is at its largest here and hides first-order errors.
        let (promise, length) = (backend.predicted_decrease(), backend.step_norm());
        for _ in 0..2 {
            backend.step()?;
            backend.reject();
            let after = backend.cost()?;
            require(
                RULE,
                same(before.robust, after.robust) && same(norm, backend.state_norm()),
                || format!("cost {before:?} became {after:?}"),
            )?;
            backend.solve(&request(known, 1e-2))?;
            let again = (backend.predicted_decrease(), backend.step_norm());
            require(
                RULE,
                close(promise, again.0, slack) && close(length, again.1, slack),
                || format!("promise and length {promise}, {length} became {again:?}"),
            )?;
        }
        Ok(())
    })
}

/// After an acceptance the state is the trial's, bit for bit.
///
/// # Errors
/// The rule broken.
pub fn acceptance_moves(known: &Known, build: &Build<'_>) -> Verdict {
    const RULE: &str = "acceptance_moves";
    build(&known.options, &mut |backend| {
        let before = backend.linearize()?.cost;
        backend.solve(&request(known, 1.0))?;
        let trial = backend.step()?;
        backend.accept();
        let after = backend.cost()?;
        require(RULE, same(trial.robust, after.robust), || {
            format!("trial cost {trial:?}, then {after:?}")
        })?;
        let model = backend.linearize()?.cost;
        require(RULE, close(trial.robust, model.robust, SUM), || {
            format!("trial cost {trial:?}, linearised {model:?}")
        })?;
        require(RULE, !same(before.robust, after.robust), || {
            format!("cost stayed at {before:?}")
        })
    })
}

/// A kept state comes back bit for bit, and without one nothing happens.
///
/// # Errors
/// The rule broken.
pub fn best_is_restored(known: &Known, build: &Build<'_>) -> Verdict {
    const RULE: &str = "best_is_restored";
    build(&known.options, &mut |backend| {
        let before = backend.cost()?;
        backend.restore();
        let after = backend.cost()?;
        require(RULE, same(before.robust, after.robust), || {
            format!("nothing was kept, yet cost {before:?} became {after:?}")
        })?;
        for keep in [true, false] {
            backend.linearize()?;
            backend.solve(&request(known, 1.0))?;
            backend.step()?;
            if keep {
                backend.keep();
            }
            backend.accept();
        }
        backend.restore();
        let after = backend.cost()?;
        require(RULE, same(before.robust, after.robust), || {
            format!("kept cost {before:?}, restored {after:?}")
        })
    })
}

/// The dogleg stays inside its radius and fills it, its promise grows with
/// it, and a large radius gives the Gauss-Newton step.
///
/// # Errors
/// The rule broken.
pub fn dogleg_keeps_its_radius(known: &Known, build: &Build<'_>) -> Verdict {
    const RULE: &str = "dogleg_keeps_its_radius";
    build(&known.options, &mut |backend| {
        backend.linearize()?;
        let outcome = backend.solve(&request(known, 1e-8))?;
        let full = backend.scaled_step_norm();
        let mut promise = 0.0;
        for fraction in [0.01, 0.1, 0.5, 0.9] {
            let radius = fraction * full;
            let norm = dogleg(backend, radius)?;
            // Vectors of f32 hold the radius to their rounding.
            require(RULE, close(norm, radius, 1e-5), || {
                format!("step of length {norm} for radius {radius}")
            })?;
            let next = backend.predicted_decrease();
            require(RULE, next > promise, || {
                format!("promise {promise} became {next} at radius {radius}")
            })?;
            promise = next;
        }
        let norm = dogleg(backend, 2.0 * full)?;
        let slack = solve_tolerance(known, outcome.iterations);
        require(RULE, close(norm, full, slack), || {
            format!("Gauss-Newton step of length {full}, dogleg {norm} within twice that")
        })
    })
}

/// The dogleg's length, which it returns and reports alike.
fn dogleg(backend: &mut dyn Backend, radius: f64) -> Result<f64, super::Violation> {
    let norm = backend.dogleg(radius)?;
    let reported = backend.scaled_step_norm();
    require(
        "dogleg_keeps_its_radius",
        close(norm, reported, 1e-6),
        || format!("dogleg returns length {norm} and reports {reported}"),
    )?;
    Ok(norm)
}

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits()
}

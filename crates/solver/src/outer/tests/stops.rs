//! Every way to end, once.

use super::*;
use crate::toy::{self, Fault};
use crate::{Algorithm, Stop};

const LM: AlgorithmName = AlgorithmName::LevenbergMarquardt;

fn faulty(function: Function, x: &[f64], fault: Fault, options: &Options) -> Summary {
    solve(&mut Toy::new(function, x).with(fault), options).unwrap()
}

#[test]
fn gradient_at_the_start() {
    let (summary, _) = run(toy::rosenbrock, &[1.0, 1.0], &options(LM));
    let stop = Stop::Gradient {
        value: 0.0,
        threshold: 1e-10,
    };
    assert_eq!(summary.stop, stop);
    assert!(summary.iterations.is_empty());
}

#[test]
fn cost_decrease() {
    let mut loose = options(LM);
    loose.stop.relative_cost = 0.3;
    let (summary, _) = run(toy::line, &[-0.6, 1.5], &loose);
    let Stop::CostDecrease { value, threshold } = summary.stop else {
        panic!("{}", summary.stop)
    };
    // From residuals all 1/15 above the best: decrease 3/2 · (1/15)² of 1/12 + that.
    let decrease = 1.5 / 225.0;
    assert!((value - decrease / (1.0 / 12.0 + decrease)).abs() < 1e-9);
    assert_eq!(threshold, 0.3);
    assert_eq!(summary.accepted_steps(), 1);
}

#[test]
fn forecast_decrease_saves_the_last_step() {
    let with = options(LM);
    let mut without = with;
    without.stop.forecast = false;
    let (saved, _) = run(toy::curve, &[2.0, 0.2], &with);
    let (whole, _) = run(toy::curve, &[2.0, 0.2], &without);
    assert!(
        matches!(saved.stop, Stop::ForecastDecrease { .. }),
        "{}",
        saved.stop
    );
    assert!(
        matches!(whole.stop, Stop::CostDecrease { .. }),
        "{}",
        whole.stop
    );
    assert_eq!(saved.iterations.len() + 1, whole.iterations.len());
    let missed = saved.final_cost / whole.final_cost - 1.0;
    assert!((0.0..1e-6).contains(&missed), "{missed}");
    assert!(missed <= 2.0 * saved.stop.value());
}

#[test]
fn predicted_decrease_of_a_rejected_step() {
    // Within 1e-8 of the minimum, under noise of 1e-7: rejected, not chased.
    let summary = faulty(
        toy::line,
        &[-2.0 / 3.0 + 1e-5, 1.5],
        Fault::TrialNoise(1e-7),
        &options(LM),
    );
    assert!(
        matches!(summary.stop, Stop::PredictedDecrease { .. }),
        "{}",
        summary.stop
    );
    assert_eq!(summary.iterations.len(), 1);
    assert!(!summary.iterations[0].accepted);
}

#[test]
fn predicted_below_rounding_takes_no_step() {
    let mut strict = endless(LM);
    strict.stop.rounding = 1e-15;
    let (summary, _) = run(toy::line, &[10.0, -7.0], &strict);
    let Stop::PredictedBelowRounding { value, threshold } = summary.stop else {
        panic!("{}", summary.stop)
    };
    assert!(value.abs() <= threshold && threshold == 1e-15);
    assert!(summary.iterations.iter().all(|i| i.accepted));
}

#[test]
fn step() {
    let mut strict = endless(LM);
    // Steps halve with the state, so this is met near 1e-6; much nearer the
    // toy finds the system singular.
    strict.stop.step = 1e-3;
    let (summary, _) = run(toy::powell, &[3.0, -1.0, 0.0, 1.0], &strict);
    assert!(
        matches!(summary.stop, Stop::Step { .. }),
        "{}",
        summary.stop
    );
    assert!(summary.stop.value() <= 1e-3);
    assert!(summary.iterations.last().unwrap().accepted);
}

#[test]
fn rejected_steps_shrink_without_ending_as_a_short_step() {
    let mut strict = endless(LM);
    strict.stop.step = 1e-3;
    let summary = faulty(toy::line, &[10.0, -7.0], Fault::Uphill, &strict);
    let last = summary.iterations.last().unwrap();
    assert!(last.step_norm < 1e-3 * 12.0);
    assert!(
        matches!(summary.stop, Stop::DampingSaturated { .. }),
        "{}",
        summary.stop
    );
}

#[test]
fn iteration_limit() {
    let mut short = options(LM);
    short.stop.max_iterations = 2;
    let (summary, _) = run(toy::rosenbrock, &[-1.2, 1.0], &short);
    let stop = Stop::IterationLimit {
        value: 2.0,
        threshold: 2.0,
    };
    assert_eq!(summary.stop, stop);
    assert_eq!(summary.iterations.len(), 2);
}

#[test]
fn damping_saturated() {
    let options = monotone(endless(LM));
    let summary = faulty(toy::line, &[10.0, -7.0], Fault::Uphill, &options);
    let Stop::DampingSaturated { value, threshold } = summary.stop else {
        panic!("{}", summary.stop)
    };
    assert!(value > threshold && threshold == 1e12);
    assert_eq!(summary.accepted_steps(), 0);
}

#[test]
fn radius_collapsed() {
    let options = endless(AlgorithmName::Dogleg);
    // A promise that never comes true.
    let summary = faulty(toy::line, &[10.0, -7.0], Fault::TrialNoise(1e6), &options);
    let Stop::RadiusCollapsed { value, threshold } = summary.stop else {
        panic!("{}", summary.stop)
    };
    assert!(value < threshold && threshold == 1e-16);
}

#[test]
fn stagnation_when_only_damping_makes_the_promise_small() {
    let mut options = options(LM);
    if let Algorithm::LevenbergMarquardt(lm) = &mut options.algorithm {
        lm.max_damping = 1e30;
    }
    let summary = faulty(toy::line, &[10.0, -7.0], Fault::Uphill, &options);
    let Stop::Stagnation { value, threshold } = summary.stop else {
        panic!("{}", summary.stop)
    };
    assert!(value <= threshold && threshold == 1e-15);
}

#[test]
fn stagnation_when_the_linear_solve_gives_nothing() {
    for name in ALGORITHMS {
        let summary = faulty(toy::line, &[10.0, -7.0], Fault::ZeroStep, &options(name));
        assert!(
            matches!(summary.stop, Stop::Stagnation { .. }),
            "{}",
            summary.stop
        );
        assert!(!summary.converged());
    }
}

#[test]
fn a_promise_that_is_nan_is_a_rejection() {
    let summary = faulty(toy::line, &[10.0, -7.0], Fault::NanPromise, &options(LM));
    assert!(
        matches!(summary.stop, Stop::DampingSaturated { .. }),
        "{}",
        summary.stop
    );
    assert_eq!(summary.accepted_steps(), 0);
}

#[test]
fn gauss_newton_that_wanders_ends_at_its_best_state() {
    // Beyond 1.39 every step overshoots further; the cost creeps to π²/8.
    let mut options = endless(AlgorithmName::GaussNewton);
    options.stop.max_iterations = 50;
    let mut toy = Toy::new(toy::arctangent, &[1.4]);
    let summary = solve(&mut toy, &options).unwrap();
    assert!(!summary.converged());
    assert!(
        matches!(
            summary.stop,
            Stop::Stagnation { .. } | Stop::Diverged { .. }
        ),
        "{}",
        summary.stop
    );
    assert_eq!(toy.x, [1.4]);
    assert!(
        summary
            .iterations
            .iter()
            .any(|i| i.cost > summary.initial_cost)
    );
    assert!(
        summary.warnings[0].contains("restored"),
        "{:?}",
        summary.warnings
    );
}

#[test]
fn gauss_newton_in_a_worse_minimum_is_not_converged() {
    // The cost rises from its start and then stays: a stop test fires there.
    let mut options = options(AlgorithmName::GaussNewton);
    options.stop.relative_cost = 0.5;
    let mut toy = Toy::new(toy::rosenbrock, &[-1.2, 1.0]).with(Fault::TrialNoise(1e5));
    let summary = Iterations::new(&mut toy, Toy::description(), &options)
        .unwrap()
        .run(|_| ControlFlow::Continue(()))
        .unwrap();
    assert!(
        matches!(summary.stop, Stop::Stagnation { .. }),
        "{}",
        summary.stop
    );
    assert_eq!(toy.x, [-1.2, 1.0]);
}

#[test]
fn diverged() {
    for (function, x) in [(toy::flat_top as Function, 1e-5), (toy::wall, 10.0)] {
        let mut toy = Toy::new(function, &[x]);
        let summary = solve(&mut toy, &options(AlgorithmName::GaussNewton)).unwrap();
        let Stop::Diverged { value, threshold } = summary.stop else {
            panic!("{}", summary.stop)
        };
        assert!(value > threshold);
        assert_eq!(toy.x, [x]);
    }
}

#[test]
fn requested() {
    let mut toy = Toy::new(toy::rosenbrock, &[-1.2, 1.0]);
    let summary = Iterations::new(&mut toy, Toy::description(), &options(LM))
        .unwrap()
        .run(|report| {
            if report.accepted {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
        .unwrap();
    assert!(
        matches!(summary.stop, Stop::Requested { .. }),
        "{}",
        summary.stop
    );
    assert_eq!(summary.accepted_steps(), 1);
}

#[test]
fn an_observer_cannot_undo_convergence() {
    let mut toy = Toy::new(toy::line, &[10.0, -7.0]);
    let mut loose = options(LM);
    loose.stop.relative_cost = 0.999_999;
    let summary = Iterations::new(&mut toy, Toy::description(), &loose)
        .unwrap()
        .run(|_| ControlFlow::Break(()))
        .unwrap();
    assert!(matches!(
        summary.stop,
        Stop::CostDecrease { .. } | Stop::Requested { .. }
    ));
    assert_eq!(summary.iterations.len(), 1);
}

//! The loop on problems with known answers.

use super::*;
use crate::toy::{self, Fault};
use crate::{Algorithm, Stop};

fn near(x: &[f64], expected: &[f64], tolerance: f64) -> bool {
    x.iter()
        .zip(expected)
        .all(|(a, b)| (a - b).abs() <= tolerance)
}

#[test]
fn a_linear_problem_takes_one_step_and_one_to_know_it() {
    for name in ALGORITHMS {
        let (summary, x) = run(toy::line, &[10.0, -7.0], &options(name));
        assert!(summary.converged(), "{name}: {}", summary.stop);
        assert!(summary.iterations.len() <= 2, "{name}");
        // λ = 1e-12 leaves 1e-12 of the distance.
        assert!(near(&x, &[-2.0 / 3.0, 1.5], 1e-9), "{name} {x:?}");
        assert!((summary.final_cost - 1.0 / 12.0).abs() < 1e-15);
    }
}

#[test]
fn rosenbrock_is_solved_by_every_algorithm() {
    for name in ALGORITHMS {
        let (summary, x) = run(toy::rosenbrock, &[-1.2, 1.0], &options(name));
        assert!(summary.converged(), "{name}: {}", summary.stop);
        assert!(near(&x, &[1.0, 1.0], 1e-6), "{name} {x:?}");
    }
}

#[test]
fn nielsen_damping_solves_rosenbrock_too() {
    let mut options = Options::for_kind(ProblemKind::Bundle);
    options.stop.relative_cost = 0.0;
    let (summary, x) = run(toy::rosenbrock, &[-1.2, 1.0], &options);
    assert!(summary.converged(), "{}", summary.stop);
    assert!(near(&x, &[1.0, 1.0], 1e-6), "{x:?}");
}

#[test]
fn a_singular_minimum_is_approached() {
    for name in ALGORITHMS {
        let mut options = options(name);
        options.stop.relative_cost = 0.0;
        let (summary, x) = run(toy::powell, &[3.0, -1.0, 0.0, 1.0], &options);
        assert!(summary.converged(), "{name}: {}", summary.stop);
        assert!(near(&x, &[0.0; 4], 1e-3), "{name} {x:?}");
    }
}

#[test]
fn nan_beyond_a_wall_is_a_rejection() {
    for name in [AlgorithmName::LevenbergMarquardt, AlgorithmName::Dogleg] {
        let (summary, x) = run(toy::wall, &[10.0], &options(name));
        assert!(summary.converged(), "{name}: {}", summary.stop);
        assert!(near(&x, &[1.0], 1e-6), "{name} {x:?}");
        let first = summary.iterations[0];
        assert!(!first.accepted && first.gain_ratio.is_none());
        assert_eq!(first.cost, summary.initial_cost);
    }
}

#[test]
fn an_undetermined_direction_gets_damping() {
    for name in ALGORITHMS {
        let mut toy = Toy::new(toy::sum_only, &[5.0, 3.0]);
        let summary = solve(&mut toy, &options(name)).unwrap();
        assert!(summary.converged(), "{name}: {}", summary.stop);
        assert!((toy.x[0] + toy.x[1] - 1.0).abs() < 1e-6);
        // Along the undetermined direction only rounding moves it, 2⁻⁵² / λ.
        assert!((toy.x[0] - toy.x[1] - 2.0).abs() < 1e-2, "{:?}", toy.x);
        assert!(summary.iterations[0].damping > 0.0);
        if name == AlgorithmName::GaussNewton {
            assert!(summary.warnings[0].contains("singular"));
        }
    }
}

#[test]
fn gauss_newton_goes_over_a_hill_and_comes_back_better() {
    // From (−1.2, 1) the first step reaches (1, −3.84): cost 1171 after 12.
    let mut toy = Toy::new(toy::rosenbrock, &[-1.2, 1.0]);
    let summary = solve(&mut toy, &options(AlgorithmName::GaussNewton)).unwrap();
    assert!(summary.iterations[0].cost > 1e3 && summary.iterations[0].accepted);
    assert_eq!(toy.keeps, 1);
    assert!(summary.converged() && summary.final_cost < 1e-20);
    assert!(summary.warnings.is_empty());
}

#[test]
fn a_huge_degenerate_unknown_does_not_end_the_solve() {
    for name in ALGORITHMS {
        let (summary, x) = run(toy::degenerate, &[100.0, 1e11], &options(name));
        assert!(summary.converged(), "{name}: {}", summary.stop);
        assert!((x[0] - 2f64.sqrt()).abs() < 1e-6, "{name} {x:?}");
    }
}

#[test]
fn dogleg_reuses_one_linear_solve_after_rejections() {
    let mut toy = Toy::new(toy::wall, &[10.0]);
    let summary = solve(&mut toy, &options(AlgorithmName::Dogleg)).unwrap();
    assert!(toy.solves <= summary.accepted_steps() + 1);
    assert!(summary.iterations.len() > summary.accepted_steps());
    assert!(summary.iterations.iter().all(|i| i.radius.is_some()));
}

#[test]
fn two_runs_give_the_same_bits() {
    for name in ALGORITHMS {
        let bits = || {
            let (summary, x) = run(toy::rosenbrock, &[-1.2, 1.0], &options(name));
            let steps: Vec<_> = summary
                .iterations
                .iter()
                .map(|i| {
                    let gain = i.gain_ratio.map(f64::to_bits);
                    (
                        i.cost.to_bits(),
                        i.step_norm.to_bits(),
                        i.damping.to_bits(),
                        gain,
                    )
                })
                .collect();
            (
                steps,
                x.iter().map(|x| x.to_bits()).collect::<Vec<_>>(),
                summary.stop,
            )
        };
        assert_eq!(bits(), bits(), "{name}");
    }
}

#[test]
fn one_step_at_a_time_is_the_same_solve() {
    let options = options(AlgorithmName::LevenbergMarquardt);
    let (whole, _) = run(toy::rosenbrock, &[-1.2, 1.0], &options);
    let mut toy = Toy::new(toy::rosenbrock, &[-1.2, 1.0]);
    let mut steps = Iterations::new(&mut toy, Toy::description(), &options).unwrap();
    let mut costs = Vec::new();
    while let Some(step) = steps.next() {
        costs.push(step.unwrap().cost);
        assert_eq!(steps.cost().robust, *costs.last().unwrap());
        assert_eq!(steps.backend().evaluate(), steps.cost().robust);
        assert_eq!(steps.history().len(), costs.len());
    }
    assert_eq!(steps.stop(), Some(whole.stop));
    assert!(steps.next().is_none());
    let expected: Vec<f64> = whole.iterations.iter().map(|i| i.cost).collect();
    assert_eq!(costs, expected);
    assert_eq!(steps.finish().final_cost, whole.final_cost);
}

#[test]
fn options_may_change_between_steps_unless_they_shaped_the_setup() {
    let options = monotone(options(AlgorithmName::LevenbergMarquardt));
    let mut toy = Toy::new(toy::rosenbrock, &[-1.2, 1.0]);
    let mut steps = Iterations::new(&mut toy, Toy::description(), &options).unwrap();
    steps.next().unwrap().unwrap();
    let mut changed = options;
    changed.threads = 2;
    assert!(steps.set_options(&changed).is_err());
    changed.threads = options.threads;
    changed.algorithm = Algorithm::GaussNewton;
    changed.stop.max_iterations = 3;
    steps.set_options(&changed).unwrap();
    assert_eq!(steps.next().unwrap().unwrap().damping, 0.0);
    steps.next().unwrap().unwrap();
    assert!(steps.next().is_none());
    let summary = steps.finish();
    assert!(matches!(
        summary.stop,
        Stop::IterationLimit { .. } | Stop::CostDecrease { .. }
    ));
    assert_eq!(summary.given, changed);
}

/// The full step from the usual start of Rosenbrock's valley overshoots it,
/// the next one lands in the minimum.
#[test]
fn a_step_on_trust_saves_the_way_along_the_valley() {
    let free = options(AlgorithmName::LevenbergMarquardt);
    let held = monotone(free);
    let [(free, x), (held, _)] =
        [free, held].map(|options| run(toy::rosenbrock, &[-1.2, 1.0], &options));
    assert!((x[0] - 1.0).abs() + (x[1] - 1.0).abs() < 1e-9, "{x:?}");
    assert!(free.iterations[0].cost > free.initial_cost);
    assert!(free.iterations.len() <= 4 && held.iterations.len() > 10);
}

/// A climb that leads nowhere is undone, and nothing is lost but its steps.
#[test]
fn a_climb_that_fails_leaves_the_best_state_and_more_damping() {
    let options = options(AlgorithmName::LevenbergMarquardt);
    let mut toy = Toy::new(toy::line, &[10.0, -7.0]).with(Fault::Uphill);
    let start = toy.evaluate();
    let mut steps = Iterations::new(&mut toy, Toy::description(), &options).unwrap();
    let climb: Vec<_> = (0..6).map(|_| steps.next().unwrap().unwrap()).collect();
    assert!(climb[..5].iter().all(|s| s.accepted && s.cost > start));
    assert!(!climb[5].accepted && climb[5].cost == start);
    let after = steps.next().unwrap().unwrap();
    assert!(!after.accepted && after.damping > climb[5].damping);
}

#[test]
fn a_solve_that_is_dropped_leaves_the_best_state() {
    let mut toy = Toy::new(toy::rosenbrock, &[-1.2, 1.0]);
    let start = toy.evaluate();
    let options = options(AlgorithmName::GaussNewton);
    let mut steps = Iterations::new(&mut toy, Toy::description(), &options).unwrap();
    assert!(steps.next().unwrap().unwrap().cost > start);
    drop(steps);
    assert_eq!(toy.evaluate(), start);
}

/// The checks above can fail: a backend that does not go back is caught.
#[test]
#[should_panic(expected = "assertion")]
fn a_backend_that_keeps_rejected_states_is_noticed() {
    let mut toy = Toy::new(toy::wall, &[10.0]).with(Fault::RejectStays);
    let summary = solve(&mut toy, &options(AlgorithmName::LevenbergMarquardt)).unwrap();
    assert!(summary.converged(), "assertion: {}", summary.stop);
}

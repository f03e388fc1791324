//! Time budgets.

use std::time::{Duration, Instant};

use super::*;
use crate::Stop;
use crate::toy;

fn within(budget: Duration) -> Options {
    let mut options = endless(AlgorithmName::LevenbergMarquardt);
    options.stop.time_budget = Some(budget.into());
    options
}

#[test]
fn a_budget_gone_at_the_start_is_reported_with_its_overrun() {
    let mut toy = Toy::new(toy::rosenbrock, &[-1.2, 1.0]);
    let options = within(Duration::from_millis(1));
    let earlier = Instant::now() - Duration::from_millis(50);
    let summary = Iterations::new(&mut toy, Toy::description(), &options)
        .unwrap()
        .since(earlier)
        .run(|_| ControlFlow::Continue(()))
        .unwrap();
    assert!(matches!(summary.stop, Stop::TimeBudget { .. }));
    assert!(summary.stop.overrun().unwrap() >= 0.049);
    assert!(summary.warnings[0].contains("overrun"));
    assert_eq!((toy.solves, toy.x[0]), (0, -1.2));
}

#[test]
fn a_direct_solve_that_overruns_is_used_all_the_same() {
    let mut toy = Toy::new(toy::rosenbrock, &[-1.2, 1.0]);
    toy.delay = Duration::from_millis(30);
    let summary = solve(&mut toy, &within(Duration::from_millis(10))).unwrap();
    assert_eq!(summary.iterations.len(), 1);
    assert!(matches!(summary.stop, Stop::TimeBudget { .. }));
    assert!(summary.stop.overrun().unwrap() >= 0.019);
}

#[test]
fn a_direct_solve_is_not_begun_when_it_cannot_end_in_time() {
    let mut toy = Toy::new(toy::rosenbrock, &[-1.2, 1.0]);
    toy.delay = Duration::from_millis(200);
    let options = monotone(within(Duration::from_millis(300)));
    let summary = solve(&mut toy, &options).unwrap();
    assert_eq!(toy.solves, 1);
    assert!(matches!(summary.stop, Stop::TimeBudget { .. }));
    assert_eq!(summary.stop.overrun(), Some(0.0));
    assert!(summary.warnings.is_empty());
}

#[test]
fn an_iterative_solve_is_cut_short_and_its_step_used() {
    let mut toy = Toy::new(toy::rosenbrock, &[-1.2, 1.0]);
    toy.delay = Duration::from_secs(5);
    toy.iterative = true;
    let began = Instant::now();
    let summary = solve(&mut toy, &within(Duration::from_millis(40))).unwrap();
    assert!(began.elapsed() < Duration::from_secs(4));
    assert!(matches!(summary.stop, Stop::TimeBudget { .. }));
    assert_eq!(summary.iterations.len(), 1);
    assert_eq!(summary.iterations[0].linear_iterations, 1);
}

#[test]
fn a_generous_budget_changes_nothing() {
    let mut options = options(AlgorithmName::LevenbergMarquardt);
    let (free, x) = run(toy::rosenbrock, &[-1.2, 1.0], &options);
    options.stop.time_budget = Some(Duration::from_secs(3600).into());
    let (bound, y) = run(toy::rosenbrock, &[-1.2, 1.0], &options);
    assert_eq!((x, free.stop), (y, bound.stop));
}

#[test]
fn stage_times_add_up() {
    let mut toy = Toy::new(toy::rosenbrock, &[-1.2, 1.0]);
    toy.delay = Duration::from_millis(2);
    let summary = solve(&mut toy, &options(AlgorithmName::LevenbergMarquardt)).unwrap();
    let steps: f64 = summary
        .iterations
        .iter()
        .map(|i| i.seconds.linear_solve)
        .sum();
    assert!(steps > 0.0 && steps <= summary.seconds.linear_solve + 1e-12);
    assert!(summary.seconds.total >= summary.seconds.linear_solve);
}

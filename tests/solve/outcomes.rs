//! Time budgets, observers, and problems that cannot be solved.

use std::ops::ControlFlow;
use std::time::Duration;

use slam16::Solver;
use slam16::io::AnyProblem;
use slam16::prelude::*;

use crate::data::load;

fn sphere() -> PoseGraph3 {
    match load("pgo/sphere2500.g2o") {
        AnyProblem::Graph3(graph) => graph,
        _ => panic!("sphere2500 is a graph in space"),
    }
}

#[test]
fn a_time_budget_returns_the_best_state_so_far() {
    let mut graph = sphere();
    let mut options = *Solver::for_problem(&graph).options();
    options.stop.time_budget = Some(Duration::from_millis(1).into());
    let summary = Solver::new(options).unwrap().solve(&mut graph).unwrap();
    assert!(!summary.converged());
    assert_eq!(summary.stop.reason(), "time-budget");
    assert!(summary.final_cost <= summary.initial_cost);
    let threads = slam16::sparse::Threads::single();
    let cost = slam16::problem::LeastSquares::cost(&graph, &threads).unwrap();
    assert_eq!(cost.plain, summary.final_cost);
}

#[test]
fn an_observer_stops_after_one_step() {
    let mut graph = sphere();
    let solver = Solver::for_problem(&graph);
    let summary = solver
        .solve_with(&mut graph, |_| ControlFlow::Break(()))
        .unwrap();
    assert_eq!(summary.iterations.len(), 1);
    assert!(summary.final_cost < summary.initial_cost);
}

#[test]
fn an_empty_problem_says_what_it_lacks() {
    let mut graph = PoseGraph2::new();
    let error = Solver::for_problem(&graph).solve(&mut graph).unwrap_err();
    assert!(error.to_string().contains("add at least one"), "{error}");
}

//! Bundles: best known costs from the file's start.

use slam16::Solver;
use slam16::io::AnyProblem;

use crate::data::{load, reaches};

fn solve(name: &str) -> slam16::solver::Summary {
    match &mut load(name) {
        AnyProblem::Bundle(bundle) => Solver::for_problem(bundle).solve(bundle).unwrap(),
        _ => panic!("{name} is a graph"),
    }
}

/// ½ Σ ‖r‖² in pixels; Ceres 2.1 with tolerances of 1e-12.
#[test]
fn the_best_known_cost_is_reached() {
    for (name, best, relative) in [
        ("ba/problem-16-22106-pre.txt.bz2", 18_033.903_5, 1e-6),
        ("ba/problem-21-11315-pre.txt.bz2", 30_378.635_9, 1e-6),
    ] {
        let summary = solve(name);
        assert!(summary.converged(), "{name}: {summary}");
        assert!(
            reaches(summary.final_cost, best, relative),
            "{name}: {} against {best}",
            summary.final_cost
        );
    }
}

/// Ladybug-49 ends in a long flat valley.
#[test]
fn the_valley_of_ladybug_is_followed_to_its_end() {
    let summary = solve("ba/problem-49-7776-pre.txt.bz2");
    assert!(reaches(summary.final_cost, 13_344.242_7, 1e-5), "{summary}");
}

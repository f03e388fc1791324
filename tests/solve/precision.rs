//! Iterative solvers and storage in 16 bits end where fp64 does.

use slam16::Solver;
use slam16::io::AnyProblem;
use slam16::problem::{InitialGuess, LeastSquares};
use slam16::solver::{ColumnScaling, Fill, LinearSolverKind, Options, Precision, Summary};

use crate::data::{load, reaches};

const CGNR: LinearSolverKind = LinearSolverKind::Cgnr(ColumnScaling::Projected);
const CGNR_IC: LinearSolverKind = LinearSolverKind::CgnrIc(Fill::Auto);

fn solve(name: &str, solver: LinearSolverKind, precision: Precision) -> Summary {
    macro_rules! run {
        ($problem:expr) => {{
            let mut options = Options::for_kind($problem.kind());
            options.linear.solver = solver;
            options.precision = precision;
            Solver::new(options).unwrap().solve($problem).unwrap()
        }};
    }
    match &mut load(name) {
        AnyProblem::Graph2(graph) => {
            graph.initialize(InitialGuess::Chordal).unwrap();
            run!(graph)
        }
        AnyProblem::Graph3(graph) => {
            graph.initialize(InitialGuess::Chordal).unwrap();
            run!(graph)
        }
        AnyProblem::Bundle(bundle) => run!(bundle),
    }
}

/// Best known costs as in the tests of graphs and bundles.
#[test]
fn mixed_precision_reaches_the_fp64_cost() {
    for (name, solver, best) in [
        ("pgo/intel.g2o", CGNR_IC, 22.502_116_54),
        ("pgo/M3500.g2o", CGNR_IC, 68.957_439_12),
        ("pgo/sphere2500.g2o", CGNR_IC, 675.700_962_9),
        ("pgo/parking-garage.g2o", CGNR_IC, 0.634_192_399_6),
        ("ba/problem-21-11315-pre.txt.bz2", CGNR, 30_378.635_8),
    ] {
        let summary = solve(name, solver, Precision::Mixed);
        assert!(summary.converged(), "{name}: {}", summary.stop);
        let halves = &summary.used.precision;
        assert!(halves.products == "f16" || halves.triangular == "f16");
        assert!(
            reaches(summary.final_cost, best, 1e-6),
            "{name}: {} against {best}",
            summary.final_cost
        );
    }
}

/// Halves everywhere overflow or stall: the price of no scaling, no f32
/// vectors and no checks.
#[test]
fn naive_half_precision_does_not() {
    let name = "ba/problem-21-11315-pre.txt.bz2";
    let summary = solve(name, CGNR, Precision::NaiveHalf);
    assert!(
        !reaches(summary.final_cost, 30_378.635_8, 1e-3),
        "{}",
        summary.final_cost
    );
}

#[test]
fn conjugate_gradients_on_the_reduced_system_reach_the_optimum() {
    let name = "ba/problem-21-11315-pre.txt.bz2";
    let summary = solve(name, LinearSolverKind::SchurPcg, Precision::F64);
    assert!(summary.converged(), "{}", summary.stop);
    assert!(
        reaches(summary.final_cost, 30_378.635_8, 1e-6),
        "{}",
        summary.final_cost
    );
    assert!(summary.iterations.iter().all(|i| i.linear_iterations > 0));
}

//! Public bundles reach their known optima from the file's start.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;

use slam16_cpu::backend;
use slam16_io::{AnyProblem, ReadOptions};
use slam16_problem::{Bundle, LeastSquares, Loss, ProblemKind};
use slam16_solver::{Iterations, Options, ProblemDescription, Summary};

fn load(name: &str) -> Bundle {
    let data = std::env::var_os("SLAM16_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let path = data.join("ba").join(name);
    let loaded = slam16_io::read(&path, &ReadOptions::default())
        .unwrap_or_else(|e| panic!("{}: {e}; set SLAM16_DATA", path.display()));
    match loaded.problem {
        AnyProblem::Bundle(bundle) => bundle,
        _ => panic!("{name} is not a bundle"),
    }
}

fn solve(bundle: &mut Bundle, options: &Options) -> Summary {
    let backend = backend(bundle, options).unwrap();
    let description = ProblemDescription::new(ProblemKind::Bundle, backend.setup());
    let mut iterations = Iterations::new(backend, description, options).unwrap();
    for step in &mut iterations {
        step.unwrap();
    }
    iterations.finish()
}

/// Costs from Ceres 2.1 at tolerance 1e-12. Ladybug-49 lies in a flat valley.
#[test]
fn optima_are_reached_with_the_same_bits_on_two_threads() {
    for (name, optimum, tolerance) in [
        ("problem-16-22106-pre.txt.bz2", 18033.9035, 1e-6),
        ("problem-21-11315-pre.txt.bz2", 30378.6358, 1e-6),
        ("problem-49-7776-pre.txt.bz2", 13344.2427, 1e-5),
    ] {
        let mut options = Options::for_kind(ProblemKind::Bundle);
        let mut bundle = load(name);
        let start = bundle.state();
        let one = solve(&mut bundle, &options);
        assert_eq!(one.used.linear_solver, "schur");
        let (cost, stop) = (one.final_cost, one.stop);
        let off = (cost - optimum).abs() / optimum;
        assert!(off <= tolerance, "{name}: {cost} {stop:?}");

        bundle.load_state(&start);
        options.threads = 2;
        let two = solve(&mut bundle, &options);
        let history = |s: &Summary| -> Vec<f64> { s.iterations.iter().map(|i| i.cost).collect() };
        assert_eq!(history(&two), history(&one), "{name} on two threads");
    }
}

/// Reweighting converges linearly: where a step lowers the cost by 1e-6, some
/// thirty such steps are still to come. The optimum is known to six digits.
#[test]
fn a_robust_optimum_is_approached() {
    let options = Options::for_kind(ProblemKind::Bundle);
    let mut bundle = load("problem-21-11315-pre.txt.bz2");
    bundle.set_loss(Loss::Huber(1.0)).unwrap();
    let cost = solve(&mut bundle, &options).robust_cost;
    assert!((cost - 13697.8).abs() <= 5e-5 * 13697.8, "{cost}");
}

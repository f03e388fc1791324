//! The CPU backend under the rules of `solver::conformance`, once for each
//! linear solver and precision.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use slam16_cpu::backend;
use slam16_geometry::Se2;
use slam16_problem::{Information, LeastSquares, PoseGraph2, PoseId};
use slam16_solver::conformance::{Known, check};
use slam16_solver::{
    AlgorithmName, Backend, ColumnScaling, Fill, Iterations, LinearSolverKind, Options, Precision,
    ProblemDescription, RefactorPolicy, ReuseOptions, ScalarType,
};

/// A square loop walked twice, with edges that contradict one another a little.
fn graph() -> PoseGraph2 {
    let mut graph = PoseGraph2::new();
    let mut pose = Se2::identity();
    let step = Se2::from_xy_theta(1.0, 0.0, std::f64::consts::FRAC_PI_2);
    for label in 0..8 {
        graph.add_pose(label, pose).unwrap();
        let drift = Se2::from_xy_theta(0.02, -0.03, 0.02 * (label as f64 - 3.0));
        pose = pose * step * drift;
    }
    let information = Information::new(nalgebra::Matrix3::new(
        50.0, 2.0, 1.0, 2.0, 40.0, -3.0, 1.0, -3.0, 100.0,
    ))
    .unwrap();
    for i in 0..7_u32 {
        let noise = Se2::from_xy_theta(0.01, 0.02, 0.01 * f64::from(i % 3));
        graph
            .add_between(PoseId(i), PoseId(i + 1), step * noise, information.clone())
            .unwrap();
    }
    for i in 0..4_u32 {
        let noise = Se2::from_xy_theta(0.03, -0.02, 0.01 * f64::from(i));
        graph
            .add_between(PoseId(i), PoseId(i + 4), noise, information.clone())
            .unwrap();
    }
    graph
}

/// Gauss-Newton with a fresh f64 factor until nothing changes.
fn optimum() -> f64 {
    let mut graph = graph();
    let mut options = Options::for_kind(graph.kind());
    options.algorithm = AlgorithmName::GaussNewton.for_kind(graph.kind());
    options.linear.solver = LinearSolverKind::Cholesky;
    options.linear.refactor = RefactorPolicy::Always;
    options.stop.relative_cost = 0.0;
    options.stop.max_iterations = 20;
    let setup = graph.setup().unwrap();
    let description = ProblemDescription::new(graph.kind(), &setup);
    let mut backend = backend(&mut graph, &options).unwrap();
    let summary = Iterations::new(&mut backend, description, &options)
        .unwrap()
        .run(|_| std::ops::ControlFlow::Continue(()))
        .unwrap();
    let model = backend.linearize().unwrap();
    // Curvatures are above 10: a gradient of 1e-7 leaves 1e-15 of cost.
    assert!(model.gradient_norm < 1e-7, "{}", model.gradient_norm);
    assert!(summary.final_cost > 1e-3, "the edges must contradict");
    summary.final_cost
}

fn known(change: impl FnOnce(&mut Options)) -> Known {
    let graph = graph();
    let mut options = Options::for_kind(graph.kind());
    change(&mut options);
    Known {
        kind: graph.kind(),
        options,
        unknowns: 7 * 3,
        optimum: optimum(),
        tolerance: 1e-6,
        algorithms: AlgorithmName::ALL.to_vec(),
    }
}

fn conforms(known: &Known) {
    check(known, &|options, body| {
        let mut graph = graph();
        let mut backend = backend(&mut graph, options)?;
        body(&mut backend)
    })
    .unwrap();
}

#[test]
fn cholesky_in_f64() {
    conforms(&known(|o| {
        o.linear.solver = LinearSolverKind::Cholesky;
        o.linear.refactor = RefactorPolicy::Always;
        o.precision = Precision::F64;
    }));
}

#[test]
fn cholesky_with_a_factor_for_several_steps() {
    conforms(&known(|o| {
        o.linear.solver = LinearSolverKind::Cholesky;
        o.linear.refactor = RefactorPolicy::Reuse(ReuseOptions::default());
    }));
}

#[test]
fn cholesky_in_f32_corrected_in_f64() {
    conforms(&known(|o| {
        o.linear.solver = LinearSolverKind::Cholesky;
        o.precision = Precision::F32;
    }));
}

#[test]
fn auto() {
    conforms(&known(|_| ()));
}

/// Storage in 16 bits keeps its promise here by repairing itself; NaiveHalf
/// has no such promise and is left out.
const PRECISIONS: [Precision; 3] = [Precision::F64, Precision::F32, Precision::Mixed];

#[test]
fn cgnr_by_columns_and_by_blocks() {
    for scaling in [ColumnScaling::Columns, ColumnScaling::Blocks] {
        for precision in PRECISIONS {
            conforms(&known(|o| {
                o.linear.solver = LinearSolverKind::Cgnr(scaling);
                o.precision = precision;
            }));
        }
    }
}

#[test]
fn cgnr_ic_from_its_own_pattern_to_complete() {
    for fill in [Fill::Auto, Fill::Level(0), Fill::Complete] {
        for precision in PRECISIONS {
            conforms(&known(|o| {
                o.linear.solver = LinearSolverKind::CgnrIc(fill);
                o.precision = precision;
            }));
        }
    }
}

/// Options that a solver cannot honour are refused, never passed over.
#[test]
fn unfit_precisions_are_refused() {
    let custom = |text: &str| text.parse::<Precision>().unwrap();
    for (solver, precision, words) in [
        (
            LinearSolverKind::Cholesky,
            Precision::NaiveHalf,
            "use cgnr-ic",
        ),
        (
            LinearSolverKind::CgnrIc(Fill::Auto),
            custom("custom:products=f64,triangular=f16,vectors=f32,residual=f64"),
            "wider than vectors",
        ),
        (LinearSolverKind::SchurPcg, Precision::F32, "use cgnr"),
    ] {
        let mut graph = graph();
        let mut options = Options::for_kind(graph.kind());
        options.linear.solver = solver;
        options.precision = precision;
        let error = backend(&mut graph, &options).err().unwrap();
        assert!(error.to_string().contains(words), "{error}");
    }
}

/// The report's column names the narrowest role of each step.
#[test]
fn steps_name_their_precision() {
    for (solver, precision, expected) in [
        (
            LinearSolverKind::Cholesky,
            Precision::Mixed,
            ScalarType::F64,
        ),
        (LinearSolverKind::Auto, Precision::F32, ScalarType::F32),
        (
            LinearSolverKind::CgnrIc(Fill::Auto),
            Precision::Mixed,
            ScalarType::F16,
        ),
        (
            LinearSolverKind::Auto,
            Precision::NaiveHalf,
            ScalarType::F16,
        ),
    ] {
        let mut graph = graph();
        let mut options = Options::for_kind(graph.kind());
        options.linear.solver = solver;
        options.precision = precision;
        let setup = graph.setup().unwrap();
        let description = ProblemDescription::new(graph.kind(), &setup);
        let mut backend = backend(&mut graph, &options).unwrap();
        let mut steps = Iterations::new(&mut backend, description, &options).unwrap();
        let step = steps.next().unwrap().unwrap();
        assert_eq!(step.precision, expected, "{solver} {precision}");
    }
}

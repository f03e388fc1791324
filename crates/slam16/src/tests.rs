//! The interface as its users call it.
#![allow(clippy::unwrap_used)]

use std::ops::ControlFlow;

use nalgebra::Vector3;

use crate::io::AnyProblem;
use crate::prelude::*;
use crate::problem::{PoseId, ProblemError};
use crate::solver::{LinearSolverKind, OptionsError, Ordering, Stop};
use crate::{ErrorClass, dump, plan, reload};

/// A ring of poses, each placed a little off.
fn ring(poses: u32) -> PoseGraph2 {
    let mut graph = PoseGraph2::new();
    let turn = std::f64::consts::TAU / f64::from(poses);
    let step = Se2::from_xy_theta(1.0, 0.0, turn);
    let mut pose = Se2::identity();
    for k in 0..poses {
        let s = f64::from(k);
        let off = Vector3::new(0.2 * (3.0 * s).sin(), 0.2 * (5.0 * s).cos(), 0.3 * s.sin());
        graph.add_pose(u64::from(k), pose.retract(&off)).unwrap();
        pose = pose * step;
    }
    for k in 0..poses {
        let next = PoseId((k + 1) % poses);
        let information = Information::isotropic(4.0);
        graph
            .add_between(PoseId(k), next, step, information)
            .unwrap();
    }
    graph
}

#[test]
fn one_call_one_observer_and_one_step_at_a_time_agree() {
    let solver = Solver::for_problem(&ring(8));
    let mut whole = ring(8);
    let summary = solver.solve(&mut whole).unwrap();
    assert!(summary.converged() && summary.final_cost < 1e-12);
    assert_eq!(summary.g2o_chi2, Some(whole.g2o_chi2()));
    assert_eq!(summary.problem.dof, 21);

    let mut watched = ring(8);
    let mut costs = Vec::new();
    let same = solver
        .solve_with(&mut watched, |step| {
            costs.push(step.cost);
            ControlFlow::Continue(())
        })
        .unwrap();
    let expected: Vec<f64> = summary.iterations.iter().map(|i| i.cost).collect();
    assert_eq!(costs, expected);
    assert_eq!(same.final_cost.to_bits(), summary.final_cost.to_bits());

    let mut stepped = ring(8);
    let mut steps = solver.iterate(&mut stepped).unwrap();
    for expected in expected {
        assert_eq!(steps.next().unwrap().unwrap().cost, expected);
    }
    assert!(steps.next().is_none());
    assert_eq!(steps.problem().poses(), whole.poses());
    assert_eq!(steps.finish().final_cost, summary.final_cost);
    assert_eq!(stepped.poses(), whole.poses());

    let mut any = AnyProblem::Graph2(ring(8));
    assert_eq!(
        solver.solve_any(&mut any).unwrap().final_cost,
        summary.final_cost
    );
}

#[test]
fn an_observer_may_stop_and_the_best_state_stays() {
    let mut graph = ring(8);
    let solver = Solver::for_problem(&graph);
    let summary = solver
        .solve_with(&mut graph, |_| ControlFlow::Break(()))
        .unwrap();
    assert_eq!(summary.iterations.len(), 1);
    assert!(matches!(summary.stop, Stop::Requested { .. }));
    assert!(summary.final_cost < summary.initial_cost);
    assert_eq!(summary.g2o_chi2, Some(graph.g2o_chi2()));
}

#[test]
fn errors_say_whose_move_it_is() {
    let mut graph = ring(8);
    let mut options = graph.default_options();
    options.stop.max_iterations = 0;
    assert!(matches!(
        Solver::new(options),
        Err(OptionsError::OutOfRange {
            option: "stop.max_iterations",
            ..
        })
    ));
    let mut options = graph.default_options();
    options.linear.ordering = Ordering::Multicolor;
    options.linear.solver = LinearSolverKind::Cholesky;
    let error = Solver::new(options).unwrap().solve(&mut graph).unwrap_err();
    assert_eq!(error.class(), ErrorClass::Usage, "{error}");
    assert_eq!(error.class().exit_status(), 2);

    let mut empty = PoseGraph2::new();
    let error = Solver::for_problem(&empty).solve(&mut empty).unwrap_err();
    assert!(matches!(error, Error::Problem(ProblemError::Empty { .. })));
    assert_eq!(error.class().exit_status(), 3);

    graph.poses_mut()[2].translation.x = f64::NAN;
    let error = Solver::for_problem(&graph).solve(&mut graph).unwrap_err();
    assert_eq!(error.class(), ErrorClass::Input);
    assert!(error.to_string().contains("edge 1 -> 2"), "{error}");

    let error = Error::from(crate::io::read("/nowhere.g2o", &Default::default()).unwrap_err());
    assert_eq!(error.class(), ErrorClass::Input);
}

#[test]
fn a_plan_changes_nothing_and_a_solve_keeps_to_it() {
    let mut graph = ring(40);
    let before = graph.poses().to_vec();
    let options = graph.default_options();
    let plan = plan(&mut graph, &options, &crate::Device::Cpu).unwrap();
    assert_eq!(graph.poses(), before);
    let summary = Solver::new(options).unwrap().solve(&mut graph).unwrap();
    assert_eq!(plan.problem, summary.problem);
    assert_eq!(plan.linear_solver, summary.used.linear_solver);
    assert_eq!(plan.ordering, summary.used.ordering);
    let factor = plan.factor.unwrap();
    // 40 poses of 3 scalars: the diagonal blocks alone have 6 entries each.
    assert!(factor.nonzeros >= 240 && factor.flops > 0.0);
    assert!(plan.host_bytes > 8 * factor.nonzeros);
}

#[test]
fn a_dump_brings_back_the_same_solve() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("case.json");
    let graph = ring(12);
    let mut options = graph.default_options();
    options.stop.relative_cost = 1e-3;
    dump(&path, &graph, &options).unwrap();
    let back = reload(&path).unwrap();
    assert_eq!(back.options, Some(options));
    let AnyProblem::Graph2(mut again) = back.problem else {
        unreachable!("a planar graph was dumped")
    };
    assert_eq!(again.poses(), graph.poses());
    let mut graph = graph;
    let solver = Solver::new(options).unwrap();
    let (one, two) = (
        solver.solve(&mut graph).unwrap(),
        solver.solve(&mut again).unwrap(),
    );
    assert_eq!(one.final_cost.to_bits(), two.final_cost.to_bits());

    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(
        &path,
        text.replacen("\"threads\":1", "\"threads\":\"many\"", 1),
    )
    .unwrap();
    let error = reload(&path).unwrap_err();
    assert!(matches!(error, Error::DumpedOptions { .. }), "{error}");
}

#![allow(clippy::unwrap_used)]

use std::ops::ControlFlow;

use serde_json::Value;
use slam16_problem::{Note, ProblemKind};

use super::*;
use crate::toy::{self, Toy};
use crate::{Fallback, Iterations, Options};

fn summary() -> Summary {
    let mut toy = Toy::new(toy::wall, &[10.0]);
    let mut problem = Toy::description();
    problem.notes = (0..7)
        .map(|variable| Note::Unconstrained {
            variable,
            label: 40,
        })
        .collect();
    let options = Options::for_kind(ProblemKind::PoseGraph2);
    Iterations::new(&mut toy, problem, &options)
        .unwrap()
        .run(|_| ControlFlow::Continue(()))
        .unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn json_has_the_documented_keys() {
    let json = serde_json::to_value(summary()).unwrap();
    for key in [
        "version",
        "problem",
        "given",
        "used",
        "initial_cost",
        "final_cost",
        "robust_cost",
        "g2o_chi2",
        "iterations",
        "stop",
        "seconds",
        "readbacks",
        "bytes",
        "threads",
        "notes",
        "warnings",
    ] {
        assert!(keys(&json).contains(&key), "{key}");
    }
    for (part, expected) in [
        ("problem", vec!["kind", "variables", "factors", "dof"]),
        (
            "used",
            vec![
                "backend",
                "adapter",
                "driver",
                "precision",
                "linear_solver",
                "ordering",
                "fallbacks",
            ],
        ),
        ("stop", vec!["reason", "value", "threshold"]),
        (
            "seconds",
            vec![
                "total",
                "setup",
                "linearize",
                "linear_solve",
                "update",
                "io",
            ],
        ),
        ("bytes", vec!["host", "device"]),
    ] {
        for key in expected {
            assert!(keys(&json[part]).contains(&key), "{part}.{key}");
        }
    }
    for key in [
        "cost",
        "gradient_norm",
        "step_norm",
        "damping",
        "accepted",
        "linear_iterations",
        "precision",
        "seconds",
    ] {
        assert!(keys(&json["iterations"][0]).contains(&key), "{key}");
    }
    assert_eq!(json["given"]["linear"]["solver"], "auto");
    assert_eq!(json["iterations"][0]["precision"], "f64");
}

#[test]
fn json_round_trips_even_what_is_not_finite() {
    let mut summary = summary();
    summary.g2o_chi2 = Some(12.5);
    summary.iterations[0].step_norm = f64::INFINITY;
    summary.stop = Stop::Diverged {
        value: f64::INFINITY,
        threshold: 1e9,
    };
    let json = serde_json::to_string(&summary).unwrap();
    assert_eq!(serde_json::from_str::<Summary>(&json).unwrap(), summary);
    // A NaN differs from itself, so its text is compared.
    summary.iterations[0].cost = f64::NAN;
    let json = serde_json::to_string(&summary).unwrap();
    let back: Summary = serde_json::from_str(&json).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), json);
    for word in ["NaN", "Infinity", ":inf", ":nan"] {
        assert!(!json.contains(word), "{word}");
    }
}

#[test]
fn text_gives_given_beside_used_and_why() {
    let mut summary = summary();
    summary.used.linear_solver_why = "2 unknowns".to_owned();
    summary.used.fallbacks.push(Fallback {
        from: "f16".to_owned(),
        to: "f32".to_owned(),
        why: "overflow".to_owned(),
    });
    summary.warnings.push("look here".to_owned());
    summary.final_cost += 1.0;
    summary.g2o_chi2 = Some(3.0);
    summary.bytes.device = 1 << 20;
    let text = summary.to_string();
    for part in [
        "pose graph in the plane, 1 variables",
        "linear solver   auto                  dense (2 unknowns)",
        "algorithm       levenberg-marquardt",
        "fallback        f16 -> f32: overflow",
        "robust cost ",
        "g2o chi2 ",
        "device 1.0 MiB, 0 readbacks",
        "stop            converged: ",
        "vertex 40",
        "and 2 more",
        "warning         look here",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(text.lines().all(|line| line.trim_end() == line), "{text}");
    assert!(summary.brief().contains("accepted"));
}

#[test]
fn without_losses_there_is_one_cost() {
    let summary = summary();
    assert_eq!(summary.robust_cost, summary.final_cost);
    assert!(!summary.to_string().contains("robust"));
}

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::*;

const KINDS: [ProblemKind; 3] = [
    ProblemKind::PoseGraph2,
    ProblemKind::PoseGraph3,
    ProblemKind::Bundle,
];

#[test]
fn defaults_are_valid_and_round_trip() {
    for kind in KINDS {
        for name in AlgorithmName::ALL {
            let mut options = Options::for_kind(kind);
            options.algorithm = name.for_kind(kind);
            options.stop.time_budget = Some(Duration::from_millis(80).into());
            options.linear.refactor = RefactorPolicy::Reuse(ReuseOptions::default());
            options.validate().unwrap();
            assert_eq!(options.algorithm.name(), *name);
            let json = serde_json::to_string(&options).unwrap();
            assert_eq!(serde_json::from_str::<Options>(&json).unwrap(), options);
        }
    }
}

#[test]
fn damping_of_graphs_starts_at_nearly_nothing() {
    let Algorithm::LevenbergMarquardt(graph) = Options::for_kind(KINDS[0]).algorithm else {
        unreachable!()
    };
    let Algorithm::LevenbergMarquardt(bundle) = Options::for_kind(KINDS[2]).algorithm else {
        unreachable!()
    };
    assert_eq!((graph.initial_damping, graph.min_damping), (1e-12, 1e-13));
    assert_eq!((bundle.initial_damping, bundle.min_damping), (1e-4, 1e-16));
}

#[test]
fn solvers_are_written_as_on_the_command_line() {
    for (text, kind) in [
        ("auto", LinearSolverKind::Auto),
        ("cholesky", LinearSolverKind::Cholesky),
        ("schur", LinearSolverKind::Schur(SchurReduced::Auto)),
        (
            "schur:sparse",
            LinearSolverKind::Schur(SchurReduced::Sparse),
        ),
        ("cgnr", LinearSolverKind::Cgnr(ColumnScaling::Projected)),
        (
            "cgnr:columns",
            LinearSolverKind::Cgnr(ColumnScaling::Columns),
        ),
        ("cgnr-ic", LinearSolverKind::CgnrIc(Fill::Auto)),
        ("cgnr-ic:ic2", LinearSolverKind::CgnrIc(Fill::Level(2))),
        (
            "cgnr-ic:ict:0.01",
            LinearSolverKind::CgnrIc(Fill::Threshold(0.01)),
        ),
        ("cgnr-ic:complete", LinearSolverKind::CgnrIc(Fill::Complete)),
        ("schur-pcg", LinearSolverKind::SchurPcg),
    ] {
        assert_eq!(text.parse(), Ok(kind));
        assert_eq!(kind.to_string(), text);
    }
    // The default form may be written out.
    assert_eq!(
        "cgnr:projected".parse(),
        Ok(LinearSolverKind::Cgnr(ColumnScaling::Projected))
    );
    for bad in [
        "qr",
        "auto:x",
        "cgnr:",
        "cgnr-ic:icx",
        "cgnr-ic:ict:2",
        "schur:big",
    ] {
        let error = bad.parse::<LinearSolverKind>().unwrap_err().to_string();
        assert!(
            error.contains("use ") || error.contains("number"),
            "{error}"
        );
    }
}

#[test]
fn words_round_trip() {
    for ordering in Ordering::ALL {
        assert_eq!(ordering.to_string().parse(), Ok(*ordering));
    }
    for name in AlgorithmName::ALL {
        assert_eq!(name.to_string().parse(), Ok(*name));
    }
    let error = "newton".parse::<AlgorithmName>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown algorithm 'newton': use levenberg-marquardt, gauss-newton or dogleg"
    );
}

#[test]
fn durations_need_a_unit() {
    for (text, nanoseconds, printed) in [
        ("80ms", 80_000_000, "80ms"),
        ("1.5s", 1_500_000_000, "1500ms"),
        ("2s", 2_000_000_000, "2s"),
        ("1.5min", 90_000_000_000, "90s"),
        ("250us", 250_000, "250us"),
        ("7ns", 7, "7ns"),
    ] {
        let budget: TimeBudget = text.parse().unwrap();
        assert_eq!(budget.duration(), Duration::from_nanos(nanoseconds));
        assert_eq!(budget.to_string(), printed);
        assert_eq!(printed.parse(), Ok(budget));
    }
    for bad in ["80", "", "ms", "-1s", "0ms", "infs", "NaNs", "1h", "1e30s"] {
        assert!(bad.parse::<TimeBudget>().is_err(), "{bad}");
    }
}

/// Options for a bundle with one change.
fn changed(change: impl FnOnce(&mut Options)) -> Options {
    let mut options = Options::for_kind(ProblemKind::Bundle);
    change(&mut options);
    options
}

fn lm(change: impl FnOnce(&mut LmOptions)) -> Options {
    changed(|options| {
        let mut lm = LmOptions::for_kind(ProblemKind::Bundle);
        change(&mut lm);
        options.algorithm = Algorithm::LevenbergMarquardt(lm);
    })
}

#[test]
fn every_bad_value_is_named() {
    let dogleg = |change: fn(&mut DoglegOptions)| {
        changed(|options| {
            let mut dogleg = DoglegOptions::for_kind(ProblemKind::Bundle);
            change(&mut dogleg);
            options.algorithm = Algorithm::Dogleg(dogleg);
        })
    };
    let near_zero = |shrink, raise| {
        lm(|lm| {
            lm.policy = DampingPolicy::NearZero {
                shrink_gain: 0.75,
                shrink,
                jump: 1e-10,
                raise,
            };
        })
    };
    let cases = [
        (
            lm(|lm| lm.initial_damping = 0.0),
            "algorithm.initial_damping",
        ),
        (lm(|lm| lm.min_damping = 1.0), "algorithm.min_damping"),
        (
            lm(|lm| lm.max_damping = f64::INFINITY),
            "algorithm.max_damping",
        ),
        (lm(|lm| lm.max_damping = 1e-5), "algorithm.max_damping"),
        (lm(|lm| lm.min_gain = 1.0), "algorithm.min_gain"),
        (near_zero(2.0, 10.0), "algorithm.policy.shrink"),
        (near_zero(0.1, 1.0), "algorithm.policy.raise"),
        (
            dogleg(|d| d.initial_radius = f64::NAN),
            "algorithm.initial_radius",
        ),
        (dogleg(|d| d.min_radius = 1e5), "algorithm.min_radius"),
        (dogleg(|d| d.damping = -1.0), "algorithm.damping"),
        (
            changed(|o| o.stop.relative_cost = -1.0),
            "stop.relative_cost",
        ),
        (changed(|o| o.stop.gradient = f64::NAN), "stop.gradient"),
        (changed(|o| o.stop.step = 1.0), "stop.step"),
        (changed(|o| o.stop.rounding = 1.0), "stop.rounding"),
        (
            changed(|o| o.stop.max_iterations = 0),
            "stop.max_iterations",
        ),
        (
            changed(|o| o.stop.time_budget = Some(Duration::ZERO.into())),
            "stop.time_budget",
        ),
        (
            changed(|o| o.linear.cg.tolerance = 1.0),
            "linear.cg.tolerance",
        ),
        (
            changed(|o| o.linear.cg.model_tolerance = -0.1),
            "linear.cg.model_tolerance",
        ),
        (
            changed(|o| o.linear.cg.max_iterations = 0),
            "linear.cg.max_iterations",
        ),
        (
            changed(|o| o.linear.cg.checkpoint_every = 0),
            "linear.cg.checkpoint_every",
        ),
        (
            changed(|o| o.linear.preconditioner.shift = 1.0),
            "linear.preconditioner.shift",
        ),
        (
            changed(|o| o.linear.preconditioner.refresh = RefreshPolicy::Growth(0.5)),
            "linear.preconditioner.refresh.growth",
        ),
        (
            changed(|o| {
                o.linear.refactor = RefactorPolicy::Reuse(ReuseOptions {
                    max_iterations: 0,
                    ..ReuseOptions::default()
                });
            }),
            "linear.refactor.max_iterations",
        ),
        (
            changed(|o| o.linear.solver = LinearSolverKind::CgnrIc(Fill::Threshold(0.0))),
            "linear.solver",
        ),
        (changed(|o| o.threads = 0), "threads"),
        (
            changed(|o| {
                o.precision = Precision::F32;
                o.half_arithmetic = HalfArithmetic::Products;
            }),
            "half_arithmetic products",
        ),
    ];
    for (options, path) in cases {
        let message = options.validate().unwrap_err().to_string();
        assert!(message.contains(path), "{path}: {message}");
    }
}

#[test]
fn what_shaped_the_setup_cannot_be_changed_later() {
    let options = Options::for_kind(ProblemKind::Bundle);
    let free = changed(|o| {
        o.stop.max_iterations = 3;
        o.algorithm = Algorithm::GaussNewton;
    });
    options.validate_as_update(&free).unwrap();
    for (fixed, option) in [
        (
            changed(|o| o.linear.solver = LinearSolverKind::Cholesky),
            "linear.solver",
        ),
        (
            changed(|o| o.linear.ordering = Ordering::Amd),
            "linear.ordering",
        ),
        (changed(|o| o.linear.cg.max_iterations = 7), "linear.cg"),
        (
            changed(|o| o.linear.preconditioner.shift = 0.0),
            "linear.preconditioner",
        ),
        (
            changed(|o| o.linear.refactor = RefactorPolicy::Reuse(ReuseOptions::default())),
            "linear.refactor",
        ),
        (changed(|o| o.precision = Precision::F64), "precision"),
        (
            changed(|o| o.half_arithmetic = HalfArithmetic::Products),
            "half_arithmetic",
        ),
        (changed(|o| o.threads = 2), "threads"),
    ] {
        assert_eq!(
            options.validate_as_update(&fixed),
            Err(OptionsError::Fixed { option })
        );
    }
    let bad = changed(|o| o.threads = 0);
    assert!(options.validate_as_update(&bad).is_err());
}

#[test]
fn a_misspelt_key_is_refused() {
    let json = serde_json::to_string(&Options::for_kind(ProblemKind::Bundle)).unwrap();
    let misspelt = json.replace("max_iterations", "max_iteration");
    assert!(serde_json::from_str::<Options>(&misspelt).is_err());
}

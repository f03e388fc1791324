//! Whole solves with linear systems on a GPU, against the CPU and known optima.

use slam16::gpu::{Gpu, Rung};
use slam16::io::AnyProblem;
use slam16::problem::{Bundle, ProblemKind};
use slam16::solver::conformance::{Known, check};
use slam16::solver::{
    AlgorithmName, HalfArithmetic, LinearSolverKind, Options, Precision, Summary,
};
use slam16::{Device, Error, ErrorClass, Solver, gpu};

use slam16_sim::{SceneOptions, scene};

use crate::data::{load, reaches, stereo_window};
use crate::devices::{gpus, no_complaints, open};

fn bundle(name: &str) -> Bundle {
    match load(name) {
        AnyProblem::Bundle(bundle) => bundle,
        _ => panic!("{name} is a graph"),
    }
}

fn options(precision: Precision) -> Options {
    Options {
        precision,
        ..Options::for_kind(ProblemKind::Bundle)
    }
}

fn solve(gpu: &Gpu, mut bundle: Bundle, precision: Precision) -> Summary {
    let solver = Solver::new(options(precision)).unwrap();
    let summary = solver.on(Device::Gpu(gpu.clone())).solve(&mut bundle);
    no_complaints();
    summary.unwrap()
}

/// One adapter: software ones give the same results, slowly.
fn first() -> Option<&'static Gpu> {
    gpus().first()
}

fn check_optimum(summary: &Summary, best: f64) {
    let (cost, stop) = (summary.final_cost, summary.stop);
    assert!(summary.converged(), "{stop:?}");
    assert!(reaches(cost, best, 1e-6), "{cost} against {best}, {stop:?}");
    assert_eq!(summary.used.backend, "gpu");
    assert_eq!(summary.used.linear_solver, "cgnr:projected");
    assert!(summary.readbacks > 0 && summary.bytes.device > 0);
}

#[test]
fn dubrovnik_in_mixed_precision() {
    let Some(gpu) = first() else { return };
    let summary = solve(
        gpu,
        bundle("ba/problem-16-22106-pre.txt.bz2"),
        Precision::Mixed,
    );
    check_optimum(&summary, 18_033.903_5);
    assert_eq!(summary.used.precision.products, "f16");
    assert!(
        summary.used.fallbacks.is_empty(),
        "{:?}",
        summary.used.fallbacks
    );
}

#[test]
fn trafalgar_in_mixed_precision_and_f32() {
    let Some(gpu) = first() else { return };
    for precision in [Precision::Mixed, Precision::F32] {
        let summary = solve(gpu, bundle("ba/problem-21-11315-pre.txt.bz2"), precision);
        check_optimum(&summary, 30_378.635_9);
    }
}

/// Everything in half precision: sums overflow, no step helps.
#[test]
fn naive_half_precision_fails() {
    let Some(gpu) = first() else { return };
    let summary = solve(
        gpu,
        bundle("ba/problem-16-22106-pre.txt.bz2"),
        Precision::NaiveHalf,
    );
    assert!(summary.final_cost > 1.1 * 18_033.903_5, "{summary}");
    assert_eq!(summary.used.precision.vectors, "f16");
}

/// Every adapter, every rung: the same optimum; half storage on all of its
/// rungs gives the same bits.
#[test]
fn the_stereo_window_on_every_rung() {
    let best = 1_577.030_11;
    for index in 0..gpus().len() {
        let mut halves: Vec<Vec<f64>> = Vec::new();
        let mut forbid = Vec::new();
        loop {
            let gpu = open(index, &forbid);
            let roles = Precision::Mixed.roles(ProblemKind::Bundle);
            let rung = gpu.plan(roles).unwrap().rung;
            if rung == Rung::Cpu {
                break;
            }
            let summary = solve(&gpu, stereo_window(), Precision::Mixed);
            check_optimum(&summary, best);
            let costs = summary.iterations.iter().map(|i| i.cost).collect();
            if rung < Rung::Single {
                halves.push(costs);
                assert_eq!(summary.used.precision.products, "f16");
            } else {
                assert_eq!(summary.used.precision.products, "f32");
                assert!(!summary.used.fallbacks.is_empty());
            }
            forbid.push(rung);
        }
        assert!(halves.windows(2).all(|w| w[0] == w[1]), "{halves:?}");
    }
}

#[test]
fn two_solves_have_the_same_bits() {
    for gpu in gpus() {
        let runs = [0, 1].map(|_| {
            let summary = solve(gpu, stereo_window(), Precision::Mixed);
            let costs: Vec<u64> = summary
                .iterations
                .iter()
                .map(|i| i.cost.to_bits())
                .collect();
            (costs, summary.final_cost.to_bits())
        });
        assert_eq!(runs[0], runs[1]);
    }
}

/// As many iterations as the CPU takes with the same storage, give or take
/// what the rounding of sums decides.
#[test]
fn iterations_are_those_of_the_cpu() {
    let Some(gpu) = first() else { return };
    let mut bundle = stereo_window();
    let mut on_cpu = options(Precision::Mixed);
    on_cpu.linear.solver = "cgnr".parse().unwrap();
    let cpu = Solver::new(on_cpu).unwrap().solve(&mut bundle).unwrap();
    let device = solve(gpu, stereo_window(), Precision::Mixed);
    let count = |s: &Summary| -> usize { s.iterations.iter().map(|i| i.linear_iterations).sum() };
    let (cpu, device) = (count(&cpu), count(&device));
    assert!(
        device.abs_diff(cpu) <= 2 + cpu / 10,
        "{device}, {cpu} on the CPU"
    );
}

fn small() -> Bundle {
    let options = SceneOptions {
        cameras: 4,
        points: 40,
        visible: 0.9,
        ..SceneOptions::default()
    };
    scene(&options).unwrap().bundle
}

/// The rules of every backend, on every adapter.
#[test]
fn the_gpu_backend_conforms() {
    let mut exact = options(Precision::F64);
    exact.stop.relative_cost = 1e-14;
    let mut bundle = small();
    let unknowns = slam16::plan(&mut bundle, &exact, &Device::Cpu)
        .unwrap()
        .problem
        .dof;
    let optimum = Solver::new(exact)
        .unwrap()
        .solve(&mut bundle)
        .unwrap()
        .final_cost;
    for gpu in gpus() {
        for precision in [Precision::Mixed, Precision::F32] {
            let mut options = options(precision);
            options.linear.solver = "cgnr".parse().unwrap();
            let known = Known {
                kind: ProblemKind::Bundle,
                options,
                unknowns,
                optimum,
                tolerance: 1e-6,
                algorithms: vec![AlgorithmName::LevenbergMarquardt],
            };
            let verdict = check(&known, &|options, body| {
                let mut bundle = small();
                let mut backend = gpu::backend(gpu, &mut bundle, options)?;
                body(&mut backend)
            });
            verdict.unwrap_or_else(|e| panic!("{} {precision}: {e}", gpu.adapter()));
        }
    }
    no_complaints();
}

#[test]
fn what_the_gpu_has_not_is_refused_by_name() {
    let Some(gpu) = first() else { return };
    let refused = |change: &dyn Fn(&mut Options), words: &str| {
        let mut options = options(Precision::Mixed);
        change(&mut options);
        let solver = Solver::new(options).unwrap().on(Device::Gpu(gpu.clone()));
        let error = solver.solve(&mut stereo_window()).unwrap_err();
        assert_eq!(error.class(), ErrorClass::Usage, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    };
    refused(
        &|o| o.linear.solver = LinearSolverKind::Cholesky,
        "cholesky",
    );
    refused(
        &|o| o.linear.solver = "cgnr:blocks".parse().unwrap(),
        "cgnr:blocks",
    );
    refused(&|o| o.precision = Precision::F64, "f64");
    refused(
        &|o| o.half_arithmetic = HalfArithmetic::Products,
        "products",
    );
}

#[test]
fn a_lost_device_ends_the_solve_with_an_error() {
    for index in 0..gpus().len() {
        let gpu = open(index, &[]);
        let mut bundle = stereo_window();
        let solver = Solver::new(options(Precision::Mixed)).unwrap();
        let solver = solver.on(Device::Gpu(gpu.clone()));
        let mut steps = solver.iterate(&mut bundle).unwrap();
        steps.next().unwrap().unwrap();
        gpu.close();
        let error = steps.find_map(Result::err).unwrap();
        assert_eq!(error.class(), ErrorClass::Device, "{error}");
        assert!(
            matches!(error, Error::Backend(_) | Error::Solve(_)),
            "{error:?}"
        );
        let after = steps.finish();
        assert!(
            after.final_cost < after.initial_cost,
            "the best state is kept"
        );
    }
}

/// The device is lost after the first step: the rest is the CPU's, and said.
#[test]
fn the_cpu_takes_over_where_it_may() {
    for index in 0..gpus().len() {
        let gpu = open(index, &[]);
        let mut bundle = stereo_window();
        let solver = Solver::new(options(Precision::Mixed)).unwrap();
        let solver = solver.on(Device::GpuElseCpu(gpu.clone()));
        let mut steps = solver.iterate(&mut bundle).unwrap();
        steps.next().unwrap().unwrap();
        gpu.close();
        for step in steps.by_ref() {
            step.unwrap();
        }
        let summary = steps.finish();
        assert!(summary.converged(), "{summary}");
        assert!(reaches(summary.final_cost, 1_577.030_11, 1e-6), "{summary}");
        let fallback = &summary.used.fallbacks[0];
        assert!(fallback.to.ends_with("on the CPU"), "{fallback:?}");
        assert!(fallback.why.contains("lost"), "{fallback:?}");
    }
}

/// After the first steps a solve makes no more buffers and compiles nothing.
#[test]
fn later_steps_allocate_nothing_on_the_device() {
    for index in 0..gpus().len() {
        let gpu = open(index, &[]);
        let mut bundle = stereo_window();
        let solver = Solver::new(options(Precision::Mixed)).unwrap();
        let mut steps = solver
            .on(Device::Gpu(gpu.clone()))
            .iterate(&mut bundle)
            .unwrap();
        steps.next().unwrap().unwrap();
        steps.next().unwrap().unwrap();
        let before = gpu.counters();
        let mut tried = 0;
        for step in steps.by_ref() {
            step.unwrap();
            tried += 1;
        }
        let after = gpu.counters();
        assert!(tried > 1 && after.submissions > before.submissions);
        assert_eq!(after.buffers, before.buffers);
        assert_eq!(after.pipelines, before.pipelines);
        assert_eq!(after.bytes, before.bytes);
        // Each wait has its submission; about 16 iterations fit into one.
        let waits = after.readbacks - before.readbacks;
        assert_eq!(waits, after.submissions - before.submissions);
        assert!(waits <= 4 * tried, "{waits} waits in {tried} steps");
    }
}

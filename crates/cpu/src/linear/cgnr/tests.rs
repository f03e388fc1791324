#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use slam16_problem::ProblemKind;
use slam16_solver::Precision;

use super::*;
use crate::linear::test_problems::{bundle, chain, energy_error, step_of};

const SCALINGS: [ColumnScaling; 3] = [
    ColumnScaling::Columns,
    ColumnScaling::Blocks,
    ColumnScaling::Projected,
];

fn settings(scaling: ColumnScaling, precision: Precision) -> CgnrSettings {
    CgnrSettings {
        scaling,
        cg: CgOptions {
            model_tolerance: 0.0,
            max_iterations: 3000,
            ..CgOptions::for_kind(ProblemKind::Bundle)
        },
        roles: precision.roles(ProblemKind::Bundle),
        half_arithmetic: HalfArithmetic::Storage,
    }
}

fn setup(jacobian: &Jacobian<f64>, eliminable_from: usize) -> Setup {
    Setup {
        structure: jacobian.structure().clone(),
        held: vec![false; jacobian.layout().scalars()],
        notes: Vec::new(),
        eliminable_from,
    }
}

/// The relative residual bounds the relative energy error up to the square
/// root of the condition number of the scaled system, below 10³ here. Storage
/// in f16 solves another system besides: entries off by `2⁻¹¹` in rows of 12
/// perturb `A` by `√12 2⁻¹¹` against a smallest singular value of `√λ`.
#[test]
fn reaches_the_dense_solution_for_all_scalings_sizes_and_precisions() {
    let threads = Threads::single();
    for (precision, tolerance) in [
        (Precision::F64, 1e-9),
        (Precision::F32, 1e-5),
        (Precision::Mixed, 1e-5),
    ] {
        for scaling in SCALINGS {
            for (cameras, points) in [(2, 1), (5, 63), (6, 64), (7, 65)] {
                let jacobian = bundle(cameras, points, points as u64);
                let setup = setup(&jacobian, cameras);
                let mut solver = settings(scaling, precision).build(&setup);
                let (step, outcome) = step_of(&mut *solver, &jacobian, 1e-3, tolerance, &threads);
                assert!(step[..9].iter().all(|x| *x == 0.0), "the held camera moved");
                assert!(outcome.iterations > 0);
                let error = energy_error(&jacobian, 1e-3, &step);
                let storage = if precision == Precision::Mixed {
                    (12.0_f64 / 1e-3).sqrt() * 2.0_f64.powi(-11)
                } else {
                    0.0
                };
                let bound = 1e3 * tolerance + storage;
                let name = format!("{precision} {scaling} {points}");
                assert!(error < bound, "{name}: {error:e}");
                // A solve that stops at once is refused by the same bound.
                let (rough, _) = step_of(&mut *solver, &jacobian, 1e-3, 0.9, &threads);
                let rough = energy_error(&jacobian, 1e-3, &rough);
                let refused = rough > bound;
                assert!(refused || points < 60, "{name}: {rough:e}");
            }
        }
    }
}

#[test]
fn better_scalings_take_fewer_iterations() {
    let threads = Threads::single();
    let jacobian = bundle(12, 150, 4);
    let iterations = SCALINGS.map(|scaling| {
        let mut solver = settings(scaling, Precision::F64).build(&setup(&jacobian, 12));
        step_of(&mut *solver, &jacobian, 1e-5, 1e-3, &threads)
            .1
            .iterations
    });
    let [columns, blocks, projected] = iterations;
    assert!(columns > blocks && blocks > projected, "{iterations:?}");
}

#[test]
fn storage_in_16_bits_keeps_the_iteration_count() {
    let threads = Threads::single();
    let jacobian = bundle(12, 150, 4);
    for scaling in SCALINGS {
        let [wide, half] = [Precision::F32, Precision::Mixed].map(|precision| {
            let mut solver = settings(scaling, precision).build(&setup(&jacobian, 12));
            let (_, outcome) = step_of(&mut *solver, &jacobian, 1e-4, 1e-2, &threads);
            outcome.iterations
        });
        assert!(
            half as f64 <= 1.2 * wide as f64 + 2.0,
            "{scaling}: {half} {wide}"
        );
    }
}

#[test]
fn one_and_two_threads_give_the_same_bits() {
    let jacobian = bundle(20, 700, 3);
    for scaling in SCALINGS {
        for precision in [Precision::F64, Precision::Mixed] {
            let mut results = Vec::new();
            for count in [1, 2, 1] {
                let threads = Threads::new(count).unwrap();
                let mut solver = settings(scaling, precision).build(&setup(&jacobian, 20));
                results.push(step_of(&mut *solver, &jacobian, 1e-4, 1e-2, &threads));
            }
            assert_eq!(results[0], results[1]);
            assert_eq!(results[0], results[2]);
        }
    }
}

#[test]
fn damping_is_that_of_the_request() {
    let jacobian = bundle(5, 40, 8);
    for scaling in SCALINGS {
        for damping in [1e-2, 1.0, 100.0] {
            let mut solver = settings(scaling, Precision::F64).build(&setup(&jacobian, 5));
            let threads = Threads::single();
            let (step, _) = step_of(&mut *solver, &jacobian, damping, 1e-11, &threads);
            let error = energy_error(&jacobian, damping, &step);
            assert!(error < 1e-8, "{scaling} {damping}: {error:e}");
            assert!(energy_error(&jacobian, 2.0 * damping, &step) > 1e-5);
        }
    }
}

/// Without eliminable variables the projected form is the one by blocks.
#[test]
fn a_graph_has_nothing_to_project() {
    let threads = Threads::single();
    let jacobian = chain(64, 6, 2);
    let mut solver =
        settings(ColumnScaling::Projected, Precision::F64).build(&setup(&jacobian, 64));
    let (step, _) = step_of(&mut *solver, &jacobian, 1e-3, 1e-9, &threads);
    assert!(energy_error(&jacobian, 1e-3, &step) < 1e-6);
}

/// Storage alone keeps the digits. f16 products stall far from a tight
/// tolerance: the checkpoint sees it and raises the precision. All in f16,
/// unguarded and unscaled, the solve gets nowhere.
#[test]
fn half_arithmetic_is_what_it_says() {
    let threads = Threads::single();
    let jacobian = bundle(8, 100, 9);
    let solve = |scaling, precision: Precision, half_arithmetic, tolerance| {
        let mut settings = settings(scaling, precision);
        settings.half_arithmetic = half_arithmetic;
        settings.cg.max_iterations = 600;
        let mut solver = settings.build(&setup(&jacobian, 8));
        let (step, _) = step_of(&mut *solver, &jacobian, 1e-4, tolerance, &threads);
        (energy_error(&jacobian, 1e-4, &step), solver.describe())
    };
    for scaling in SCALINGS {
        for arithmetic in [HalfArithmetic::Products, HalfArithmetic::Accumulate] {
            let (error, used) = solve(scaling, Precision::Mixed, arithmetic, 1e-6);
            assert!(error < 1e-2, "{scaling} {arithmetic}: {error:e}");
            assert_eq!(used.fallbacks.len(), 1, "{scaling} {arithmetic}");
            assert_eq!(
                (&*used.precision.products, &*used.precision.vectors),
                ("f16", "f32")
            );
        }
        let (error, _) = solve(scaling, Precision::Mixed, HalfArithmetic::Storage, 1e-2);
        assert!(error < 0.1, "{scaling}: {error:e}");
    }
    // Residuals as large as a poor start has them: the first dot product in
    // f16 overflows, and the step is zero.
    let mut far = jacobian.clone();
    far.residuals.iter_mut().flatten().for_each(|r| *r *= 1e4);
    for (precision, lost) in [(Precision::NaiveHalf, true), (Precision::Mixed, false)] {
        let mut solver = settings(ColumnScaling::Columns, precision).build(&setup(&far, 8));
        let (step, outcome) = step_of(&mut *solver, &far, 1e-4, 1e-2, &threads);
        assert_eq!(outcome.iterations == 0, lost, "{precision}");
        assert_eq!(energy_error(&far, 1e-4, &step) > 0.9, lost, "{precision}");
    }
}

#[test]
fn limits_are_kept() {
    let threads = Threads::single();
    let jacobian = bundle(8, 100, 6);
    for scaling in SCALINGS {
        let mut few = settings(scaling, Precision::F64);
        few.cg.max_iterations = 3;
        let mut solver = few.build(&setup(&jacobian, 8));
        let (_, outcome) = step_of(&mut *solver, &jacobian, 1e-6, 1e-12, &threads);
        assert_eq!(outcome.iterations, 3);
        let n = jacobian.layout().scalars();
        let (mut gradient, mut scale, mut step) = (vec![0.0; n], vec![0.0; n], vec![f64::NAN; n]);
        solver
            .update(&jacobian, &mut gradient, &mut scale, &threads)
            .unwrap();
        let past = LinearRequest {
            damping: 1e-6,
            tolerance: 1e-12,
            deadline: Instant::now().checked_sub(Duration::from_millis(1)),
        };
        let outcome = solver
            .solve(&jacobian, &gradient, &scale, &past, &mut step, &threads)
            .unwrap();
        assert!(outcome.interrupted && step.iter().all(|x| x.is_finite()));
    }
}

//! Steps against the dense solution of the same equations.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use nalgebra::{DMatrix, DVector};
use slam16_solver::{LinearRequest, RefactorPolicy, ReuseOptions};
use slam16_sparse::{
    BlockLayout, EdgeShape, EdgeStructure, Jacobian, JacobianStructure, NO_VARIABLE, Ordering,
    Threads,
};

use super::*;

fn random(seed: &mut u64) -> f64 {
    *seed = seed
        .wrapping_mul(6364136223846793005)
        .wrapping_add(1442695040888963407);
    (*seed >> 33) as f64 / 2.0_f64.powi(31) - 0.5
}

/// A ring of `n` variables of dimension 3 with chords, and a prior on each,
/// so that the normal matrix is well conditioned.
fn ring(n: u32, seed: u64) -> Jacobian<f64> {
    let mut seed = seed;
    let layout = Arc::new(BlockLayout::new((0..n).map(|_| 3)));
    let shape = |cols_b| EdgeShape {
        rows: 3,
        cols_a: 3,
        cols_b,
    };
    let (a, b): (Vec<u32>, Vec<u32>) = (0..n)
        .flat_map(|i| [(i, (i + 1) % n), (i, (i * 7 + 3) % n)])
        .filter(|(a, b)| a != b)
        .unzip();
    let edges = EdgeStructure::new(shape(3), a, b, n as usize);
    let priors = EdgeStructure::new(
        shape(0),
        (0..n).collect(),
        vec![NO_VARIABLE; n as usize],
        n as usize,
    );
    let mut jacobian = Jacobian::zeros(JacobianStructure {
        dense: None,
        layout,
        sets: vec![Arc::new(edges), Arc::new(priors)],
    });
    for set in &mut jacobian.sets {
        set.a.iter_mut().for_each(|v| *v = random(&mut seed));
        set.b.iter_mut().for_each(|v| *v = random(&mut seed));
    }
    for residuals in &mut jacobian.residuals {
        residuals.iter_mut().for_each(|v| *v = random(&mut seed));
    }
    // Hold the last variable.
    let last = n - 1;
    for set in &mut jacobian.sets {
        let structure = set.structure().clone();
        for f in 0..structure.factors() {
            if structure.var_a()[f] == last {
                set.a[f * 9..(f + 1) * 9].fill(0.0);
            }
            if structure.var_b()[f] == last {
                set.b[f * 9..(f + 1) * 9].fill(0.0);
            }
        }
    }
    jacobian
}

/// `(JᵀJ + λ D) δ = −Jᵀ r` with a unit diagonal for the held variable.
fn dense_step(jacobian: &Jacobian<f64>, damping: f64) -> DVector<f64> {
    let n = jacobian.layout().scalars();
    let mut normal = DMatrix::zeros(n, n);
    let mut gradient = DVector::zeros(n);
    for (set, residuals) in jacobian.sets.iter().zip(&jacobian.residuals) {
        for f in 0..set.structure().factors() {
            let mut rows = DMatrix::zeros(3, n);
            for k in 0..9 {
                let v = set.structure().var_a()[f] as usize;
                rows[(k % 3, 3 * v + k / 3)] += set.block_a(f)[k];
                if set.structure().shape().cols_b > 0 {
                    let v = set.structure().var_b()[f] as usize;
                    rows[(k % 3, 3 * v + k / 3)] += set.block_b(f)[k];
                }
            }
            let r = DVector::from_column_slice(&residuals[3 * f..3 * f + 3]);
            normal += rows.transpose() * &rows;
            gradient += rows.transpose() * r;
        }
    }
    for i in 0..n {
        normal[(i, i)] *= 1.0 + damping;
        if normal[(i, i)] == 0.0 {
            normal[(i, i)] = 1.0;
        }
    }
    -normal.cholesky().unwrap().solve(&gradient)
}

fn step_of<T: Compute>(
    solver: &mut CholeskySolver<T>,
    jacobian: &Jacobian<f64>,
    damping: f64,
    threads: &Threads,
) -> (Vec<f64>, LinearOutcome) {
    let n = jacobian.layout().scalars();
    let (mut gradient, mut scale, mut step) = (vec![0.0; n], vec![0.0; n], vec![f64::NAN; n]);
    solver
        .update(jacobian, &mut gradient, &mut scale, threads)
        .unwrap();
    let request = LinearRequest {
        damping,
        tolerance: 0.1,
        deadline: None,
    };
    let outcome = solver
        .solve(jacobian, &gradient, &scale, &request, &mut step, threads)
        .unwrap();
    (step, outcome)
}

fn distance(step: &[f64], expected: &DVector<f64>) -> f64 {
    let difference = DVector::from_column_slice(step) - expected;
    difference.norm() / expected.norm()
}

const REUSE: RefactorPolicy = RefactorPolicy::Reuse(ReuseOptions {
    max_iterations: 20,
    max_steps: 3,
    tolerance: 1e-3,
});

#[test]
fn f64_and_corrected_f32_solve_the_same_equations() {
    for n in [2, 3, 40] {
        for damping in [0.0, 1e-3] {
            let jacobian = ring(n, 7);
            let expected = dense_step(&jacobian, damping);
            let structure = jacobian.structure();
            let threads = Threads::single();
            let mut wide =
                CholeskySolver::<f64>::new(structure, Ordering::Auto, RefactorPolicy::Always);
            let (step, outcome) = step_of(&mut wide, &jacobian, damping, &threads);
            // Condition below 1e4 here: backward error n ε κ.
            assert!(distance(&step, &expected) < 1e-9);
            assert_eq!((outcome.iterations, outcome.factorizations), (0, 1));
            assert!(wide.exact());
            assert!(step[3 * (n as usize - 1)..].iter().all(|x| *x == 0.0));
            let mut narrow =
                CholeskySolver::<f32>::new(structure, Ordering::Auto, RefactorPolicy::Always);
            let (step, outcome) = step_of(&mut narrow, &jacobian, damping, &threads);
            // `remaining` 1e-5 of the model is √1e-5 in the energy norm.
            assert!(distance(&step, &expected) < 4e-3);
            assert!(outcome.iterations >= 1 && !narrow.exact());
        }
    }
}

#[test]
fn an_old_factor_serves_until_its_steps_are_spent() {
    let threads = Threads::single();
    let mut jacobian = ring(40, 11);
    // Small residuals in proportion to a large remainder: near the optimum.
    jacobian.residuals[0].iter_mut().for_each(|r| *r *= 1e-3);
    jacobian.residuals[1].iter_mut().for_each(|r| *r *= 1e-3);
    let held = jacobian.residuals[1].len() - 3;
    jacobian.residuals[1][held..].fill(10.0);
    let mut solver = CholeskySolver::<f64>::new(jacobian.structure(), Ordering::Auto, REUSE);
    solver.reuse = solver.reuse.map(|reuse| ReuseOptions {
        max_iterations: 20,
        ..reuse
    });
    let mut factorizations = Vec::new();
    for _ in 0..6 {
        for set in &mut jacobian.sets {
            set.a.iter_mut().for_each(|v| *v *= 1.001);
        }
        let (step, outcome) = step_of(&mut solver, &jacobian, 1e-6, &threads);
        assert!(distance(&step, &dense_step(&jacobian, 1e-6)) < 0.05);
        factorizations.push(outcome.factorizations);
    }
    assert_eq!(factorizations, [1, 0, 0, 0, 1, 0]);
}

#[test]
fn far_from_the_optimum_every_step_factors() {
    let threads = Threads::single();
    let mut solver = CholeskySolver::<f64>::new(ring(40, 3).structure(), Ordering::Auto, REUSE);
    for seed in [3, 4, 5] {
        let (_, outcome) = step_of(&mut solver, &ring(40, seed), 1e-6, &threads);
        assert_eq!(outcome.factorizations, 1);
    }
}

#[test]
fn two_threads_give_the_same_bits() {
    let jacobian = ring(300, 5);
    let steps: Vec<Vec<f64>> = [1, 2]
        .map(|count| {
            let threads = Threads::new(count).unwrap();
            let mut solver =
                CholeskySolver::<f64>::new(jacobian.structure(), Ordering::Auto, REUSE);
            step_of(&mut solver, &jacobian, 1e-6, &threads).0
        })
        .into();
    assert_eq!(steps[0], steps[1]);
}

#[test]
fn a_singular_system_names_its_variable() {
    let mut jacobian = ring(5, 9);
    // Variable 2 loses one direction: equal columns.
    for set in &mut jacobian.sets {
        let structure = set.structure().clone();
        for f in 0..structure.factors() {
            for (side, block) in [(structure.var_a()[f], 0), (structure.var_b()[f], 1)] {
                if side == 2 {
                    let values = if block == 0 { &mut set.a } else { &mut set.b };
                    if !values.is_empty() {
                        values.copy_within(f * 9..f * 9 + 3, f * 9 + 3);
                    }
                }
            }
        }
    }
    let n = jacobian.layout().scalars();
    let (mut gradient, mut scale, mut step) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
    let mut solver = CholeskySolver::<f64>::new(
        jacobian.structure(),
        Ordering::Natural,
        RefactorPolicy::Always,
    );
    let threads = Threads::single();
    solver
        .update(&jacobian, &mut gradient, &mut scale, &threads)
        .unwrap();
    // Elimination leaves a pivot of rounding size, of either sign; a little
    // negative damping settles it.
    let request = LinearRequest {
        damping: -1e-12,
        tolerance: 0.1,
        deadline: None,
    };
    let error = solver
        .solve(&jacobian, &gradient, &scale, &request, &mut step, &threads)
        .unwrap_err();
    assert!(
        matches!(
            error,
            BackendError::Numeric(NumericError::NotPositiveDefinite { variable: 2, .. })
        ),
        "{error}"
    );
}

//! Small linear systems and their dense solutions.

use std::sync::Arc;

use nalgebra::{DMatrix, DVector};
use slam16_solver::{LinearOutcome, LinearRequest};
use slam16_sparse::{
    BlockLayout, EdgeShape, EdgeStructure, Jacobian, JacobianStructure, NO_VARIABLE, Threads,
};

use slam16_solver::LinearSolver;

pub(crate) struct Random(pub u64);

impl Random {
    /// Uniform in `-1..1`.
    pub fn value(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }

    pub fn below(&mut self, n: usize) -> usize {
        (((self.value() + 1.0) * 0.5 * n as f64) as usize).min(n.saturating_sub(1))
    }
}

/// A chain of `n` variables of `dim` scalars with `n / 2` loop closures, the
/// first variable held. Every edge is nearly `x_b − x_a`, as between poses, so
/// the normal matrix is about as ill-conditioned as a pose graph's.
pub(crate) fn chain(n: usize, dim: usize, seed: u64) -> Jacobian<f64> {
    let mut random = Random(seed);
    let shape = EdgeShape {
        rows: dim,
        cols_a: dim,
        cols_b: dim,
    };
    let mut pairs: Vec<(u32, u32)> = (1..n as u32).map(|v| (v - 1, v)).collect();
    for _ in 0..n / 2 {
        let (a, b) = (random.below(n) as u32, random.below(n) as u32);
        if a != b {
            pairs.push((a, b));
        }
    }
    let (var_a, var_b) = pairs.into_iter().unzip();
    let set = Arc::new(EdgeStructure::new(shape, var_a, var_b, n));
    let layout = Arc::new(BlockLayout::new((0..n).map(|_| dim)));
    let mut jacobian = Jacobian::zeros(JacobianStructure {
        dense: None,
        layout,
        sets: vec![set.clone()],
    });
    let blocks = &mut jacobian.sets[0];
    for f in 0..set.factors() {
        for k in 0..dim * dim {
            // Rows with weights from 1 to 100, as translations and rotations have.
            let weight = if (k % dim) < dim / 2 { 100.0 } else { 1.0 };
            let identity = f64::from(k % dim == k / dim);
            let at = f * dim * dim + k;
            if set.var_a()[f] != 0 {
                blocks.a[at] = weight * (-identity + 0.05 * random.value());
            }
            if set.var_b()[f] != 0 {
                blocks.b[at] = weight * (identity + 0.05 * random.value());
            }
        }
    }
    for r in jacobian.residuals.iter_mut().flatten() {
        *r = random.value();
    }
    jacobian
}

/// `cameras` of 9 scalars and `points` of 3, each point seen by a few cameras
/// that follow each other; the first camera is held.
pub(crate) fn bundle(cameras: usize, points: usize, seed: u64) -> Jacobian<f64> {
    let mut random = Random(seed);
    let shape = EdgeShape {
        rows: 2,
        cols_a: 9,
        cols_b: 3,
    };
    let (mut var_a, mut var_b) = (Vec::new(), Vec::new());
    for p in 0..points {
        let first = random.below(cameras);
        let seen = 2 + random.below(4);
        for c in first..(first + seen).min(cameras).max(first + 1) {
            var_a.push(c as u32);
            var_b.push((cameras + p) as u32);
        }
    }
    let n = cameras + points;
    let set = Arc::new(EdgeStructure::new(shape, var_a, var_b, n));
    let dims = (0..n).map(|v| if v < cameras { 9 } else { 3 });
    let mut jacobian = Jacobian::zeros(JacobianStructure {
        dense: None,
        layout: Arc::new(BlockLayout::new(dims)),
        sets: vec![set.clone()],
    });
    let blocks = &mut jacobian.sets[0];
    // Columns of very different sizes, as focal length and rotation have.
    let sizes = [1e3, 1e3, 1e3, 30.0, 30.0, 30.0, 0.5, 5.0, 2.0];
    for f in 0..set.factors() {
        for k in 0..18 {
            if set.var_a()[f] != 0 {
                blocks.a[f * 18 + k] = sizes[k / 2] * random.value();
            }
        }
        for k in 0..6 {
            blocks.b[f * 6 + k] = 50.0 * random.value();
        }
    }
    for r in jacobian.residuals.iter_mut().flatten() {
        *r = random.value();
    }
    jacobian
}

/// `JᵀJ + λ D` and `Jᵀ r`, dense, with a unit diagonal for held scalars.
pub(crate) fn dense(jacobian: &Jacobian<f64>, damping: f64) -> (DMatrix<f64>, DVector<f64>) {
    let rows = jacobian.structure().rows();
    let n = jacobian.layout().scalars();
    let mut j = DMatrix::zeros(rows, n);
    let mut row = 0;
    for set in &jacobian.sets {
        let s = set.structure();
        let height = s.shape().rows;
        for f in 0..s.factors() {
            for (v, block) in [
                (s.var_a()[f], set.block_a(f)),
                (s.var_b()[f], set.block_b(f)),
            ] {
                if v != NO_VARIABLE {
                    for (k, value) in block.iter().enumerate() {
                        let column = jacobian.layout().offset(v as usize) + k / height;
                        j[(row + k % height, column)] = *value;
                    }
                }
            }
            row += height;
        }
    }
    let r = DVector::from_iterator(rows, jacobian.residuals.iter().flatten().copied());
    let mut normal = j.transpose() * &j;
    for i in 0..n {
        normal[(i, i)] *= 1.0 + damping;
        if normal[(i, i)] == 0.0 {
            normal[(i, i)] = 1.0;
        }
    }
    (normal, j.transpose() * r)
}

/// `‖x − x*‖ / ‖x*‖` in the norm of the damped normal matrix: what conjugate
/// gradients minimise.
pub(crate) fn energy_error(jacobian: &Jacobian<f64>, damping: f64, step: &[f64]) -> f64 {
    let (normal, gradient) = dense(jacobian, damping);
    let Some(factor) = normal.clone().cholesky() else {
        return f64::NAN;
    };
    let want = -factor.solve(&gradient);
    let error = DVector::from_column_slice(step) - &want;
    (error.dot(&(&normal * &error)) / want.dot(&(&normal * &want))).sqrt()
}

/// One linearisation and one solve.
pub(crate) fn step_of(
    solver: &mut dyn LinearSolver,
    jacobian: &Jacobian<f64>,
    damping: f64,
    tolerance: f64,
    threads: &Threads,
) -> (Vec<f64>, LinearOutcome) {
    let n = jacobian.layout().scalars();
    let (mut gradient, mut scale) = (vec![f64::NAN; n], vec![f64::NAN; n]);
    let updated = solver.update(jacobian, &mut gradient, &mut scale, threads);
    assert_eq!(updated, Ok(()));
    if n <= 600 {
        let (_, want) = dense(jacobian, 0.0);
        let largest = want.amax();
        for (g, w) in gradient.iter().zip(want.iter()) {
            assert!((g - w).abs() <= 1e-12 * largest, "gradient");
        }
    }
    let mut step = vec![f64::NAN; n];
    let request = LinearRequest {
        damping,
        tolerance,
        deadline: None,
    };
    let outcome = solver.solve(jacobian, &gradient, &scale, &request, &mut step, threads);
    assert!(outcome.is_ok(), "{outcome:?}");
    (step, outcome.unwrap_or_default())
}

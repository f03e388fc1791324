//! Conjugate gradients on the f64 normal matrix, preconditioned by a factor of
//! a matrix nearby.

use std::time::Instant;

use crate::linear::dot;

/// How far a correction goes, and when it is not worth beginning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goal {
    /// Most iterations.
    pub limit: usize,
    /// Share of the model's decrease that may be left undone; the outer loop
    /// then converges at least linearly with this factor in the cost.
    pub remaining: f64,
    /// A larger decrease than this, by the factor's own estimate, is left to
    /// a new factor: far from the optimum the matrix changes with every step.
    pub largest_decrease: f64,
}

/// Work vectors of the correction.
pub(super) struct Correction {
    residual: Vec<f64>,
    direction: Vec<f64>,
    product: Vec<f64>,
    preconditioned: Vec<f64>,
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Corrected {
    pub iterations: usize,
    /// The step is good enough, or the best there was time for.
    pub converged: bool,
    /// The deadline cut it short.
    pub interrupted: bool,
}

impl Corrected {
    fn after(iterations: usize, converged: bool) -> Self {
        Self {
            iterations,
            converged,
            interrupted: false,
        }
    }
}

impl Correction {
    pub(super) fn new(scalars: usize) -> Self {
        Self {
            residual: vec![0.0; scalars],
            direction: vec![0.0; scalars],
            product: vec![0.0; scalars],
            preconditioned: vec![0.0; scalars],
        }
    }

    pub(super) fn bytes(&self) -> usize {
        4 * 8 * self.residual.len()
    }

    /// Solves `A x = −gradient` from `x = 0`.
    ///
    /// Each iteration lowers `½ xᵀAx + gᵀx` by `½ α rᵀz`. The decreases fall
    /// about geometrically, so the last two estimate what is left; the loop
    /// ends when that is below `goal.remaining` of the total, without the extra
    /// triangular solve that a residual test would need.
    pub(super) fn run(
        &mut self,
        mut multiply: impl FnMut(&[f64], &mut [f64]),
        mut precondition: impl FnMut(&[f64], &mut [f64]),
        gradient: &[f64],
        x: &mut [f64],
        goal: Goal,
        deadline: Option<Instant>,
    ) -> Corrected {
        let Goal {
            limit,
            remaining,
            largest_decrease,
        } = goal;
        x.fill(0.0);
        for (r, g) in self.residual.iter_mut().zip(gradient) {
            *r = -g;
        }
        let (mut total, mut previous_decrease) = (0.0, f64::INFINITY);
        let mut previous_rho = 0.0;
        for iteration in 0..limit {
            precondition(&self.residual, &mut self.preconditioned);
            let rho = dot(&self.residual, &self.preconditioned);
            if rho == 0.0 {
                return Corrected::after(iteration, true);
            }
            if iteration == 0 && 0.5 * rho > largest_decrease {
                return Corrected::after(0, false);
            }
            let beta = if iteration == 0 {
                0.0
            } else {
                rho / previous_rho
            };
            for (p, z) in self.direction.iter_mut().zip(&self.preconditioned) {
                *p = if iteration == 0 { *z } else { z + beta * *p };
            }
            multiply(&self.direction, &mut self.product);
            let curvature = dot(&self.direction, &self.product);
            // A factor of an indefinite or far-away matrix shows up here.
            if !(rho > 0.0 && curvature > 0.0 && curvature.is_finite()) {
                return Corrected::after(iteration, false);
            }
            let alpha = rho / curvature;
            for (x, p) in x.iter_mut().zip(&self.direction) {
                *x += alpha * p;
            }
            for (r, q) in self.residual.iter_mut().zip(&self.product) {
                *r -= alpha * q;
            }
            let decrease = 0.5 * alpha * rho;
            total += decrease;
            let ratio = (decrease / previous_decrease).min(0.9);
            let left = decrease * ratio / (1.0 - ratio);
            if left <= remaining * total && iteration > 0 {
                return Corrected::after(iteration + 1, true);
            }
            // Give up early on a factor of a matrix too far away: at this rate
            // the limit would not do.
            let needed = (remaining * total / decrease).ln() / ratio.ln();
            if iteration > 0 && iteration as f64 + needed > limit as f64 {
                return Corrected::after(iteration + 1, false);
            }
            if deadline.is_some_and(|d| Instant::now() >= d) {
                return Corrected {
                    interrupted: true,
                    ..Corrected::after(iteration + 1, true)
                };
            }
            previous_decrease = decrease;
            previous_rho = rho;
        }
        Corrected::after(limit, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOAL: Goal = Goal {
        limit: 10,
        remaining: 1e-5,
        largest_decrease: f64::INFINITY,
    };

    /// A = diag(1, 2, 4, 8) preconditioned by the identity: exact after four
    /// iterations, and a fifth may confirm it; by A itself: after one, and the second confirms it.
    #[test]
    fn reaches_the_solution_and_counts_iterations() {
        let a = [1.0, 2.0, 4.0, 8.0];
        let multiply = |x: &[f64], y: &mut [f64]| {
            for i in 0..4 {
                y[i] = a[i] * x[i];
            }
        };
        let mut c = Correction::new(4);
        let mut x = [f64::NAN; 4];
        let plain = c.run(
            multiply,
            |r, z| z.copy_from_slice(r),
            &[-1.0; 4],
            &mut x,
            Goal { limit: 100, ..GOAL },
            None,
        );
        assert!(plain.converged && plain.iterations <= 5, "{plain:?}");
        for i in 0..4 {
            assert!((x[i] - 1.0 / a[i]).abs() < 1e-2, "{x:?} {plain:?}");
        }
        let exact = c.run(
            multiply,
            |r, z| (0..4).for_each(|i| z[i] = r[i] / a[i]),
            &[-1.0; 4],
            &mut x,
            GOAL,
            None,
        );
        assert!(exact.converged && exact.iterations <= 2);
        assert!((x[3] - 0.125).abs() < 1e-15);
    }

    #[test]
    fn gives_up_on_negative_curvature_and_out_of_reach() {
        let mut c = Correction::new(2);
        let mut x = [0.0; 2];
        let negative = c.run(
            |x, y| {
                y[0] = -x[0];
                y[1] = -x[1];
            },
            |r, z| z.copy_from_slice(r),
            &[1.0, 1.0],
            &mut x,
            GOAL,
            None,
        );
        assert!(!negative.converged);
        // Eigenvalues 1 … 100, unpreconditioned: far more than ten iterations.
        let mut c = Correction::new(100);
        let limited = c.run(
            |x, y| (0..100).for_each(|i| y[i] = (i + 1) as f64 * x[i]),
            |r, z| z.copy_from_slice(r),
            &[1.0; 100],
            &mut [0.0; 100],
            GOAL,
            None,
        );
        assert!(!limited.converged && limited.iterations < 10, "{limited:?}");
    }
}

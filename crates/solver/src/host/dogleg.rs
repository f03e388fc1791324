//! Powell's dogleg between the Cauchy point and the Gauss-Newton step.
//!
//! In the metric `‖δ‖_D = √(δᵀ D δ)` the steepest descent direction is
//! `−D⁻¹ g`; the model is least along it at `t = (gᵀD⁻¹g) / ‖J D⁻¹ g‖²`.
//! Source: Nocedal and Wright, *Numerical Optimization*, section 4.1.

use super::backend::{dot, weighted_square};

/// The two legs for one linear model.
#[derive(Clone, Debug, Default)]
pub(super) struct Dogleg {
    gauss_newton: Vec<f64>,
    cauchy: Vec<f64>,
    ready: bool,
}

impl Dogleg {
    /// The linear model changed.
    pub(super) fn forget(&mut self) {
        self.ready = false;
    }

    pub(super) fn ready(&self) -> bool {
        self.ready
    }

    /// Takes the Gauss-Newton step and finds the Cauchy point;
    /// `square_of_product(v)` is `‖J v‖²`.
    pub(super) fn prepare(
        &mut self,
        gradient: &[f64],
        scale: &[f64],
        gauss_newton: &[f64],
        square_of_product: impl FnOnce(&[f64]) -> f64,
    ) {
        self.gauss_newton.clear();
        self.gauss_newton.extend_from_slice(gauss_newton);
        self.cauchy.clear();
        self.cauchy.extend(
            gradient
                .iter()
                .zip(scale)
                .map(|(g, d)| if *d > 0.0 { -g / d } else { 0.0 }),
        );
        let curvature = square_of_product(&self.cauchy);
        let slope = -dot(gradient, &self.cauchy);
        let length = if curvature > 0.0 {
            slope / curvature
        } else {
            0.0
        };
        self.cauchy.iter_mut().for_each(|x| *x *= length);
        self.ready = true;
    }

    /// Writes the step of the given radius.
    pub(super) fn step(&self, radius: f64, scale: &[f64], step: &mut [f64]) {
        let gauss_newton = weighted_square(scale, &self.gauss_newton).sqrt();
        if gauss_newton <= radius {
            step.copy_from_slice(&self.gauss_newton);
            return;
        }
        let cauchy = weighted_square(scale, &self.cauchy).sqrt();
        if cauchy >= radius {
            let factor = radius / cauchy;
            for (s, c) in step.iter_mut().zip(&self.cauchy) {
                *s = factor * c;
            }
            return;
        }
        // ‖c + t (g − c)‖_D = radius, the root in [0, 1] in its stable form.
        let (mut a, mut b) = (0.0, 0.0);
        for ((d, c), g) in scale.iter().zip(&self.cauchy).zip(&self.gauss_newton) {
            a += d * (g - c) * (g - c);
            b += d * c * (g - c);
        }
        let c = cauchy * cauchy - radius * radius;
        let root = (b * b - a * c).max(0.0).sqrt();
        let t = if b > 0.0 {
            -c / (b + root)
        } else {
            (root - b) / a
        };
        for ((s, c), g) in step.iter_mut().zip(&self.cauchy).zip(&self.gauss_newton) {
            *s = c + t * (g - c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Model ½(4x² + y²) with g = (4, 1) at the origin, D = I:
    /// Gauss-Newton (−1, −1), Cauchy −g·17/65.
    #[test]
    fn legs_join_and_respect_the_radius() {
        let scale = [1.0, 1.0];
        let mut dogleg = Dogleg::default();
        dogleg.prepare(&[4.0, 1.0], &scale, &[-1.0, -1.0], |v| {
            4.0 * v[0] * v[0] + v[1] * v[1]
        });
        let mut step = [0.0; 2];
        dogleg.step(10.0, &scale, &mut step);
        assert_eq!(step, [-1.0, -1.0]);
        dogleg.step(0.1, &scale, &mut step);
        assert!((step[0] / step[1] - 4.0).abs() < 1e-14);
        for radius in [0.1, 0.5, 1.0, 1.1, 1.2, 1.3, 1.4] {
            dogleg.step(radius, &scale, &mut step);
            let norm = dot(&step, &step).sqrt();
            assert!((norm - radius).abs() < 1e-12, "{radius} {norm}");
        }
        dogleg.step(17.0_f64.powf(1.5) / 65.0 + 1e-9, &scale, &mut step);
        assert!((step[0] + 4.0 * 17.0 / 65.0).abs() < 1e-6);
    }
}

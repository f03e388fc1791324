//! The dogleg's trust region as a plain value.

use crate::DoglegOptions;

/// Radius of the trust region in the metric `√(δᵀ D δ)`.
///
/// Source: Nocedal and Wright, *Numerical Optimization*, algorithm 4.1; growth
/// to three times the step as in Ceres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TrustRegion {
    radius: f64,
    smallest: f64,
    largest: f64,
}

/// A rejection asked for a smaller radius than allowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Collapsed {
    /// The radius asked for.
    pub wanted: f64,
    /// The least allowed.
    pub limit: f64,
}

impl TrustRegion {
    pub(super) fn new(options: &DoglegOptions) -> Self {
        Self {
            radius: options.initial_radius,
            smallest: options.min_radius,
            largest: options.max_radius,
        }
    }

    pub(super) fn radius(&self) -> f64 {
        self.radius
    }

    /// After an accepted step of length `norm` with gain ratio `gain`.
    pub(super) fn accept(&mut self, gain: f64, norm: f64) {
        if gain > 0.75 {
            self.radius = self.radius.max(3.0 * norm).min(self.largest);
        } else if gain < 0.25 {
            self.radius = (0.5 * self.radius.min(norm)).max(self.smallest);
        }
    }

    /// After a rejected step of length `norm`. The new radius is taken from
    /// the step: a radius that still holds it would give it again.
    pub(super) fn reject(&mut self, norm: f64) -> Result<(), Collapsed> {
        let length = if norm.is_finite() {
            self.radius.min(norm)
        } else {
            self.radius
        };
        let wanted = 0.25 * length;
        if wanted < self.smallest {
            return Err(Collapsed {
                wanted,
                limit: self.smallest,
            });
        }
        self.radius = wanted;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region() -> TrustRegion {
        TrustRegion::new(&DoglegOptions {
            initial_radius: 8.0,
            max_radius: 20.0,
            min_radius: 0.1,
            damping: 0.0,
        })
    }

    #[test]
    fn good_steps_grow_it_and_poor_ones_shrink_it() {
        let mut region = region();
        region.accept(0.5, 8.0);
        assert_eq!(region.radius(), 8.0);
        region.accept(0.9, 1.0);
        assert_eq!(region.radius(), 8.0, "a short step asks for no more room");
        region.accept(0.9, 5.0);
        assert_eq!(region.radius(), 15.0);
        region.accept(0.9, 15.0);
        assert_eq!(region.radius(), 20.0, "the largest");
        region.accept(0.1, 2.0);
        assert_eq!(region.radius(), 1.0);
    }

    #[test]
    fn rejections_shrink_below_the_step_until_it_collapses() {
        let mut region = region();
        assert_eq!(region.reject(2.0), Ok(()));
        assert_eq!(region.radius(), 0.5);
        assert_eq!(region.reject(f64::NAN), Ok(()));
        assert_eq!(region.radius(), 0.125);
        let collapsed = Collapsed {
            wanted: 0.03125,
            limit: 0.1,
        };
        assert_eq!(region.reject(0.125), Err(collapsed));
    }
}

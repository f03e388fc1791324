//! Levenberg-Marquardt's damping as a plain value.

use crate::{DampingPolicy, LmOptions};

/// `λ` and how it moves with the gain ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Damping {
    value: f64,
    floor: f64,
    ceiling: f64,
    /// `ν`, the factor of the next rejection.
    growth: f64,
    policy: DampingPolicy,
}

/// A rejection asked for more damping than allowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Saturated {
    /// The damping asked for.
    pub wanted: f64,
    /// The most allowed.
    pub limit: f64,
}

impl Damping {
    pub(super) fn new(options: &LmOptions) -> Self {
        Self {
            value: options.initial_damping,
            floor: options.min_damping,
            ceiling: options.max_damping,
            growth: first_growth(options.policy),
            policy: options.policy,
        }
    }

    pub(super) fn value(&self) -> f64 {
        self.value
    }

    /// After an accepted step with gain ratio `gain`.
    pub(super) fn accept(&mut self, gain: f64) {
        self.growth = first_growth(self.policy);
        let factor = match self.policy {
            DampingPolicy::Nielsen {
                fast_gain,
                fast_factor,
            } => {
                let smooth = (1.0 - (2.0 * gain - 1.0).powi(3)).max(1.0 / 3.0);
                // A very poor step that still lowers the cost must not send
                // the damping beyond what a rejection would.
                let smooth = smooth.min(2.0);
                smooth * if gain > fast_gain { fast_factor } else { 1.0 }
            }
            DampingPolicy::NearZero {
                shrink_gain,
                shrink,
                ..
            } => {
                if gain > shrink_gain {
                    shrink
                } else {
                    1.0
                }
            }
        };
        self.value = (self.value * factor).clamp(self.floor, self.ceiling);
    }

    /// After a rejected step.
    pub(super) fn reject(&mut self) -> Result<(), Saturated> {
        let mut wanted = self.value * self.growth;
        if let DampingPolicy::NearZero { jump, .. } = self.policy {
            wanted = wanted.max(jump);
        }
        self.growth *= 2.0;
        self.raise_to(wanted)
    }

    /// After a singular system. A damping that was too little once is not
    /// tried again.
    pub(super) fn singular(&mut self) -> Result<(), Saturated> {
        self.raise_to(raised(self.value))?;
        self.floor = self.floor.max(self.value / 10.0);
        Ok(())
    }

    fn raise_to(&mut self, wanted: f64) -> Result<(), Saturated> {
        if wanted > self.ceiling {
            return Err(Saturated {
                wanted,
                limit: self.ceiling,
            });
        }
        self.value = wanted;
        Ok(())
    }
}

/// The damping to try after a singular system: a hundred times as much, and
/// enough to show in the pivots of an f64 factorisation.
pub(super) fn raised(damping: f64) -> f64 {
    (100.0 * damping).max(1e-10)
}

fn first_growth(policy: DampingPolicy) -> f64 {
    match policy {
        DampingPolicy::Nielsen { .. } => 2.0,
        DampingPolicy::NearZero { raise, .. } => raise,
    }
}

#[cfg(test)]
mod tests {
    use slam16_problem::ProblemKind;

    use super::*;

    fn bundle() -> Damping {
        Damping::new(&LmOptions::for_kind(ProblemKind::Bundle))
    }

    fn graph() -> Damping {
        Damping::new(&LmOptions::for_kind(ProblemKind::PoseGraph3))
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-12 * b
    }

    #[test]
    fn nielsen_follows_the_gain_ratio() {
        for (gain, factor) in [
            (1.0, 1.0 / 6.0),    // 1 − 1³ = 0, a third, and the fast factor
            (0.8, 0.784 / 2.0),  // 1 − 0.6³, and the fast factor
            (0.5, 1.0),          // unchanged
            (0.25, 1.0 + 0.125), // 1 + 0.5³
            (0.0, 2.0),          // as a rejection
            (-5.0, 2.0),         // and never more
        ] {
            let mut damping = bundle();
            damping.accept(gain);
            assert!(close(damping.value(), 1e-4 * factor), "{gain}");
        }
    }

    #[test]
    fn nielsen_trusts_a_good_model_faster_where_asked_to() {
        let mut options = LmOptions::for_kind(ProblemKind::Bundle);
        options.policy = DampingPolicy::Nielsen {
            fast_gain: 0.9,
            fast_factor: 0.1,
        };
        let mut damping = Damping::new(&options);
        damping.accept(1.0);
        assert!(close(damping.value(), 1e-4 / 30.0));
    }

    #[test]
    fn nielsen_rejections_double_their_factor_until_the_limit() {
        let mut damping = bundle();
        for expected in [2e-4, 8e-4, 64e-4] {
            damping.reject().ok();
            assert!(close(damping.value(), expected));
        }
        damping.accept(0.5);
        damping.reject().ok();
        assert!(
            close(damping.value(), 128e-4),
            "the factor starts again at 2"
        );
        let saturated = (0..100).find_map(|_| damping.reject().err());
        let Some(saturated) = saturated else {
            unreachable!("no limit")
        };
        assert!(saturated.wanted > saturated.limit && saturated.limit == 1e12);
        assert!(damping.value() <= 1e12);
    }

    #[test]
    fn graphs_stay_near_zero_and_leave_it_by_a_jump() {
        let mut damping = graph();
        damping.accept(0.9);
        assert_eq!(damping.value(), 1e-13);
        damping.accept(0.99);
        assert_eq!(damping.value(), 1e-13, "the floor");
        damping.reject().ok();
        assert_eq!(damping.value(), 1e-10);
        damping.reject().ok();
        assert!(close(damping.value(), 2e-9));
        damping.accept(0.7);
        assert!(
            close(damping.value(), 2e-9),
            "unchanged below the threshold"
        );
        damping.reject().ok();
        assert!(
            close(damping.value(), 2e-8),
            "the factor starts again at 10"
        );
    }

    #[test]
    fn a_damping_that_was_too_little_is_not_tried_again() {
        let mut damping = graph();
        damping.singular().ok();
        assert_eq!(damping.value(), 1e-10);
        damping.singular().ok();
        assert!(close(damping.value(), 1e-8));
        for _ in 0..10 {
            damping.accept(1.0);
        }
        assert!(close(damping.value(), 1e-9));
        assert!((0..20).any(|_| damping.singular().is_err()));
    }
}

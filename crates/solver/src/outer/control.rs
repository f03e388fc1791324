//! What holds a step back, for each algorithm behind one face.

use super::climb::Climbs;
use super::damping::{Damping, raised};
use super::stop::Stop;
use super::trust_region::TrustRegion;
use crate::Algorithm;

/// Gauss-Newton is given up when the cost exceeds the best by this factor.
/// Wild first steps of graphs that do converge reach 1e4.
pub(super) const RUNAWAY: f64 = 1e6;

/// Steps without a new best cost after which Gauss-Newton is given up.
/// sphere2500 climbs for four steps on its way down.
const PATIENCE: usize = 10;

/// Damping above which a singular system is singular for good; in units of
/// the diagonal, where 1 already swamps it.
const MOST_DAMPING: f64 = 1e3;

/// State of the algorithm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Control {
    Lm {
        damping: Damping,
        min_gain: f64,
        climbs: Climbs,
    },
    GaussNewton {
        /// 0 until a system is singular.
        damping: f64,
        /// Steps since the best cost.
        without_best: usize,
    },
    Dogleg {
        region: TrustRegion,
        damping: f64,
    },
}

/// A step that was evaluated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Trial {
    /// Cost before.
    pub cost: f64,
    /// Cost after; not finite when it could not be evaluated.
    pub trial_cost: f64,
    /// Decrease promised.
    pub predicted: f64,
    /// Length in the metric of the trust region.
    pub scaled_norm: f64,
    /// Best cost so far.
    pub best: f64,
}

impl Trial {
    /// Actual over predicted decrease; `None` when either is meaningless.
    pub(super) fn gain(&self) -> Option<f64> {
        let gain = (self.cost - self.trial_cost) / self.predicted;
        (gain.is_finite() && self.predicted > 0.0).then_some(gain)
    }
}

impl Control {
    pub(super) fn new(algorithm: &Algorithm) -> Self {
        match algorithm {
            Algorithm::LevenbergMarquardt(options) => Self::Lm {
                damping: Damping::new(options),
                min_gain: options.min_gain,
                climbs: Climbs::new(options.uphill_steps),
            },
            Algorithm::GaussNewton => Self::GaussNewton {
                damping: 0.0,
                without_best: 0,
            },
            Algorithm::Dogleg(options) => Self::Dogleg {
                region: TrustRegion::new(options),
                damping: options.damping,
            },
        }
    }

    /// `λ` of the next linear solve.
    pub(super) fn damping(&self) -> f64 {
        match self {
            Self::Lm { damping, .. } => damping.value(),
            Self::GaussNewton { damping, .. } | Self::Dogleg { damping, .. } => *damping,
        }
    }

    /// Radius of the trust region, where there is one.
    pub(super) fn radius(&self) -> Option<f64> {
        match self {
            Self::Dogleg { region, .. } => Some(region.radius()),
            _ => None,
        }
    }

    /// What the model promises the step without damping, given what it
    /// promises the damped one. Exact where `JᵀJ = D`:
    /// `gᵀD⁻¹g/2` against `gᵀD⁻¹g/2 · (1 + 2λ)/(1 + λ)²`.
    pub(super) fn free(&self, predicted: f64) -> f64 {
        match self {
            Self::Lm { damping, .. } => {
                let lambda = damping.value();
                predicted * (1.0 + lambda) * (1.0 + lambda) / (1.0 + 2.0 * lambda)
            }
            _ => predicted,
        }
    }

    /// More damping after a singular system; `false` when there is no more.
    pub(super) fn singular(&mut self) -> bool {
        if self.damping() > MOST_DAMPING {
            return false;
        }
        match self {
            Self::Lm { damping, .. } => damping.singular().is_ok(),
            Self::GaussNewton { damping, .. } | Self::Dogleg { damping, .. } => {
                *damping = raised(*damping);
                true
            }
        }
    }

    /// Whether the step is taken.
    pub(super) fn accepts(&self, trial: &Trial) -> bool {
        match self {
            Self::Lm { min_gain, .. } => trial.gain().is_some_and(|gain| gain > *min_gain),
            Self::GaussNewton { .. } => trial.trial_cost <= RUNAWAY * trial.best,
            Self::Dogleg { .. } => trial.gain().is_some_and(|gain| gain > 0.0),
        }
    }

    /// Whether a step that is not taken for its own sake is taken on trust.
    pub(super) fn climbs(&self, trial: &Trial) -> bool {
        match self {
            Self::Lm { climbs, .. } => climbs.allows(trial),
            _ => false,
        }
    }

    /// After a step, taken or refused, that met a stop test or not: `true` when
    /// trust has been disappointed and the loop must go back to the best state.
    pub(super) fn disappointed(&mut self, trial: &Trial, taken: bool, stopped: bool) -> bool {
        match self {
            Self::Lm { climbs, .. } => climbs.disappointed(trial, taken, stopped),
            _ => false,
        }
    }

    /// Ends a climb that has come to rest; `false` when there was none.
    pub(super) fn give_up(&mut self) -> bool {
        match self {
            Self::Lm {
                damping, climbs, ..
            } if climbs.climbing() => {
                climbs.fail();
                damping.reject().is_ok()
            }
            _ => false,
        }
    }

    /// After an accepted step.
    pub(super) fn accepted(&mut self, trial: &Trial) -> Option<Stop> {
        match self {
            Self::Lm {
                damping, climbs, ..
            } => {
                // On trust the steps are those of the damping they began with.
                if !climbs.climbing() {
                    damping.accept(trial.gain().unwrap_or(0.0));
                }
                None
            }
            Self::GaussNewton { without_best, .. } => {
                if trial.trial_cost < trial.best {
                    *without_best = 0;
                } else {
                    *without_best += 1;
                }
                (*without_best >= PATIENCE).then_some(Stop::Stagnation {
                    value: *without_best as f64,
                    threshold: PATIENCE as f64,
                })
            }
            Self::Dogleg { region, .. } => {
                region.accept(trial.gain().unwrap_or(0.0), trial.scaled_norm);
                None
            }
        }
    }

    /// After a rejected step.
    pub(super) fn rejected(&mut self, trial: &Trial) -> Option<Stop> {
        match self {
            Self::Lm { damping, .. } => {
                let saturated = damping.reject().err()?;
                Some(Stop::DampingSaturated {
                    value: saturated.wanted,
                    threshold: saturated.limit,
                })
            }
            Self::GaussNewton { .. } => Some(Stop::Diverged {
                value: if trial.trial_cost.is_finite() {
                    trial.trial_cost
                } else {
                    f64::INFINITY
                },
                threshold: RUNAWAY * trial.best,
            }),
            Self::Dogleg { region, .. } => {
                let collapsed = region.reject(trial.scaled_norm).err()?;
                Some(Stop::RadiusCollapsed {
                    value: collapsed.wanted,
                    threshold: collapsed.limit,
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use slam16_problem::ProblemKind;

    use super::*;
    use crate::AlgorithmName;

    fn control(name: AlgorithmName) -> Control {
        Control::new(&name.for_kind(ProblemKind::Bundle))
    }

    fn trial(trial_cost: f64) -> Trial {
        Trial {
            cost: 10.0,
            trial_cost,
            predicted: 1.0,
            scaled_norm: 2.0,
            best: 10.0,
        }
    }

    #[test]
    fn nan_and_uphill_are_rejected_but_by_gauss_newton_only_nan() {
        for name in [AlgorithmName::LevenbergMarquardt, AlgorithmName::Dogleg] {
            let control = control(name);
            assert!(control.accepts(&trial(9.0)), "{name}");
            for worse in [10.0, 11.0, f64::NAN, f64::INFINITY] {
                assert!(!control.accepts(&trial(worse)), "{name} {worse}");
            }
            let nonsense = Trial {
                predicted: f64::NAN,
                ..trial(9.0)
            };
            assert!(!control.accepts(&nonsense), "{name}");
        }
        let control = control(AlgorithmName::GaussNewton);
        assert!(control.accepts(&trial(11.0)));
        assert!(!control.accepts(&trial(1.1e7)));
        assert!(!control.accepts(&trial(f64::NAN)));
    }

    #[test]
    fn the_free_promise_undoes_the_damping() {
        let mut control = control(AlgorithmName::LevenbergMarquardt);
        while control.damping() < 1.0 {
            control.rejected(&trial(11.0));
        }
        let lambda = control.damping();
        // One variable, J = 1, r = 1: promised ½ without damping.
        let step = -1.0 / (1.0 + lambda);
        let predicted = -step - 0.5 * step * step;
        assert!((control.free(predicted) - 0.5).abs() < 1e-15);
    }

    #[test]
    fn singular_systems_end_after_a_few_raises() {
        for name in AlgorithmName::ALL {
            let mut control = control(*name);
            let before = control.damping();
            let raises = (0..100).take_while(|_| control.singular()).count();
            assert!((1..=10).contains(&raises), "{name} {raises}");
            assert!(control.damping() > before);
        }
    }

    #[test]
    fn gauss_newton_loses_patience() {
        let mut control = control(AlgorithmName::GaussNewton);
        for _ in 1..PATIENCE {
            assert_eq!(control.accepted(&trial(11.0)), None);
        }
        assert_eq!(control.accepted(&trial(9.0)), None);
        for _ in 1..PATIENCE {
            assert_eq!(control.accepted(&trial(11.0)), None);
        }
        assert!(matches!(
            control.accepted(&trial(11.0)),
            Some(Stop::Stagnation { .. })
        ));
    }
}

//! The stop tests as plain functions of what was measured.

use super::stop::Stop;
use crate::StopOptions;

/// Gain ratio below which a small decrease says more about a bad model than
/// about a minimum nearby.
const TRUSTED_GAIN: f64 = 0.1;

/// Damping below which a step counts as free. At 1e-9 the damping already
/// costs parking-garage steps.
const FREE_DAMPING: f64 = 1e-10;

/// Ratio of successive decreases above which convergence is not fast enough
/// to be foretold.
const FAST: f64 = 0.1;

/// A proposed step, before it is tried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Proposal {
    /// Cost at the current state.
    pub cost: f64,
    /// Decrease that the model promises this step.
    pub predicted: f64,
    /// Decrease that the model promises the step without damping or trust
    /// region; never less than `predicted`.
    pub free: f64,
    /// `‖δ‖`.
    pub step_norm: f64,
    /// `λ` of its linear system.
    pub damping: f64,
    /// Solved to rounding, not to a tolerance.
    pub exact: bool,
}

impl Proposal {
    /// Nothing held the step back.
    fn is_free(&self) -> bool {
        self.exact && self.damping <= FREE_DAMPING && self.free <= self.predicted * (1.0 + 1e-9)
    }
}

/// An accepted step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Accepted {
    /// Cost before minus cost after; negative when Gauss-Newton went uphill.
    pub decrease: f64,
    /// `‖x‖` of the new state.
    pub state_norm: f64,
    /// Decrease of the step before, if that was free and accepted too.
    pub before: Option<f64>,
}

/// Thresholds, and the scale of the problem.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct StopTests {
    options: StopOptions,
    initial_cost: f64,
}

impl StopTests {
    pub(super) fn new(options: StopOptions) -> Self {
        Self {
            options,
            initial_cost: 0.0,
        }
    }

    pub(super) fn set_initial_cost(&mut self, cost: f64) {
        self.initial_cost = cost;
    }

    /// At a new linearisation.
    pub(super) fn gradient(&self, norm: f64) -> Option<Stop> {
        let threshold = self.options.gradient;
        (norm <= threshold).then_some(Stop::Gradient {
            value: norm,
            threshold,
        })
    }

    /// Before a step is tried. Below the rounding of the cost a trial would
    /// judge noise.
    pub(super) fn proposal(&self, proposal: &Proposal) -> Option<Stop> {
        let threshold = self.options.rounding;
        let free = relative(proposal.free, proposal.cost);
        if proposal.step_norm == 0.0 {
            // The gradient is not zero, so neither is the solution.
            return Some(Stop::Stagnation {
                value: free,
                threshold,
            });
        }
        let predicted = relative(proposal.predicted, proposal.cost);
        if predicted.is_nan() || predicted.abs() > threshold {
            None
        } else if free.abs() <= threshold {
            Some(Stop::PredictedBelowRounding {
                value: free,
                threshold,
            })
        } else {
            // Only the damping makes the step too short to be judged.
            Some(Stop::Stagnation {
                value: predicted,
                threshold,
            })
        }
    }

    /// After a step was accepted.
    pub(super) fn accepted(&self, proposal: &Proposal, accepted: &Accepted) -> Option<Stop> {
        let gain = accepted.decrease / proposal.predicted;
        let restraint = (proposal.free / proposal.predicted).max(1.0);
        let value = relative(accepted.decrease, proposal.cost) * restraint;
        let free = relative(proposal.free, proposal.cost);
        let threshold = self.options.relative_cost;
        let expected = gain >= TRUSTED_GAIN || free <= threshold;
        if value.abs() * tail(proposal, accepted) <= threshold && expected {
            return Some(Stop::CostDecrease { value, threshold });
        }
        if let Some(value) = self.forecast(proposal, accepted)
            && value <= threshold
        {
            return Some(Stop::ForecastDecrease { value, threshold });
        }
        // A degenerate variable (a focal length of 1e11) makes any step short
        // against the state, so the step must promise little as well; where
        // the cost itself vanishes, little against the initial cost.
        let threshold = self.options.step;
        let value = proposal.step_norm / (accepted.state_norm + threshold);
        let little = threshold * proposal.cost.max(threshold * self.initial_cost);
        (value <= threshold && proposal.free <= little).then_some(Stop::Step { value, threshold })
    }

    /// Relative decrease of the step after this one, where it can be foretold.
    fn forecast(&self, proposal: &Proposal, accepted: &Accepted) -> Option<f64> {
        if !(self.options.forecast && proposal.is_free()) {
            return None;
        }
        let rate = (accepted.decrease / accepted.before?).abs();
        let error = (1.0 - accepted.decrease / proposal.predicted).abs();
        let factor = rate.max(error);
        (factor <= FAST)
            .then(|| relative(accepted.decrease, proposal.cost - accepted.decrease) * factor)
    }

    /// What the next step needs to know of this one.
    pub(super) fn carry(&self, proposal: &Proposal, accepted: &Accepted) -> Option<f64> {
        (proposal.is_free() && accepted.decrease > 0.0).then_some(accepted.decrease)
    }

    /// After a step was rejected. No step test here: a step grows short by
    /// being rejected.
    pub(super) fn rejected(&self, proposal: &Proposal) -> Option<Stop> {
        let value = relative(proposal.free, proposal.cost);
        let threshold = self.options.relative_cost;
        // A step that promises a rise, beyond rounding, is a failed linear solve
        // and no convergence.
        let nothing_left = value >= -self.options.rounding && value <= threshold;
        nothing_left.then_some(Stop::PredictedDecrease { value, threshold })
    }

    /// After a step, whatever became of it.
    pub(super) fn iterations(&self, tried: usize) -> Option<Stop> {
        let limit = self.options.max_iterations;
        (tried >= limit).then_some(Stop::IterationLimit {
            value: tried as f64,
            threshold: limit as f64,
        })
    }
}

/// How far the cost is from its limit against the decrease just seen, at
/// least 1: decreases that shrink by a factor `q` each add up to `q/(1 − q)`
/// more. Known for free steps only; a factor above 0.9 is put down to chance.
fn tail(proposal: &Proposal, accepted: &Accepted) -> f64 {
    match accepted.before {
        Some(before) if proposal.is_free() && accepted.decrease > 0.0 => {
            let rate = accepted.decrease / before;
            if rate < 0.9 {
                (rate / (1.0 - rate)).max(1.0)
            } else {
                1.0
            }
        }
        _ => 1.0,
    }
}

fn relative(decrease: f64, cost: f64) -> f64 {
    decrease / cost.max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tests() -> StopTests {
        let mut tests = StopTests::new(StopOptions::default());
        tests.set_initial_cost(1e3);
        tests
    }

    fn free_step(predicted: f64) -> Proposal {
        Proposal {
            cost: 10.0,
            predicted,
            free: predicted,
            step_norm: 1.0,
            damping: 0.0,
            exact: true,
        }
    }

    fn accepted(decrease: f64) -> Accepted {
        Accepted {
            decrease,
            state_norm: 1e3,
            before: None,
        }
    }

    #[test]
    fn a_small_decrease_that_the_model_foresaw_is_convergence() {
        let stop = tests().accepted(&free_step(8e-6), &accepted(7e-6));
        let Some(Stop::CostDecrease { value, threshold }) = stop else {
            unreachable!("{stop:?}")
        };
        assert!((value - 7e-7).abs() < 1e-20 && threshold == 1e-6);
        assert_eq!(tests().accepted(&free_step(8e-5), &accepted(7e-5)), None);
    }

    #[test]
    fn a_small_decrease_in_a_long_tail_is_not_enough() {
        let tail = |before: f64, decrease: f64| {
            let step = Accepted {
                before: Some(before),
                ..accepted(decrease)
            };
            tests().accepted(&free_step(decrease), &step)
        };
        // Shrinking to 4/5 each: 4 times as much is still to come.
        assert_eq!(tail(1e-5, 8e-6), None);
        assert!(matches!(
            tail(2.5e-6, 2e-6),
            Some(Stop::CostDecrease { .. })
        ));
        // To a fifth each: a quarter is still to come.
        assert!(matches!(tail(4e-5, 8e-6), Some(Stop::CostDecrease { .. })));
        assert!(matches!(tail(8e-6, 8e-6), Some(Stop::CostDecrease { .. })));
    }

    #[test]
    fn a_small_decrease_where_the_model_promised_much_is_not() {
        assert_eq!(tests().accepted(&free_step(1.0), &accepted(1e-6)), None);
    }

    #[test]
    fn a_small_decrease_under_heavy_damping_is_not() {
        let damped = Proposal {
            free: 1.0,
            ..free_step(1e-6)
        };
        assert_eq!(tests().accepted(&damped, &accepted(1e-6)), None);
        assert_eq!(tests().rejected(&damped), None);
    }

    #[test]
    fn an_uphill_step_of_gauss_newton_is_judged_by_its_size() {
        let stop = tests().accepted(&free_step(1e-9), &accepted(-1e-9));
        assert!(matches!(stop, Some(Stop::CostDecrease { .. })));
        assert_eq!(tests().accepted(&free_step(1.0), &accepted(-1.0)), None);
        assert_eq!(tests().accepted(&free_step(1.0), &accepted(-1e-9)), None);
    }

    #[test]
    fn a_short_step_must_promise_little_too() {
        let mut tests = tests();
        tests.options.relative_cost = 0.0;
        let short = Proposal {
            step_norm: 1e-6,
            ..free_step(1e-8)
        };
        let stop = tests.accepted(&short, &accepted(1e-8));
        assert!(matches!(stop, Some(Stop::Step { .. })), "{stop:?}");
        // A focal length of 1e11 in the state, a useful step elsewhere.
        let fooled = Accepted {
            decrease: 1.0,
            state_norm: 1e11,
            before: None,
        };
        assert_eq!(tests.accepted(&free_step(1.0), &fooled), None);
        // A cost that vanishes: little against the initial cost.
        let vanishing = Proposal {
            cost: 1e-20,
            predicted: 1e-20,
            free: 1e-20,
            step_norm: 1e-6,
            damping: 0.0,
            exact: true,
        };
        let stop = tests.accepted(&vanishing, &accepted(1e-20));
        assert!(matches!(stop, Some(Stop::Step { .. })), "{stop:?}");
    }

    #[test]
    fn fast_free_convergence_is_foretold() {
        let tests = tests();
        // intel's second step: 6.4e-2 of 22.5 after 254, gain 1.0001.
        let proposal = Proposal {
            cost: 22.5664,
            ..free_step(0.064_284)
        };
        let second = Accepted {
            before: Some(254.43),
            ..accepted(0.064_291)
        };
        let stop = tests.accepted(&proposal, &second);
        let Some(Stop::ForecastDecrease { value, .. }) = stop else {
            unreachable!("{stop:?}")
        };
        assert!((value - 7.2e-7).abs() < 1e-8, "{value}");
        assert_eq!(tests.carry(&proposal, &second), Some(0.064_291));
        // Not after a first step, a slow or a poorly foreseen one, nor when
        // something held the step back or it is not exact.
        assert_eq!(tests.accepted(&proposal, &accepted(0.064_291)), None);
        for before in [0.3, 50.0] {
            let slow = Accepted {
                before: Some(before),
                ..second
            };
            assert_eq!(tests.accepted(&proposal, &slow), None);
        }
        let poor = Accepted {
            decrease: 0.0642,
            ..second
        };
        assert_eq!(tests.accepted(&proposal, &poor), None);
        for held in [
            Proposal {
                damping: 1e-9,
                ..proposal
            },
            Proposal {
                exact: false,
                ..proposal
            },
            Proposal {
                free: 0.1,
                ..proposal
            },
        ] {
            assert_eq!(tests.accepted(&held, &second), None);
            assert_eq!(tests.carry(&held, &second), None);
        }
        let mut off = tests;
        off.options.forecast = false;
        assert_eq!(off.accepted(&proposal, &second), None);
    }

    #[test]
    fn a_rejected_step_stops_only_where_nothing_was_within_reach() {
        assert!(matches!(
            tests().rejected(&free_step(1e-6)),
            Some(Stop::PredictedDecrease { .. })
        ));
        let short = Proposal {
            step_norm: 1e-300,
            ..free_step(1.0)
        };
        assert_eq!(tests().rejected(&short), None);
        assert_eq!(tests().rejected(&free_step(-1e-6)), None);
        assert!(tests().rejected(&free_step(-1e-15)).is_some(), "rounding");
    }

    #[test]
    fn below_rounding_the_step_is_not_judged() {
        let tests = tests();
        assert!(matches!(
            tests.proposal(&free_step(1e-15)),
            Some(Stop::PredictedBelowRounding { .. })
        ));
        assert!(matches!(
            tests.proposal(&free_step(-1e-15)),
            Some(Stop::PredictedBelowRounding { .. })
        ));
        assert_eq!(tests.proposal(&free_step(1e-13)), None);
        assert_eq!(tests.proposal(&free_step(f64::NAN)), None);
        let damped = Proposal {
            free: 1.0,
            ..free_step(1e-15)
        };
        assert!(matches!(
            tests.proposal(&damped),
            Some(Stop::Stagnation { .. })
        ));
        let none = Proposal {
            step_norm: 0.0,
            ..free_step(0.0)
        };
        assert!(matches!(
            tests.proposal(&none),
            Some(Stop::Stagnation { .. })
        ));
    }

    #[test]
    fn thresholds_of_zero_fire_at_zero_only() {
        let mut tests = tests();
        tests.options.gradient = 0.0;
        assert_eq!(tests.gradient(1e-300), None);
        assert!(tests.gradient(0.0).is_some());
        assert_eq!(tests.gradient(f64::NAN), None);
        assert_eq!(tests.iterations(99), None);
        assert!(tests.iterations(100).is_some());
    }
}

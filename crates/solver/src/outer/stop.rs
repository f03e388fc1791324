//! Why a solve ended.

use serde::{Deserialize, Serialize};

use crate::finite;

/// How a solve ended: an outcome, not an error. Each holds what was measured
/// and the threshold it was measured against.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Stop {
    /// An accepted step lowered the cost by no more than the tolerance,
    /// relative to the cost. Steps held back by damping count for what the
    /// free step would have given, and free steps in a slow tail for what the
    /// tail adds up to.
    CostDecrease {
        /// Relative decrease.
        #[serde(with = "finite")]
        value: f64,
        /// `stop.relative_cost`.
        #[serde(with = "finite")]
        threshold: f64,
    },
    /// The next step is foretold to lower the cost by no more than the
    /// tolerance. After two undamped exact steps with decreases `d₁`, `d₂` and
    /// the gain ratio `ρ` of the second, the next decrease is taken to be
    /// `d₂ max(d₂/d₁, |1 − ρ|)`: the first from the rate of convergence, the
    /// second from the model's own error, which is what a further step removes.
    ForecastDecrease {
        /// Relative decrease foretold.
        #[serde(with = "finite")]
        value: f64,
        /// `stop.relative_cost`.
        #[serde(with = "finite")]
        threshold: f64,
    },
    /// A step that did not lower the cost had promised no more than the
    /// tolerance, relative to the cost.
    PredictedDecrease {
        /// Relative decrease that the model promises a free step.
        #[serde(with = "finite")]
        value: f64,
        /// `stop.relative_cost`.
        #[serde(with = "finite")]
        threshold: f64,
    },
    /// The model promises less than the rounding of the cost; the step was
    /// not taken.
    PredictedBelowRounding {
        /// Relative decrease that the model promises a free step.
        #[serde(with = "finite")]
        value: f64,
        /// `stop.rounding`.
        #[serde(with = "finite")]
        threshold: f64,
    },
    /// The gradient vanished.
    Gradient {
        /// `‖Jᵀ r‖∞`.
        #[serde(with = "finite")]
        value: f64,
        /// `stop.gradient`.
        #[serde(with = "finite")]
        threshold: f64,
    },
    /// An accepted step was short against the state and promised little.
    Step {
        /// `‖δ‖ / (‖x‖ + threshold)`.
        #[serde(with = "finite")]
        value: f64,
        /// `stop.step`.
        #[serde(with = "finite")]
        threshold: f64,
    },
    /// As many steps were tried as allowed.
    IterationLimit {
        /// Steps tried.
        #[serde(with = "finite")]
        value: f64,
        /// `stop.max_iterations`.
        #[serde(with = "finite")]
        threshold: f64,
    },
    /// The time was up, or too short for another step.
    TimeBudget {
        /// Seconds spent.
        #[serde(with = "finite")]
        value: f64,
        /// `stop.time_budget` in seconds.
        #[serde(with = "finite")]
        threshold: f64,
    },
    /// No progress, far from a minimum: the linear solve gives no usable step,
    /// a damped step is too short to be judged, or Gauss-Newton wanders.
    Stagnation {
        /// Relative decrease promised, or steps without a new best cost.
        #[serde(with = "finite")]
        value: f64,
        /// `stop.rounding`, or the most such steps.
        #[serde(with = "finite")]
        threshold: f64,
    },
    /// Rejections asked for more damping than allowed.
    DampingSaturated {
        /// Damping asked for.
        #[serde(with = "finite")]
        value: f64,
        /// `algorithm.max_damping`.
        #[serde(with = "finite")]
        threshold: f64,
    },
    /// Rejections asked for a smaller trust region than allowed.
    RadiusCollapsed {
        /// Radius asked for.
        #[serde(with = "finite")]
        value: f64,
        /// `algorithm.min_radius`.
        #[serde(with = "finite")]
        threshold: f64,
    },
    /// Gauss-Newton ran away; the best state was restored.
    Diverged {
        /// Cost it reached, infinite when it could not be evaluated.
        #[serde(with = "finite")]
        value: f64,
        /// Cost above which it is given up.
        #[serde(with = "finite")]
        threshold: f64,
    },
    /// The observer or the caller asked to stop.
    Requested {
        /// Steps tried.
        #[serde(with = "finite")]
        value: f64,
        /// `stop.max_iterations`.
        #[serde(with = "finite")]
        threshold: f64,
    },
}

impl Stop {
    /// `true` when a stop test was met, so that the state is a minimum to the
    /// tolerance asked for.
    pub fn converged(&self) -> bool {
        matches!(
            self,
            Self::CostDecrease { .. }
                | Self::ForecastDecrease { .. }
                | Self::PredictedDecrease { .. }
                | Self::PredictedBelowRounding { .. }
                | Self::Gradient { .. }
                | Self::Step { .. }
        )
    }

    /// The reason in words, as in reports.
    pub fn reason(&self) -> &'static str {
        self.parts().0
    }

    /// What was measured.
    pub fn value(&self) -> f64 {
        self.parts().1
    }

    /// What it was measured against.
    pub fn threshold(&self) -> f64 {
        self.parts().2
    }

    /// Seconds beyond the time budget; `None` for any other reason.
    pub fn overrun(&self) -> Option<f64> {
        match self {
            Self::TimeBudget { value, threshold } => Some((value - threshold).max(0.0)),
            _ => None,
        }
    }

    fn parts(&self) -> (&'static str, f64, f64) {
        match *self {
            Self::CostDecrease { value, threshold } => ("cost-decrease", value, threshold),
            Self::ForecastDecrease { value, threshold } => ("forecast-decrease", value, threshold),
            Self::PredictedDecrease { value, threshold } => {
                ("predicted-decrease", value, threshold)
            }
            Self::PredictedBelowRounding { value, threshold } => {
                ("predicted-below-rounding", value, threshold)
            }
            Self::Gradient { value, threshold } => ("gradient", value, threshold),
            Self::Step { value, threshold } => ("step", value, threshold),
            Self::IterationLimit { value, threshold } => ("iteration-limit", value, threshold),
            Self::TimeBudget { value, threshold } => ("time-budget", value, threshold),
            Self::Stagnation { value, threshold } => ("stagnation", value, threshold),
            Self::DampingSaturated { value, threshold } => ("damping-saturated", value, threshold),
            Self::RadiusCollapsed { value, threshold } => ("radius-collapsed", value, threshold),
            Self::Diverged { value, threshold } => ("diverged", value, threshold),
            Self::Requested { value, threshold } => ("requested", value, threshold),
        }
    }
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (value, threshold) = (self.value(), self.threshold());
        match self {
            Self::CostDecrease { .. } => {
                write!(
                    f,
                    "converged: relative decrease of the cost {value:.2e}, tolerance {threshold:.0e}"
                )
            }
            Self::ForecastDecrease { .. } => write!(
                f,
                "converged: relative decrease foretold for the next step {value:.2e}, tolerance {threshold:.0e}"
            ),
            Self::PredictedDecrease { .. } => {
                write!(
                    f,
                    "converged: relative decrease within reach {value:.2e}, tolerance {threshold:.0e}"
                )
            }
            Self::PredictedBelowRounding { .. } => {
                write!(
                    f,
                    "converged: relative decrease within reach {value:.2e}, rounding {threshold:.0e}"
                )
            }
            Self::Gradient { .. } => {
                write!(
                    f,
                    "converged: gradient {value:.2e}, tolerance {threshold:.0e}"
                )
            }
            Self::Step { .. } => {
                write!(
                    f,
                    "converged: relative step {value:.2e}, tolerance {threshold:.0e}"
                )
            }
            Self::IterationLimit { .. } => write!(f, "not converged: iteration limit {threshold}"),
            Self::TimeBudget { .. } => {
                write!(
                    f,
                    "not converged: time budget {:.3} ms, spent {:.3} ms",
                    threshold * 1e3,
                    value * 1e3
                )
            }
            Self::Stagnation { .. } => {
                write!(
                    f,
                    "not converged: no progress ({value:.2e}, threshold {threshold:.0e})"
                )
            }
            Self::DampingSaturated { .. } => {
                write!(
                    f,
                    "not converged: damping {value:.2e} wanted, limit {threshold:.0e}"
                )
            }
            Self::RadiusCollapsed { .. } => {
                write!(
                    f,
                    "not converged: trust region {value:.2e} wanted, limit {threshold:.0e}"
                )
            }
            Self::Diverged { .. } => {
                write!(
                    f,
                    "diverged: cost {value:.6e}, given up above {threshold:.2e}; the best state is kept"
                )
            }
            Self::Requested { .. } => write!(f, "stopped on request after {value} iterations"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn words_in_reports_are_those_of_the_serialised_form() {
        let (value, threshold) = (0.5, f64::INFINITY);
        let all = [
            Stop::CostDecrease { value, threshold },
            Stop::ForecastDecrease { value, threshold },
            Stop::PredictedDecrease { value, threshold },
            Stop::PredictedBelowRounding { value, threshold },
            Stop::Gradient { value, threshold },
            Stop::Step { value, threshold },
            Stop::IterationLimit { value, threshold },
            Stop::TimeBudget { value, threshold },
            Stop::Stagnation { value, threshold },
            Stop::DampingSaturated { value, threshold },
            Stop::RadiusCollapsed { value, threshold },
            Stop::Diverged { value, threshold },
            Stop::Requested { value, threshold },
        ];
        for (index, stop) in all.into_iter().enumerate() {
            let json = serde_json::to_string(&stop).unwrap();
            let reason = stop.reason();
            assert_eq!(
                json,
                format!("{{\"reason\":\"{reason}\",\"value\":0.5,\"threshold\":\"inf\"}}")
            );
            assert_eq!(serde_json::from_str::<Stop>(&json).unwrap(), stop);
            assert_eq!(stop.converged(), index < 6);
            assert_eq!(stop.to_string().starts_with("converged"), index < 6);
        }
    }

    #[test]
    fn only_a_time_budget_has_an_overrun() {
        let late = Stop::TimeBudget {
            value: 0.3,
            threshold: 0.25,
        };
        assert!((late.overrun().unwrap() - 0.05).abs() < 1e-15);
        let early = Stop::TimeBudget {
            value: 0.2,
            threshold: 0.25,
        };
        assert_eq!(early.overrun(), Some(0.0));
        let other = Stop::Gradient {
            value: 0.3,
            threshold: 0.25,
        };
        assert_eq!(other.overrun(), None);
    }
}

//! Weights of loop closures.

use slam16_problem::ProblemKind;

use crate::EstimatorError;

/// Most solves of one annealing: from the μ of errors 10¹⁰ times the bound to
/// one at which all weights are 0 or 1 takes about 45.
const ROUNDS: usize = 64;

/// Up to here μ grows by 4: next to a convex surrogate little is decided.
/// Beyond, by the 1.4 of the source.
const NEARLY_CONVEX: f64 = 1e-2;

/// DCS has settled when no weight moves by more.
const SETTLED: f64 = 1e-3;

/// What is done about false closures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rejection {
    /// Nothing: every closure counts.
    None,
    /// Dynamic covariance scaling with Φ: weight `(2Φ/(Φ + s))²` for an error
    /// s = rᵀ Ω r above Φ. P. Agarwal et al., ICRA 2013.
    Dcs {
        /// Φ.
        phi: f64,
    },
    /// Graduated non-convexity with truncated least squares: a closure counts
    /// in full below the bound or not at all, reached from a convex surrogate
    /// by steps. H. Yang et al., RA-L 5 (2020) 1127.
    Gnc {
        /// c², the largest error s = rᵀ Ω r of a true closure.
        bound: f64,
    },
}

impl Rejection {
    /// Graduated non-convexity with a bound that one true closure in 10,000
    /// exceeds: the quantile of χ² with 3 or 6 degrees of freedom.
    pub fn for_kind(kind: ProblemKind) -> Self {
        let bound = match kind {
            ProblemKind::PoseGraph2 => 21.11,
            ProblemKind::PoseGraph3 | ProblemKind::Bundle => 27.86,
        };
        Self::Gnc { bound }
    }

    pub(super) fn validate(self) -> Result<(), EstimatorError> {
        match self {
            Self::None => Ok(()),
            Self::Dcs { phi: value } | Self::Gnc { bound: value }
                if value.is_finite() && value > 0.0 =>
            {
                Ok(())
            }
            Self::Dcs { phi: value } | Self::Gnc { bound: value } => Err(EstimatorError::Setting {
                setting: "scale of the rejection",
                range: "positive and finite",
                value,
            }),
        }
    }

    /// It begins from all closures at full weight.
    pub(super) fn restarts(self) -> bool {
        matches!(self, Self::Gnc { .. })
    }
}

/// Weights in rounds, a solve after each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Annealing {
    rejection: Rejection,
    mu: f64,
    rounds: usize,
    last: bool,
}

impl Annealing {
    /// `None` where the errors leave nothing to reject.
    pub(super) fn new(rejection: Rejection, errors: &[f64]) -> Option<Self> {
        let largest = errors.iter().fold(0.0_f64, |m, s| m.max(*s));
        let (limit, mu) = match rejection {
            Rejection::None => return None,
            Rejection::Dcs { phi } => (phi, 0.0),
            Rejection::Gnc { bound } => (bound, bound / (2.0 * largest - bound)),
        };
        (largest > limit).then_some(Self {
            rejection,
            mu,
            rounds: 0,
            last: false,
        })
    }

    /// Sets the weights for the next solve; `false` when the last one stands.
    pub(super) fn next(&mut self, errors: &[f64], weights: &mut [f64]) -> bool {
        if self.last || self.rounds == ROUNDS {
            return false;
        }
        self.rounds += 1;
        let mut moved = 0.0_f64;
        let mut binary = true;
        for (weight, s) in weights.iter_mut().zip(errors) {
            let new = match self.rejection {
                Rejection::None => 1.0,
                Rejection::Dcs { phi } => {
                    let ratio = (2.0 * phi / (phi + s)).min(1.0);
                    ratio * ratio
                }
                Rejection::Gnc { bound } => truncated(*s, bound, self.mu),
            };
            moved = moved.max((new - *weight).abs());
            binary &= new == 0.0 || new == 1.0;
            *weight = new;
        }
        match self.rejection {
            Rejection::Gnc { .. } => {
                self.mu *= if self.mu < NEARLY_CONVEX { 4.0 } else { 1.4 };
                self.last = binary;
                // The same in or out as at the last solve: it stands.
                !(binary && moved == 0.0)
            }
            _ => moved > SETTLED,
        }
    }
}

/// Weight of an error under the surrogate of truncated least squares at μ.
fn truncated(s: f64, bound: f64, mu: f64) -> f64 {
    if s >= (mu + 1.0) / mu * bound {
        0.0
    } else if s <= mu / (mu + 1.0) * bound {
        1.0
    } else {
        ((bound / s * mu * (mu + 1.0)).sqrt() - mu).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At μ = 1 and c² = 4: full up to 2, none from 8, √(8/s) − 1 between.
    #[test]
    fn the_surrogate_by_hand() {
        for (s, weight) in [(1.0, 1.0), (2.0, 1.0), (8.0, 0.0), (9.0, 0.0)] {
            assert_eq!(truncated(s, 4.0, 1.0), weight);
        }
        assert!((truncated(4.0, 4.0, 1.0) - (2.0_f64.sqrt() - 1.0)).abs() < 1e-15);
        // It ends as truncation at the bound.
        assert_eq!(truncated(4.1, 4.0, 1e3), 0.0);
        assert_eq!(truncated(3.9, 4.0, 1e3), 1.0);
    }

    #[test]
    fn small_errors_need_no_annealing() {
        let gnc = Rejection::Gnc { bound: 4.0 };
        assert!(Annealing::new(gnc, &[1.0, 3.9]).is_none());
        assert!(Annealing::new(Rejection::None, &[1e9]).is_none());
        let mut weights = [1.0, 1.0];
        let mut annealing = Annealing::new(gnc, &[1.0, 400.0]);
        let mut solves = 0;
        while annealing
            .as_mut()
            .is_some_and(|a| a.next(&[1.0, 400.0], &mut weights))
        {
            solves += 1;
        }
        assert_eq!(weights, [1.0, 0.0]);
        assert!((2..=ROUNDS).contains(&solves));
    }

    #[test]
    fn scales_must_be_positive() {
        assert!(Rejection::Dcs { phi: 0.0 }.validate().is_err());
        assert!(Rejection::Gnc { bound: f64::NAN }.validate().is_err());
        assert!(
            Rejection::for_kind(ProblemKind::PoseGraph2)
                .validate()
                .is_ok()
        );
    }
}

//! Which step the outer loop takes, and how it is held back.

use serde::{Deserialize, Serialize};
use slam16_problem::ProblemKind;

use super::error::{OptionsError, in_range, ordered};
use crate::text::words;

/// The outer loop.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// Levenberg-Marquardt: `(JᵀJ + λ D) δ = −Jᵀ r`, steps judged by the gain
    /// ratio.
    LevenbergMarquardt(LmOptions),
    /// `JᵀJ δ = −Jᵀ r`, every step taken, as g2o does. The best state is kept:
    /// a solve that diverges ends there.
    GaussNewton,
    /// Powell's dogleg: the Gauss-Newton step bent towards steepest descent
    /// inside a trust region.
    Dogleg(DoglegOptions),
}

/// The names of the outer loops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AlgorithmName {
    /// [`Algorithm::LevenbergMarquardt`].
    LevenbergMarquardt,
    /// [`Algorithm::GaussNewton`].
    GaussNewton,
    /// [`Algorithm::Dogleg`].
    Dogleg,
}

words!(AlgorithmName, "algorithm", "levenberg-marquardt, gauss-newton or dogleg", {
    LevenbergMarquardt => "levenberg-marquardt",
    GaussNewton => "gauss-newton",
    Dogleg => "dogleg",
});

impl AlgorithmName {
    /// The algorithm with its defaults for a kind of problem.
    pub fn for_kind(self, kind: ProblemKind) -> Algorithm {
        match self {
            Self::LevenbergMarquardt => Algorithm::LevenbergMarquardt(LmOptions::for_kind(kind)),
            Self::GaussNewton => Algorithm::GaussNewton,
            Self::Dogleg => Algorithm::Dogleg(DoglegOptions::for_kind(kind)),
        }
    }
}

impl Algorithm {
    /// Its name.
    pub fn name(&self) -> AlgorithmName {
        match self {
            Self::LevenbergMarquardt(_) => AlgorithmName::LevenbergMarquardt,
            Self::GaussNewton => AlgorithmName::GaussNewton,
            Self::Dogleg(_) => AlgorithmName::Dogleg,
        }
    }

    pub(super) fn validate(&self) -> Result<(), OptionsError> {
        match self {
            Self::LevenbergMarquardt(lm) => lm.validate(),
            Self::GaussNewton => Ok(()),
            Self::Dogleg(dogleg) => dogleg.validate(),
        }
    }
}

/// Levenberg-Marquardt's damping `λ`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LmOptions {
    /// `λ` of the first step.
    pub initial_damping: f64,
    /// `λ` never falls below this.
    pub min_damping: f64,
    /// The solve stops when a rejection would raise `λ` above this.
    pub max_damping: f64,
    /// A step whose gain ratio is not above this is rejected.
    pub min_gain: f64,
    /// How `λ` moves.
    pub policy: DampingPolicy,
    /// Steps in a row that may be taken although the cost is above its best
    /// value; when it has not fallen below it by then, the best state is
    /// restored and `λ` raised. 0 makes the method monotone.
    #[serde(default)]
    pub uphill_steps: usize,
}

/// How `λ` follows the gain ratio `ρ` = actual / predicted decrease.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DampingPolicy {
    /// Accepted: `λ ← λ max(1/3, 1 − (2ρ − 1)³)`, times `fast_factor` when
    /// `ρ > fast_gain`. Rejected: `λ ← ν λ, ν ← 2ν`, with `ν = 2` after every
    /// accepted step. Source: Nielsen, IMM-REP-1999-05; the fast branch is
    /// ours.
    Nielsen {
        /// Gain ratio above which the model is trusted more.
        fast_gain: f64,
        /// Extra factor then.
        fast_factor: f64,
    },
    /// For graphs that want next to no damping. Accepted: `λ ← shrink λ` when
    /// `ρ > shrink_gain`. Rejected: `λ ← max(ν λ, jump), ν ← 2ν`, with
    /// `ν = raise` after every accepted step.
    NearZero {
        /// Gain ratio above which `λ` shrinks.
        shrink_gain: f64,
        /// Factor by which it shrinks.
        shrink: f64,
        /// Least `λ` after a rejection.
        jump: f64,
        /// First factor after a rejection.
        raise: f64,
    },
}

impl LmOptions {
    /// Bundles: `λ₀ = 1e-4` as in Ceres, Nielsen, halved once more above a
    /// gain of 0.5, and no floor to speak of. Down the flat valley of
    /// Ladybug-49 damping is what shortens the steps: 19 of them reach the
    /// bottom, 32 without halving, and a floor of 1e-6 ends half-way; much
    /// smaller factors lead into another valley. Pose graphs: `λ₀ = 1e-12`,
    /// floor 1e-13; from 1e-6 parking-garage takes 49 steps instead of 3. A
    /// full step that overshoots is followed up, as it would be by Gauss-Newton:
    /// input_INTEL from its chordal start takes 3 steps, 31 where each must lower
    /// the cost.
    pub fn for_kind(kind: ProblemKind) -> Self {
        match kind {
            ProblemKind::Bundle => Self {
                initial_damping: 1e-4,
                min_damping: 1e-16,
                max_damping: 1e12,
                min_gain: 0.0,
                policy: DampingPolicy::Nielsen {
                    fast_gain: 0.5,
                    fast_factor: 0.5,
                },
                uphill_steps: 0,
            },
            ProblemKind::PoseGraph2 | ProblemKind::PoseGraph3 => Self {
                initial_damping: 1e-12,
                min_damping: 1e-13,
                max_damping: 1e12,
                min_gain: 0.0,
                policy: DampingPolicy::NearZero {
                    shrink_gain: 0.75,
                    shrink: 0.1,
                    jump: 1e-10,
                    raise: 10.0,
                },
                uphill_steps: 5,
            },
        }
    }

    fn validate(&self) -> Result<(), OptionsError> {
        const POSITIVE: &str = "a finite number above 0";
        let path = "algorithm.initial_damping";
        in_range(path, self.initial_damping, POSITIVE, |v| v > 0.0)?;
        let path = "algorithm.min_damping";
        in_range(path, self.min_damping, POSITIVE, |v| v > 0.0)?;
        let path = "algorithm.max_damping";
        in_range(path, self.max_damping, POSITIVE, |v| v > 0.0)?;
        let path = "algorithm.min_gain";
        let unit = "a number from 0 to below 1";
        in_range(path, self.min_gain, unit, |v| (0.0..1.0).contains(&v))?;
        let initial = ("algorithm.initial_damping", self.initial_damping);
        ordered(("algorithm.min_damping", self.min_damping), initial)?;
        ordered(initial, ("algorithm.max_damping", self.max_damping))?;
        let fraction = "a number above 0 and at most 1";
        let is_fraction = |v: f64| v > 0.0 && v <= 1.0;
        match self.policy {
            DampingPolicy::Nielsen {
                fast_gain,
                fast_factor,
            } => {
                let path = "algorithm.policy.fast_gain";
                in_range(path, fast_gain, POSITIVE, |v| v > 0.0)?;
                in_range(
                    "algorithm.policy.fast_factor",
                    fast_factor,
                    fraction,
                    is_fraction,
                )
            }
            DampingPolicy::NearZero {
                shrink_gain,
                shrink,
                jump,
                raise,
            } => {
                let path = "algorithm.policy.shrink_gain";
                in_range(path, shrink_gain, POSITIVE, |v| v > 0.0)?;
                in_range("algorithm.policy.shrink", shrink, fraction, is_fraction)?;
                in_range("algorithm.policy.jump", jump, POSITIVE, |v| v > 0.0)?;
                let above_one = "a finite number above 1";
                in_range("algorithm.policy.raise", raise, above_one, |v| v > 1.0)
            }
        }
    }
}

/// The trust region of the dogleg, in the metric `√(δᵀ D δ)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoglegOptions {
    /// Radius of the first step. 1e4, as in Ceres.
    pub initial_radius: f64,
    /// The radius never grows beyond this. 1e16, as in Ceres.
    pub max_radius: f64,
    /// The solve stops when a rejection would shrink the radius below this.
    pub min_radius: f64,
    /// `λ` of the Gauss-Newton leg, against singular systems.
    pub damping: f64,
}

impl DoglegOptions {
    /// `damping` is 1e-8 for bundles, as in Ceres, and 1e-12 for pose graphs.
    pub fn for_kind(kind: ProblemKind) -> Self {
        Self {
            initial_radius: 1e4,
            max_radius: 1e16,
            min_radius: 1e-16,
            damping: match kind {
                ProblemKind::Bundle => 1e-8,
                ProblemKind::PoseGraph2 | ProblemKind::PoseGraph3 => 1e-12,
            },
        }
    }

    fn validate(&self) -> Result<(), OptionsError> {
        const POSITIVE: &str = "a finite number above 0";
        let initial = ("algorithm.initial_radius", self.initial_radius);
        let low = ("algorithm.min_radius", self.min_radius);
        let high = ("algorithm.max_radius", self.max_radius);
        for (path, value) in [initial, low, high] {
            in_range(path, value, POSITIVE, |v| v > 0.0)?;
        }
        let none = "a finite number, 0 or above";
        in_range("algorithm.damping", self.damping, none, |v| v >= 0.0)?;
        ordered(low, initial)?;
        ordered(initial, high)
    }
}

//! When the outer loop ends.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::{OptionsError, at_least_one, in_range};
use crate::text::as_text;

/// Thresholds of the stop tests. A test with threshold 0 fires at exactly 0 only.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopOptions {
    /// Stops when a step lowers the cost by less than this, relative to the
    /// cost. 1e-6, as in Ceres.
    pub relative_cost: f64,
    /// Stops already when the next step can be foretold to lower the cost by
    /// less than `relative_cost`, which saves that step. It takes two free,
    /// exact steps in a row; see [`Stop::ForecastDecrease`](crate::Stop). On.
    pub forecast: bool,
    /// Stops when `‖Jᵀ r‖∞` is at most this. 1e-10, as in Ceres.
    pub gradient: f64,
    /// Stops when an accepted step is shorter than this relative to the
    /// state, `‖δ‖ ≤ step (‖x‖ + step)`, and promised as little relative to
    /// the cost. 1e-8, as in Ceres.
    pub step: f64,
    /// Stops when the model promises less than this relative to the cost: what
    /// follows is rounding. 1e-15, a few roundings of an f64 sum.
    pub rounding: f64,
    /// Steps tried, accepted or not. 100.
    pub max_iterations: usize,
    /// Wall time of the solve. The best state so far is returned, and the
    /// overrun reported. None by default.
    pub time_budget: Option<TimeBudget>,
}

impl Default for StopOptions {
    fn default() -> Self {
        Self {
            relative_cost: 1e-6,
            forecast: true,
            gradient: 1e-10,
            step: 1e-8,
            rounding: 1e-15,
            max_iterations: 100,
            time_budget: None,
        }
    }
}

impl StopOptions {
    pub(super) fn validate(&self) -> Result<(), OptionsError> {
        let below_one = "a number from 0 to below 1";
        for (path, value) in [
            ("stop.relative_cost", self.relative_cost),
            ("stop.step", self.step),
            ("stop.rounding", self.rounding),
        ] {
            in_range(path, value, below_one, |v| (0.0..1.0).contains(&v))?;
        }
        let finite = "a finite number, 0 or above";
        in_range("stop.gradient", self.gradient, finite, |v| v >= 0.0)?;
        at_least_one("stop.max_iterations", self.max_iterations)?;
        if let Some(budget) = self.time_budget {
            let seconds = budget.duration().as_secs_f64();
            in_range("stop.time_budget", seconds, "more than 0 seconds", |v| {
                v > 0.0
            })?;
        }
        Ok(())
    }
}

/// A positive wall time, written with its unit: `80ms`, `2s`, `1.5min`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeBudget(Duration);

impl TimeBudget {
    /// The time.
    pub fn duration(self) -> Duration {
        self.0
    }
}

impl From<Duration> for TimeBudget {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

/// Nanoseconds in each unit; a name that ends another comes after it.
const UNITS: [(&str, f64); 5] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("ms", 1e6),
    ("min", 60e9),
    ("s", 1e9),
];

impl std::str::FromStr for TimeBudget {
    type Err = OptionsError;

    fn from_str(text: &str) -> Result<Self, OptionsError> {
        let fail = || OptionsError::NotADuration {
            text: text.to_owned(),
        };
        let text = text.trim();
        let (number, nanoseconds) = UNITS
            .iter()
            .find_map(|(unit, size)| Some((text.strip_suffix(unit)?, size)))
            .ok_or_else(fail)?;
        let number: f64 = number.trim_end().parse().map_err(|_| fail())?;
        let whole = (number * nanoseconds).round();
        // Above 2⁶³ ns, three centuries, the conversion would lose its meaning.
        if !(1.0..9.2e18).contains(&whole) {
            return Err(fail());
        }
        Ok(Self(Duration::from_nanos(whole as u64)))
    }
}

/// The longest unit that needs no fraction.
impl std::fmt::Display for TimeBudget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let nanoseconds = self.0.as_nanos();
        let (unit, size) = [("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000)]
            .into_iter()
            .find(|(_, size)| nanoseconds.is_multiple_of(*size))
            .unwrap_or(("ns", 1));
        f.pad(&format!("{}{unit}", nanoseconds / size))
    }
}

as_text!(TimeBudget);

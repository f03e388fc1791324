//! What can be wrong with options.

/// An option that cannot be used. The sentence says what to do instead.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// A word that names nothing.
    #[error("unknown {what} '{text}': use {expected}")]
    Unknown {
        /// What the word should have named, for example `linear solver`.
        what: &'static str,
        /// The word.
        text: String,
        /// The words that would do.
        expected: &'static str,
    },
    /// A part of a longer text that is no number.
    #[error("'{text}' in {what} is not {expected}")]
    NotANumber {
        /// Where it stands, for example `fill ict`.
        what: &'static str,
        /// The text.
        text: String,
        /// What was expected there.
        expected: &'static str,
    },
    /// A duration without unit, or not positive.
    #[error(
        "'{text}' is not a duration: write a positive number and its unit, as in 80ms, 2s or 1.5min"
    )]
    NotADuration {
        /// The text.
        text: String,
    },
    /// A number outside its range.
    #[error("option {option} is {value}: set it to {expected}")]
    OutOfRange {
        /// Path of the option, for example `stop.relative_cost`.
        option: &'static str,
        /// The value given.
        value: f64,
        /// The values allowed.
        expected: &'static str,
    },
    /// A lower bound above its upper bound.
    #[error(
        "option {low} ({low_value}) is above {high} ({high_value}): lower the first or raise the second"
    )]
    Crossed {
        /// Path of the lower bound.
        low: &'static str,
        /// Its value.
        low_value: f64,
        /// Path of the upper bound.
        high: &'static str,
        /// Its value.
        high_value: f64,
    },
    /// Two options that exclude each other.
    #[error("option {option} does not go with {other}: {remedy}")]
    Conflict {
        /// One option and its value.
        option: String,
        /// The other option and its value.
        other: String,
        /// What to change.
        remedy: &'static str,
    },
    /// An option that was settled when the solver was set up.
    #[error("option {option} is fixed at setup: make a new solver to change it")]
    Fixed {
        /// Path of the option.
        option: &'static str,
    },
}

/// `value` when it is finite and `accept`ed, else an error naming the option.
pub(super) fn in_range(
    option: &'static str,
    value: f64,
    expected: &'static str,
    accept: impl FnOnce(f64) -> bool,
) -> Result<(), OptionsError> {
    if value.is_finite() && accept(value) {
        Ok(())
    } else {
        Err(OptionsError::OutOfRange {
            option,
            value,
            expected,
        })
    }
}

/// As [`in_range`] for whole numbers that must not be zero.
pub(super) fn at_least_one(option: &'static str, value: usize) -> Result<(), OptionsError> {
    in_range(option, value as f64, "1 or more", |v| v >= 1.0)
}

/// `low ≤ high`.
pub(super) fn ordered(
    low: (&'static str, f64),
    high: (&'static str, f64),
) -> Result<(), OptionsError> {
    if low.1 <= high.1 {
        Ok(())
    } else {
        Err(OptionsError::Crossed {
            low: low.0,
            low_value: low.1,
            high: high.0,
            high_value: high.1,
        })
    }
}

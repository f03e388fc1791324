//! What can be wrong with a simulation's options.

use slam16_problem::ProblemError;

/// Options that describe nothing that can be simulated.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// A number outside its range.
    #[error("{option} must be {range}, not {value}")]
    Option {
        /// The field.
        option: &'static str,
        /// What it may be.
        range: &'static str,
        /// What it is.
        value: f64,
    },
    /// The numbers overflow.
    #[error(transparent)]
    Problem(#[from] ProblemError),
}

/// Refuses numbers below `least` and those that are not finite.
pub(crate) fn at_least(option: &'static str, value: f64, least: f64) -> Result<(), SimError> {
    if value.is_finite() && value >= least {
        return Ok(());
    }
    let range = match least {
        0.0 => "finite and at least 0",
        1.0 => "finite and at least 1",
        2.0 => "finite and at least 2",
        _ => "finite and at least 3",
    };
    Err(SimError::Option {
        option,
        range,
        value,
    })
}

/// Refuses numbers that are not positive and finite.
pub(crate) fn positive(option: &'static str, value: f64) -> Result<(), SimError> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(SimError::Option {
        option,
        range: "positive and finite",
        value,
    })
}

/// Refuses numbers outside 0 to 1.
pub(crate) fn share(option: &'static str, value: f64) -> Result<(), SimError> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    Err(SimError::Option {
        option,
        range: "between 0 and 1",
        value,
    })
}

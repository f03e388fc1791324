//! A problem with the options of its solve, to solve the same again elsewhere.

use std::path::Path;

use serde_json::Value;

use crate::Error;
use crate::io::{AnyProblem, ProblemRef, ReadOptions};
use crate::solver::Options;

/// A problem from a dump, with its options if it had any.
#[derive(Clone, Debug)]
pub struct Reloaded {
    /// The problem, equal bit for bit to the one dumped.
    pub problem: AnyProblem,
    /// The options of the solve.
    pub options: Option<Options>,
}

/// Writes a problem and the options of its solve to a file, whole or not at
/// all, so that a failing case can be attached to a bug report.
///
/// # Errors
/// A file that cannot be written.
pub fn dump<'p>(
    path: impl AsRef<Path>,
    problem: impl Into<ProblemRef<'p>>,
    options: &Options,
) -> Result<(), Error> {
    let options = serde_json::to_value(options).map_err(unusable)?;
    crate::io::dump(path, problem, &options, &[])?;
    Ok(())
}

/// Reads what [`dump`] wrote.
///
/// # Errors
/// A file that is no dump, or options that this version does not know.
pub fn reload(path: impl AsRef<Path>) -> Result<Reloaded, Error> {
    let read = crate::io::reload(path, &ReadOptions::default())?;
    Ok(Reloaded {
        problem: read.problem,
        options: options_of(read.options)?,
    })
}

/// The options beside a dumped problem; `None` where there are none.
///
/// # Errors
/// Options that this version does not know.
pub fn options_of(value: Value) -> Result<Option<Options>, Error> {
    if value.is_null() {
        return Ok(None);
    }
    serde_json::from_value(value).map(Some).map_err(unusable)
}

fn unusable(error: serde_json::Error) -> Error {
    Error::DumpedOptions {
        reason: error.to_string(),
    }
}

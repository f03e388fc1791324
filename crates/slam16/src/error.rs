//! Everything that can go wrong, behind one type.

use crate::gpu::DeviceError;
use crate::io::{ReadError, WriteError};
use crate::problem::ProblemError;
use crate::solver::{BackendError, OptionsError, SolveError};

/// Why there is no trustworthy result. Every sentence says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A problem that cannot be built or evaluated.
    #[error(transparent)]
    Problem(ProblemError),
    /// An option that cannot be used.
    #[error(transparent)]
    Options(OptionsError),
    /// A backend that cannot go on.
    #[error(transparent)]
    Backend(BackendError),
    /// A solve that failed for a reason of its own.
    #[error(transparent)]
    Solve(SolveError),
    /// A device that does not open or gave up.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A file that cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file that cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A covariance asked of a variable that the factors leave undetermined.
    #[error(
        "variable {variable} has no covariance: the factors leave a direction of it free; fix it, add a prior, or drop it from the list"
    )]
    Undetermined {
        /// Index of the variable.
        variable: usize,
    },
    /// Options in a dump that this version does not know.
    #[error(
        "the dump's options cannot be used ({reason}): drop them from the file, or use the version that wrote it"
    )]
    DumpedOptions {
        /// What is wrong with them.
        reason: String,
    },
}

/// Whose move it is after an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// The numbers give no solution.
    Numeric,
    /// The caller asked for something that cannot be done.
    Usage,
    /// The problem or its file is wrong.
    Input,
    /// A device gave up.
    Device,
}

impl ErrorClass {
    /// Exit status of a program that ends with such an error: 1, 2, 3 or 4.
    pub fn exit_status(self) -> u8 {
        match self {
            Self::Numeric => 1,
            Self::Usage => 2,
            Self::Input => 3,
            Self::Device => 4,
        }
    }
}

impl Error {
    /// Whose move it is.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Problem(_) | Self::Read(_) | Self::DumpedOptions { .. } => ErrorClass::Input,
            Self::Options(_) | Self::Write(_) => ErrorClass::Usage,
            Self::Backend(error) => backend_class(error),
            Self::Device(_) => ErrorClass::Device,
            Self::Solve(error) => match error {
                SolveError::Options(_) => ErrorClass::Usage,
                SolveError::Backend(error) => backend_class(error),
                SolveError::NotFinite { .. } => ErrorClass::Input,
                _ => ErrorClass::Numeric,
            },
            Self::Undetermined { .. } => ErrorClass::Numeric,
        }
    }
}

fn backend_class(error: &BackendError) -> ErrorClass {
    match error {
        BackendError::Problem(_) => ErrorClass::Input,
        BackendError::Unsupported { .. } => ErrorClass::Usage,
        BackendError::Device { .. } => ErrorClass::Device,
        _ => ErrorClass::Numeric,
    }
}

impl From<ProblemError> for Error {
    fn from(error: ProblemError) -> Self {
        Self::Problem(error)
    }
}

impl From<OptionsError> for Error {
    fn from(error: OptionsError) -> Self {
        Self::Options(error)
    }
}

impl From<BackendError> for Error {
    fn from(error: BackendError) -> Self {
        match error {
            BackendError::Problem(error) => Self::Problem(error),
            other => Self::Backend(other),
        }
    }
}

impl From<SolveError> for Error {
    fn from(error: SolveError) -> Self {
        match error {
            SolveError::Options(error) => Self::Options(error),
            SolveError::Backend(error) => error.into(),
            other => Self::Solve(other),
        }
    }
}

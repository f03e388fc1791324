//! How the program ends when it cannot do what was asked.

use slam16::io::{ReadError, WriteError};

use crate::plot::PlotError;

/// Exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// A stop test was met, or the command did what it was asked.
    Done = 0,
    /// A solve ended without meeting a stop test.
    NotConverged = 1,
    /// Something was asked that cannot be done.
    Usage = 2,
    /// A problem or its file is wrong.
    Input = 3,
    /// A device gave up or is not there.
    Device = 4,
}

/// One sentence for the user, and the exit status.
#[derive(Debug)]
pub struct Failure {
    pub status: Status,
    pub message: String,
}

impl Failure {
    pub fn usage(message: impl Into<String>) -> Self {
        Self {
            status: Status::Usage,
            message: message.into(),
        }
    }

    pub fn input(message: impl Into<String>) -> Self {
        Self {
            status: Status::Input,
            message: message.into(),
        }
    }
}

impl From<slam16::Error> for Failure {
    fn from(error: slam16::Error) -> Self {
        let status = match error.class().exit_status() {
            1 => Status::NotConverged,
            2 => Status::Usage,
            4 => Status::Device,
            _ => Status::Input,
        };
        Self {
            status,
            message: error.to_string(),
        }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        slam16::Error::from(error).into()
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        slam16::Error::from(error).into()
    }
}

impl From<PlotError> for Failure {
    fn from(error: PlotError) -> Self {
        Self::usage(error.to_string())
    }
}

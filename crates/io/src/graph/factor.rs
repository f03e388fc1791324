//! Names of factors, as messages give them.

use std::fmt;

/// A factor by the labels of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Factor {
    Edge(u64, u64),
    Observation(u64, u64),
    Prior(u64),
    Fix,
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edge(from, to) => write!(f, "edge {from} -> {to}"),
            Self::Observation(pose, landmark) => write!(f, "observation {pose} -> {landmark}"),
            Self::Prior(pose) => write!(f, "prior of vertex {pose}"),
            Self::Fix => f.write_str("FIX"),
        }
    }
}

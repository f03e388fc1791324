//! Writing problems and trajectories.

mod angle;
mod atomic;
mod bal;
mod g2o;
mod number;
mod trajectory;

use std::path::Path;

use slam16_problem::{Bundle, PoseGraph2, PoseGraph3};

pub use atomic::{AbandonedWrites, abandon_writes, folder_of, try_folder};
pub use bal::write_bal;
pub use g2o::write_g2o;
pub use trajectory::{trajectory_of, write_kitti, write_tum};

pub(crate) use atomic::write_atomically;

use crate::{AnyProblem, WriteError};

/// Writes bytes to a file, whole or not at all: what was there before stays
/// until all of them are written. Paths that end in `.gz` or `.bz2` are
/// compressed.
///
/// # Errors
/// [`WriteError`] when there is no way to write there.
pub fn write_bytes(path: impl AsRef<Path>, bytes: &[u8]) -> Result<(), WriteError> {
    write_atomically(path.as_ref(), |out| out.write_all(bytes))
}

/// A problem of any kind, borrowed.
#[derive(Clone, Copy, Debug)]
pub enum ProblemRef<'p> {
    /// Poses in the plane.
    Graph2(&'p PoseGraph2),
    /// Poses in space.
    Graph3(&'p PoseGraph3),
    /// Cameras and points.
    Bundle(&'p Bundle),
}

impl<'p> From<&'p AnyProblem> for ProblemRef<'p> {
    fn from(problem: &'p AnyProblem) -> Self {
        match problem {
            AnyProblem::Graph2(graph) => Self::Graph2(graph),
            AnyProblem::Graph3(graph) => Self::Graph3(graph),
            AnyProblem::Bundle(bundle) => Self::Bundle(bundle),
        }
    }
}

impl<'p> From<&'p PoseGraph2> for ProblemRef<'p> {
    fn from(graph: &'p PoseGraph2) -> Self {
        Self::Graph2(graph)
    }
}

impl<'p> From<&'p PoseGraph3> for ProblemRef<'p> {
    fn from(graph: &'p PoseGraph3) -> Self {
        Self::Graph3(graph)
    }
}

impl<'p> From<&'p Bundle> for ProblemRef<'p> {
    fn from(bundle: &'p Bundle) -> Self {
        Self::Bundle(bundle)
    }
}

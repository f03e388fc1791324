//! Initial guesses: poses and landmarks from the measurements alone.

mod anchors;
mod landmarks;
#[cfg(test)]
mod tests;
mod tree;

use slam16_geometry::PoseGroup;

use super::PoseGraph;
use crate::ProblemError;

/// Where an iterative solver starts.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum InitialGuess {
    /// The values the graph has.
    #[default]
    File,
    /// Measurements between poses that follow one another in label order,
    /// composed.
    Odometry,
    /// Measurements composed along a breadth-first tree: the fewest
    /// compositions, so the least drift.
    SpanningTree,
}

/// What an initial guess did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct InitialReport {
    /// Poses that kept their value: fixed ones, the first of each part that
    /// floats, those without edges.
    pub kept: usize,
    /// Poses that [`InitialGuess::Odometry`] could not reach over consecutive
    /// labels and placed over other edges.
    pub bridged: usize,
}

impl<G: PoseGroup<D, P>, const D: usize, const P: usize> PoseGraph<G, D, P> {
    /// Overwrites all poses and landmarks that are not fixed with a guess
    /// from the measurements. Robust losses play no part in it.
    ///
    /// Each connected part starts from its fixed poses; else from its poses
    /// with a prior of full rank; else its first pose keeps its value. Parts
    /// are those of the between edges. Landmarks follow from the poses: the
    /// mean of their observations, weighted by information.
    ///
    /// # Errors
    /// None so far.
    pub fn initialize(&mut self, guess: InitialGuess) -> Result<InitialReport, ProblemError> {
        let report = match guess {
            InitialGuess::File => {
                return Ok(InitialReport {
                    kept: self.poses.len(),
                    ..InitialReport::default()
                });
            }
            InitialGuess::Odometry => self.follow_odometry(),
            InitialGuess::SpanningTree => self.follow_tree(),
        };
        self.average_landmarks();
        Ok(report)
    }
}

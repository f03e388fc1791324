//! Initial guesses: poses and landmarks from the measurements alone.

mod anchors;
mod chordal;
mod joint;
mod landmarks;
mod system;
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
    /// Rotations from a linear relaxation, then everything else from linear
    /// least squares.
    ///
    /// First `min Σ κ ‖Rj − Ri Rij‖²` over free matrices, each replaced by the
    /// nearest rotation; then, with these rotations, the exact minimum of the
    /// objective over all translations and landmarks. Where landmarks were
    /// seen, a second relaxation takes rotations, positions and landmarks at
    /// once, since loops may close over landmarks alone; the start of lower
    /// cost is kept. Sources: D. Martinec, T. Pajdla, CVPR 2007; L. Carlone
    /// et al., "Initialization techniques for 3D SLAM", ICRA 2015.
    Chordal,
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
    /// A linear system of [`InitialGuess::Chordal`] was singular (some
    /// information matrices are), and its free directions follow the
    /// spanning tree.
    pub regularized: bool,
}

impl<G: PoseGroup<D, P>, const D: usize, const P: usize> PoseGraph<G, D, P> {
    /// Overwrites all poses and landmarks that are not fixed with a guess
    /// from the measurements. Robust losses play no part in it.
    ///
    /// Each part that between edges connect starts from its fixed poses; else
    /// from its poses with a prior of full rank; else its first pose keeps
    /// its value. Landmarks follow from the poses: the mean of their
    /// observations, weighted by information.
    ///
    /// # Errors
    /// [`ProblemError::Singular`] when a chordal system cannot be solved,
    /// [`ProblemError::NonFinite`] when measurements are too large to compose.
    /// The graph then holds values of no use.
    pub fn initialize(&mut self, guess: InitialGuess) -> Result<InitialReport, ProblemError> {
        let place: fn(&mut Self) -> InitialReport = match guess {
            InitialGuess::File => {
                return Ok(InitialReport {
                    kept: self.poses.len(),
                    ..InitialReport::default()
                });
            }
            InitialGuess::Chordal => return self.relax(),
            InitialGuess::Odometry => Self::follow_odometry,
            InitialGuess::SpanningTree => Self::follow_tree,
        };
        let report = place(self);
        self.average_landmarks();
        Ok(report)
    }
}

//! Errors of an estimated trajectory against a reference, as evo computes them.
//!
//! Same definitions, same pairs, same figures as `evo_ape` and `evo_rpe`
//! (M. Grupp, github.com/MichaelGrupp/evo, version 1.38), and through them as
//! J. Sturm et al., "A benchmark for the evaluation of RGB-D SLAM systems",
//! IROS 2012.

mod absolute;
mod align;
mod associate;
mod relative;
mod statistics;

pub use absolute::{AbsoluteOptions, Alignment, absolute_error};
pub use align::{Similarity, umeyama};
pub use associate::{Association, associate};
pub use relative::{Delta, RelativeOptions, relative_error};
pub use statistics::Statistics;

use nalgebra::{Matrix3, Vector3};
use slam16_geometry::So3;
use slam16_problem::Trajectory;

/// What is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Relation {
    /// Length of the translation of the error pose, in the trajectory's unit.
    #[default]
    Translation,
    /// Angle of the rotation of the error pose, degrees.
    RotationAngle,
}

/// One error per compared pose or pair, and their summary.
#[derive(Clone, Debug, PartialEq)]
pub struct Errors {
    /// The errors, in time order.
    pub values: Vec<f64>,
    /// For each error the place of its pose (of a pair: the later one) in the
    /// associated trajectories.
    pub places: Vec<usize>,
    /// Their statistics.
    pub statistics: Statistics,
}

/// Trajectories that cannot be compared.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// No two moments are close enough.
    #[error(
        "no moments of the two trajectories are within {tolerance} s: check their clocks, or allow more"
    )]
    NoMatches {
        /// The tolerance, seconds.
        tolerance: f64,
    },
    /// Compared in order, but not of the same length.
    #[error(
        "the reference has {reference} poses and the estimate {estimate}: associate them by time"
    )]
    Lengths {
        /// Poses of the reference.
        reference: usize,
        /// Poses of the estimate.
        estimate: usize,
    },
    /// All positions lie on one line (or in one point), so that the rotation
    /// between both trajectories is not determined.
    #[error("positions lie on a line: no rigid alignment is determined; compare without alignment")]
    Degenerate,
    /// No pair of poses is that far apart.
    #[error("no pair of poses is {delta} {unit} apart: choose less")]
    NoPairs {
        /// The distance asked for.
        delta: f64,
        /// `frames` or `m`.
        unit: &'static str,
    },
    /// A distance between poses that is not positive and finite.
    #[error("poses must be a positive distance apart, not {delta}")]
    Delta {
        /// The distance asked for.
        delta: f64,
    },
}

/// Translations of all poses, in their order.
fn positions(trajectory: &Trajectory) -> Vec<Vector3<f64>> {
    trajectory.poses().iter().map(|x| x.translation).collect()
}

/// Angle in degrees of the rotation nearest to a matrix.
fn angle_degrees(matrix: &Matrix3<f64>) -> f64 {
    So3::nearest(matrix).map_or(f64::NAN, |rotation| rotation.log().norm().to_degrees())
}

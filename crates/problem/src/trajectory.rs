//! Poses over time.

use slam16_geometry::Se3;

/// Poses with their moments, in the order given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trajectory {
    /// Moments, seconds; one per pose. A format without moments numbers its poses 0, 1, 2, ….
    pub stamps: Vec<f64>,
    /// `world_from_body`.
    pub poses: Vec<Se3<f64>>,
}

impl Trajectory {
    /// Number of poses that have a moment.
    pub fn len(&self) -> usize {
        self.poses.len().min(self.stamps.len())
    }

    /// No pose at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

//! Poses over time.

use nalgebra::{Matrix3, Vector3};
use slam16_geometry::{Se3, So3};

/// Poses with their moments, in the order given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trajectory {
    stamps: Vec<f64>,
    poses: Vec<Se3<f64>>,
    linear: Vec<Matrix3<f64>>,
}

impl Trajectory {
    /// Moments in seconds and `world_from_body`, one each; what the longer
    /// list has too much is left out.
    pub fn new(mut stamps: Vec<f64>, mut poses: Vec<Se3<f64>>) -> Self {
        let len = stamps.len().min(poses.len());
        stamps.truncate(len);
        poses.truncate(len);
        Self {
            stamps,
            poses,
            linear: Vec::new(),
        }
    }

    /// Poses of a format without moments, numbered 0, 1, 2, ….
    pub fn numbered(poses: Vec<Se3<f64>>) -> Self {
        let stamps = (0..poses.len()).map(|k| k as f64).collect();
        Self::new(stamps, poses)
    }

    /// Poses `p ↦ M p + t` of a format that writes matrices (KITTI). Each pose
    /// gets the rotation nearest to its M; M itself is kept as well, because
    /// files round it to a few digits and evo computes with it as it is.
    ///
    /// # Errors
    /// The index of the first matrix or translation that is not finite.
    pub fn from_matrices(
        stamps: Vec<f64>,
        transforms: &[(Matrix3<f64>, Vector3<f64>)],
    ) -> Result<Self, usize> {
        let mut poses = Vec::with_capacity(transforms.len());
        let mut linear = Vec::with_capacity(transforms.len());
        for (index, (matrix, translation)) in transforms.iter().enumerate() {
            let pose = So3::nearest(matrix).map(|r| Se3::new(*translation, r));
            poses.push(pose.filter(Se3::is_finite).ok_or(index)?);
            linear.push(*matrix);
        }
        let mut trajectory = Self::new(stamps, poses);
        linear.truncate(trajectory.len());
        trajectory.linear = linear;
        Ok(trajectory)
    }

    /// Number of poses.
    pub fn len(&self) -> usize {
        self.poses.len()
    }

    /// No pose at all.
    pub fn is_empty(&self) -> bool {
        self.poses.is_empty()
    }

    /// Moments, seconds.
    pub fn stamps(&self) -> &[f64] {
        &self.stamps
    }

    /// `world_from_body`.
    pub fn poses(&self) -> &[Se3<f64>] {
        &self.poses
    }

    /// The 3×3 part of pose `k` as it was written: the file's matrix, not
    /// exactly a rotation, where there is one, else the pose's rotation.
    pub fn linear(&self, k: usize) -> Matrix3<f64> {
        match self.linear.get(k) {
            Some(matrix) => *matrix,
            None => self.poses[k].rotation.matrix(),
        }
    }

    /// The poses at the given places, in that order; places beyond the end
    /// are left out.
    pub fn select(&self, places: impl IntoIterator<Item = usize>) -> Self {
        let mut chosen = Self::default();
        for k in places.into_iter().filter(|k| *k < self.len()) {
            chosen.stamps.push(self.stamps[k]);
            chosen.poses.push(self.poses[k]);
            chosen.linear.extend(self.linear.get(k));
        }
        chosen
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn matrices_are_kept_beside_their_rotations() {
        let rounded = Matrix3::new(0.0, -1.001, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.999);
        let t = Vector3::new(1.0, 2.0, 3.0);
        let one = Trajectory::from_matrices(vec![0.5, 0.7], &[(rounded, t)]).unwrap();
        assert_eq!((one.len(), one.stamps()), (1, &[0.5][..]));
        assert_eq!(one.linear(0), rounded);
        let turn = one.poses()[0].rotation.matrix();
        assert!((turn * turn.transpose() - Matrix3::identity()).norm() < 1e-14);
        assert_eq!(one.select([0, 0, 9]).len(), 2);
        assert_eq!(one.select([0]).linear(0), rounded);
        let broken = (Matrix3::repeat(f64::NAN), t);
        assert_eq!(
            Trajectory::from_matrices(vec![0.0, 1.0], &[(rounded, t), broken]),
            Err(1)
        );
        let plain = Trajectory::numbered(vec![Se3::identity(); 2]);
        assert_eq!(plain.stamps(), [0.0, 1.0]);
        assert_eq!(plain.linear(1), Matrix3::identity());
    }
}

//! Writing trajectories.

use std::path::Path;

use nalgebra::Vector3;
use slam16_geometry::{Se3, So3};
use slam16_problem::Trajectory;

use super::number::{Row, Shortest};
use super::{ProblemRef, write_atomically};
use crate::error::WriteError;

/// The poses of a graph, or the cameras of a bundle, in order. Labels stand
/// for moments; planar poses lie in z = 0 and turn about z.
pub fn trajectory_of<'p>(problem: impl Into<ProblemRef<'p>>) -> Trajectory {
    let seconds = |labels: &[u64]| labels.iter().map(|label| *label as f64).collect();
    match problem.into() {
        ProblemRef::Graph2(graph) => {
            let poses = graph.poses().iter().map(|pose| {
                let half = 0.5 * pose.rotation.log();
                let rotation = So3::from_unit_xyzw([0.0, 0.0, half.sin(), half.cos()]);
                Se3::new(
                    Vector3::new(pose.translation.x, pose.translation.y, 0.0),
                    rotation,
                )
            });
            Trajectory::new(seconds(graph.pose_labels()), poses.collect())
        }
        ProblemRef::Graph3(graph) => {
            Trajectory::new(seconds(graph.pose_labels()), graph.poses().to_vec())
        }
        ProblemRef::Bundle(bundle) => {
            let poses = bundle.cameras().iter().map(|c| c.world_from_camera);
            Trajectory::numbered(poses.collect())
        }
    }
}

/// Writes a trajectory in the format of the TUM RGB-D benchmark:
/// `time tx ty tz qx qy qz qw`, seconds.
///
/// # Errors
/// [`WriteError`]: numbers that are not finite, or no way to write there.
pub fn write_tum(path: impl AsRef<Path>, trajectory: &Trajectory) -> Result<(), WriteError> {
    let path = path.as_ref();
    check(path, trajectory, "TUM")?;
    write_atomically(path, |out| {
        for (stamp, pose) in trajectory.stamps().iter().zip(trajectory.poses()) {
            let t = &pose.translation;
            let [x, y, z, w] = pose.rotation.xyzw();
            let numbers = [t.x, t.y, t.z, x, y, z, w];
            writeln!(out, "{} {}", Shortest(*stamp), Row(&numbers))?;
        }
        Ok(())
    })
}

/// Writes a trajectory in the format of the KITTI odometry benchmark: the
/// upper three rows of `world_from_body`, row by row; moments are left out.
///
/// # Errors
/// As for [`write_tum`].
pub fn write_kitti(path: impl AsRef<Path>, trajectory: &Trajectory) -> Result<(), WriteError> {
    let path = path.as_ref();
    check(path, trajectory, "KITTI")?;
    write_atomically(path, |out| {
        for pose in trajectory.poses() {
            let (r, t) = (pose.rotation.matrix(), &pose.translation);
            let mut numbers = [0.0; 12];
            for i in 0..3 {
                for j in 0..3 {
                    numbers[4 * i + j] = r[(i, j)];
                }
                numbers[4 * i + 3] = t[i];
            }
            writeln!(out, "{}", Row(&numbers))?;
        }
        Ok(())
    })
}

fn check(path: &Path, trajectory: &Trajectory, format: &'static str) -> Result<(), WriteError> {
    let finite = trajectory.poses().iter().all(Se3::is_finite)
        && trajectory.stamps().iter().all(|s| s.is_finite());
    if finite {
        return Ok(());
    }
    Err(WriteError::Unsupported {
        path: path.to_owned(),
        format,
        what: "numbers that are not finite".into(),
    })
}

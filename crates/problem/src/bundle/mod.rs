//! Bundles: cameras, points and observations.

mod evaluate;
mod local;
mod parts;
mod prior;
mod rows;
mod setup;
mod state;

use nalgebra::Vector3;
use slam16_geometry::{Pinhole, Se3, Stereo, bal_angle_axis_translation, bal_world_from_camera};

pub use local::{LocalBundle, LocalCamera, LocalLens, LocalObservation};
pub use prior::DensePrior;
pub use state::BundleState;

use crate::pose_graph::check_range;
use crate::{CameraId, LensId, Loss, PointId, ProblemError};

/// Focal length and radial distortion of BAL's camera, `[f, k1, k2]`.
pub type BalIntrinsics = [f64; 3];

/// A camera: its pose and, for BAL's lens, its own intrinsics.
#[derive(Clone, Debug, PartialEq)]
pub struct Camera {
    /// Pose; BAL files hold its inverse.
    pub world_from_camera: Se3<f64>,
    /// `f, k1, k2`; used by observations through [`Lens::Bal`] only.
    pub intrinsics: BalIntrinsics,
    /// Hold the pose.
    pub pose_fixed: bool,
    /// Hold the intrinsics.
    pub intrinsics_fixed: bool,
}

impl Camera {
    /// A free camera from the nine numbers of a BAL file: angle-axis vector
    /// and translation of `camera_from_world`, `f`, `k1`, `k2`.
    pub fn from_bal(numbers: &[f64; 9]) -> Self {
        let [rx, ry, rz, tx, ty, tz, f, k1, k2] = *numbers;
        Self {
            world_from_camera: bal_world_from_camera(
                &Vector3::new(rx, ry, rz),
                &Vector3::new(tx, ty, tz),
            ),
            intrinsics: [f, k1, k2],
            pose_fixed: false,
            intrinsics_fixed: false,
        }
    }

    /// The nine numbers of a BAL file, the inverse of [`Camera::from_bal`].
    pub fn to_bal(&self) -> [f64; 9] {
        let (r, t) = bal_angle_axis_translation(&self.world_from_camera);
        let [f, k1, k2] = self.intrinsics;
        [r.x, r.y, r.z, t.x, t.y, t.z, f, k1, k2]
    }
}

/// How a point in the camera's frame becomes a measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lens {
    /// BAL: the camera looks down −z, `u = f (1 + k1 r² + k2 r⁴) p`,
    /// `p = −P/P.z`; intrinsics belong to the camera. Two rows.
    Bal,
    /// Pinhole with known intrinsics, z forward. Two rows.
    Pinhole(Pinhole<f64>),
    /// Rectified stereo pair with known intrinsics, z forward: `(u_l, u_r, v)`. Three rows.
    Stereo(Stereo<f64>),
}

impl Lens {
    /// Residuals per observation.
    pub fn rows(&self) -> usize {
        match self {
            Self::Bal | Self::Pinhole(_) => 2,
            Self::Stereo(_) => 3,
        }
    }
}

/// A point seen by a camera.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    /// The camera.
    pub camera: CameraId,
    /// The point.
    pub point: PointId,
    /// The lens it was seen through.
    pub lens: LensId,
    /// `(u, v, –)` or `(u_l, u_r, v)`, pixels.
    pub pixel: [f64; 3],
    /// `1/σ²`, 1/pixel².
    pub weight: f64,
}

/// Cameras, points and what was seen: `½ Σ ρ(w ‖π(X) − u‖²)`, and a dense
/// prior on poses where a sliding window has set one.
///
/// Variables, in this order: cameras (9 scalars `[ρ, φ, f, k1, k2]` when any
/// camera's intrinsics are free and seen through [`Lens::Bal`], else 6), then
/// points (3). Factor sets: observations with two rows, then with three; each
/// keeps the observations' order.
#[derive(Clone, Debug, Default)]
pub struct Bundle {
    pub(crate) cameras: Vec<Camera>,
    pub(crate) points: Vec<Vector3<f64>>,
    pub(crate) point_fixed: Vec<bool>,
    pub(crate) lenses: Vec<Lens>,
    pub(crate) observations: Vec<Observation>,
    /// Positions of the observations with two and with three rows.
    pub(crate) sets: [Vec<u32>; 2],
    pub(crate) loss: Loss,
    pub(crate) prior: Option<DensePrior>,
}

impl Bundle {
    /// An empty bundle.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a camera.
    ///
    /// # Errors
    /// A number that is not finite.
    pub fn add_camera(&mut self, camera: Camera) -> Result<CameraId, ProblemError> {
        let id = CameraId::from(self.cameras.len());
        parts::check_camera(id, &camera)?;
        self.cameras.push(camera);
        Ok(id)
    }

    /// Adds a point in the world.
    ///
    /// # Errors
    /// A number that is not finite.
    pub fn add_point(&mut self, in_world: Vector3<f64>) -> Result<PointId, ProblemError> {
        let id = PointId::from(self.points.len());
        parts::check_point(id, &in_world)?;
        self.points.push(in_world);
        self.point_fixed.push(false);
        Ok(id)
    }

    /// Adds a lens.
    pub fn add_lens(&mut self, lens: Lens) -> LensId {
        let id = LensId::from(self.lenses.len());
        self.lenses.push(lens);
        id
    }

    /// Adds an observation.
    ///
    /// # Errors
    /// Unknown ids, numbers that are not finite, a weight that is not positive.
    pub fn add_observation(&mut self, observation: Observation) -> Result<(), ProblemError> {
        let rows = self.check_observation(&observation)?;
        self.sets[usize::from(rows == 3)].push(self.observations.len() as u32);
        self.observations.push(observation);
        Ok(())
    }

    /// All cameras.
    pub fn cameras(&self) -> &[Camera] {
        &self.cameras
    }

    /// All cameras, to be overwritten; the number cannot change.
    pub fn cameras_mut(&mut self) -> &mut [Camera] {
        &mut self.cameras
    }

    /// All points, in the world.
    pub fn points(&self) -> &[Vector3<f64>] {
        &self.points
    }

    /// All points, to be overwritten; the number cannot change.
    pub fn points_mut(&mut self) -> &mut [Vector3<f64>] {
        &mut self.points
    }

    /// Which points are held.
    pub fn point_fixed(&self) -> &[bool] {
        &self.point_fixed
    }

    /// Holds a point at its value, or lets it go.
    ///
    /// # Errors
    /// An unknown point.
    pub fn set_point_fixed(&mut self, point: PointId, fixed: bool) -> Result<(), ProblemError> {
        check_range("point", point.index(), self.points.len())?;
        self.point_fixed[point.index()] = fixed;
        Ok(())
    }

    /// All lenses.
    pub fn lenses(&self) -> &[Lens] {
        &self.lenses
    }

    /// All observations, in insertion order.
    pub fn observations(&self) -> &[Observation] {
        &self.observations
    }

    /// The robust loss.
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// Sets the robust loss.
    ///
    /// # Errors
    /// A scale that is not positive and finite.
    pub fn set_loss(&mut self, loss: Loss) -> Result<(), ProblemError> {
        self.loss = loss.validate()?;
        Ok(())
    }
}

pub(crate) fn observation_name(observation: &Observation) -> String {
    format!(
        "observation of point {} by camera {}",
        observation.point.0, observation.camera.0
    )
}

//! One observation: cameras prepared for many, and what differs by lens.

use nalgebra::{SMatrix, SVector, Vector3};
use slam16_geometry::{BalCamera, CameraFrame};

use super::{Camera, Lens};

/// A camera prepared for many observations.
pub(super) struct Prepared {
    pub(super) frame: CameraFrame<f64>,
    bal: BalCamera<f64>,
    /// 0 where the pose is held, else 1.
    pub(super) pose_mask: f64,
    /// 0 where the intrinsics are held, else 1.
    pub(super) intrinsics_mask: f64,
}

impl Prepared {
    /// `held` has the flags of the camera's scalars; what is missing is free.
    pub(super) fn new(camera: &Camera, held: &[bool]) -> Self {
        let free = |i: usize| {
            let held = held.get(i).is_some_and(|h| *h);
            if held { 0.0 } else { 1.0 }
        };
        let [focal, k1, k2] = camera.intrinsics;
        Self {
            frame: CameraFrame::new(&camera.world_from_camera),
            bal: BalCamera { focal, k1, k2 },
            pose_mask: free(0),
            intrinsics_mask: free(6),
        }
    }
}

/// Unweighted residual and Jacobian blocks of one observation.
pub(super) struct Linear<const R: usize> {
    pub(super) residual: SVector<f64, R>,
    pub(super) pose: SMatrix<f64, R, 6>,
    pub(super) intrinsics: SMatrix<f64, R, 3>,
    pub(super) point: SMatrix<f64, R, 3>,
}

/// What is done differently for observations of two and of three rows.
pub(super) trait Rows<const R: usize> {
    fn residual(
        camera: &Prepared,
        lens: &Lens,
        pixel: &[f64; 3],
        point: &Vector3<f64>,
    ) -> Option<SVector<f64, R>>;
    fn linearize(
        camera: &Prepared,
        lens: &Lens,
        pixel: &[f64; 3],
        point: &Vector3<f64>,
    ) -> Option<Linear<R>>;
}

/// A set's kind of observation.
pub(super) struct Kind;

impl Rows<2> for Kind {
    #[inline(always)]
    fn residual(
        camera: &Prepared,
        lens: &Lens,
        pixel: &[f64; 3],
        point: &Vector3<f64>,
    ) -> Option<SVector<f64, 2>> {
        let seen = match lens {
            Lens::Bal => camera.bal.project(&camera.frame, point)?,
            Lens::Pinhole(pinhole) => pinhole.project(&camera.frame, point)?,
            // Three rows, never in this set.
            Lens::Stereo(_) => return None,
        };
        Some(SVector::from([
            seen.pixel[0] - pixel[0],
            seen.pixel[1] - pixel[1],
        ]))
    }

    #[inline(always)]
    fn linearize(
        camera: &Prepared,
        lens: &Lens,
        pixel: &[f64; 3],
        point: &Vector3<f64>,
    ) -> Option<Linear<2>> {
        let (linear, intrinsics) = match lens {
            Lens::Bal => camera.bal.project_with_jacobians(&camera.frame, point)?,
            Lens::Pinhole(pinhole) => (
                pinhole.project_with_jacobians(&camera.frame, point)?,
                SMatrix::zeros(),
            ),
            Lens::Stereo(_) => return None,
        };
        let seen = linear.projection.pixel;
        Some(Linear {
            residual: SVector::from([seen[0] - pixel[0], seen[1] - pixel[1]]),
            pose: linear.pose,
            intrinsics,
            point: linear.point,
        })
    }
}

impl Rows<3> for Kind {
    #[inline(always)]
    fn residual(
        camera: &Prepared,
        lens: &Lens,
        pixel: &[f64; 3],
        point: &Vector3<f64>,
    ) -> Option<SVector<f64, 3>> {
        let Lens::Stereo(stereo) = lens else {
            return None;
        };
        let seen = stereo.project(&camera.frame, point)?;
        Some(seen.pixel - SVector::from(*pixel))
    }

    #[inline(always)]
    fn linearize(
        camera: &Prepared,
        lens: &Lens,
        pixel: &[f64; 3],
        point: &Vector3<f64>,
    ) -> Option<Linear<3>> {
        let Lens::Stereo(stereo) = lens else {
            return None;
        };
        let linear = stereo.project_with_jacobians(&camera.frame, point)?;
        Some(Linear {
            residual: linear.projection.pixel - SVector::from(*pixel),
            pose: linear.pose,
            intrinsics: SMatrix::zeros(),
            point: linear.point,
        })
    }
}

//! Cameras of indoor robots.

use nalgebra::{Matrix3, Vector3};
use slam16_geometry::{CameraFrame, Pinhole, Se3, So3, Stereo};
use slam16_problem::Lens;

use crate::SimError;
use crate::error::positive;
use crate::window::triangulate;

/// A rectified stereo pair, or one camera with a depth image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IndoorCamera {
    /// The pair. A depth image counts as a right camera at `baseline`, which
    /// turns depth into disparity `fx · baseline / z`: noise that is even in
    /// disparity grows with z² in depth, as that of structured light does.
    pub lens: Stereo<f64>,
    /// Width and height of the image, pixels.
    pub image: [f64; 2],
    /// Depths at which landmarks are tracked, metres.
    pub depths: [f64; 2],
    /// Beyond this a depth image shows nothing, and sightings are those of a
    /// single camera; infinite for a pair.
    pub depth_range: f64,
}

impl Default for IndoorCamera {
    /// A pair like EuRoC's.
    fn default() -> Self {
        Self {
            lens: Stereo {
                fx: 435.0,
                fy: 435.0,
                cx: 376.0,
                cy: 240.0,
                baseline: 0.11,
            },
            image: [752.0, 480.0],
            depths: [0.5, 8.0],
            depth_range: f64::INFINITY,
        }
    }
}

impl IndoorCamera {
    /// A camera with depth up to 4 m, like a Kinect.
    pub fn with_depth() -> Self {
        Self {
            lens: Stereo {
                fx: 525.0,
                fy: 525.0,
                cx: 320.0,
                cy: 240.0,
                baseline: 0.075,
            },
            image: [640.0, 480.0],
            depths: [0.5, 8.0],
            depth_range: 4.0,
        }
    }

    pub(super) fn validate(&self) -> Result<(), SimError> {
        positive("fx", self.lens.fx)?;
        positive("fy", self.lens.fy)?;
        positive("baseline", self.lens.baseline)?;
        positive("image", self.image[0].min(self.image[1]))?;
        positive("depths", self.depths[0])?;
        positive("depths", self.depths[1] - self.depths[0])?;
        if self.depth_range > 0.0 {
            return Ok(());
        }
        Err(SimError::Option {
            option: "depth_range",
            range: "positive",
            value: self.depth_range,
        })
    }

    /// The lenses that sightings name: the pair, then the single camera.
    pub fn lenses(&self) -> [Lens; 2] {
        let Stereo { fx, fy, cx, cy, .. } = self.lens;
        [
            Lens::Stereo(self.lens),
            Lens::Pinhole(Pinhole { fx, fy, cx, cy }),
        ]
    }

    /// `body_from_camera`: z ahead, x to the right, y down.
    pub fn mount() -> Se3<f64> {
        let axes = Matrix3::from_columns(&[-Vector3::y(), -Vector3::z(), Vector3::x()]);
        Se3::new(
            Vector3::zeros(),
            So3::from_matrix(&axes).unwrap_or_default(),
        )
    }

    /// `(u_l, u_r, v)` and depth, where the left image shows a landmark.
    pub(super) fn look(
        &self,
        frame: &CameraFrame<f64>,
        landmark: &Vector3<f64>,
    ) -> Option<(Vector3<f64>, f64)> {
        let seen = self.lens.project(frame, landmark)?;
        let [near, far] = self.depths;
        let inside = (near..=far).contains(&seen.depth)
            && (0.0..self.image[0]).contains(&seen.pixel.x)
            && (0.0..self.image[1]).contains(&seen.pixel.z);
        inside.then_some((seen.pixel, seen.depth))
    }

    /// The point in the camera's frame of `(u_l, u_r, v)`; disparities below
    /// that of twice the largest depth, which only noise makes, count as that.
    pub fn triangulate(&self, pixel: &[f64; 3]) -> Vector3<f64> {
        triangulate(&self.lens, pixel, self.depths[1])
    }
}

use nalgebra::{Matrix2x3, Vector2, Vector3};

use super::{CameraFrame, Linearization, Projection};
use crate::Scalar;

/// A pinhole camera looking down +z: u = fx·P.x/P.z + cx, v = fy·P.y/P.z + cy, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pinhole<T = f64> {
    /// Focal length along x, in pixels.
    pub fx: T,
    /// Focal length along y, in pixels.
    pub fy: T,
    /// Principal point, x, in pixels.
    pub cx: T,
    /// Principal point, y, in pixels.
    pub cy: T,
}

impl<T: Scalar> Pinhole<T> {
    /// The pixel of a world point and its depth P.z, negative behind the camera. `None` if P.z is
    /// 0 or the pixel not finite.
    #[inline(always)]
    pub fn project(&self, frame: &CameraFrame<T>, point: &Vector3<T>) -> Option<Projection<T, 2>> {
        let p = frame.point_in_camera(point);
        let inverse_z = T::one() / p.z;
        let pixel = Vector2::new(
            self.fx * inverse_z * p.x + self.cx,
            self.fy * inverse_z * p.y + self.cy,
        );
        Projection::finite(pixel, p.z)
    }

    /// As [`project`](Self::project), to the same bits, with the derivatives by pose (2×6) and point (2×3).
    #[inline(always)]
    pub fn project_with_jacobians(
        &self,
        frame: &CameraFrame<T>,
        point: &Vector3<T>,
    ) -> Option<Linearization<T, 2>> {
        let p = frame.point_in_camera(point);
        let inverse_z = T::one() / p.z;
        let (gx, gy) = (self.fx * inverse_z, self.fy * inverse_z);
        let (u, v) = (gx * p.x, gy * p.y);
        let projection = Projection::finite(Vector2::new(u + self.cx, v + self.cy), p.z)?;
        let o = T::zero();
        let g = Matrix2x3::new(gx, o, -u * inverse_z, o, gy, -v * inverse_z);
        Some(Linearization::chain(projection, &g, &p, frame))
    }
}

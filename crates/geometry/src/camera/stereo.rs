use nalgebra::{Matrix3, Vector3};

use super::{CameraFrame, Linearization, Projection};
use crate::Scalar;

/// A rectified stereo pair looking down +z, posed by its left camera:
/// u_l = fx·P.x/P.z + cx, u_r = u_l − fx·baseline/P.z, v = fy·P.y/P.z + cy, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stereo<T = f64> {
    /// Focal length along x, in pixels.
    pub fx: T,
    /// Focal length along y, in pixels.
    pub fy: T,
    /// Principal point, x, in pixels.
    pub cx: T,
    /// Principal point, y, in pixels.
    pub cy: T,
    /// Distance of the two cameras along x, in units of the world.
    pub baseline: T,
}

impl<T: Scalar> Stereo<T> {
    /// (u_l, u_r, v) of a world point and its depth P.z, negative behind the camera. `None` if P.z
    /// is 0 or the pixel not finite.
    #[inline(always)]
    pub fn project(&self, frame: &CameraFrame<T>, point: &Vector3<T>) -> Option<Projection<T, 3>> {
        let p = frame.point_in_camera(point);
        let inverse_z = T::one() / p.z;
        let pixel = Vector3::new(
            self.fx * inverse_z * p.x + self.cx,
            self.fx * inverse_z * (p.x - self.baseline) + self.cx,
            self.fy * inverse_z * p.y + self.cy,
        );
        Projection::finite(pixel, p.z)
    }

    /// The point P in the camera's frame that the left image shows at (u, v), in pixels, at a depth
    /// P.z: ((u − cx)/fx·P.z, (v − cy)/fy·P.z, P.z). By the disparity that depth is
    /// fx·baseline/(u_l − u_r).
    #[inline(always)]
    pub fn at_depth(&self, u: T, v: T, depth: T) -> Vector3<T> {
        let x = (u - self.cx) / self.fx * depth;
        let y = (v - self.cy) / self.fy * depth;
        Vector3::new(x, y, depth)
    }

    /// As [`project`](Self::project), to the same bits, with the derivatives by pose (3×6) and point (3×3).
    #[inline(always)]
    pub fn project_with_jacobians(
        &self,
        frame: &CameraFrame<T>,
        point: &Vector3<T>,
    ) -> Option<Linearization<T, 3>> {
        let p = frame.point_in_camera(point);
        let inverse_z = T::one() / p.z;
        let (gx, gy) = (self.fx * inverse_z, self.fy * inverse_z);
        let (left, right, v) = (gx * p.x, gx * (p.x - self.baseline), gy * p.y);
        let pixel = Vector3::new(left + self.cx, right + self.cx, v + self.cy);
        let projection = Projection::finite(pixel, p.z)?;
        let o = T::zero();
        let g = Matrix3::new(
            gx,
            o,
            -left * inverse_z,
            gx,
            o,
            -right * inverse_z,
            o,
            gy,
            -v * inverse_z,
        );
        Some(Linearization::chain(projection, &g, &p, frame))
    }
}

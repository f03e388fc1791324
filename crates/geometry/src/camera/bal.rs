use nalgebra::{Matrix2x3, Vector2, Vector3};

use super::{CameraFrame, Linearization, Projection};
use crate::{Scalar, Se3, So3};

/// Intrinsics of the camera of "Bundle Adjustment in the Large": one focal length, two radial
/// distortion coefficients, no principal point, the camera looking down −z.
///
/// p = −P.xy/P.z, u = f·(1 + k₁‖p‖² + k₂‖p‖⁴)·p.
///
/// Source: S. Agarwal, N. Snavely, S. Seitz, R. Szeliski, *Bundle Adjustment in the Large*, 2010.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BalCamera<T = f64> {
    /// f, in pixels.
    pub focal: T,
    /// k₁, without unit.
    pub k1: T,
    /// k₂, without unit.
    pub k2: T,
}

impl<T: Scalar> BalCamera<T> {
    /// The pixel of a world point and its depth −P.z. BAL has no sign test: a point behind the
    /// camera keeps its value, with negative depth. `None` if P.z is 0 or the pixel not finite.
    #[inline(always)]
    pub fn project(&self, frame: &CameraFrame<T>, point: &Vector3<T>) -> Option<Projection<T, 2>> {
        let in_camera = frame.point_in_camera(point);
        let scale = -T::one() / in_camera.z;
        let (x, y) = (in_camera.x * scale, in_camera.y * scale);
        let r2 = x * x + y * y;
        let gain = self.focal * (T::one() + r2 * (self.k1 + r2 * self.k2));
        Projection::finite(Vector2::new(gain * x, gain * y), -in_camera.z)
    }

    /// As [`project`](Self::project), to the same bits, with the derivatives by pose and point and, last, by the
    /// intrinsics (f, k₁, k₂) (2×3).
    ///
    /// ∂u/∂p = f·(g·I + 2g'·p·pᵀ), g = 1 + k₁r² + k₂r⁴, g' = k₁ + 2k₂r², r² = ‖p‖²;
    /// ∂p/∂P = −[I, p]/P.z.
    #[inline(always)]
    pub fn project_with_jacobians(
        &self,
        frame: &CameraFrame<T>,
        point: &Vector3<T>,
    ) -> Option<(Linearization<T, 2>, Matrix2x3<T>)> {
        let in_camera = frame.point_in_camera(point);
        let scale = -T::one() / in_camera.z;
        let (x, y) = (in_camera.x * scale, in_camera.y * scale);
        let r2 = x * x + y * y;
        let distortion = T::one() + r2 * (self.k1 + r2 * self.k2);
        let gain = self.focal * distortion;
        let projection = Projection::finite(Vector2::new(gain * x, gain * y), -in_camera.z)?;

        let slope = T::lit(2.0) * (self.k1 + T::lit(2.0) * r2 * self.k2);
        let focal_scale = self.focal * scale;
        let isotropic = focal_scale * distortion;
        let radial = focal_scale * slope;
        let xy = radial * x * y;
        let along = isotropic + radial * r2;
        let g = Matrix2x3::new(
            isotropic + radial * x * x,
            xy,
            along * x,
            xy,
            isotropic + radial * y * y,
            along * y,
        );
        let (f_r2, f_r4) = (self.focal * r2, self.focal * r2 * r2);
        let intrinsics = Matrix2x3::new(
            distortion * x,
            f_r2 * x,
            f_r4 * x,
            distortion * y,
            f_r2 * y,
            f_r4 * y,
        );
        Some((
            Linearization::chain(projection, &g, &in_camera, frame),
            intrinsics,
        ))
    }
}

/// world_from_camera of a BAL camera, whose file holds camera_from_world as an angle-axis vector
/// (radians) and a translation: P = R(angle_axis)·X + translation.
pub fn bal_world_from_camera<T: Scalar>(
    angle_axis: &Vector3<T>,
    translation: &Vector3<T>,
) -> Se3<T> {
    Se3::new(*translation, So3::exp(angle_axis)).inverse()
}

/// The angle-axis vector (‖·‖ ≤ π) and the translation that a BAL file holds for a pose.
pub fn bal_angle_axis_translation<T: Scalar>(
    world_from_camera: &Se3<T>,
) -> (Vector3<T>, Vector3<T>) {
    let camera_from_world = world_from_camera.inverse();
    (
        camera_from_world.rotation.log(),
        camera_from_world.translation,
    )
}

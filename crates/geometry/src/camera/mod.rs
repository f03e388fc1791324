//! Camera models. Poses are `world_from_camera`; P = world_from_camera⁻¹·X is the point in the
//! camera frame. With a right perturbation δ = [ρ, φ] of the pose, P(δ) = Exp(−δ)·P, so
//! ∂P/∂ρ = −I, ∂P/∂φ = [P]× and ∂P/∂X = Rᵀ.

mod bal;
mod pinhole;
mod stereo;

pub use bal::{BalCamera, bal_angle_axis_translation, bal_world_from_camera};
pub use pinhole::Pinhole;
pub use stereo::Stereo;

use nalgebra::{Matrix3, SMatrix, SVector, Vector3};

use crate::{Scalar, Se3};

/// A camera pose prepared for many points: the rotation is expanded to a matrix once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CameraFrame<T = f64> {
    /// Rᵀ of world_from_camera, which is the rotation of camera_from_world.
    pub rotation_transposed: Matrix3<T>,
    /// The camera's centre in the world.
    pub center: Vector3<T>,
}

impl<T: Scalar> CameraFrame<T> {
    /// The frame of a pose.
    #[inline]
    pub fn new(world_from_camera: &Se3<T>) -> Self {
        Self {
            rotation_transposed: world_from_camera.rotation.inverse().matrix(),
            center: world_from_camera.translation,
        }
    }

    /// P = Rᵀ·(X − center), a world point in the camera frame.
    #[inline(always)]
    pub fn point_in_camera(&self, point: &Vector3<T>) -> Vector3<T> {
        let m = &self.rotation_transposed;
        let (x, y, z) = (
            point.x - self.center.x,
            point.y - self.center.y,
            point.z - self.center.z,
        );
        Vector3::new(
            m[(0, 0)] * x + m[(0, 1)] * y + m[(0, 2)] * z,
            m[(1, 0)] * x + m[(1, 1)] * y + m[(1, 2)] * z,
            m[(2, 0)] * x + m[(2, 1)] * y + m[(2, 2)] * z,
        )
    }
}

impl<T: Scalar> From<&Se3<T>> for CameraFrame<T> {
    fn from(world_from_camera: &Se3<T>) -> Self {
        Self::new(world_from_camera)
    }
}

/// A projected point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Projection<T, const N: usize> {
    /// Image coordinates in pixels.
    pub pixel: SVector<T, N>,
    /// Distance from the camera plane, positive in front of the camera, in units of the world.
    /// A negative depth is a point behind the camera: its pixel is what the formula gives.
    pub depth: T,
}

impl<T: Scalar, const N: usize> Projection<T, N> {
    /// `None` unless every coordinate is finite.
    #[inline(always)]
    fn finite(pixel: SVector<T, N>, depth: T) -> Option<Self> {
        pixel
            .iter()
            .all(|x| x.is_finite())
            .then_some(Self { pixel, depth })
    }

    /// The point is in front of the camera.
    #[inline]
    pub fn is_in_front(&self) -> bool {
        self.depth > T::zero()
    }
}

/// A projected point with its derivatives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Linearization<T, const N: usize> {
    /// The value.
    pub projection: Projection<T, N>,
    /// ∂pixel/∂δ, N×6, δ = [ρ, φ] the right perturbation of world_from_camera.
    pub pose: SMatrix<T, N, 6>,
    /// ∂pixel/∂X, N×3, X the point in the world.
    pub point: SMatrix<T, N, 3>,
}

impl<T: Scalar, const N: usize> Linearization<T, N> {
    /// By the chain rule from G = ∂pixel/∂P (N×3): pose [−G, G·[P]×], point G·Rᵀ.
    #[inline(always)]
    fn chain(
        projection: Projection<T, N>,
        g: &SMatrix<T, N, 3>,
        in_camera: &Vector3<T>,
        frame: &CameraFrame<T>,
    ) -> Self {
        let m = &frame.rotation_transposed;
        let p = in_camera;
        let mut pose = SMatrix::<T, N, 6>::zeros();
        let mut point = SMatrix::<T, N, 3>::zeros();
        for r in 0..N {
            let (a, b, c) = (g[(r, 0)], g[(r, 1)], g[(r, 2)]);
            pose[(r, 0)] = -a;
            pose[(r, 1)] = -b;
            pose[(r, 2)] = -c;
            pose[(r, 3)] = b * p.z - c * p.y;
            pose[(r, 4)] = c * p.x - a * p.z;
            pose[(r, 5)] = a * p.y - b * p.x;
            for k in 0..3 {
                point[(r, k)] = a * m[(0, k)] + b * m[(1, k)] + c * m[(2, k)];
            }
        }
        Self {
            projection,
            pose,
            point,
        }
    }
}

use core::fmt::Debug;
use core::ops::Mul;

use nalgebra::{
    Matrix2, Matrix2x3, Matrix3, Matrix3x6, Matrix6, SMatrix, SVector, Vector2, Vector3, Vector6,
};

use crate::se3::{block_triangular, right_inverse_blocks};
use crate::{
    Se2, Se3, So2, So3, hat, se2_between, se2_between_residual, se3_between, se3_between_residual,
};

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::Se2 {}
    impl Sealed for crate::Se3 {}
}

/// What the plane and space have in common: poses with D degrees of freedom acting on points of P
/// coordinates, in `f64`. Implemented by [`Se2`] (3, 2) and [`Se3`] (6, 3) only.
///
/// Tangents are [ρ, φ], perturbations act on the right.
pub trait PoseGroup<const D: usize, const P: usize>:
    Copy + Debug + Default + PartialEq + Send + Sync + 'static + Mul<Output = Self> + sealed::Sealed
{
    /// The numbers that describe a pose: [x, y, θ] or [tx, ty, tz, qx, qy, qz, qw].
    type Storage: AsRef<[f64]>
        + AsMut<[f64]>
        + for<'a> TryFrom<&'a [f64]>
        + Copy
        + Debug
        + Send
        + Sync
        + 'static;

    /// Length of the storage: 3 or 7.
    const STORAGE: usize;

    /// The identity.
    fn identity() -> Self;

    /// self · other.
    #[inline(always)]
    fn compose(&self, other: &Self) -> Self {
        *self * *other
    }

    /// The inverse pose.
    fn inverse(&self) -> Self;

    /// Exp of a tangent [ρ, φ].
    fn exp(tangent: &SVector<f64, D>) -> Self;

    /// The tangent [ρ, φ], ‖φ‖ ≤ π.
    fn log(&self) -> SVector<f64, D>;

    /// R·p + t.
    fn act(&self, point: &SVector<f64, P>) -> SVector<f64, P>;

    /// self · Exp(delta).
    fn retract(&self, delta: &SVector<f64, D>) -> Self;

    /// Log(self⁻¹ · other).
    fn local(&self, other: &Self) -> SVector<f64, D>;

    /// The adjoint: X·Exp(ξ)·X⁻¹ = Exp(Ad·ξ).
    fn adjoint(&self) -> SMatrix<f64, D, D>;

    /// Jᵣ⁻¹ at a tangent: Log(X·Exp(δ)) = Log X + Jᵣ⁻¹(Log X)·δ to first order.
    fn right_jacobian_inverse(tangent: &SVector<f64, D>) -> SMatrix<f64, D, D>;

    /// Residual r = Log(Z⁻¹ Xi⁻¹ Xj) of a measured relative pose with its Jacobians with respect
    /// to xi and xj.
    fn between(
        xi: &Self,
        xj: &Self,
        z: &Self,
    ) -> (SVector<f64, D>, SMatrix<f64, D, D>, SMatrix<f64, D, D>);

    /// The residual of [`between`](Self::between) alone.
    fn between_residual(xi: &Self, xj: &Self, z: &Self) -> SVector<f64, D>;

    /// Residual r = Log(Z⁻¹ X) of a pose measured absolutely as `z`, with its Jacobian Jᵣ⁻¹(r).
    fn prior(&self, z: &Self) -> (SVector<f64, D>, SMatrix<f64, D, D>);

    /// The landmark in the body frame, p = X⁻¹·l, with ∂p/∂δ = `[−I, p^]` (P×D; in the plane
    /// `[−I, (p_y, −p_x)ᵀ]`) and ∂p/∂l = Rᵀ (P×P).
    fn observe_landmark(
        &self,
        landmark: &SVector<f64, P>,
    ) -> (SVector<f64, P>, SMatrix<f64, P, D>, SMatrix<f64, P, P>);

    /// t, the body's origin in the world.
    fn translation(&self) -> SVector<f64, P>;

    /// R as a matrix.
    fn rotation_matrix(&self) -> SMatrix<f64, P, P>;

    /// The pose with this translation and the rotation nearest to `matrix` in the Frobenius norm.
    /// `None` if a value is not finite (or, in the plane, no rotation is nearest).
    fn from_nearest(matrix: &SMatrix<f64, P, P>, translation: &SVector<f64, P>) -> Option<Self>;

    /// Angle of the rotation between both poses, in radians, 0 to π.
    fn rotation_distance(&self, other: &Self) -> f64;

    /// The pose as plain numbers.
    fn to_storage(&self) -> Self::Storage;

    /// The pose of plain numbers; a quaternion is normalised. `None` if a value is not finite or
    /// the quaternion is zero.
    fn from_storage(storage: &Self::Storage) -> Option<Self>;

    /// As [`from_storage`](Self::from_storage); `None` too if the slice does not hold exactly
    /// [`STORAGE`](Self::STORAGE) numbers.
    fn from_slice(numbers: &[f64]) -> Option<Self> {
        Self::from_storage(&Self::Storage::try_from(numbers).ok()?)
    }

    /// All numbers are finite.
    fn is_finite(&self) -> bool;
}

impl PoseGroup<3, 2> for Se2 {
    type Storage = [f64; 3];
    const STORAGE: usize = 3;

    #[inline]
    fn identity() -> Self {
        Se2::identity()
    }

    #[inline]
    fn inverse(&self) -> Self {
        Se2::inverse(self)
    }

    #[inline]
    fn exp(tangent: &Vector3<f64>) -> Self {
        Se2::exp(tangent)
    }

    #[inline]
    fn log(&self) -> Vector3<f64> {
        Se2::log(self)
    }

    #[inline]
    fn act(&self, point: &Vector2<f64>) -> Vector2<f64> {
        Se2::act(self, point)
    }

    #[inline]
    fn retract(&self, delta: &Vector3<f64>) -> Self {
        Se2::retract(self, delta)
    }

    #[inline]
    fn local(&self, other: &Self) -> Vector3<f64> {
        Se2::local(self, other)
    }

    #[inline]
    fn adjoint(&self) -> Matrix3<f64> {
        Se2::adjoint(self)
    }

    #[inline]
    fn right_jacobian_inverse(tangent: &Vector3<f64>) -> Matrix3<f64> {
        Se2::right_jacobian_inverse(tangent)
    }

    #[inline(always)]
    fn between(xi: &Self, xj: &Self, z: &Self) -> (Vector3<f64>, Matrix3<f64>, Matrix3<f64>) {
        se2_between(xi, xj, z)
    }

    #[inline(always)]
    fn between_residual(xi: &Self, xj: &Self, z: &Self) -> Vector3<f64> {
        se2_between_residual(xi, xj, z)
    }

    #[inline(always)]
    fn prior(&self, z: &Self) -> (Vector3<f64>, Matrix3<f64>) {
        let (residual, d) = z.inverse_compose(self).log_with_inverse();
        (residual, Se2::right_jacobian_inverse_with(&residual, d))
    }

    #[inline(always)]
    fn observe_landmark(
        &self,
        landmark: &Vector2<f64>,
    ) -> (Vector2<f64>, Matrix2x3<f64>, Matrix2<f64>) {
        let p = self.inverse_act(landmark);
        let pose = Matrix2x3::new(-1.0, 0.0, p.y, 0.0, -1.0, -p.x);
        (p, pose, self.rotation.inverse().matrix())
    }

    #[inline]
    fn translation(&self) -> Vector2<f64> {
        self.translation
    }

    #[inline]
    fn rotation_matrix(&self) -> Matrix2<f64> {
        self.rotation.matrix()
    }

    fn from_nearest(matrix: &Matrix2<f64>, translation: &Vector2<f64>) -> Option<Self> {
        let pose = Se2::new(*translation, So2::from_matrix(matrix)?);
        pose.is_finite().then_some(pose)
    }

    #[inline]
    fn rotation_distance(&self, other: &Self) -> f64 {
        self.rotation.local(&other.rotation).abs()
    }

    fn to_storage(&self) -> [f64; 3] {
        [self.translation.x, self.translation.y, self.rotation.log()]
    }

    fn from_storage(&[x, y, theta]: &[f64; 3]) -> Option<Self> {
        let pose = Se2::from_xy_theta(x, y, theta);
        pose.is_finite().then_some(pose)
    }

    #[inline]
    fn is_finite(&self) -> bool {
        Se2::is_finite(self)
    }
}

impl PoseGroup<6, 3> for Se3 {
    type Storage = [f64; 7];
    const STORAGE: usize = 7;

    #[inline]
    fn identity() -> Self {
        Se3::identity()
    }

    #[inline]
    fn inverse(&self) -> Self {
        Se3::inverse(self)
    }

    #[inline]
    fn exp(tangent: &Vector6<f64>) -> Self {
        Se3::exp(tangent)
    }

    #[inline]
    fn log(&self) -> Vector6<f64> {
        Se3::log(self)
    }

    #[inline]
    fn act(&self, point: &Vector3<f64>) -> Vector3<f64> {
        Se3::act(self, point)
    }

    #[inline]
    fn retract(&self, delta: &Vector6<f64>) -> Self {
        Se3::retract(self, delta)
    }

    #[inline]
    fn local(&self, other: &Self) -> Vector6<f64> {
        Se3::local(self, other)
    }

    #[inline]
    fn adjoint(&self) -> Matrix6<f64> {
        Se3::adjoint(self)
    }

    #[inline]
    fn right_jacobian_inverse(tangent: &Vector6<f64>) -> Matrix6<f64> {
        Se3::right_jacobian_inverse(tangent)
    }

    #[inline(always)]
    fn between(xi: &Self, xj: &Self, z: &Self) -> (Vector6<f64>, Matrix6<f64>, Matrix6<f64>) {
        se3_between(xi, xj, z)
    }

    #[inline(always)]
    fn between_residual(xi: &Self, xj: &Self, z: &Self) -> Vector6<f64> {
        se3_between_residual(xi, xj, z)
    }

    #[inline(always)]
    fn prior(&self, z: &Self) -> (Vector6<f64>, Matrix6<f64>) {
        let (rho, phi, inverse) = z.inverse_compose(self).log_with_inverse();
        let (diagonal, corner) = right_inverse_blocks(&rho, &phi, &inverse);
        (
            Vector6::new(rho.x, rho.y, rho.z, phi.x, phi.y, phi.z),
            block_triangular(&diagonal, &corner),
        )
    }

    #[inline(always)]
    fn observe_landmark(
        &self,
        landmark: &Vector3<f64>,
    ) -> (Vector3<f64>, Matrix3x6<f64>, Matrix3<f64>) {
        let p = self.inverse_act(landmark);
        let mut pose = Matrix3x6::zeros();
        pose.fixed_view_mut::<3, 3>(0, 0).fill_diagonal(-1.0);
        pose.fixed_view_mut::<3, 3>(0, 3).copy_from(&hat(&p));
        (p, pose, self.rotation.inverse().matrix())
    }

    #[inline]
    fn translation(&self) -> Vector3<f64> {
        self.translation
    }

    #[inline]
    fn rotation_matrix(&self) -> Matrix3<f64> {
        self.rotation.matrix()
    }

    fn from_nearest(matrix: &Matrix3<f64>, translation: &Vector3<f64>) -> Option<Self> {
        let pose = Se3::new(*translation, So3::nearest(matrix)?);
        pose.is_finite().then_some(pose)
    }

    #[inline]
    fn rotation_distance(&self, other: &Self) -> f64 {
        self.rotation.local(&other.rotation).norm()
    }

    fn to_storage(&self) -> [f64; 7] {
        let t = &self.translation;
        let [x, y, z, w] = self.rotation.xyzw();
        [t.x, t.y, t.z, x, y, z, w]
    }

    fn from_storage(&[tx, ty, tz, x, y, z, w]: &[f64; 7]) -> Option<Self> {
        let (rotation, _) = So3::from_xyzw([x, y, z, w])?;
        let pose = Se3::new(Vector3::new(tx, ty, tz), rotation);
        pose.is_finite().then_some(pose)
    }

    #[inline]
    fn is_finite(&self) -> bool {
        Se3::is_finite(self)
    }
}

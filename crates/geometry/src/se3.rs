use core::ops::Mul;

use nalgebra::{Matrix3, Matrix4, Matrix6, Vector3, Vector6};

use crate::so3::rodrigues;
use crate::{Scalar, So3, hat, series};

/// A pose of space: p ↦ R·p + t.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Se3<T = f64> {
    /// t.
    pub translation: Vector3<T>,
    /// R.
    pub rotation: So3<T>,
}

impl<T: Scalar> Default for Se3<T> {
    fn default() -> Self {
        Self::identity()
    }
}

/// [[diagonal, upper], [0, diagonal]].
#[inline(always)]
pub(crate) fn block_triangular<T: Scalar>(diagonal: &Matrix3<T>, upper: &Matrix3<T>) -> Matrix6<T> {
    let mut m = Matrix6::zeros();
    for c in 0..3 {
        for r in 0..3 {
            m[(r, c)] = diagonal[(r, c)];
            m[(r, c + 3)] = upper[(r, c)];
            m[(r + 3, c + 3)] = diagonal[(r, c)];
        }
    }
    m
}

/// Derivative of `I + b(s)·φ^ + c(s)·φ^²`, s = ‖φ‖², in the direction ρ:
/// b·ρ^ + c·(φ^ρ^ + ρ^φ^) + 2(φ·ρ)·(b'·φ^ + c'·φ^²).
///
/// This is the off-diagonal block Q of the 6×6 Jacobians: they are power series of the block
/// matrix [[φ^, ρ^], [0, φ^]], and the corner block of such a series is its derivative at φ^ in
/// the direction ρ^. Barfoot's 7.86 multiplies out to the same.
#[inline(always)]
pub(crate) fn corner<T: Scalar>(
    rho: &Vector3<T>,
    phi: &Vector3<T>,
    (b, b_slope): (T, T),
    (c, c_slope): (T, T),
) -> Matrix3<T> {
    let two = T::lit(2.0);
    let dot = two * phi.dot(rho);
    // φ^ρ^ + ρ^φ^ = φρᵀ + ρφᵀ − 2(φ·ρ)I and φ^² = φφᵀ − sI.
    let c_dot = c_slope * dot;
    let diagonal = c * dot + c_dot * phi.norm_squared();
    let odd = rho * b + phi * (b_slope * dot);
    let left = rho * c + phi * (T::lit(0.5) * c_dot);
    let symmetric = |i: usize, j: usize| phi[i] * left[j] + left[i] * phi[j];
    let (xy, xz, yz) = (symmetric(0, 1), symmetric(0, 2), symmetric(1, 2));
    Matrix3::new(
        symmetric(0, 0) - diagonal,
        xy - odd.z,
        xz + odd.y,
        xy + odd.z,
        symmetric(1, 1) - diagonal,
        yz - odd.x,
        xz - odd.y,
        yz + odd.x,
        symmetric(2, 2) - diagonal,
    )
}

#[inline(always)]
fn split<T: Scalar>(xi: &Vector6<T>) -> (Vector3<T>, Vector3<T>) {
    (
        Vector3::new(xi[0], xi[1], xi[2]),
        Vector3::new(xi[3], xi[4], xi[5]),
    )
}

impl<T: Scalar> Se3<T> {
    /// The pose with this translation and rotation.
    #[inline]
    pub fn new(translation: Vector3<T>, rotation: So3<T>) -> Self {
        Self {
            translation,
            rotation,
        }
    }

    /// The identity.
    #[inline]
    pub fn identity() -> Self {
        Self::new(Vector3::zeros(), So3::identity())
    }

    /// Exp of ξ = [ρ, φ]: rotation Exp(φ), translation Jₗ(φ)·ρ.
    #[inline]
    pub fn exp(xi: &Vector6<T>) -> Self {
        let (rho, phi) = split(xi);
        let f = series::forward(phi.norm_squared());
        let cross = phi.cross(&rho);
        Self::new(rho + cross * f.b + phi.cross(&cross) * f.c, So3::exp(&phi))
    }

    /// Log, the ξ = [ρ, φ] with ‖φ‖ ≤ π of which this pose is the exponential.
    #[inline]
    pub fn log(&self) -> Vector6<T> {
        let (rho, phi, _) = self.log_with_inverse();
        Vector6::new(rho.x, rho.y, rho.z, phi.x, phi.y, phi.z)
    }

    /// ρ, φ and the coefficients of the inverse Jacobians at φ.
    #[inline(always)]
    pub(crate) fn log_with_inverse(&self) -> (Vector3<T>, Vector3<T>, series::Inverse<T>) {
        let (phi, inverse) = self.rotation.log_with_inverse();
        let t = &self.translation;
        let cross = phi.cross(t);
        let rho = t - cross * T::lit(0.5) + phi.cross(&cross) * inverse.d;
        (rho, phi, inverse)
    }

    /// The inverse pose: p ↦ Rᵀ·(p − t).
    #[inline]
    pub fn inverse(&self) -> Self {
        Self::new(
            -self.rotation.inverse_act(&self.translation),
            self.rotation.inverse(),
        )
    }

    /// R·p + t.
    #[inline]
    pub fn act(&self, p: &Vector3<T>) -> Vector3<T> {
        self.rotation.act(p) + self.translation
    }

    /// Rᵀ·(p − t).
    #[inline]
    pub fn inverse_act(&self, p: &Vector3<T>) -> Vector3<T> {
        self.rotation.inverse_act(&(p - self.translation))
    }

    /// The 6×6 adjoint, X·Exp(ξ)·X⁻¹ = Exp(Ad·ξ): [[R, t^R], [0, R]].
    pub fn adjoint(&self) -> Matrix6<T> {
        let r = self.rotation.matrix();
        block_triangular(&r, &(hat(&self.translation) * r))
    }

    /// `self · Exp(delta)`.
    #[inline]
    pub fn retract(&self, delta: &Vector6<T>) -> Self {
        *self * Self::exp(delta)
    }

    /// `Log(self⁻¹ · other)`.
    #[inline]
    pub fn local(&self, other: &Self) -> Vector6<T> {
        self.inverse_compose(other).log()
    }

    /// `self⁻¹ · other`, without renormalisation.
    #[inline(always)]
    pub(crate) fn inverse_compose(&self, other: &Self) -> Self {
        Self::new(
            self.inverse_act(&other.translation),
            self.rotation.inverse().product(&other.rotation),
        )
    }

    /// The 4×4 homogeneous matrix.
    pub fn matrix(&self) -> Matrix4<T> {
        let mut m = Matrix4::identity();
        m.fixed_view_mut::<3, 3>(0, 0)
            .copy_from(&self.rotation.matrix());
        m.fixed_view_mut::<3, 1>(0, 3).copy_from(&self.translation);
        m
    }

    /// The pose of a homogeneous matrix whose 3×3 part is a rotation to within rounding (see
    /// [`So3::from_matrix`]). `None` if a value is not finite.
    pub fn from_matrix(m: &Matrix4<T>) -> Option<Self> {
        let linear: Matrix3<T> = m.fixed_view::<3, 3>(0, 0).into_owned();
        let translation: Vector3<T> = m.fixed_view::<3, 1>(0, 3).into_owned();
        let pose = Self::new(translation, So3::from_matrix(&linear)?);
        pose.is_finite().then_some(pose)
    }

    /// Left Jacobian at ξ = [ρ, φ] (6×6): Exp(ξ + dξ) = Exp(Jₗ·dξ)·Exp(ξ), [[J, Q], [0, J]]
    /// with J = Jₗ(φ) of SO(3) and Q its derivative in the direction ρ (Barfoot 7.85, 7.86).
    pub fn left_jacobian(xi: &Vector6<T>) -> Matrix6<T> {
        let (rho, phi) = split(xi);
        let f = series::forward(phi.norm_squared());
        block_triangular(
            &rodrigues(&phi, f.b, f.c),
            &corner(&rho, &phi, (f.b, f.b_slope), (f.c, f.c_slope)),
        )
    }

    /// Right Jacobian at ξ (6×6): Exp(ξ + dξ) = Exp(ξ)·Exp(Jᵣ·dξ). Jᵣ(ξ) = Jₗ(−ξ).
    pub fn right_jacobian(xi: &Vector6<T>) -> Matrix6<T> {
        Self::left_jacobian(&-xi)
    }

    /// Jₗ⁻¹ at ξ = [ρ, φ] (6×6): [[J⁻¹, −J⁻¹QJ⁻¹], [0, J⁻¹]]; the corner is computed directly as
    /// the derivative of J⁻¹ in the direction ρ. Singular at ‖φ‖ = 2π.
    pub fn left_jacobian_inverse(xi: &Vector6<T>) -> Matrix6<T> {
        Self::right_jacobian_inverse(&-xi)
    }

    /// Jᵣ⁻¹(ξ) = Jₗ⁻¹(−ξ): Log(X·Exp(δ)) = ξ + Jᵣ⁻¹·δ to first order, ξ = Log X.
    pub fn right_jacobian_inverse(xi: &Vector6<T>) -> Matrix6<T> {
        let (rho, phi) = split(xi);
        let (diagonal, corner) =
            right_inverse_blocks(&rho, &phi, &series::inverse(phi.norm_squared()));
        block_triangular(&diagonal, &corner)
    }

    /// All parts are finite.
    #[inline]
    pub fn is_finite(&self) -> bool {
        self.translation.iter().all(|x| x.is_finite()) && self.rotation.is_finite()
    }

    /// The same pose in another scalar type.
    pub fn cast<U: Scalar>(&self) -> Se3<U> {
        Se3::new(
            self.translation.map(|x| U::lit(x.as_f64())),
            self.rotation.cast(),
        )
    }
}

/// Diagonal and corner block of Jᵣ⁻¹ at [ρ, φ]: I + ½φ^ + d·φ^² and its derivative along ρ.
#[inline(always)]
pub(crate) fn right_inverse_blocks<T: Scalar>(
    rho: &Vector3<T>,
    phi: &Vector3<T>,
    inverse: &series::Inverse<T>,
) -> (Matrix3<T>, Matrix3<T>) {
    let half = T::lit(0.5);
    (
        rodrigues(phi, half, inverse.d),
        corner(rho, phi, (half, T::zero()), (inverse.d, inverse.d_slope)),
    )
}

impl<T: Scalar> Mul for Se3<T> {
    type Output = Self;

    /// Composition: (self·other)(p) = self(other(p)).
    #[inline]
    fn mul(self, other: Self) -> Self {
        Self::new(self.act(&other.translation), self.rotation * other.rotation)
    }
}

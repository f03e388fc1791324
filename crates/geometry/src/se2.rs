use core::ops::Mul;

use nalgebra::{Matrix2, Matrix3, Vector2, Vector3};

use crate::{Scalar, So2, series};

/// A pose of the plane: p ↦ R·p + t.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Se2<T = f64> {
    /// t.
    pub translation: Vector2<T>,
    /// R.
    pub rotation: So2<T>,
}

impl<T: Scalar> Default for Se2<T> {
    fn default() -> Self {
        Self::identity()
    }
}

/// The vector turned by +90°.
#[inline(always)]
pub(crate) fn quarter_turn<T: Scalar>(v: &Vector2<T>) -> Vector2<T> {
    Vector2::new(-v.y, v.x)
}

/// [[a, −b, x], [b, a, y], [0, 0, 1]].
#[inline(always)]
fn similarity<T: Scalar>(a: T, b: T, last: &Vector2<T>) -> Matrix3<T> {
    let (o, i) = (T::zero(), T::one());
    Matrix3::new(a, -b, last.x, b, a, last.y, o, o, i)
}

impl<T: Scalar> Se2<T> {
    /// The pose with this translation and rotation.
    #[inline]
    pub fn new(translation: Vector2<T>, rotation: So2<T>) -> Self {
        Self {
            translation,
            rotation,
        }
    }

    /// The pose at (x, y) with heading `theta` radians.
    #[inline]
    pub fn from_xy_theta(x: T, y: T, theta: T) -> Self {
        Self::new(Vector2::new(x, y), So2::exp(theta))
    }

    /// The identity.
    #[inline]
    pub fn identity() -> Self {
        Self::new(Vector2::zeros(), So2::identity())
    }

    /// Exp of ξ = [ρ, θ]: rotation by θ, translation V·ρ with
    /// V = [[sin θ, −(1 − cos θ)], [1 − cos θ, sin θ]]/θ.
    #[inline]
    pub fn exp(xi: &Vector3<T>) -> Self {
        let rotation = So2::exp(xi.z);
        let (a, b) = series::planar_forward(xi.z, rotation.sin(), rotation.cos());
        Self::new(
            Vector2::new(a * xi.x - b * xi.y, b * xi.x + a * xi.y),
            rotation,
        )
    }

    /// Log, the ξ = [ρ, θ] with θ in (−π, π] of which this pose is the exponential.
    #[inline]
    pub fn log(&self) -> Vector3<T> {
        self.log_with_inverse().0
    }

    /// ξ and d(θ²), sharing one arc tangent.
    #[inline(always)]
    pub(crate) fn log_with_inverse(&self) -> (Vector3<T>, T) {
        let theta = self.rotation.log();
        let (sin, cos) = (self.rotation.sin(), self.rotation.cos());
        let half = T::lit(0.5) * theta;
        let s = theta * theta;
        // cot(θ/2) = sin θ/(1 − cos θ), used for |θ| ≥ 1 only, where 1 − cos θ ≥ 0.46.
        let d = series::inverse_from(s, || half * sin / (T::one() - cos)).d;
        let a = T::one() - s * d;
        let t = &self.translation;
        let xi = Vector3::new(a * t.x + half * t.y, a * t.y - half * t.x, theta);
        (xi, d)
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
    pub fn act(&self, p: &Vector2<T>) -> Vector2<T> {
        self.rotation.act(p) + self.translation
    }

    /// Rᵀ·(p − t).
    #[inline]
    pub fn inverse_act(&self, p: &Vector2<T>) -> Vector2<T> {
        self.rotation.inverse_act(&(p - self.translation))
    }

    /// The 3×3 adjoint, X·Exp(ξ)·X⁻¹ = Exp(Ad·ξ): [[R, (t_y, −t_x)ᵀ], [0, 1]].
    #[inline]
    pub fn adjoint(&self) -> Matrix3<T> {
        let (c, s) = (self.rotation.cos(), self.rotation.sin());
        similarity(c, s, &-quarter_turn(&self.translation))
    }

    /// `self · Exp(delta)`.
    #[inline]
    pub fn retract(&self, delta: &Vector3<T>) -> Self {
        *self * Self::exp(delta)
    }

    /// `Log(self⁻¹ · other)`.
    #[inline]
    pub fn local(&self, other: &Self) -> Vector3<T> {
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

    /// The 3×3 homogeneous matrix.
    pub fn matrix(&self) -> Matrix3<T> {
        similarity(self.rotation.cos(), self.rotation.sin(), &self.translation)
    }

    /// The pose of a homogeneous matrix; its 2×2 part is replaced by the nearest rotation.
    /// `None` if that does not exist or a value is not finite.
    pub fn from_matrix(m: &Matrix3<T>) -> Option<Self> {
        let linear: Matrix2<T> = m.fixed_view::<2, 2>(0, 0).into_owned();
        let pose = Self::new(
            Vector2::new(m[(0, 2)], m[(1, 2)]),
            So2::from_matrix(&linear)?,
        );
        pose.is_finite().then_some(pose)
    }

    /// Left Jacobian at ξ = [ρ, θ] (3×3): Exp(ξ + dξ) = Exp(Jₗ·dξ)·Exp(ξ).
    ///
    /// Jₗ = [[a, −b, x], [b, a, y], [0, 0, 1]] with a = sin θ/θ, b = (1 − cos θ)/θ,
    /// (x, y) = θ·c·ρ − b/θ·(ρ turned by +90°), c = (θ − sin θ)/θ³ (Solà 163).
    pub fn left_jacobian(xi: &Vector3<T>) -> Matrix3<T> {
        let theta = xi.z;
        let s = theta * theta;
        let f = series::forward(s);
        let rho = xi.xy();
        similarity(
            T::one() - s * f.c,
            theta * f.b,
            &(rho * (theta * f.c) - quarter_turn(&rho) * f.b),
        )
    }

    /// Right Jacobian at ξ (3×3): Exp(ξ + dξ) = Exp(ξ)·Exp(Jᵣ·dξ). Jᵣ(ξ) = Jₗ(−ξ).
    pub fn right_jacobian(xi: &Vector3<T>) -> Matrix3<T> {
        Self::left_jacobian(&-xi)
    }

    /// Jₗ⁻¹ at ξ = [ρ, θ] (3×3): [[a, θ/2, x], [−θ/2, a, y], [0, 0, 1]] with
    /// a = (θ/2)·cot(θ/2) and (x, y) = θ·d·ρ + ½(ρ turned by +90°), d = (1 − a)/θ²;
    /// singular at θ = ±2π.
    pub fn left_jacobian_inverse(xi: &Vector3<T>) -> Matrix3<T> {
        Self::right_jacobian_inverse(&-xi)
    }

    /// Jᵣ⁻¹(ξ) = Jₗ⁻¹(−ξ): Log(X·Exp(δ)) = ξ + Jᵣ⁻¹·δ to first order, ξ = Log X.
    pub fn right_jacobian_inverse(xi: &Vector3<T>) -> Matrix3<T> {
        Self::right_jacobian_inverse_with(xi, series::inverse(xi.z * xi.z).d)
    }

    #[inline(always)]
    pub(crate) fn right_jacobian_inverse_with(xi: &Vector3<T>, d: T) -> Matrix3<T> {
        let theta = xi.z;
        let half = T::lit(0.5);
        let rho = xi.xy();
        similarity(
            T::one() - theta * theta * d,
            half * theta,
            &(rho * (theta * d) - quarter_turn(&rho) * half),
        )
    }

    /// All parts are finite.
    #[inline]
    pub fn is_finite(&self) -> bool {
        self.translation.iter().all(|x| x.is_finite()) && self.rotation.is_finite()
    }

    /// The same pose in another scalar type.
    pub fn cast<U: Scalar>(&self) -> Se2<U> {
        Se2::new(
            self.translation.map(|x| U::lit(x.as_f64())),
            self.rotation.cast(),
        )
    }
}

impl<T: Scalar> Mul for Se2<T> {
    type Output = Self;

    /// Composition: (self·other)(p) = self(other(p)).
    #[inline]
    fn mul(self, other: Self) -> Self {
        Self::new(self.act(&other.translation), self.rotation * other.rotation)
    }
}

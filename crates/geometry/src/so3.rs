use core::ops::Mul;

use nalgebra::{Matrix3, Vector3};

use crate::{Scalar, series};

/// The cross-product matrix v^: `hat(v)·w = v × w`.
#[inline]
pub fn hat<T: Scalar>(v: &Vector3<T>) -> Matrix3<T> {
    let o = T::zero();
    Matrix3::new(o, -v.z, v.y, v.z, o, -v.x, -v.y, v.x, o)
}

/// `I + b·v^ + c·v^²`, the shape of every SO(3) Jacobian.
#[inline(always)]
pub(crate) fn rodrigues<T: Scalar>(v: &Vector3<T>, b: T, c: T) -> Matrix3<T> {
    let (x, y, z) = (v.x, v.y, v.z);
    let (xx, yy, zz) = (c * x * x, c * y * y, c * z * z);
    let (xy, xz, yz) = (c * x * y, c * x * z, c * y * z);
    let (bx, by, bz) = (b * x, b * y, b * z);
    let one = T::one();
    Matrix3::new(
        one - (yy + zz),
        xy - bz,
        xz + by,
        xy + bz,
        one - (xx + zz),
        yz - bx,
        xz - by,
        yz + bx,
        one - (xx + yy),
    )
}

/// A rotation of space, kept as a unit quaternion. q and −q are the same rotation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct So3<T = f64> {
    v: Vector3<T>,
    w: T,
}

impl<T: Scalar> Default for So3<T> {
    fn default() -> Self {
        Self::identity()
    }
}

impl<T: Scalar> So3<T> {
    /// The rotation by 0.
    #[inline]
    pub fn identity() -> Self {
        Self {
            v: Vector3::zeros(),
            w: T::one(),
        }
    }

    /// The rotation by ‖φ‖ radians about φ: q = (sin(θ/2)·φ/θ, cos(θ/2)).
    #[inline]
    pub fn exp(phi: &Vector3<T>) -> Self {
        let (scale, w) = series::half_angle(phi.norm_squared());
        Self { v: phi * scale, w }
    }

    /// The rotation vector φ in radians, ‖φ‖ ≤ π.
    ///
    /// φ = 2·atan2(‖v‖, w)·v/‖v‖ with the sign of q chosen so that w ≥ 0: nothing cancels and
    /// nothing small is divided by, neither near 0 nor near π. At exactly π both signs of φ are
    /// right; the one given follows the quaternion's sign.
    #[inline]
    pub fn log(&self) -> Vector3<T> {
        let (v, w) = self.upper_half();
        v * series::rotation_vector_scale(v.norm_squared(), w)
    }

    /// Vector and scalar part of whichever of q, −q has w ≥ 0.
    #[inline(always)]
    fn upper_half(&self) -> (Vector3<T>, T) {
        let sign = if self.w < T::zero() {
            -T::one()
        } else {
            T::one()
        };
        (self.v * sign, self.w * sign)
    }

    /// φ = Log and the coefficients of the inverse Jacobians at φ, sharing one arc tangent.
    #[inline(always)]
    pub(crate) fn log_with_inverse(&self) -> (Vector3<T>, series::Inverse<T>) {
        let (v, w) = self.upper_half();
        let n2 = v.norm_squared();
        let scale = series::rotation_vector_scale(n2, w);
        let s = scale * scale * n2;
        // (θ/2)·cot(θ/2) = (θ/2)·w/n with θ = scale·n.
        let inverse = series::inverse_from(s, || T::lit(0.5) * scale * w);
        (v * scale, inverse)
    }

    /// The rotation of the quaternion `[x, y, z, w]`, normalised; second value: | ‖q‖ − 1 |.
    /// `None` for zero or a non-finite value.
    ///
    /// A quaternion that is unit to within rounding (| ‖q‖² − 1 | ≤ 4ε) is kept bit for bit, so
    /// writing and reading again changes nothing.
    pub fn from_xyzw(xyzw: [T; 4]) -> Option<(Self, T)> {
        let candidate = Self::from_unit_xyzw(xyzw);
        let n2 = candidate.norm_squared();
        if (n2 - T::one()).abs() <= T::lit(4.0) * T::default_epsilon() {
            return Some((candidate, T::lit(0.5) * (n2 - T::one()).abs()));
        }
        // Scaled by the largest part, so that the square neither overflows nor vanishes.
        let largest = xyzw.iter().fold(T::zero(), |m, x| m.max(x.abs()));
        let scaled = Self::from_unit_xyzw(xyzw.map(|x| x / largest));
        let norm = scaled.norm_squared().sqrt();
        if !(largest > T::zero() && norm.is_finite() && norm > T::zero()) {
            return None;
        }
        Some((
            scaled.scaled(T::one() / norm),
            (norm * largest - T::one()).abs(),
        ))
    }

    #[inline(always)]
    fn norm_squared(&self) -> T {
        self.v.norm_squared() + self.w * self.w
    }

    #[inline(always)]
    fn scaled(&self, scale: T) -> Self {
        Self {
            v: self.v * scale,
            w: self.w * scale,
        }
    }

    /// The rotation with exactly these quaternion parts `[x, y, z, w]`, which must be of unit
    /// norm to within rounding: for values that [`xyzw`](Self::xyzw) gave.
    #[inline]
    pub fn from_unit_xyzw(xyzw: [T; 4]) -> Self {
        let [x, y, z, w] = xyzw;
        Self {
            v: Vector3::new(x, y, z),
            w,
        }
    }

    /// The quaternion's parts `[x, y, z, w]`.
    #[inline]
    pub fn xyzw(&self) -> [T; 4] {
        [self.v.x, self.v.y, self.v.z, self.w]
    }

    /// R = Rz(yaw)·Ry(pitch)·Rx(roll), radians.
    pub fn from_roll_pitch_yaw(roll: T, pitch: T, yaw: T) -> Self {
        let half = T::lit(0.5);
        let (sr, cr) = (roll * half).sin_cos();
        let (sp, cp) = (pitch * half).sin_cos();
        let (sy, cy) = (yaw * half).sin_cos();
        Self {
            v: Vector3::new(
                sr * cp * cy - cr * sp * sy,
                cr * sp * cy + sr * cp * sy,
                cr * cp * sy - sr * sp * cy,
            ),
            w: cr * cp * cy + sr * sp * sy,
        }
    }

    /// `(roll, pitch, yaw)` in radians with R = Rz(yaw)·Ry(pitch)·Rx(roll), pitch in [−π/2, π/2].
    /// Where the pitch is ±π/2 to within rounding only yaw ∓ roll is determined: roll is 0 then.
    ///
    /// From the quaternion, w + y and x − z are (cos + sin)(pitch/2) times cosine and sine of
    /// (roll − yaw)/2, w − y and x + z are (cos − sin)(pitch/2) times those of (roll + yaw)/2: both
    /// combinations keep their accuracy close to the gimbal lock, which the matrix loses.
    pub fn roll_pitch_yaw(&self) -> (T, T, T) {
        let [x, y, z, w] = self.xyzw();
        let two = T::lit(2.0);
        let plus = ((w + y) * (w + y) + (x - z) * (x - z)).sqrt();
        let minus = ((w - y) * (w - y) + (x + z) * (x + z)).sqrt();
        let pitch = (two * (w * y - x * z)).atan2(plus * minus);
        let mut half_difference = (x - z).atan2(w + y);
        let mut half_sum = (x + z).atan2(w - y);
        let lock = T::lit(16.0) * T::default_epsilon();
        if minus <= lock {
            half_sum = -half_difference;
        } else if plus <= lock {
            half_difference = -half_sum;
        }
        let wrap = |angle: T| {
            if angle > T::pi() {
                angle - T::two_pi()
            } else if angle < -T::pi() {
                angle + T::two_pi()
            } else {
                angle
            }
        };
        (
            wrap(half_sum + half_difference),
            pitch,
            wrap(half_sum - half_difference),
        )
    }

    /// The inverse rotation.
    #[inline]
    pub fn inverse(&self) -> Self {
        Self {
            v: -self.v,
            w: self.w,
        }
    }

    /// The rotated point R·p.
    #[inline]
    pub fn act(&self, p: &Vector3<T>) -> Vector3<T> {
        let v = &self.v;
        let twice = v.cross(p) * T::lit(2.0);
        p + twice * self.w + v.cross(&twice)
    }

    /// Rᵀ·p, without forming the inverse.
    #[inline]
    pub fn inverse_act(&self, p: &Vector3<T>) -> Vector3<T> {
        let v = &self.v;
        let twice = v.cross(p) * T::lit(2.0);
        p - twice * self.w + v.cross(&twice)
    }

    /// The adjoint, which for SO(3) is the rotation matrix: R·Exp(φ)·Rᵀ = Exp(R·φ).
    #[inline]
    pub fn adjoint(&self) -> Matrix3<T> {
        self.matrix()
    }

    /// `self · Exp(delta)`, delta in radians.
    #[inline]
    pub fn retract(&self, delta: &Vector3<T>) -> Self {
        *self * Self::exp(delta)
    }

    /// `Log(self⁻¹ · other)` in radians.
    #[inline]
    pub fn local(&self, other: &Self) -> Vector3<T> {
        self.inverse().product(other).log()
    }

    /// The 3×3 rotation matrix.
    #[inline]
    pub fn matrix(&self) -> Matrix3<T> {
        rodrigues(&self.v, T::lit(2.0) * self.w, T::lit(2.0))
    }

    /// The rotation of a matrix that is a rotation to within rounding, by Shepperd's method
    /// (the largest of the four quaternion parts is taken from the diagonal, so nothing small is
    /// divided by). `None` for a matrix that is not finite. See [`nearest`](Self::nearest) for
    /// matrices far from a rotation.
    pub fn from_matrix(m: &Matrix3<T>) -> Option<Self> {
        let one = T::one();
        let (a, b, c) = (m[(0, 0)], m[(1, 1)], m[(2, 2)]);
        let (zy, xz, yx) = (
            m[(2, 1)] - m[(1, 2)],
            m[(0, 2)] - m[(2, 0)],
            m[(1, 0)] - m[(0, 1)],
        );
        let (xy, zx, yz) = (
            m[(1, 0)] + m[(0, 1)],
            m[(0, 2)] + m[(2, 0)],
            m[(2, 1)] + m[(1, 2)],
        );
        let trace = a + b + c;
        let xyzw = if trace >= a && trace >= b && trace >= c {
            [zy, xz, yx, one + trace]
        } else if a >= b && a >= c {
            [one + a - b - c, xy, zx, zy]
        } else if b >= c {
            [xy, one + b - a - c, yz, xz]
        } else {
            [zx, yz, one + c - a - b, yx]
        };
        Self::from_xyzw(xyzw).map(|(rotation, _)| rotation)
    }

    /// The rotation nearest to any 3×3 matrix in the Frobenius norm: with M = UΣVᵀ it is
    /// U·diag(1, 1, det(UVᵀ))·Vᵀ. `None` if the matrix is not finite.
    pub fn nearest(m: &Matrix3<T>) -> Option<Self> {
        if !m.iter().all(|x| x.is_finite()) {
            return None;
        }
        let svd = m.svd(true, true);
        let (mut u, v_t) = (svd.u?, svd.v_t?);
        if u.determinant() * v_t.determinant() < T::zero() {
            // Singular values come sorted, so the last direction is the cheapest to mirror.
            u.column_mut(2).neg_mut();
        }
        Self::from_matrix(&(u * v_t))
    }

    /// Left Jacobian at φ: Exp(φ + dφ) = Exp(Jₗ·dφ)·Exp(φ). Jₗ = I + b·φ^ + c·φ^² with
    /// b = (1 − cos θ)/θ², c = (θ − sin θ)/θ³ (Barfoot 7.77).
    pub fn left_jacobian(phi: &Vector3<T>) -> Matrix3<T> {
        let f = series::forward(phi.norm_squared());
        rodrigues(phi, f.b, f.c)
    }

    /// Right Jacobian at φ: Exp(φ + dφ) = Exp(φ)·Exp(Jᵣ·dφ). Jᵣ(φ) = Jₗ(−φ).
    pub fn right_jacobian(phi: &Vector3<T>) -> Matrix3<T> {
        Self::left_jacobian(&-phi)
    }

    /// Jₗ⁻¹ = I − ½φ^ + d·φ^², d = (1 − (θ/2)·cot(θ/2))/θ² (Barfoot 7.76); singular at θ = 2π.
    pub fn left_jacobian_inverse(phi: &Vector3<T>) -> Matrix3<T> {
        let d = series::inverse(phi.norm_squared()).d;
        rodrigues(phi, T::lit(-0.5), d)
    }

    /// Jᵣ⁻¹(φ) = Jₗ⁻¹(−φ): Log(R·Exp(δ)) = φ + Jᵣ⁻¹·δ to first order, φ = Log R.
    pub fn right_jacobian_inverse(phi: &Vector3<T>) -> Matrix3<T> {
        Self::left_jacobian_inverse(&-phi)
    }

    /// Quaternion product without renormalisation, for intermediate results.
    #[inline(always)]
    pub(crate) fn product(&self, other: &Self) -> Self {
        Self {
            v: other.v * self.w + self.v * other.w + self.v.cross(&other.v),
            w: self.w * other.w - self.v.dot(&other.v),
        }
    }

    /// All parts are finite.
    #[inline]
    pub fn is_finite(&self) -> bool {
        self.v.iter().all(|x| x.is_finite()) && self.w.is_finite()
    }

    /// The same rotation in another scalar type.
    pub fn cast<U: Scalar>(&self) -> So3<U> {
        So3::from_unit_xyzw(self.xyzw().map(|x| U::lit(x.as_f64())))
    }
}

impl<T: Scalar> Mul for So3<T> {
    type Output = Self;

    /// Composition. One Newton step on the norm, (3 − n²)/2, keeps long products on the sphere
    /// without a square root.
    #[inline]
    fn mul(self, other: Self) -> Self {
        let product = self.product(&other);
        product.scaled(T::lit(1.5) - T::lit(0.5) * product.norm_squared())
    }
}

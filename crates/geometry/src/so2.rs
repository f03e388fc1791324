use core::ops::Mul;

use nalgebra::{Matrix2, Vector2};

use crate::{Scalar, series};

/// A rotation of the plane, kept as the unit complex number cos θ + i sin θ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct So2<T = f64> {
    cos: T,
    sin: T,
}

impl<T: Scalar> Default for So2<T> {
    fn default() -> Self {
        Self::identity()
    }
}

impl<T: Scalar> So2<T> {
    /// The rotation by 0.
    #[inline]
    pub fn identity() -> Self {
        Self {
            cos: T::one(),
            sin: T::zero(),
        }
    }

    /// The rotation by `angle` radians, counter-clockwise.
    #[inline]
    pub fn exp(angle: T) -> Self {
        let (sin, cos) = angle.sin_cos();
        Self { cos, sin }
    }

    /// The angle in radians, in (−π, π].
    #[inline]
    pub fn log(&self) -> T {
        series::arctan2(self.sin, self.cos)
    }

    /// The rotation with the direction of (cos, sin), normalised; second value: | ‖(cos, sin)‖ − 1 |.
    /// `None` for zero or a non-finite value.
    pub fn from_cos_sin(cos: T, sin: T) -> Option<(Self, T)> {
        let norm = (cos * cos + sin * sin).sqrt();
        if !(norm.is_finite() && norm > T::zero()) {
            return None;
        }
        let rotation = Self {
            cos: cos / norm,
            sin: sin / norm,
        };
        Some((rotation, (norm - T::one()).abs()))
    }

    /// The rotation with exactly these parts, which must be of unit norm to within rounding: for
    /// values that [`cos`](Self::cos) and [`sin`](Self::sin) gave.
    #[inline]
    pub fn from_unit_cos_sin(cos: T, sin: T) -> Self {
        Self { cos, sin }
    }

    /// cos θ.
    #[inline]
    pub fn cos(&self) -> T {
        self.cos
    }

    /// sin θ.
    #[inline]
    pub fn sin(&self) -> T {
        self.sin
    }

    /// The rotation by −θ.
    #[inline]
    pub fn inverse(&self) -> Self {
        Self {
            cos: self.cos,
            sin: -self.sin,
        }
    }

    /// The rotated point R·p.
    #[inline]
    pub fn act(&self, p: &Vector2<T>) -> Vector2<T> {
        Vector2::new(
            self.cos * p.x - self.sin * p.y,
            self.sin * p.x + self.cos * p.y,
        )
    }

    /// Rᵀ·p, without forming the inverse.
    #[inline]
    pub fn inverse_act(&self, p: &Vector2<T>) -> Vector2<T> {
        Vector2::new(
            self.cos * p.x + self.sin * p.y,
            self.cos * p.y - self.sin * p.x,
        )
    }

    /// `self · Exp(delta)`, delta in radians.
    #[inline]
    pub fn retract(&self, delta: T) -> Self {
        *self * Self::exp(delta)
    }

    /// `Log(self⁻¹ · other)` in radians, in (−π, π].
    #[inline]
    pub fn local(&self, other: &Self) -> T {
        self.inverse().product(other).log()
    }

    /// The 2×2 rotation matrix.
    #[inline]
    pub fn matrix(&self) -> Matrix2<T> {
        Matrix2::new(self.cos, -self.sin, self.sin, self.cos)
    }

    /// The rotation nearest to `matrix` in the Frobenius norm; `None` if it has no rotation part
    /// (all directions are equally near) or is not finite.
    pub fn from_matrix(matrix: &Matrix2<T>) -> Option<Self> {
        Self::from_cos_sin(
            matrix[(0, 0)] + matrix[(1, 1)],
            matrix[(1, 0)] - matrix[(0, 1)],
        )
        .map(|(rotation, _)| rotation)
    }

    /// Complex product without renormalisation, for intermediate results.
    #[inline(always)]
    pub(crate) fn product(&self, other: &Self) -> Self {
        Self {
            cos: self.cos * other.cos - self.sin * other.sin,
            sin: self.sin * other.cos + self.cos * other.sin,
        }
    }

    /// Both parts are finite.
    #[inline]
    pub fn is_finite(&self) -> bool {
        self.cos.is_finite() && self.sin.is_finite()
    }

    /// The same rotation in another scalar type.
    pub fn cast<U: Scalar>(&self) -> So2<U> {
        So2 {
            cos: U::lit(self.cos.as_f64()),
            sin: U::lit(self.sin.as_f64()),
        }
    }
}

impl<T: Scalar> Mul for So2<T> {
    type Output = Self;

    /// Composition. One Newton step on the norm, (3 − n²)/2, keeps long products on the circle.
    #[inline]
    fn mul(self, other: Self) -> Self {
        let Self { cos, sin } = self.product(&other);
        let scale = T::lit(1.5) - T::lit(0.5) * (cos * cos + sin * sin);
        Self {
            cos: cos * scale,
            sin: sin * scale,
        }
    }
}

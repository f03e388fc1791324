//! Scalar coefficients of the exponential maps as functions of s = θ².
//!
//! All of them are entire or analytic at s = 0, while their closed forms cancel there. Below
//! s = 1 (θ ≈ 57°) they are summed as Taylor series in s, which needs neither a square root nor
//! a trigonometric function; the number of terms makes the truncation at s = 1 smaller than half
//! a unit in the last place of `f64`. Above, the closed forms lose at most a few units.

use crate::Scalar;

/// Upper end of the series' range in s = θ².
const SERIES_LIMIT: f64 = 1.0;

/// Upper end of the range of tan² in which the arc tangent is summed as a series: with eleven
/// terms the first one left out is 0.04¹¹/23 ≈ 2e-17.
const ARCTAN_LIMIT: f64 = 0.04;

/// 1/(2k+1)! : sin(θ)/θ = Σ (−s)ᵏ/(2k+1)!.
const SIN: [f64; 9] = [
    1.0,
    -1.0 / 6.0,
    1.0 / 120.0,
    -1.0 / 5_040.0,
    1.0 / 362_880.0,
    -1.0 / 39_916_800.0,
    1.0 / 6_227_020_800.0,
    -1.0 / 1_307_674_368_000.0,
    1.0 / 355_687_428_096_000.0,
];

/// 1/(2k)! : cos(θ) = Σ (−s)ᵏ/(2k)!.
const COS: [f64; 9] = [
    1.0,
    -1.0 / 2.0,
    1.0 / 24.0,
    -1.0 / 720.0,
    1.0 / 40_320.0,
    -1.0 / 3_628_800.0,
    1.0 / 479_001_600.0,
    -1.0 / 87_178_291_200.0,
    1.0 / 20_922_789_888_000.0,
];

/// 1/(2k+2)! : (1 − cos θ)/θ² = Σ (−s)ᵏ/(2k+2)!.
const ONE_MINUS_COS: [f64; 9] = [
    1.0 / 2.0,
    -1.0 / 24.0,
    1.0 / 720.0,
    -1.0 / 40_320.0,
    1.0 / 3_628_800.0,
    -1.0 / 479_001_600.0,
    1.0 / 87_178_291_200.0,
    -1.0 / 20_922_789_888_000.0,
    1.0 / 6_402_373_705_728_000.0,
];

/// 1/(2k+3)! : (θ − sin θ)/θ³ = Σ (−s)ᵏ/(2k+3)!.
const THETA_MINUS_SIN: [f64; 9] = [
    1.0 / 6.0,
    -1.0 / 120.0,
    1.0 / 5_040.0,
    -1.0 / 362_880.0,
    1.0 / 39_916_800.0,
    -1.0 / 6_227_020_800.0,
    1.0 / 1_307_674_368_000.0,
    -1.0 / 355_687_428_096_000.0,
    1.0 / 121_645_100_408_832_000.0,
];

/// |B₂ₖ|/(2k)! for k = 1..12 (Bernoulli numbers): (1 − (θ/2)·cot(θ/2))/θ² = Σ |B₂ₖ| sᵏ⁻¹/(2k)!.
const INVERSE: [f64; 12] = [
    1.0 / 12.0,
    1.0 / 720.0,
    1.0 / 30_240.0,
    1.0 / 1_209_600.0,
    1.0 / 47_900_160.0,
    691.0 / 1_307_674_368_000.0,
    1.0 / 74_724_249_600.0,
    3_617.0 / 10_670_622_842_880_000.0,
    43_867.0 / 5_109_094_217_170_944_000.0,
    174_611.0 / 802_857_662_698_291_200_000.0,
    77_683.0 / 14_101_100_039_391_805_440_000.0,
    236_364_091.0 / 1_693_824_136_731_743_669_452_800_000.0,
];

/// (−1)ᵏ/(2k+1): atan(x)/x as a series in x².
const ARCTAN: [f64; 11] = [
    1.0,
    -1.0 / 3.0,
    1.0 / 5.0,
    -1.0 / 7.0,
    1.0 / 9.0,
    -1.0 / 11.0,
    1.0 / 13.0,
    -1.0 / 15.0,
    1.0 / 17.0,
    -1.0 / 19.0,
    1.0 / 21.0,
];

#[inline(always)]
fn polynomial<T: Scalar, const N: usize>(s: T, coefficients: &[f64; N]) -> T {
    let mut sum = T::zero();
    for &c in coefficients.iter().rev() {
        sum = sum * s + T::lit(c);
    }
    sum
}

/// The polynomial and its derivative with respect to `s`.
#[inline(always)]
fn polynomial_and_slope<T: Scalar, const N: usize>(s: T, coefficients: &[f64; N]) -> (T, T) {
    let mut sum = T::zero();
    let mut slope = T::zero();
    for &c in coefficients.iter().rev() {
        slope = slope * s + sum;
        sum = sum * s + T::lit(c);
    }
    (sum, slope)
}

/// (sin(θ/2)/θ, cos(θ/2)): scales a rotation vector to a quaternion's vector part.
#[inline]
pub(crate) fn half_angle<T: Scalar>(s: T) -> (T, T) {
    if s < T::lit(SERIES_LIMIT) {
        let quarter = s * T::lit(0.25);
        (
            T::lit(0.5) * polynomial(quarter, &SIN),
            polynomial(quarter, &COS),
        )
    } else {
        let theta = s.sqrt();
        let (sin, cos) = (theta * T::lit(0.5)).sin_cos();
        (sin / theta, cos)
    }
}

/// Coefficients of the left Jacobian J = I + b·φ^ + c·φ^², with their derivatives in s.
pub(crate) struct Forward<T> {
    /// (1 − cos θ)/θ².
    pub b: T,
    /// (θ − sin θ)/θ³.
    pub c: T,
    /// db/ds.
    pub b_slope: T,
    /// dc/ds.
    pub c_slope: T,
}

#[inline]
pub(crate) fn forward<T: Scalar>(s: T) -> Forward<T> {
    if s < T::lit(SERIES_LIMIT) {
        let (b, b_slope) = polynomial_and_slope(s, &ONE_MINUS_COS);
        let (c, c_slope) = polynomial_and_slope(s, &THETA_MINUS_SIN);
        Forward {
            b,
            c,
            b_slope,
            c_slope,
        }
    } else {
        let theta = s.sqrt();
        // 1 − cos θ = 2 sin²(θ/2) does not cancel near multiples of 2π.
        let half_sin = (theta * T::lit(0.5)).sin();
        let a = theta.sin() / theta;
        let b = T::lit(2.0) * half_sin * half_sin / s;
        let c = (T::one() - a) / s;
        let half_inverse = T::lit(0.5) / s;
        Forward {
            b,
            c,
            b_slope: (a - b - b) * half_inverse,
            c_slope: (b - T::lit(3.0) * c) * half_inverse,
        }
    }
}

/// Coefficient of the inverse left Jacobian J⁻¹ = I − ½φ^ + d·φ^², with its derivative in s.
#[derive(Clone, Copy)]
pub(crate) struct Inverse<T> {
    /// (1 − (θ/2)·cot(θ/2))/θ².
    pub d: T,
    /// dd/ds = (¼ − 3d + s·d²)/(2s).
    pub d_slope: T,
}

/// The inverse coefficients for s < 1, else by the closed form from (θ/2)·cot(θ/2), which is
/// only evaluated then.
#[inline(always)]
pub(crate) fn inverse_from<T: Scalar>(s: T, half_cot: impl FnOnce() -> T) -> Inverse<T> {
    if s < T::lit(SERIES_LIMIT) {
        let (d, d_slope) = polynomial_and_slope(s, &INVERSE);
        Inverse { d, d_slope }
    } else {
        let d = (T::one() - half_cot()) / s;
        let d_slope = (T::lit(0.25) - T::lit(3.0) * d + s * d * d) * T::lit(0.5) / s;
        Inverse { d, d_slope }
    }
}

/// The inverse coefficients for any θ that is not a non-zero multiple of 2π.
#[inline]
pub(crate) fn inverse<T: Scalar>(s: T) -> Inverse<T> {
    inverse_from(s, || {
        let half = s.sqrt() * T::lit(0.5);
        let (sin, cos) = half.sin_cos();
        half * cos / sin
    })
}

/// `(sin θ/θ, (1 − cos θ)/θ)` given θ, sin θ and cos θ.
#[inline]
pub(crate) fn planar_forward<T: Scalar>(theta: T, sin: T, cos: T) -> (T, T) {
    let s = theta * theta;
    if s < T::lit(SERIES_LIMIT) {
        (polynomial(s, &SIN), theta * polynomial(s, &ONE_MINUS_COS))
    } else {
        (sin / theta, (T::one() - cos) / theta)
    }
}

/// The angle whose tangent is `y/x`, in (−π, π].
#[inline]
pub(crate) fn arctan2<T: Scalar>(y: T, x: T) -> T {
    if x > T::zero() && y * y < T::lit(ARCTAN_LIMIT) * x * x {
        let ratio = y / x;
        ratio * polynomial(ratio * ratio, &ARCTAN)
    } else {
        y.atan2(x)
    }
}

/// `2·atan(n/w)/n` for n² = `n2` and w ≥ 0: scales a quaternion's vector part to the rotation
/// vector.
#[inline]
pub(crate) fn rotation_vector_scale<T: Scalar>(n2: T, w: T) -> T {
    let w2 = w * w;
    if n2 < T::lit(ARCTAN_LIMIT) * w2 {
        T::lit(2.0) * polynomial(n2 / w2, &ARCTAN) / w
    } else {
        let n = n2.sqrt();
        T::lit(2.0) * n.atan2(w) / n
    }
}

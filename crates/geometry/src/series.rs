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

/// Σ cₖ·sᵏ by Horner's scheme over the even and the odd coefficients apart, which are two chains
/// of dependent operations of half the length.
#[inline(always)]
fn polynomial<T: Scalar, const N: usize>(s: T, coefficients: &[f64; N]) -> T {
    let q = s * s;
    let mut parts = [T::zero(); 2];
    for (k, &c) in coefficients.iter().enumerate().rev() {
        parts[k % 2] = parts[k % 2] * q + T::lit(c);
    }
    parts[0] + s * parts[1]
}

/// The polynomial and its derivative with respect to `s`, from the parts E(q) + s·O(q), q = s²:
/// the derivative is 2s·E'(q) + O(q) + 2q·O'(q).
#[inline(always)]
fn polynomial_and_slope<T: Scalar, const N: usize>(s: T, coefficients: &[f64; N]) -> (T, T) {
    let q = s * s;
    let mut parts = [T::zero(); 2];
    let mut slopes = [T::zero(); 2];
    for (k, &c) in coefficients.iter().enumerate().rev() {
        slopes[k % 2] = slopes[k % 2] * q + parts[k % 2];
        parts[k % 2] = parts[k % 2] * q + T::lit(c);
    }
    let two = T::lit(2.0);
    (
        parts[0] + s * parts[1],
        parts[1] + two * s * (slopes[0] + s * slopes[1]),
    )
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

#[cfg(test)]
#[allow(clippy::excessive_precision)]
mod tests {
    use super::*;

    /// s, sin(θ/2)/θ, cos(θ/2), b, c, b', c', d, d' to 17 digits, by 60-digit arithmetic from the
    /// closed forms.
    #[rustfmt::skip]
    const REFERENCE: [[f64; 9]; 8] = [
        [9.094_947_017_729_282e-13, 0.49999999999998105, 0.99999999999988631, 0.4999999999999621, 0.16666666666665909, -0.04166666666666414, -0.0083333333333329724, 0.083333333333334597, 0.001388888888888949],
        [0.0009765625, 0.49997965519626791, 0.99987793217100665, 0.4999593112203579, 0.16665852883505186, -0.041663954064012439, -0.008332945816415865, 0.083334689701676508, 0.0013889534787211616],
        [0.25, 0.49480791850904586, 0.96891242171064478, 0.48966975243850914, 0.164595691166376, -0.040976855337224541, -0.0082346421212377158, 0.083682635354059895, 0.0014055796055409078],
        [0.96875, 0.48006069873004464, 0.88133055467960383, 0.46091654893035736, 0.15877747222373486, -0.039044528556107291, -0.0079565768985017924, 0.084710624182875157, 0.0014553655447904296],
        [1.0, 0.479425538604203, 0.87758256189037272, 0.45969769413186028, 0.15852901519210349, -0.038962201727912029, -0.0079446757222250987, 0.08475613914377404, 0.0014575928456183325],
        [1.03125, 0.47879087808489641, 0.87383952933785448, 0.45848140987461228, 0.1582809298289184, -0.038880013883780203, -0.0079327901149783906, 0.084801723791621775, 0.001459825512413886],
        [4.0, 0.42073549240394825, 0.54030230586813972, 0.3540367091367856, 0.13633782164678979, -0.031678088107591293, -0.0068720944754479709, 0.089476846016417324, 0.0016992357303663318],
        [9.75, 0.32024171333531861, 0.009546682176614564, 0.20510950991988076, 0.10193697520883963, -0.020723309134663996, -0.0051641751644429812, 0.10103534030557077, 0.002380684307294718],
    ];

    fn computed<T: Scalar>(s: f64) -> [f64; 9] {
        let s = T::lit(s);
        let (sine, cosine) = half_angle(s);
        let f = forward(s);
        let i = inverse(s);
        [
            s, sine, cosine, f.b, f.c, f.b_slope, f.c_slope, i.d, i.d_slope,
        ]
        .map(T::as_f64)
    }

    /// Every coefficient against the reference, in units of `epsilon`.
    ///
    /// Below s = 1 the relative error of a sum with terms falling by 12 or more is at most that of
    /// its last steps, 4ε. Above, a coefficient enters a Jacobian times θᵏ, and its
    /// closed form is a difference of numbers near 1 divided by θᵏ, at most six roundings; the
    /// slopes pass that error on with a factor of 2.
    fn check<T: Scalar>(epsilon: f64) {
        for expected in REFERENCE {
            let found = computed::<T>(expected[0]);
            let theta = expected[0].sqrt();
            let powers = [0, 1, 0, 1, 2, 2, 3, 2, 3];
            for k in 0..9 {
                let error = (found[k] - expected[k]).abs();
                let bound = if expected[0] < SERIES_LIMIT {
                    4.0 * expected[k].abs()
                } else {
                    12.0 / theta.powi(powers[k])
                };
                assert!(
                    error <= bound * epsilon,
                    "s {} item {k}: {error:e}",
                    expected[0]
                );
            }
        }
    }

    #[test]
    fn coefficients_match_reference_values() {
        check::<f64>(f64::EPSILON);
        check::<f32>(f64::from(f32::EPSILON));
    }

    #[test]
    fn coefficients_at_zero_are_exact() {
        let expected = [
            0.0,
            0.5,
            1.0,
            0.5,
            1.0 / 6.0,
            -1.0 / 24.0,
            -1.0 / 120.0,
            1.0 / 12.0,
            1.0 / 720.0,
        ];
        assert_eq!(computed::<f64>(0.0), expected);
    }

    #[test]
    fn arc_tangent_matches_reference_values() {
        // tan and angle, to 17 digits; the series ends at tan = 0.2.
        let reference = [
            (9.5367431640625e-7, 9.5367431640596088e-7),
            (0.125, 0.12435499454676143),
            (0.19921875, 0.19664424519034501),
            (0.203125, 0.20039855382587851),
            (1.0, core::f64::consts::FRAC_PI_4),
            (64.0, 1.5551725981744198),
        ];
        for (tangent, angle) in reference {
            for scale in [1.0, 0.5, -1.0] {
                let (y, x) = (tangent * scale, scale);
                let expected = if scale > 0.0 {
                    angle
                } else {
                    angle - core::f64::consts::PI
                };
                let found: f64 = arctan2(y, x);
                assert!((found - expected).abs() <= 2.0 * f64::EPSILON * expected.abs());
            }
            let found: f64 = rotation_vector_scale(tangent * tangent, 1.0);
            let expected = 2.0 * angle / tangent;
            assert!((found - expected).abs() <= 4.0 * f64::EPSILON * expected);
        }
        assert_eq!(arctan2(0.0, -1.0), core::f64::consts::PI);
    }
}

//! Numbers with a bound on what f32 makes of them.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::UNIT;

/// A value in f64 and a bound on the error of the same computation in f32:
/// running error analysis (Higham, Accuracy and Stability, 3.3). Each operation
/// adds its own rounding to what its arguments carry. Divisions, roots and
/// exponentials count as WGSL allows (section 15.7.4), so the bound holds for
/// devices and, a fortiori, for the correctly rounded twin; fused operations
/// round less often and are within it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounded {
    pub value: f64,
    pub error: f64,
}

impl Bounded {
    /// Carried error and `units` roundings of the result. Numbers below the
    /// normal ones may be flushed.
    fn rounded(value: f64, carried: f64, units: f64) -> Self {
        let error = carried + units * UNIT * (value.abs() + carried);
        Self {
            value,
            error: error + f64::from(f32::MIN_POSITIVE),
        }
    }

    /// A number that f32 holds exactly.
    pub fn exact(value: f64) -> Self {
        Self { value, error: 0.0 }
    }

    /// A number rounded once to f32.
    pub fn input(value: f64) -> Self {
        Self::rounded(value, 0.0, 1.0)
    }

    pub fn sqrt(self) -> Self {
        let value = self.value.max(0.0).sqrt();
        let carried = if self.error < self.value {
            self.error / value
        } else {
            (self.value.abs() + self.error).sqrt()
        };
        // 2 ULP of the inverse root and 2.5 of a division, 2 units each.
        Self::rounded(value, carried, 9.0)
    }

    /// `exp(−x)`, `x ≥ 0`: 3 + 2 x ULP.
    pub fn exp_minus(self) -> Self {
        let value = (-self.value).exp();
        let carried = value * self.error.exp_m1();
        Self::rounded(value, carried, 6.0 + 4.0 * (self.value + self.error))
    }

    /// A function of slope at most 1 with its value and the roundings it costs.
    pub fn gentle(self, function: impl Fn(f64) -> f64, units: f64) -> Self {
        Self::rounded(function(self.value), self.error, units)
    }

    /// One of two branches by `self ≤ threshold`; either where f32 may see it
    /// either way.
    pub fn choose(self, threshold: Self, below: Self, above: Self) -> Self {
        let doubt = self.error + threshold.error;
        if self.value + doubt < threshold.value {
            below
        } else if self.value - doubt > threshold.value {
            above
        } else {
            let (value, other) = if self.value <= threshold.value {
                (below.value, above.value)
            } else {
                (above.value, below.value)
            };
            Self {
                value,
                error: below.error.max(above.error) + (value - other).abs(),
            }
        }
    }

    /// Rounded to half as well: 11 bits, or half a step of 2⁻²⁴ below 2⁻¹⁴.
    pub fn to_half(self) -> Self {
        let error = self.error + 2.0_f64.powi(-11) * (self.value.abs() + self.error);
        Self {
            value: self.value,
            error: error + 2.0_f64.powi(-25),
        }
    }
}

impl Add for Bounded {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::rounded(self.value + other.value, self.error + other.error, 1.0)
    }
}

impl Sub for Bounded {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Neg for Bounded {
    type Output = Self;
    fn neg(self) -> Self {
        Self {
            value: -self.value,
            error: self.error,
        }
    }
}

impl Mul for Bounded {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let carried = self.value.abs() * other.error
            + other.value.abs() * self.error
            + self.error * other.error;
        Self::rounded(self.value * other.value, carried, 1.0)
    }
}

impl Div for Bounded {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let value = self.value / other.value;
        let room = other.value.abs() - other.error;
        let carried = if room > 0.0 {
            (self.error + value.abs() * other.error) / room
        } else {
            f64::INFINITY
        };
        // 2.5 ULP.
        Self::rounded(value, carried, 5.0)
    }
}

impl Mul<Bounded> for f64 {
    type Output = Bounded;
    fn mul(self, other: Bounded) -> Bounded {
        Bounded::exact(self) * other
    }
}

impl Add<Bounded> for f64 {
    type Output = Bounded;
    fn add(self, other: Bounded) -> Bounded {
        Bounded::exact(self) + other
    }
}

/// Long sums and a cancellation in f32 stay within their bounds, and the
/// bounds are of the right size.
#[test]
fn bounds_hold_and_are_not_idle() {
    let mut random = super::Random(5);
    let (mut sum, mut single) = (Bounded::default(), 0.0_f32);
    for _ in 0..1000 {
        let (a, b) = (random.value() + 2.0, random.value() + 3.0);
        let quotient = Bounded::input(a) / Bounded::input(b);
        sum = sum + quotient.sqrt() * Bounded::input(a) - Bounded::input(b);
        single = single + (a as f32 / b as f32).sqrt() * a as f32 - b as f32;
    }
    let error = (f64::from(single) - sum.value).abs();
    assert!(error > 0.0 && error <= sum.error, "{error:e} {sum:?}");
    assert!(sum.error < 0.1, "{sum:?}");
    let doubt = Bounded::input(1.0).choose(
        Bounded::exact(1.0),
        Bounded::exact(5.0),
        Bounded::exact(6.0),
    );
    assert!((doubt.value, doubt.error) == (5.0, 1.0));
}

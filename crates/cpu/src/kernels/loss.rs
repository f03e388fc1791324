//! Robust losses of `s = w ‖r‖²` in f32, by [`slam16_problem::Loss::code`].

const HUBER: u32 = 1;
const PSEUDO_HUBER: u32 = 2;
const CAUCHY: u32 = 3;
const GEMAN_MCCLURE: u32 = 4;
const WELSCH: u32 = 5;
const TUKEY: u32 = 6;
const FAIR: u32 = 7;
const DCS: u32 = 8;

/// The derivative by `s`: the square of the weight of a residual.
pub(super) fn slope(loss: u32, d: f32, s: f32) -> f32 {
    let x = s / (d * d);
    match loss {
        HUBER if s > d * d => d / s.sqrt(),
        PSEUDO_HUBER => 1.0 / (1.0 + x).sqrt(),
        CAUCHY => 1.0 / (1.0 + x),
        GEMAN_MCCLURE => {
            let w = 1.0 / (1.0 + x);
            w * w
        }
        WELSCH => (-x).exp(),
        TUKEY if x >= 1.0 => 0.0,
        TUKEY => (1.0 - x) * (1.0 - x),
        FAIR => 1.0 / (1.0 + s.sqrt() / d),
        DCS if s > d => {
            let w = 2.0 * d / (d + s);
            w * w
        }
        _ => 1.0,
    }
}

/// The loss itself.
pub(super) fn value(loss: u32, d: f32, s: f32) -> f32 {
    let x = s / (d * d);
    match loss {
        HUBER if s > d * d => d * (2.0 * s.sqrt() - d),
        PSEUDO_HUBER => 2.0 * s / ((1.0 + x).sqrt() + 1.0),
        CAUCHY => d * d * log_1p(x),
        GEMAN_MCCLURE => s / (1.0 + x),
        WELSCH => d * d * one_minus_exp(x),
        TUKEY => {
            let third = d * d / 3.0;
            if x >= 1.0 {
                third
            } else {
                third * x * (3.0 + x * (x - 3.0))
            }
        }
        FAIR => 2.0 * d * d * less_log_1p(s.sqrt() / d),
        DCS if s > d => d * (3.0 * s - d) / (s + d),
        _ => s,
    }
}

/// `atanh(z)/z − 1` for `z` up to 1/3, by its series.
fn atanh_tail(z: f32) -> f32 {
    let q = z * z;
    let mut sum = 1.0 / 15.0;
    for n in [13.0, 11.0, 9.0, 7.0, 5.0, 3.0_f32] {
        sum = 1.0 / n + q * sum;
    }
    q * sum
}

/// `ln(1 + x)` for `x ≥ 0`: devices have no such function of their own.
fn log_1p(x: f32) -> f32 {
    if x > 1.0 {
        return (1.0 + x).ln();
    }
    let z = x / (2.0 + x);
    2.0 * z * (1.0 + atanh_tail(z))
}

/// `x − ln(1 + x)` for `x ≥ 0`.
fn less_log_1p(x: f32) -> f32 {
    if x > 1.0 {
        return x - (1.0 + x).ln();
    }
    let z = x / (2.0 + x);
    z * (x - 2.0 * atanh_tail(z))
}

/// `1 − exp(−x)` for `x ≥ 0`.
fn one_minus_exp(x: f32) -> f32 {
    if x > 0.5 {
        return 1.0 - (-x).exp();
    }
    let mut sum = 1.0;
    for n in (2..=9_u8).rev() {
        sum = 1.0 - x / f32::from(n) * sum;
    }
    x * sum
}

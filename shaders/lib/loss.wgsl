// Robust losses of s = w |r|², by number; 0 is plain least squares.
const HUBER: u32 = 1u;
const PSEUDO_HUBER: u32 = 2u;
const CAUCHY: u32 = 3u;
const GEMAN_MCCLURE: u32 = 4u;
const WELSCH: u32 = 5u;
const TUKEY: u32 = 6u;
const FAIR: u32 = 7u;
const DCS: u32 = 8u;

// The derivative by s: the square of the weight of a residual.
fn loss_slope(loss: u32, d: f32, s: f32) -> f32 {
    let x = s / (d * d);
    switch loss {
        case HUBER: {
            if (s <= d * d) {
                return 1.0;
            }
            return d / sqrt(s);
        }
        case PSEUDO_HUBER: {
            return 1.0 / sqrt(1.0 + x);
        }
        case CAUCHY: {
            return 1.0 / (1.0 + x);
        }
        case GEMAN_MCCLURE: {
            let w = 1.0 / (1.0 + x);
            return w * w;
        }
        case WELSCH: {
            return exp(-x);
        }
        case TUKEY: {
            if (x >= 1.0) {
                return 0.0;
            }
            return (1.0 - x) * (1.0 - x);
        }
        case FAIR: {
            return 1.0 / (1.0 + sqrt(s) / d);
        }
        case DCS: {
            if (s <= d) {
                return 1.0;
            }
            let w = 2.0 * d / (d + s);
            return w * w;
        }
        default: {
            return 1.0;
        }
    }
}

fn loss_value(loss: u32, d: f32, s: f32) -> f32 {
    let x = s / (d * d);
    switch loss {
        case HUBER: {
            if (s <= d * d) {
                return s;
            }
            return d * (2.0 * sqrt(s) - d);
        }
        case PSEUDO_HUBER: {
            return 2.0 * s / (sqrt(1.0 + x) + 1.0);
        }
        case CAUCHY: {
            return d * d * log_1p(x);
        }
        case GEMAN_MCCLURE: {
            return s / (1.0 + x);
        }
        case WELSCH: {
            return d * d * one_minus_exp(x);
        }
        case TUKEY: {
            let third = d * d / 3.0;
            if (x >= 1.0) {
                return third;
            }
            return third * x * (3.0 + x * (x - 3.0));
        }
        case FAIR: {
            return 2.0 * d * d * less_log_1p(sqrt(s) / d);
        }
        case DCS: {
            if (s <= d) {
                return s;
            }
            return d * (3.0 * s - d) / (s + d);
        }
        default: {
            return s;
        }
    }
}

// atanh(z) / z - 1 for z up to 1/3, by its series: the next term is below 2^-27.
fn atanh_tail(z: f32) -> f32 {
    let q = z * z;
    return q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q * (1.0 / 9.0
        + q * (1.0 / 11.0 + q * (1.0 / 13.0 + q * (1.0 / 15.0)))))));
}

// log(1 + x) for x >= 0 with all its digits where x is small.
fn log_1p(x: f32) -> f32 {
    if (x > 1.0) {
        return log(1.0 + x);
    }
    let z = x / (2.0 + x);
    return 2.0 * z * (1.0 + atanh_tail(z));
}

// x - log(1 + x) for x >= 0. With x = 2z / (1 - z) it is z x - 2 z tail.
fn less_log_1p(x: f32) -> f32 {
    if (x > 1.0) {
        return x - log(1.0 + x);
    }
    let z = x / (2.0 + x);
    return z * (x - 2.0 * atanh_tail(z));
}

// 1 - exp(-x) for x >= 0: below 1/2 by its series to x^9, nested.
fn one_minus_exp(x: f32) -> f32 {
    if (x > 0.5) {
        return 1.0 - exp(-x);
    }
    var sum = 1.0;
    for (var n = 9u; n > 1u; n--) {
        sum = 1.0 - x / f32(n) * sum;
    }
    return x * sum;
}

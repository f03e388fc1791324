//! Numbers along an axis.

/// Round places for labels on a linear axis: about `count` of them, at
/// multiples of 1, 2 or 5 times a power of ten.
pub fn linear_ticks(low: f64, high: f64, count: usize) -> (Vec<f64>, usize) {
    let raw = (high - low) / count.max(1) as f64;
    if !(raw.is_finite() && raw > 0.0) {
        return (vec![low], 3);
    }
    let power = 10.0_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|m| m * power)
        .find(|s| *s >= raw * (1.0 - 1e-9))
        .unwrap_or(power);
    let first = (low / step).ceil();
    let last = (high / step).floor();
    let ticks = (0..=(last - first) as usize)
        // Adding 0 turns −0 into 0.
        .map(|k| (first + k as f64) * step + 0.0)
        .collect();
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    (ticks, decimals)
}

/// Powers of ten inside a range, thinned to at most `count`; when there are
/// fewer than two, 2 and 5 times a power too.
pub fn log_ticks(low: f64, high: f64, count: usize) -> Vec<f64> {
    let (first, last) = (low.log10().ceil() as i32, high.log10().floor() as i32);
    let stride = ((last - first + 1).max(1) as usize).div_ceil(count.max(1)) as i32;
    let powers: Vec<f64> = (first..=last)
        .filter(|k| (k - first) % stride == 0)
        .map(|k| 10.0_f64.powi(k))
        .collect();
    if powers.len() >= 2 {
        return powers;
    }
    let dense: Vec<f64> = (first - 1..=last + 1)
        .flat_map(|k| [1.0, 2.0, 5.0].map(|m| m * 10.0_f64.powi(k)))
        .filter(|t| *t >= low && *t <= high)
        .collect();
    if dense.len() >= 2 {
        dense
    } else {
        linear_ticks(low, high, count).0
    }
}

/// A number of a linear axis whose step has so many decimals.
pub fn label(value: f64, decimals: usize) -> String {
    if decimals > 6 || value.abs() >= 1e7 {
        short(value)
    } else {
        format!("{value:.decimals$}")
    }
}

/// A number of a logarithmic axis.
pub fn short(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let size = value.abs();
    if (1e-3..1e5).contains(&size) {
        let text = format!("{value:.6}");
        let digits = text.trim_end_matches('0').trim_end_matches('.');
        let keep = digits.find('.').map_or(digits.len(), |dot| dot + 5);
        digits[..keep.min(digits.len())].to_owned()
    } else {
        format!("{value:.1e}").replace(".0e", "e")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let (ticks, decimals) = linear_ticks(-1.3, 7.9, 5);
        assert_eq!(ticks, [0.0, 2.0, 4.0, 6.0]);
        assert_eq!(decimals, 0);
        let (ticks, decimals) = linear_ticks(0.0, 0.031, 4);
        assert_eq!(ticks, [0.0, 0.01, 0.02, 0.03]);
        assert_eq!(decimals, 2);
        assert_eq!(linear_ticks(3.0, 3.0, 4).0, [3.0]);
    }

    #[test]
    fn logarithmic_ticks_are_never_fewer_than_two() {
        assert_eq!(log_ticks(0.5, 2000.0, 8), [1.0, 10.0, 100.0, 1000.0]);
        assert_eq!(log_ticks(1.0, 1e12, 7).len(), 7);
        assert_eq!(log_ticks(30.0, 300.0, 8), [50.0, 100.0, 200.0]);
        assert!(log_ticks(600.0, 680.0, 4).len() >= 2);
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (0.05, "0.05"),
            (20000.0, "20000"),
            (1e5, "1e5"),
            (2.5e7, "2.5e7"),
            (1e-6, "1e-6"),
            (675.25, "675.25"),
        ] {
            assert_eq!(short(value), text);
        }
    }
}

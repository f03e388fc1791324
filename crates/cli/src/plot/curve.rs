//! The curve of the cost over time.

use super::canvas::{Canvas, Color, Hold, Point};
use super::draw::{AFTER, FAINT, GRID, INK, Panel, text, upwards};
use super::{Figure, Sample, axis};

const REJECTED: Color = Color::solid([190, 45, 60]);

/// How cost becomes height.
struct Heights {
    low: f64,
    high: f64,
    logarithmic: bool,
}

impl Heights {
    /// Logarithmic when the cost falls to less than a third.
    fn of(samples: &[Sample]) -> Self {
        let finite = || samples.iter().map(|s| s.cost).filter(|c| c.is_finite());
        let low = finite().fold(f64::INFINITY, f64::min);
        let high = finite().fold(f64::NEG_INFINITY, f64::max);
        if low > high {
            return Self {
                low: 0.0,
                high: 1.0,
                logarithmic: false,
            };
        }
        if low > 0.0 && high / low > 3.0 {
            let margin = (high / low).powf(0.06);
            Self {
                low: low / margin,
                high: high * margin,
                logarithmic: true,
            }
        } else {
            let margin = 0.08 * (high - low).max(1e-3 * high.abs()).max(1e-12);
            Self {
                low: low - margin,
                high: high + margin,
                logarithmic: false,
            }
        }
    }

    /// 0 at the bottom, 1 at the top.
    fn height(&self, cost: f64) -> f64 {
        let fraction = if self.logarithmic {
            (cost / self.low).ln() / (self.high / self.low).ln()
        } else {
            (cost - self.low) / (self.high - self.low)
        };
        if fraction.is_nan() {
            1.0
        } else {
            fraction.clamp(0.0, 1.0)
        }
    }

    fn ticks(&self) -> Vec<(f64, String)> {
        if self.logarithmic {
            axis::log_ticks(self.low, self.high, 6)
                .into_iter()
                .map(|t| (t, axis::short(t)))
                .collect()
        } else {
            let (ticks, decimals) = axis::linear_ticks(self.low, self.high, 4);
            ticks
                .into_iter()
                .map(|t| (t, axis::label(t, decimals)))
                .collect()
        }
    }
}

/// Seconds, or milliseconds where those are easier to read.
fn unit_of_time(longest: f64) -> (&'static str, f64) {
    if longest < 1e-3 {
        ("µs", 1e6)
    } else if longest < 1.0 {
        ("ms", 1e3)
    } else {
        ("s", 1.0)
    }
}

/// Cost after every accepted step, with crosses where a trial was rejected.
pub fn cost_over_time(canvas: &mut dyn Canvas, panel: Panel, figure: &Figure) {
    let longest = figure
        .accepted
        .iter()
        .chain(&figure.rejected)
        .map(|s| s.seconds)
        .fold(0.0, f64::max)
        .max(1e-6);
    let (unit, per_second) = unit_of_time(longest);
    let end = 1.03 * longest;
    let heights = Heights::of(&figure.accepted);
    let at = |s: &Sample| -> Point {
        (
            panel.left + s.seconds / end * panel.width,
            panel.bottom() - heights.height(s.cost) * panel.height,
        )
    };
    let (ticks, decimals) = axis::linear_ticks(0.0, end * per_second, 8);
    for tick in ticks {
        let x = panel.left + tick / per_second / end * panel.width;
        canvas.line(&[(x, panel.top), (x, panel.bottom())], GRID, 1.0);
        let label = axis::label(tick, decimals);
        text(
            canvas,
            (x, panel.bottom() + 13.0),
            &label,
            11.5,
            INK,
            Hold::Middle,
        );
    }
    for (tick, label) in heights.ticks() {
        let y = panel.bottom() - heights.height(tick) * panel.height;
        canvas.line(&[(panel.left, y), (panel.right(), y)], GRID, 1.0);
        text(
            canvas,
            (panel.left - 7.0, y),
            &label,
            11.5,
            INK,
            Hold::Right,
        );
    }
    let accepted: Vec<Point> = figure.accepted.iter().map(at).collect();
    canvas.line(&accepted, AFTER, 1.6);
    canvas.dots(&accepted, 3.0, AFTER);
    for (x, y) in figure.rejected.iter().map(at) {
        const ARM: f64 = 4.0;
        let cross = [
            [(x - ARM, y - ARM), (x + ARM, y + ARM)],
            [(x - ARM, y + ARM), (x + ARM, y - ARM)],
        ];
        canvas.pieces(&cross, REJECTED, 1.6);
    }
    panel.frame(canvas);
    let middle = panel.left + 0.5 * panel.width;
    let name = format!("time ({unit})");
    text(
        canvas,
        (middle, panel.bottom() + 31.0),
        &name,
        13.0,
        INK,
        Hold::Middle,
    );
    upwards(
        canvas,
        (panel.left - 64.0, panel.top + 0.5 * panel.height),
        "cost",
    );
    let steps = figure.accepted.len().saturating_sub(1);
    let counted = match (steps, figure.rejected.len()) {
        (1, 0) => "1 step".to_owned(),
        (n, 0) => format!("{n} steps"),
        (n, r) => format!("{n} steps accepted (dots), {r} rejected (crosses)"),
    };
    let corner = (panel.right() - 10.0, panel.top + 16.0);
    text(canvas, corner, &counted, 12.0, FAINT, Hold::Right);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(costs: &[f64]) -> Vec<Sample> {
        costs
            .iter()
            .map(|&cost| Sample { seconds: 0.0, cost })
            .collect()
    }

    #[test]
    fn large_falls_are_logarithmic_and_all_is_inside() {
        for (costs, logarithmic) in [
            (&[1e6, 50.0, 2.0][..], true),
            (&[2.0, 1.5], false),
            (&[1.0, 0.0], false),
            (&[3.0], false),
            (&[0.0], false),
            (&[], false),
        ] {
            let heights = Heights::of(&samples(costs));
            assert_eq!(heights.logarithmic, logarithmic, "{costs:?}");
            for &cost in costs {
                let h = heights.height(cost);
                assert!(h > 0.0 && h < 1.0, "{costs:?} {cost} {h}");
            }
            assert!(heights.ticks().len() >= 2, "{costs:?}");
            assert_eq!(heights.height(f64::INFINITY), 1.0);
        }
    }
}

//! Summary of a list of errors.

/// Statistics of errors; all zero for none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Statistics {
    /// Number of errors.
    pub count: usize,
    /// √(Σ e² / n).
    pub rmse: f64,
    /// Σ e / n.
    pub mean: f64,
    /// The middle one, or the mean of the two in the middle.
    pub median: f64,
    /// Standard deviation, √(Σ (e − mean)² / n).
    pub std: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// Σ e².
    pub sse: f64,
}

impl Statistics {
    /// Summarises errors.
    pub fn of(errors: &[f64]) -> Self {
        if errors.is_empty() {
            return Self::default();
        }
        let n = errors.len() as f64;
        let mut sorted = errors.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let half = sorted.len() / 2;
        let median = if sorted.len() % 2 == 1 {
            sorted[half]
        } else {
            0.5 * (sorted[half - 1] + sorted[half])
        };
        let mean = errors.iter().sum::<f64>() / n;
        let sse = errors.iter().map(|e| e * e).sum::<f64>();
        let spread = errors.iter().map(|e| (e - mean) * (e - mean)).sum::<f64>();
        Self {
            count: errors.len(),
            rmse: (sse / n).sqrt(),
            mean,
            median,
            std: (spread / n).sqrt(),
            min: sorted[0],
            max: sorted[sorted.len() - 1],
            sse,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_by_hand() {
        let s = Statistics::of(&[3.0, 1.0, 2.0, 6.0]);
        assert_eq!((s.count, s.mean, s.median), (4, 3.0, 2.5));
        assert_eq!((s.min, s.max, s.sse), (1.0, 6.0, 50.0));
        assert_eq!((s.rmse, s.std), (12.5_f64.sqrt(), 3.5_f64.sqrt()));
        assert_eq!(Statistics::of(&[5.0, 1.0, 2.0]).median, 2.0);
        assert_eq!(Statistics::of(&[]), Statistics::default());
    }
}

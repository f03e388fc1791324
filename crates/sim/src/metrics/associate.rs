//! Which pose of one trajectory belongs to which of another.

use slam16_problem::Trajectory;

use super::MetricsError;

/// How poses are paired.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Association {
    /// First with first, second with second: formats without moments.
    Order,
    /// Nearest in time.
    Time {
        /// Largest difference, seconds.
        tolerance: f64,
        /// Added to the estimate's moments, seconds.
        offset: f64,
    },
}

impl Default for Association {
    /// By time, within 0.01 s (evo's default), without offset.
    fn default() -> Self {
        Self::Time {
            tolerance: 0.01,
            offset: 0.0,
        }
    }
}

/// Reference and estimate, cut down to the poses that belong together.
///
/// By time, each pose of the shorter trajectory looks for the nearest of the
/// longer one (the earlier of two equally near); several may find the same,
/// and those without one within the tolerance are dropped.
///
/// # Errors
/// [`MetricsError::Lengths`], [`MetricsError::NoMatches`].
pub fn associate(
    reference: &Trajectory,
    estimate: &Trajectory,
    association: Association,
) -> Result<(Trajectory, Trajectory), MetricsError> {
    let (tolerance, offset) = match association {
        Association::Order if reference.len() != estimate.len() => {
            return Err(MetricsError::Lengths {
                reference: reference.len(),
                estimate: estimate.len(),
            });
        }
        Association::Order => return Ok((reference.clone(), estimate.clone())),
        Association::Time { tolerance, offset } => (tolerance, offset),
    };
    let estimate_longer = estimate.len() > reference.len();
    let (short, long, shift) = if estimate_longer {
        (reference, estimate, offset)
    } else {
        (estimate, reference, -offset)
    };
    let (of_short, of_long) = nearest(short.stamps(), long.stamps(), tolerance, shift);
    if of_short.is_empty() {
        return Err(MetricsError::NoMatches { tolerance });
    }
    let (short, long) = (short.select(of_short), long.select(of_long));
    Ok(if estimate_longer {
        (short, long)
    } else {
        (long, short)
    })
}

/// For each of `short`, the nearest of `long + shift`.
fn nearest(short: &[f64], long: &[f64], tolerance: f64, shift: f64) -> (Vec<usize>, Vec<usize>) {
    let long: Vec<f64> = long.iter().map(|t| t + shift).collect();
    let sorted = long.is_sorted();
    let find = |stamp: f64| {
        let candidates = if sorted {
            let after = long.partition_point(|t| *t <= stamp);
            after.saturating_sub(1)..(after + 1).min(long.len())
        } else {
            0..long.len()
        };
        let distance = |k: usize| (long[k] - stamp).abs();
        candidates
            .min_by(|a, b| distance(*a).total_cmp(&distance(*b)))
            .filter(|k| distance(*k) <= tolerance)
    };
    let pairs = short.iter().enumerate();
    pairs
        .filter_map(|(k, stamp)| find(*stamp).map(|l| (k, l)))
        .unzip()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use slam16_geometry::Se3;

    use super::*;

    fn at(stamps: &[f64]) -> Trajectory {
        let pose = |t: &f64| Se3::exp(&nalgebra::vector![*t, 0.0, 0.0, 0.0, 0.0, 0.0]);
        Trajectory::new(stamps.to_vec(), stamps.iter().map(pose).collect())
    }

    #[test]
    fn each_of_the_shorter_finds_its_nearest() {
        let long = at(&[0.0, 1.0, 2.0, 3.0, 4.0]);
        let short = at(&[-0.5, 0.4, 0.5, 2.9, 4.2]);
        let by_time = |tolerance, offset| Association::Time { tolerance, offset };
        let longer = at(&[0.0, 1.0, 2.0, 3.0, 4.0, 9.0]);
        let (r, e) = associate(&longer, &short, by_time(0.45, 0.0)).unwrap();
        assert_eq!(e.stamps(), [0.4, 2.9, 4.2]);
        assert_eq!(r.stamps(), [0.0, 3.0, 4.0]);
        let (r, e) = associate(&short, &longer, by_time(0.5, 0.0)).unwrap();
        assert_eq!(r.stamps(), [-0.5, 0.4, 0.5, 2.9, 4.2]);
        assert_eq!(e.stamps(), [0.0, 0.0, 0.0, 3.0, 4.0]);
        // The estimate's clock is 10 s behind.
        let late = at(&[10.0, 11.0, 12.0, 13.0, 14.0, 15.0]);
        let (r, e) = associate(&late, &long, by_time(0.1, 10.0)).unwrap();
        assert_eq!((r.len(), e.len()), (5, 5));
        assert_eq!(
            associate(&late, &long, by_time(0.1, 0.0)),
            Err(MetricsError::NoMatches { tolerance: 0.1 })
        );
        // Not in time order.
        let mixed = at(&[3.0, 0.0, 4.0, 1.0, 2.0, 8.0]);
        let (r, _) = associate(&mixed, &short, by_time(0.45, 0.0)).unwrap();
        assert_eq!(r.stamps(), [0.0, 3.0, 4.0]);
    }

    #[test]
    fn in_order_both_must_be_equally_long() {
        let (a, b) = (at(&[0.0, 1.0]), at(&[5.0, 6.0]));
        assert!(associate(&a, &b, Association::Order).is_ok());
        assert_eq!(
            associate(&a, &at(&[1.0]), Association::Order),
            Err(MetricsError::Lengths {
                reference: 2,
                estimate: 1
            })
        );
    }
}

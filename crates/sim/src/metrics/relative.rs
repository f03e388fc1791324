//! Relative pose error.

use nalgebra::{Matrix3, Vector3};
use slam16_problem::Trajectory;

use super::{
    Alignment, Association, Errors, MetricsError, Relation, Statistics, angle_degrees, associate,
    positions, umeyama,
};

/// How far apart the poses of a pair are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Delta {
    /// Poses.
    Frames(usize),
    /// Length of the estimate's path between them.
    Metres(f64),
}

/// How the relative error is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RelativeOptions {
    /// Which poses belong together.
    pub association: Association,
    /// Distance of the poses of a pair.
    pub delta: Delta,
    /// Overlapping pairs, from every pose; else each pair starts where the
    /// one before ended.
    pub all_pairs: bool,
    /// With [`Delta::Metres`] and `all_pairs`: largest deviation of a pair's
    /// path from the distance asked for, relative to it.
    pub tolerance: f64,
    /// What is compared.
    pub relation: Relation,
    /// Alignment before comparing, over all positions. Relative poses feel
    /// the scale of a similarity and nothing else.
    pub alignment: Alignment,
}

impl Default for RelativeOptions {
    /// Translation from pose to pose, associated by time, not aligned; tolerance
    /// 0.1 (evo's defaults).
    fn default() -> Self {
        Self {
            association: Association::default(),
            delta: Delta::Frames(1),
            all_pairs: false,
            tolerance: 0.1,
            relation: Relation::Translation,
            alignment: Alignment::None,
        }
    }
}

/// The error (Qᵢ⁻¹ Qⱼ)⁻¹ (Pᵢ⁻¹ Pⱼ) of every pair, Q the reference, P the
/// estimate: length of its translation or angle of its rotation (RPE; evo:
/// `evo_rpe`). With [`Alignment::Similarity`] the translations of P, and the
/// path that [`Delta::Metres`] measures, are first multiplied by the scale of
/// the alignment (evo: `-a -s`).
///
/// # Errors
/// [`MetricsError`] when nothing can be associated or aligned, or no pair is
/// found.
pub fn relative_error(
    reference: &Trajectory,
    estimate: &Trajectory,
    options: &RelativeOptions,
) -> Result<Errors, MetricsError> {
    let (reference, estimate) = associate(reference, estimate, options.association)?;
    let scale = match options.alignment {
        Alignment::None | Alignment::Rigid => 1.0,
        Alignment::Similarity => {
            umeyama(&positions(&estimate), &positions(&reference), true)?.scale
        }
    };
    let (pairs, delta, unit) = match options.delta {
        Delta::Frames(0) => return Err(MetricsError::Delta { delta: 0.0 }),
        Delta::Frames(frames) => {
            let pairs = by_frames(estimate.len(), frames, options.all_pairs);
            (pairs, frames as f64, "frames")
        }
        Delta::Metres(delta) if !(delta > 0.0 && delta.is_finite()) => {
            return Err(MetricsError::Delta { delta });
        }
        Delta::Metres(delta) => {
            let path = path_lengths(&estimate, scale);
            let pairs = if options.all_pairs {
                by_path_from_everywhere(&path, delta, delta * options.tolerance)
            } else {
                by_path(&estimate, scale, delta)
            };
            (pairs, delta, "m")
        }
    };
    if pairs.is_empty() {
        return Err(MetricsError::NoPairs { delta, unit });
    }
    let error = |&(i, j): &(usize, usize)| {
        let (q, p) = (between(&reference, i, j), between(&estimate, i, j));
        match options.relation {
            Relation::Translation => (q.0.transpose() * (p.1 * scale - q.1)).norm(),
            Relation::RotationAngle => angle_degrees(&(q.0.transpose() * p.0)),
        }
    };
    let values: Vec<f64> = pairs.iter().map(error).collect();
    Ok(Errors {
        places: pairs.iter().map(|(_, j)| *j).collect(),
        statistics: Statistics::of(&values),
        values,
    })
}

/// Xᵢ⁻¹ Xⱼ with the transpose for the inverse of the rotation, which is what
/// evo does with a file's rounded matrices.
fn between(t: &Trajectory, i: usize, j: usize) -> (Matrix3<f64>, Vector3<f64>) {
    let back = t.linear(i).transpose();
    let step = t.poses()[j].translation - t.poses()[i].translation;
    (back * t.linear(j), back * step)
}

fn by_frames(len: usize, frames: usize, all_pairs: bool) -> Vec<(usize, usize)> {
    let stride = if all_pairs { 1 } else { frames };
    (0..len.saturating_sub(frames))
        .step_by(stride)
        .map(|i| (i, i + frames))
        .collect()
}

/// Scaled length of the path from the first pose to each.
fn path_lengths(t: &Trajectory, scale: f64) -> Vec<f64> {
    let mut lengths = Vec::with_capacity(t.len());
    let mut path = 0.0;
    for (k, pose) in t.poses().iter().enumerate() {
        if k > 0 {
            path += scale * (t.poses()[k - 1].translation - pose.translation).norm();
        }
        lengths.push(path);
    }
    lengths
}

/// A pair ends at the first pose at least `delta` along from its start.
fn by_path(t: &Trajectory, scale: f64, delta: f64) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let (mut start, mut path) = (0, 0.0);
    for j in 1..t.len() {
        path += scale * (t.poses()[j].translation - t.poses()[j - 1].translation).norm();
        if path >= delta {
            pairs.push((start, j));
            (start, path) = (j, 0.0);
        }
    }
    pairs
}

/// From each pose to the one whose path comes nearest to `delta` (the first
/// of equally near ones), if within the tolerance.
fn by_path_from_everywhere(path: &[f64], delta: f64, tolerance: f64) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for i in 0..path.len().saturating_sub(1) {
        let miss = |j: usize| (path[j] - path[i] - delta).abs();
        // Lengths never fall, so the nearest is on either side of the first beyond.
        let beyond = i + 1 + path[i + 1..].partition_point(|p| p - path[i] < delta);
        let before = beyond - 1;
        let mut best = beyond.min(path.len() - 1);
        if before > i && miss(before) <= miss(best) {
            best = before;
        }
        // Equal lengths (a robot at rest): the first of them.
        while best > i + 1 && miss(best - 1) <= miss(best) {
            best -= 1;
        }
        if miss(best) <= tolerance {
            pairs.push((i, best));
        }
    }
    pairs
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use nalgebra::vector;
    use slam16_geometry::Se3;

    use super::*;

    /// A walk along x with the given steps; the estimate's are 10 % longer.
    fn walk(steps: &[f64], scale: f64) -> Trajectory {
        let mut x = 0.0;
        let mut poses = vec![Se3::identity()];
        for step in steps {
            x += step * scale;
            poses.push(Se3::exp(&vector![x, 0.0, 0.0, 0.0, 0.0, 0.0]));
        }
        Trajectory::numbered(poses)
    }

    #[test]
    fn pairs_from_everywhere_are_those_of_an_exhaustive_search() {
        let steps: Vec<f64> = (0..200_i32)
            .map(|k| match k % 7 {
                0 | 3 => 0.0,
                k => 0.1 * f64::from(k),
            })
            .collect();
        let path = path_lengths(&walk(&steps, 1.0), 1.0);
        for delta in [0.05, 0.3, 1.0, 2.55, 1e3] {
            let mut expected = Vec::new();
            for i in 0..path.len() - 1 {
                let miss = |j: &usize| (path[*j] - path[i] - delta).abs();
                let nearest = (i + 1..path.len()).min_by(|a, b| miss(a).total_cmp(&miss(b)));
                expected.extend(nearest.filter(|j| miss(j) <= 0.1).map(|j| (i, j)));
            }
            assert_eq!(by_path_from_everywhere(&path, delta, 0.1), expected);
        }
    }

    #[test]
    fn drift_of_a_tenth_is_a_tenth_of_the_distance() {
        let (reference, estimate) = (walk(&[1.0; 20], 1.0), walk(&[1.0; 20], 1.1));
        let options = |delta, all_pairs| RelativeOptions {
            delta,
            all_pairs,
            ..RelativeOptions::default()
        };
        for (delta, all_pairs, count, error, last) in [
            (Delta::Frames(1), false, 20, 0.1, 20),
            (Delta::Frames(6), false, 3, 0.6, 18),
            (Delta::Frames(6), true, 15, 0.6, 20),
            // 5 steps of 1.1 reach 5 m, and come nearest to 5.4 m.
            (Delta::Metres(5.0), false, 4, 0.5, 20),
            (Delta::Metres(5.4), true, 16, 0.5, 20),
        ] {
            let found = relative_error(&reference, &estimate, &options(delta, all_pairs)).unwrap();
            let s = found.statistics;
            assert_eq!(
                (s.count, found.places[count - 1]),
                (count, last),
                "{delta:?}"
            );
            assert!((s.rmse - error).abs() < 1e-12, "{delta:?} {s:?}");
            assert!((s.max - error).abs() < 1e-12, "{delta:?} {s:?}");
        }
    }

    #[test]
    fn a_similarity_takes_the_drift_of_scale_away() {
        // An arc of unit steps: a line determines no alignment.
        let arc = |scale: f64| {
            let poses = (0..40).map(|k| {
                let angle = 0.1 * f64::from(k);
                let at = vector![angle.cos(), angle.sin(), 0.0] * (10.0 * scale);
                Se3::new(at, slam16_geometry::So3::exp(&vector![0.0, 0.0, angle]))
            });
            Trajectory::numbered(poses.collect())
        };
        for delta in [Delta::Frames(6), Delta::Metres(5.0)] {
            let error = |alignment| {
                let options = RelativeOptions {
                    delta,
                    alignment,
                    ..RelativeOptions::default()
                };
                relative_error(&arc(1.0), &arc(0.5), &options).unwrap()
            };
            assert!(error(Alignment::Rigid).statistics.rmse > 1.0);
            let scaled = error(Alignment::Similarity);
            // Positions of size 10 in f64.
            assert!(scaled.statistics.max < 1e-12, "{:?}", scaled.statistics);
            // 5 m of the scaled path are six chords of 2 * 10 sin(0.05) m.
            assert_eq!(scaled.places[0], 6);
        }
    }

    #[test]
    fn wrong_distances_are_refused() {
        let t = walk(&[1.0; 3], 1.0);
        let error = |delta| {
            let options = RelativeOptions {
                delta,
                ..RelativeOptions::default()
            };
            relative_error(&t, &t, &options).unwrap_err()
        };
        assert_eq!(error(Delta::Frames(0)), MetricsError::Delta { delta: 0.0 });
        assert!(matches!(
            error(Delta::Metres(f64::NAN)),
            MetricsError::Delta { .. }
        ));
        assert_eq!(
            error(Delta::Metres(50.0)),
            MetricsError::NoPairs {
                delta: 50.0,
                unit: "m"
            }
        );
        assert!(matches!(
            error(Delta::Frames(4)),
            MetricsError::NoPairs { .. }
        ));
    }
}

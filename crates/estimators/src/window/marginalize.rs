//! The oldest key frame and its landmarks become a dense prior.

use nalgebra::{DMatrix, Vector3, Vector6};
use slam16_geometry::{CameraFrame, Se3};
use slam16_problem::Lens;
use slam16_solver::Engine;

use super::build::{place_of, pose_of};
use super::eliminate::{eliminate, triangularise};
use super::track::{Seen, Track};
use super::{Remembered, SlidingWindow};

/// Rows `[∂r/∂point | ∂r/∂pose | r]` of one sighting.
struct Linear {
    point: DMatrix<f64>,
    pose: DMatrix<f64>,
    residual: Vec<f64>,
}

impl<E: Engine> SlidingWindow<E> {
    /// Replaces the oldest key frame's knowledge by a prior on the others.
    pub(super) fn marginalize(&mut self) {
        let Some(oldest) = self.frames.front().map(|f| f.number) else {
            return;
        };
        let gone: Vec<u64> = self
            .tracks
            .iter()
            .filter(|(_, t)| t.seen.len() >= 2 && t.seen.iter().any(|s| s.frame == oldest))
            .filter(|(_, t)| t.is_in_front(|n| pose_of(&self.frames, n)))
            .map(|(number, _)| *number)
            .collect();
        // Columns: six per key frame that is not held, the oldest first.
        let free = |k: &usize| !self.frames[*k].fixed;
        let columns: Vec<usize> = (0..self.frames.len()).filter(free).collect();
        let width = 6 * columns.len() + 1;
        let mut blocks: Vec<DMatrix<f64>> = Vec::with_capacity(gone.len() + 1);
        for number in &gone {
            if let Some(track) = self.tracks.get(number) {
                blocks.extend(self.rows_of(track, &columns));
            }
        }
        if let Some(remembered) = &self.remembered {
            let mut block = DMatrix::zeros(remembered.root.nrows(), width);
            for (k, number) in remembered.frames.iter().enumerate() {
                let place = place_of(&self.frames, *number);
                if let Some(c) = place.and_then(|p| columns.iter().position(|x| *x == p)) {
                    let from = remembered.root.columns(6 * k, 6);
                    block.columns_mut(6 * c, 6).copy_from(&from);
                }
            }
            block.set_column(width - 1, &-&remembered.target);
            blocks.push(block);
        }
        let height = blocks.iter().map(DMatrix::nrows).sum();
        let mut rows = DMatrix::zeros(height, width);
        let mut at = 0;
        for block in &blocks {
            rows.rows_mut(at, block.nrows()).copy_from(block);
            at += block.nrows();
        }
        let leaving = usize::from(columns.first() == Some(&0));
        let prior = eliminate(rows, 6 * leaving);
        self.remember(&prior, &columns[leaving..]);
        for number in gone {
            self.tracks.remove(&number);
        }
    }

    /// Keeps the rows over the key frames they touch.
    fn remember(&mut self, prior: &DMatrix<f64>, columns: &[usize]) {
        let touched: Vec<usize> = (0..columns.len())
            .filter(|c| prior.columns(6 * c, 6).iter().any(|x| *x != 0.0))
            .collect();
        if touched.is_empty() {
            self.remembered = None;
            return;
        }
        let mut root = DMatrix::zeros(prior.nrows(), 6 * touched.len());
        let mut frames = Vec::with_capacity(touched.len());
        for (k, &c) in touched.iter().enumerate() {
            root.columns_mut(6 * k, 6)
                .copy_from(&prior.columns(6 * c, 6));
            let frame = &mut self.frames[columns[c]];
            frame.first_estimate.get_or_insert(frame.pose);
            frames.push(frame.number);
        }
        self.remembered = Some(Remembered {
            frames,
            root,
            target: -prior.column(prior.ncols() - 1).into_owned(),
        });
    }

    /// Rows of a landmark's sightings over the poses, the landmark eliminated.
    fn rows_of(&self, track: &Track, columns: &[usize]) -> Option<DMatrix<f64>> {
        let point = track.point?;
        let width = 6 * columns.len() + 1;
        let height = track.seen.iter().map(|s| self.lenses[s.lens].rows()).sum();
        let mut rows = DMatrix::zeros(height, 3 + width);
        let mut at = 0;
        for seen in &track.seen {
            let place = place_of(&self.frames, seen.frame)?;
            let frame = &self.frames[place];
            let first = frame.first_estimate.unwrap_or(frame.pose);
            let linear = self.linearize(seen, &frame.pose, &first, &point)?;
            let count = linear.residual.len();
            rows.view_mut((at, 0), (count, 3)).copy_from(&linear.point);
            if let Some(c) = columns.iter().position(|x| *x == place) {
                rows.view_mut((at, 3 + 6 * c), (count, 6))
                    .copy_from(&linear.pose);
            }
            for (k, r) in linear.residual.iter().enumerate() {
                rows[(at + k, 2 + width)] = *r;
            }
            at += count;
        }
        let lead = triangularise(&mut rows, 0, 0..3);
        Some(rows.view_range(lead.., 3..).into_owned())
    }

    /// Weighted residual and Jacobians of a sighting: the residual where the
    /// pose is now, `r − J δ₀`, so that `r = J δ + residual` about the first
    /// estimate; the Jacobians at the first estimate.
    fn linearize(
        &self,
        seen: &Seen,
        now: &Se3<f64>,
        first: &Se3<f64>,
        point: &Vector3<f64>,
    ) -> Option<Linear> {
        let (here, there) = (CameraFrame::new(now), CameraFrame::new(first));
        let offset: Vector6<f64> = first.local(now);
        let (residual, pose, by_point): (Vec<f64>, DMatrix<f64>, DMatrix<f64>) =
            match &self.lenses[seen.lens] {
                Lens::Stereo(lens) => {
                    let seen_now = lens.project(&here, point)?.pixel;
                    let j = lens.project_with_jacobians(&there, point)?;
                    let r = seen_now - nalgebra::Vector3::from(seen.pixel);
                    (
                        r.iter().copied().collect(),
                        DMatrix::from_column_slice(3, 6, j.pose.as_slice()),
                        DMatrix::from_column_slice(3, 3, j.point.as_slice()),
                    )
                }
                Lens::Pinhole(lens) => {
                    let seen_now = lens.project(&here, point)?.pixel;
                    let j = lens.project_with_jacobians(&there, point)?;
                    (
                        vec![seen_now.x - seen.pixel[0], seen_now.y - seen.pixel[1]],
                        DMatrix::from_column_slice(2, 6, j.pose.as_slice()),
                        DMatrix::from_column_slice(2, 3, j.point.as_slice()),
                    )
                }
                Lens::Bal => return None,
            };
        let s = seen.weight * residual.iter().map(|r| r * r).sum::<f64>();
        let (_, slope) = self.settings.loss.evaluate(s);
        let weight = (seen.weight * slope).sqrt();
        let moved = &pose * offset;
        let residual: Vec<f64> = residual
            .iter()
            .zip(moved.iter())
            .map(|(r, m)| weight * (r - m))
            .collect();
        let finite = residual
            .iter()
            .chain(pose.iter())
            .chain(by_point.iter())
            .all(|x| x.is_finite());
        finite.then(|| Linear {
            point: by_point * weight,
            pose: pose * weight,
            residual,
        })
    }
}

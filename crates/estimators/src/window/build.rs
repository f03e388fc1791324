//! The window as a bundle, solved.

use std::collections::VecDeque;
use std::time::Instant;

use slam16_geometry::Se3;
use slam16_problem::{
    Bundle, Camera, CameraId, DensePrior, LensId, Observation, PointId, ProblemError,
};
use slam16_solver::{Engine, Summary};

use super::{Frame, SlidingWindow};
use crate::EstimatorError;

/// The bundle and the track of each of its points.
struct Built {
    bundle: Bundle,
    tracks: Vec<u64>,
    set_aside: usize,
}

/// Place of a key frame among those of the window.
pub(super) fn place_of(frames: &VecDeque<Frame>, number: u64) -> Option<usize> {
    let oldest = frames.front()?.number;
    let place = usize::try_from(number.checked_sub(oldest)?).ok()?;
    (place < frames.len()).then_some(place)
}

/// Pose of a key frame of the window.
pub(super) fn pose_of(frames: &VecDeque<Frame>, number: u64) -> Option<Se3<f64>> {
    Some(frames[place_of(frames, number)?].pose)
}

impl<E: Engine> SlidingWindow<E> {
    /// Solves the window; `None` where there is nothing to solve. Also the
    /// number of tracks set aside.
    pub(super) fn solve(
        &mut self,
        start: Instant,
    ) -> Result<(Option<Summary>, usize), EstimatorError> {
        self.locate_tracks();
        let Built {
            mut bundle,
            tracks,
            set_aside,
        } = self.build()?;
        if bundle.observations().is_empty() {
            return Ok((None, set_aside));
        }
        let summary = self
            .engine
            .solve(&mut bundle, &self.settings.solver, start)?;
        for (frame, camera) in self.frames.iter_mut().zip(bundle.cameras()) {
            frame.pose = camera.world_from_camera;
        }
        for (number, point) in tracks.iter().zip(bundle.points()) {
            if let Some(track) = self.tracks.get_mut(number) {
                track.point = Some(*point);
            }
        }
        Ok((Some(summary), set_aside))
    }

    /// Places landmarks that have no place yet, or one behind a camera.
    fn locate_tracks(&mut self) {
        let pose = |number| pose_of(&self.frames, number);
        for track in self.tracks.values_mut() {
            if track.seen.len() >= 2 && !track.is_in_front(pose) {
                track.point = track.locate(&self.lenses, pose);
            }
        }
    }

    fn build(&self) -> Result<Built, ProblemError> {
        let mut bundle = Bundle::new();
        bundle.set_loss(self.settings.loss)?;
        for lens in &self.lenses {
            bundle.add_lens(*lens);
        }
        for frame in &self.frames {
            bundle.add_camera(Camera {
                world_from_camera: frame.pose,
                intrinsics: [0.0; 3],
                pose_fixed: frame.fixed,
                intrinsics_fixed: true,
            })?;
        }
        let (mut tracks, mut set_aside) = (Vec::new(), 0);
        for (number, track) in &self.tracks {
            if track.seen.len() < 2 {
                continue;
            }
            let Some(point) = track.point.filter(|p| p.iter().all(|x| x.is_finite())) else {
                set_aside += 1;
                continue;
            };
            if !track.is_in_front(|n| pose_of(&self.frames, n)) {
                set_aside += 1;
                continue;
            }
            let id = PointId::from(tracks.len());
            bundle.add_point(point)?;
            tracks.push(*number);
            for seen in &track.seen {
                let Some(place) = place_of(&self.frames, seen.frame) else {
                    continue;
                };
                bundle.add_observation(Observation {
                    camera: CameraId::from(place),
                    point: id,
                    lens: LensId::from(seen.lens),
                    pixel: seen.pixel,
                    weight: seen.weight,
                })?;
            }
        }
        bundle.set_dense_prior(self.prior()?)?;
        Ok(Built {
            bundle,
            tracks,
            set_aside,
        })
    }

    fn prior(&self) -> Result<Option<DensePrior>, ProblemError> {
        let Some(remembered) = &self.remembered else {
            return Ok(None);
        };
        let mut cameras = Vec::with_capacity(remembered.frames.len());
        let mut at = Vec::with_capacity(remembered.frames.len());
        for number in &remembered.frames {
            let Some(place) = place_of(&self.frames, *number) else {
                return Ok(None);
            };
            cameras.push(CameraId::from(place));
            let frame = &self.frames[place];
            at.push(frame.first_estimate.unwrap_or(frame.pose));
        }
        let (root, target) = (remembered.root.clone(), remembered.target.clone());
        DensePrior::new(cameras, at, root, target).map(Some)
    }
}

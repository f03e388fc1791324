//! The last key frames, solved one after the other.

mod build;
mod eliminate;
mod marginalize;
mod settings;
#[cfg(test)]
mod tests;
mod track;

pub use eliminate::eliminate;
pub use settings::{Leaving, WindowSettings};

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use nalgebra::{DMatrix, DVector, Vector3};
use slam16_geometry::Se3;
use slam16_problem::{Lens, ProblemError};
use slam16_solver::{Engine, Summary};

use crate::EstimatorError;
use track::{Seen, Track};

/// A landmark seen in a key frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sighting {
    /// Number of the landmark's track, the same in every key frame.
    pub track: u64,
    /// Which of the window's lenses it was seen through.
    pub lens: usize,
    /// `(u, v, –)` or `(u_l, u_r, v)`, pixels.
    pub pixel: [f64; 3],
    /// `1/σ²`, 1/pixel².
    pub weight: f64,
}

/// Where a key frame is thought to be before it is solved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Guess {
    /// `world_from_camera`.
    Pose(Se3<f64>),
    /// Motion since the key frame before, as odometry gives it.
    Motion(Se3<f64>),
}

/// Input that was left out; none of it is fatal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Sightings with a NaN, an infinity or a weight that is not positive.
    pub not_finite: usize,
    /// Second sightings of a track in the same key frame.
    pub repeated: usize,
    /// The guess was not finite; the pose before was taken.
    pub guess: bool,
}

/// How a key frame went.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowReport {
    /// Number of the key frame, from 0.
    pub frame: u64,
    /// Input left out.
    pub dropped: Dropped,
    /// Tracks with at least two rays that were not used: no depth yet, or
    /// behind a camera.
    pub set_aside: usize,
    /// The key frame that left the window.
    pub left: Option<u64>,
    /// The solve; none where there was nothing to solve.
    pub summary: Option<Summary>,
    /// Wall time of it all.
    pub elapsed: Duration,
}

/// A key frame in the window.
#[derive(Clone, Debug)]
struct Frame {
    number: u64,
    pose: Se3<f64>,
    /// Where the prior was linearised, from the first time it touched this.
    first_estimate: Option<Se3<f64>>,
    fixed: bool,
}

/// The square root of what is known from key frames that have left:
/// `½ ‖R δ − d‖²` over key frames by number.
#[derive(Clone, Debug)]
struct Remembered {
    frames: Vec<u64>,
    root: DMatrix<f64>,
    target: DVector<f64>,
}

/// Visual odometry over a fixed number of key frames.
///
/// The first key frame is held where its guess puts it: it is the origin. When
/// the window is full the oldest key frame leaves. Its landmarks are
/// eliminated with all their sightings, then its pose, by orthogonal
/// transformations in f64; what remains is a dense prior on the other poses,
/// kept as a square root (see [`eliminate`]). Jacobians of poses that the prior
/// touches are taken where it first touched them, so that no two
/// linearisations of one pose contradict each other and feign knowledge (first
/// estimates; G. Huang, A. Mourikis, S. Roumeliotis, ISER 2008). A landmark
/// still in view begins anew with its next sighting.
#[derive(Clone, Debug)]
pub struct SlidingWindow<E> {
    engine: E,
    settings: WindowSettings,
    lenses: Vec<Lens>,
    frames: VecDeque<Frame>,
    tracks: BTreeMap<u64, Track>,
    remembered: Option<Remembered>,
    next: u64,
}

impl<E: Engine> SlidingWindow<E> {
    /// An empty window.
    ///
    /// # Errors
    /// Settings outside their range.
    pub fn new(
        engine: E,
        lenses: Vec<Lens>,
        settings: WindowSettings,
    ) -> Result<Self, EstimatorError> {
        settings.validate()?;
        if let Some(lens) = lenses.iter().position(|l| *l == Lens::Bal) {
            return Err(EstimatorError::Setting {
                setting: "lens",
                range: "pinhole or stereo: the window estimates no intrinsics",
                value: lens as f64,
            });
        }
        Ok(Self {
            engine,
            settings,
            lenses,
            frames: VecDeque::new(),
            tracks: BTreeMap::new(),
            remembered: None,
            next: 0,
        })
    }

    /// Takes a key frame and solves the window within the time budget of the
    /// solver's options.
    ///
    /// # Errors
    /// A lens that there is not (the key frame is not taken), or a solve
    /// without a trustworthy result (the key frame stays at its guess).
    pub fn add_key_frame(
        &mut self,
        guess: Guess,
        sightings: &[Sighting],
    ) -> Result<WindowReport, EstimatorError> {
        let start = Instant::now();
        if let Some(wrong) = sightings.iter().find(|s| s.lens >= self.lenses.len()) {
            return Err(EstimatorError::Problem(ProblemError::OutOfRange {
                what: "lens",
                index: wrong.lens,
                count: self.lenses.len(),
            }));
        }
        let left = if self.frames.len() == self.settings.frames {
            self.leave()
        } else {
            None
        };
        let mut dropped = Dropped::default();
        let frame = self.next;
        self.next += 1;
        let pose = self.place(guess, &mut dropped);
        self.frames.push_back(Frame {
            number: frame,
            pose,
            first_estimate: None,
            fixed: frame == 0,
        });
        for sighting in sightings {
            self.see(frame, sighting, &mut dropped);
        }
        let (summary, set_aside) = self.solve(start)?;
        Ok(WindowReport {
            frame,
            dropped,
            set_aside,
            left,
            summary,
            elapsed: start.elapsed(),
        })
    }

    /// Numbers and poses `world_from_camera` of the key frames in the window,
    /// oldest first.
    pub fn poses(&self) -> impl ExactSizeIterator<Item = (u64, Se3<f64>)> + '_ {
        self.frames.iter().map(|f| (f.number, f.pose))
    }

    /// The newest pose.
    pub fn newest(&self) -> Option<Se3<f64>> {
        self.frames.back().map(|f| f.pose)
    }

    /// Landmarks of the window with a place in the world, by track.
    pub fn points(&self) -> impl Iterator<Item = (u64, Vector3<f64>)> + '_ {
        self.tracks
            .iter()
            .filter_map(|(number, track)| Some((*number, track.point?)))
    }

    /// Rows of the dense prior; 0 while nothing has left.
    pub fn prior_rows(&self) -> usize {
        self.remembered.as_ref().map_or(0, |r| r.root.nrows())
    }

    fn place(&self, guess: Guess, dropped: &mut Dropped) -> Se3<f64> {
        let before = self.newest().unwrap_or_default();
        let pose = match guess {
            Guess::Pose(pose) => pose,
            Guess::Motion(motion) => before * motion,
        };
        if pose.is_finite() {
            return pose;
        }
        dropped.guess = true;
        before
    }

    fn see(&mut self, frame: u64, sighting: &Sighting, dropped: &mut Dropped) {
        let rows = self.lenses[sighting.lens].rows();
        let finite = sighting.pixel[..rows].iter().all(|x| x.is_finite());
        let weighs = sighting.weight.is_finite() && sighting.weight > 0.0;
        if !(finite && weighs) {
            dropped.not_finite += 1;
            return;
        }
        let track = self.tracks.entry(sighting.track).or_default();
        if track.seen.last().is_some_and(|s| s.frame == frame) {
            dropped.repeated += 1;
            return;
        }
        track.seen.push(Seen {
            frame,
            lens: sighting.lens,
            pixel: sighting.pixel,
            weight: sighting.weight,
        });
    }

    /// The oldest key frame leaves.
    fn leave(&mut self) -> Option<u64> {
        let oldest = self.frames.front()?.number;
        if self.settings.leaving == Leaving::Marginalize {
            self.marginalize();
        }
        self.frames.pop_front();
        for track in self.tracks.values_mut() {
            track.seen.retain(|s| s.frame != oldest);
        }
        self.tracks.retain(|_, track| !track.seen.is_empty());
        if self.settings.leaving == Leaving::HoldNext
            && let Some(next) = self.frames.front_mut()
        {
            next.fixed = true;
        }
        Some(oldest)
    }
}

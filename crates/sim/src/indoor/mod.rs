//! Key frames of an indoor robot that tracks landmarks with a camera.

mod bundle;
mod camera;
mod stream;
#[cfg(test)]
mod tests;

pub use bundle::indoor_bundle;
pub use camera::IndoorCamera;
pub use stream::{Indoor, IndoorFrame, IndoorSight, indoor};

use crate::error::{at_least, positive, share};
use crate::{DriveOptions, GraphNoise, SimError};

/// A drive with a camera.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IndoorOptions {
    /// Same seed, same key frames.
    pub seed: u64,
    /// Number of key frames.
    pub frames: usize,
    /// The drive, the building and the rate of key frames.
    pub drive: DriveOptions,
    /// The camera; it looks ahead from the body's origin.
    pub camera: IndoorCamera,
    /// What is tracked and for how long.
    pub tracks: TrackOptions,
    /// Noise.
    pub noise: IndoorNoise,
}

/// What a front end tracks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrackOptions {
    /// Landmarks on each square metre of wall, floor and ceiling.
    pub density: f64,
    /// Tracks of a key frame, as far as there are landmarks in view.
    pub most: usize,
    /// Mean life of a track in key frames, as long as its landmark is in
    /// view: it ends with probability 1/life after each. 1 or more.
    pub life: f64,
}

/// What is wrong with measurements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IndoorNoise {
    /// Standard deviation of a coordinate, pixels.
    pub pixel: f64,
    /// Share of sightings anywhere in the image, 0 to 1.
    pub outliers: f64,
    /// Odometry from key frame to key frame: its drift.
    pub odometry: GraphNoise,
}

impl Default for IndoorOptions {
    /// 50 key frames at 10 Hz with a stereo camera. 37 tracks that live for
    /// 8.5 key frames make windows of about 5,500 rows and 1,000 columns: 50
    /// key frames have 50 · 37 sightings less those of tracks with one only,
    /// three rows each, and 37 + 49 · 37 / 8.5 landmarks less the same, three
    /// columns each, beside 6 · 49 of poses: the first is held.
    fn default() -> Self {
        Self {
            seed: 0,
            frames: 50,
            drive: DriveOptions::default(),
            camera: IndoorCamera::default(),
            tracks: TrackOptions {
                density: 4.0,
                most: 37,
                life: 8.5,
            },
            noise: IndoorNoise {
                pixel: 1.0,
                outliers: 0.0,
                odometry: GraphNoise {
                    translation: 2e-3,
                    rotation: 1e-3,
                },
            },
        }
    }
}

impl IndoorOptions {
    fn validate(&self) -> Result<(), SimError> {
        at_least("frames", self.frames as f64, 1.0)?;
        positive("density", self.tracks.density)?;
        at_least("most", self.tracks.most as f64, 1.0)?;
        at_least("life", self.tracks.life, 1.0)?;
        at_least("pixel noise", self.noise.pixel, 0.0)?;
        share("outliers", self.noise.outliers)?;
        self.noise.odometry.validate()?;
        self.camera.validate()
    }
}

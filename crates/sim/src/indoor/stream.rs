//! Key frames, one by one.

use nalgebra::Vector3;
use slam16_geometry::{CameraFrame, Se3};

use super::{IndoorCamera, IndoorOptions};
use crate::graph::noisy;
use crate::{Building, Drive, Random, SimError};

/// A key frame.
#[derive(Clone, Debug, PartialEq)]
pub struct IndoorFrame {
    /// Moment, seconds.
    pub time: f64,
    /// True `world_from_camera`.
    pub truth: Se3<f64>,
    /// Measured motion of the camera since the key frame before.
    pub odometry: Option<Se3<f64>>,
    /// What it saw, by track, ascending.
    pub sights: Vec<IndoorSight>,
}

/// A sighting of a tracked landmark.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IndoorSight {
    /// Number of the track; a landmark found again has another.
    pub track: u64,
    /// Number of the landmark.
    pub landmark: usize,
    /// `(u_l, u_r, v)`, or `(u, v, –)` beyond the depth image's range, pixels.
    pub pixel: [f64; 3],
    /// Which of [`IndoorCamera::lenses`].
    pub lens: usize,
    /// The pixel is nowhere near the landmark.
    pub is_outlier: bool,
}

/// An endless supply of key frames of one robot, cut off at
/// [`IndoorOptions::frames`].
#[derive(Clone, Debug)]
pub struct Indoor {
    options: IndoorOptions,
    building: Building,
    landmarks: Vec<Vector3<f64>>,
    drive: Drive,
    random: Random,
    frame: usize,
    before: Option<Se3<f64>>,
    /// Living tracks and their landmarks, ascending by track.
    tracks: Vec<(u64, usize)>,
    next_track: u64,
}

/// Simulates key frames. They do not depend on how many there will be.
///
/// # Errors
/// [`SimError::Option`].
pub fn indoor(options: &IndoorOptions) -> Result<Indoor, SimError> {
    options.validate()?;
    let drive = Drive::new(options.seed, &options.drive)?;
    let mut random = Random::new(options.seed ^ 0x696e_646f_6f72_0000);
    let building = Building::new(&options.drive.route);
    let landmarks = building.landmarks(options.tracks.density, &mut random);
    Ok(Indoor {
        options: *options,
        building,
        landmarks,
        drive,
        random,
        frame: 0,
        before: None,
        tracks: Vec::new(),
        next_track: 0,
    })
}

impl Indoor {
    /// The options it was made from.
    pub fn options(&self) -> &IndoorOptions {
        &self.options
    }

    /// True landmarks, in the world.
    pub fn landmarks(&self) -> &[Vector3<f64>] {
        &self.landmarks
    }

    /// What the left image shows of each landmark, `None` where it is out of
    /// view or behind a wall.
    pub(super) fn views(&self, pose: &Se3<f64>) -> Vec<Option<(Vector3<f64>, f64)>> {
        let frame = CameraFrame::new(pose);
        let eye = &pose.translation;
        self.landmarks
            .iter()
            .map(|landmark| {
                let view = self.options.camera.look(&frame, landmark)?;
                self.building.sees(eye, landmark).then_some(view)
            })
            .collect()
    }

    /// Ends tracks and begins new ones with landmarks drawn from those in view.
    fn track(&mut self, views: &[Option<(Vector3<f64>, f64)>]) {
        let options = self.options.tracks;
        let random = &mut self.random;
        self.tracks.retain(|(_, landmark)| {
            let lives = !random.chance(1.0 / options.life);
            lives && views[*landmark].is_some()
        });
        let mut tracked = vec![false; views.len()];
        for (_, landmark) in &self.tracks {
            tracked[*landmark] = true;
        }
        let mut free: Vec<usize> = (0..views.len())
            .filter(|k| views[*k].is_some() && !tracked[*k])
            .collect();
        let missing = options.most.saturating_sub(self.tracks.len());
        for taken in 0..missing.min(free.len()) {
            let other = taken + random.index(free.len() - taken);
            free.swap(taken, other);
            self.tracks.push((self.next_track, free[taken]));
            self.next_track += 1;
        }
    }

    /// A noisy sighting, sometimes of something else.
    fn sight(&mut self, track: u64, landmark: usize, view: (Vector3<f64>, f64)) -> IndoorSight {
        let (camera, noise) = (&self.options.camera, &self.options.noise);
        let random = &mut self.random;
        let (mut pixel, depth) = view;
        let is_outlier = random.chance(noise.outliers);
        if is_outlier {
            let disparity = pixel.x - pixel.y;
            pixel.x = camera.image[0] * random.uniform();
            pixel.y = pixel.x - disparity;
            pixel.z = camera.image[1] * random.uniform();
        }
        pixel += random.normals() * noise.pixel;
        let alone = depth > camera.depth_range;
        IndoorSight {
            track,
            landmark,
            pixel: if alone {
                [pixel.x, pixel.z, 0.0]
            } else {
                pixel.into()
            },
            lens: usize::from(alone),
            is_outlier,
        }
    }
}

impl Iterator for Indoor {
    type Item = IndoorFrame;

    fn next(&mut self) -> Option<IndoorFrame> {
        if self.frame >= self.options.frames {
            return None;
        }
        let truth = self.drive.next()? * IndoorCamera::mount();
        let noise = self.options.noise.odometry;
        let odometry = self
            .before
            .map(|before| noisy(&before, &truth, noise, &mut self.random));
        let views = self.views(&truth);
        self.track(&views);
        let mut sights = Vec::with_capacity(self.tracks.len());
        for (track, landmark) in self.tracks.clone() {
            if let Some(view) = views[landmark] {
                sights.push(self.sight(track, landmark, view));
            }
        }
        let time = self.frame as f64 / self.options.drive.rate;
        self.frame += 1;
        self.before = Some(truth);
        Some(IndoorFrame {
            time,
            truth,
            odometry,
            sights,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.options.frames - self.frame;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Indoor {}

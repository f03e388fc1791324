//! Large bundles with the locality of real ones: cameras along streets, each
//! point seen by its neighbours only.

use std::collections::VecDeque;
use std::f64::consts::FRAC_PI_2;

use nalgebra::{Matrix3, Vector3};
use slam16_geometry::{BalCamera, CameraFrame, Se3, So3};
use slam16_problem::{Bundle, Camera, CameraId, Lens, Observation, PointId};

use crate::error::{at_least, positive};
use crate::scene::weight_of;
use crate::{Random, SceneNoise, SimError, SimulatedBundle};

/// Streets walked with a camera that looks at the fronts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TownOptions {
    /// Same seed, same town.
    pub seed: u64,
    /// Number of cameras.
    pub cameras: usize,
    /// New points in front of each camera.
    pub points_per_camera: usize,
    /// Mean number of cameras that see a point; two at least do.
    pub views: f64,
    /// Distance between cameras, metres.
    pub step: f64,
    /// Cameras from one change of the street's curvature to the next.
    pub block: usize,
    /// True intrinsics of every camera.
    pub lens: BalCamera<f64>,
    /// Noise and starting values.
    pub noise: SceneNoise,
}

impl Default for TownOptions {
    /// 1,000 cameras half a metre apart, 100,000 points seen 5 times each.
    fn default() -> Self {
        Self {
            seed: 0,
            cameras: 1000,
            points_per_camera: 100,
            views: 5.0,
            step: 0.5,
            block: 100,
            lens: BalCamera {
                focal: 800.0,
                k1: -0.05,
                k2: 0.01,
            },
            noise: SceneNoise {
                pixel: 0.5,
                translation: 0.02,
                rotation: 0.002,
                focal: 0.005,
                point: 0.05,
            },
        }
    }
}

/// A camera of a [`Town`], the points that no camera saw before it, and what
/// it sees of them and of earlier ones.
#[derive(Clone, Debug, PartialEq)]
pub struct TownView {
    /// The truth.
    pub truth: Camera,
    /// The starting value.
    pub start: Camera,
    /// New points, numbered on from those of the cameras before: true place,
    /// starting value.
    pub points: Vec<(Vector3<f64>, Vector3<f64>)>,
    /// Number of a point and its pixel.
    pub sights: Vec<(usize, [f64; 2])>,
}

/// The cameras of a town, one by one: no more of it is in memory than one
/// neighbourhood.
#[derive(Clone, Debug)]
pub struct Town {
    options: TownOptions,
    random: Random,
    camera: usize,
    points: usize,
    place: Vector3<f64>,
    heading: f64,
    /// Turn from camera to camera, radians.
    turn: f64,
    /// Points that later cameras see: number, place, cameras left.
    open: VecDeque<(usize, Vector3<f64>, usize)>,
}

/// Walks through a town. Streets wind at random, by up to a right angle in a
/// block; cameras look to the left, at fronts 4 to 8 m away. A point is seen
/// by cameras that follow one another, as many as a geometric distribution
/// gives, until it is more than 45° off.
///
/// # Errors
/// [`SimError::Option`].
pub fn town(options: &TownOptions) -> Result<Town, SimError> {
    at_least("cameras", options.cameras as f64, 2.0)?;
    at_least("points_per_camera", options.points_per_camera as f64, 1.0)?;
    at_least("views", options.views, 2.0)?;
    positive("step", options.step)?;
    // Farther apart, two neighbours would not see the same front.
    positive("2 less step", 2.0 - options.step)?;
    at_least("block", options.block as f64, 2.0)?;
    positive("focal", options.lens.focal)?;
    options.noise.validate()?;
    Ok(Town {
        options: *options,
        random: Random::new(options.seed ^ 0x746f_776e_0000_0000),
        camera: 0,
        points: 0,
        place: Vector3::new(0.0, 0.0, 1.5),
        heading: 0.0,
        turn: 0.0,
        open: VecDeque::new(),
    })
}

/// The bundle of a whole town, in BAL's camera model. Nothing is held.
///
/// # Errors
/// [`SimError::Option`].
pub fn town_bundle(options: &TownOptions) -> Result<SimulatedBundle, SimError> {
    let (mut cameras, mut starts) = (Vec::new(), Vec::new());
    let (mut points, mut point_starts) = (Vec::new(), Vec::new());
    let mut observations = Vec::new();
    let weight = weight_of(options.noise.pixel);
    let mut bundle = Bundle::new();
    let lens = bundle.add_lens(Lens::Bal);
    for (c, view) in town(options)?.enumerate() {
        cameras.push(view.truth);
        starts.push(view.start);
        for (truth, start) in view.points {
            points.push(truth);
            point_starts.push(start);
        }
        observations.extend(view.sights.iter().map(|(p, pixel)| Observation {
            camera: CameraId::from(c),
            point: PointId::from(*p),
            lens,
            pixel: [pixel[0], pixel[1], 0.0],
            weight,
        }));
    }
    let lenses = bundle.lenses().to_vec();
    Ok(SimulatedBundle {
        bundle: Bundle::from_parts(starts, point_starts, lenses, observations)?,
        cameras,
        points,
    })
}

impl Town {
    /// Looks down −z, to the left of the street, y up.
    fn pose(&self) -> Se3<f64> {
        let (sin, cos) = self.heading.sin_cos();
        let along = Vector3::new(cos, sin, 0.0);
        let back = Vector3::new(sin, -cos, 0.0);
        let axes = Matrix3::from_columns(&[along, Vector3::z(), back]);
        let rotation = So3::from_matrix(&axes).unwrap_or_default();
        let turn = self.options.noise.rotation;
        // Nobody holds a camera quite level.
        let sway = Vector3::new(0.0, turn * (self.camera as f64).sin(), 0.0);
        Se3::new(self.place, rotation * So3::exp(&sway))
    }

    fn walk(&mut self) {
        let (sin, cos) = self.heading.sin_cos();
        self.place += Vector3::new(cos, sin, 0.0) * self.options.step;
        self.heading += self.turn;
        self.camera += 1;
        if self.camera.is_multiple_of(self.options.block) {
            let most = FRAC_PI_2 / self.options.block as f64;
            self.turn = most * (2.0 * self.random.uniform() - 1.0);
        }
    }

    /// Further cameras that see a point, one at least where there is one.
    fn life(&mut self) -> usize {
        let stop = 1.0 / (self.options.views - 1.0);
        let mut life = 1;
        while !self.random.chance(stop) {
            life += 1;
        }
        life
    }

    fn gauss(&mut self, sigma: f64) -> Vector3<f64> {
        self.random.normals() * sigma
    }
}

impl Iterator for Town {
    type Item = TownView;

    fn next(&mut self) -> Option<TownView> {
        let options = self.options;
        if self.camera >= options.cameras {
            return None;
        }
        let last = self.camera + 1 == options.cameras;
        let truth = Camera {
            world_from_camera: self.pose(),
            intrinsics: [options.lens.focal, options.lens.k1, options.lens.k2],
            pose_fixed: false,
            intrinsics_fixed: false,
        };
        let start = options.noise.start_of(&truth, &mut self.random);
        let mut points = Vec::new();
        // A point that only the last camera would see has no depth.
        for _ in 0..if last { 0 } else { options.points_per_camera } {
            let depth = 4.0 + 4.0 * self.random.uniform();
            // A little ahead, so that the next cameras see it too.
            let across = depth * (0.8 * self.random.uniform() - 0.2);
            let up = depth * (0.6 * self.random.uniform() - 0.2);
            let place = truth
                .world_from_camera
                .act(&Vector3::new(across, up, -depth));
            let life = self.life();
            let off = self.gauss(options.noise.point);
            points.push((place, place + off));
            self.open.push_back((self.points, place, life + 1));
            self.points += 1;
        }
        let frame = CameraFrame::new(&truth.world_from_camera);
        let mut sights = Vec::with_capacity(self.open.len());
        let (open, random) = (&mut self.open, &mut self.random);
        open.retain_mut(|(number, place, left)| {
            let p = frame.point_in_camera(place);
            if p.x.abs().max(p.y.abs()) > -p.z {
                return false;
            }
            if let Some(seen) = options.lens.project(&frame, place) {
                let pixel = seen.pixel + random.normals() * options.noise.pixel;
                sights.push((*number, [pixel.x, pixel.y]));
            }
            *left -= 1;
            *left > 0
        });
        self.walk();
        Some(TownView {
            truth,
            start,
            points,
            sights,
        })
    }
}

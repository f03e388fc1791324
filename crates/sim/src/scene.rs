//! A small bundle: cameras in a circle around a cloud of points.

use std::f64::consts::TAU;

use nalgebra::{Matrix3, SVector, Vector3};
use slam16_geometry::{BalCamera, CameraFrame, Se3, So3};
use slam16_problem::{Bundle, Camera, CameraId, Lens, Observation, PointId};

use crate::error::{at_least, positive, share};
use crate::{Random, SimError};

/// Cameras around points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SceneOptions {
    /// Same seed, same scene.
    pub seed: u64,
    /// Number of cameras.
    pub cameras: usize,
    /// Number of points, uniform in a cube with edges of two units.
    pub points: usize,
    /// Radius of the cameras' circle.
    pub radius: f64,
    /// True intrinsics of every camera.
    pub lens: BalCamera<f64>,
    /// Probability that a camera sees a point; two at least see it.
    pub visible: f64,
    /// Noise and starting values.
    pub noise: SceneNoise,
}

/// Standard deviations of a scene's numbers, per component.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SceneNoise {
    /// Of an observation, pixels.
    pub pixel: f64,
    /// Of a starting camera position, units of the scene.
    pub translation: f64,
    /// Of a starting camera rotation, radians.
    pub rotation: f64,
    /// Of a starting focal length, relative to it.
    pub focal: f64,
    /// Of a starting point, units of the scene.
    pub point: f64,
}

impl SceneNoise {
    pub(crate) fn validate(&self) -> Result<(), SimError> {
        at_least("pixel noise", self.pixel, 0.0)?;
        for sigma in [self.translation, self.rotation, self.focal, self.point] {
            at_least("noise of the start", sigma, 0.0)?;
        }
        Ok(())
    }

    /// The starting value of a camera.
    pub(crate) fn start_of(&self, truth: &Camera, random: &mut Random) -> Camera {
        let step = SVector::<f64, 6>::from_fn(|k, _| {
            let sigma = if k < 3 {
                self.translation
            } else {
                self.rotation
            };
            random.normal() * sigma
        });
        let mut start = truth.clone();
        start.world_from_camera = truth.world_from_camera.retract(&step);
        start.intrinsics[0] *= 1.0 + self.focal * random.normal();
        start
    }
}

impl Default for SceneOptions {
    /// 12 cameras at 5 units, 300 points, f = 800 pixels, σ = 0.5 pixels.
    fn default() -> Self {
        Self {
            seed: 0,
            cameras: 12,
            points: 300,
            radius: 5.0,
            lens: BalCamera {
                focal: 800.0,
                k1: -0.05,
                k2: 0.01,
            },
            visible: 0.5,
            noise: SceneNoise {
                pixel: 0.5,
                translation: 0.02,
                rotation: 0.01,
                focal: 0.01,
                point: 0.05,
            },
        }
    }
}

/// A bundle with the truth it was made from.
#[derive(Clone, Debug)]
pub struct SimulatedBundle {
    /// The problem.
    pub bundle: Bundle,
    /// True cameras; nothing of them is held that is not held in the bundle.
    pub cameras: Vec<Camera>,
    /// True points.
    pub points: Vec<Vector3<f64>>,
}

/// Simulates a scene in BAL's camera model. Nothing is held.
///
/// # Errors
/// [`SimError::Option`].
pub fn scene(options: &SceneOptions) -> Result<SimulatedBundle, SimError> {
    at_least("cameras", options.cameras as f64, 2.0)?;
    at_least("points", options.points as f64, 1.0)?;
    // The cube's corners are √3 from the middle: all points stay in front.
    at_least("radius", options.radius, 2.0)?;
    positive("focal", options.lens.focal)?;
    share("visible", options.visible)?;
    let noise = &options.noise;
    noise.validate()?;
    let mut random = Random::new(options.seed);
    let mut bundle = Bundle::new();
    let lens = bundle.add_lens(Lens::Bal);
    let mut cameras = Vec::with_capacity(options.cameras);
    for k in 0..options.cameras {
        let truth = Camera {
            world_from_camera: on_circle(k as f64 / options.cameras as f64, options.radius),
            intrinsics: [options.lens.focal, options.lens.k1, options.lens.k2],
            pose_fixed: false,
            intrinsics_fixed: false,
        };
        bundle.add_camera(noise.start_of(&truth, &mut random))?;
        cameras.push(truth);
    }
    let mut points = Vec::with_capacity(options.points);
    for _ in 0..options.points {
        let truth = Vector3::from_fn(|_, _| 2.0 * random.uniform() - 1.0);
        bundle.add_point(truth + random.normals() * noise.point)?;
        points.push(truth);
    }
    let weight = weight_of(noise.pixel);
    for (p, point) in points.iter().enumerate() {
        let sees: Vec<bool> = (0..options.cameras)
            .map(|_| random.chance(options.visible))
            .collect();
        // Neighbours on the circle take the place of those that are missing.
        let missing = 2_usize.saturating_sub(sees.iter().filter(|s| **s).count());
        let first = random.index(options.cameras);
        let spare: Vec<usize> = (0..options.cameras)
            .map(|k| (first + k) % options.cameras)
            .filter(|k| !sees[*k])
            .take(missing)
            .collect();
        for (c, camera) in cameras.iter().enumerate() {
            if !sees[c] && !spare.contains(&c) {
                continue;
            }
            let frame = CameraFrame::new(&camera.world_from_camera);
            let Some(seen) = options.lens.project(&frame, point) else {
                continue;
            };
            let pixel = seen.pixel + random.normals() * noise.pixel;
            bundle.add_observation(Observation {
                camera: CameraId::from(c),
                point: PointId::from(p),
                lens,
                pixel: [pixel.x, pixel.y, 0.0],
                weight,
            })?;
        }
    }
    Ok(SimulatedBundle {
        bundle,
        cameras,
        points,
    })
}

/// 1/σ², 1 without noise.
pub(crate) fn weight_of(sigma: f64) -> f64 {
    if sigma > 0.0 { sigma.powi(-2) } else { 1.0 }
}

/// A camera a given share of the way round, a little above and below by
/// turns, looking down its −z at the middle.
fn on_circle(share: f64, radius: f64) -> Se3<f64> {
    let angle = TAU * share;
    let height = 0.3 * radius * (3.0 * angle).sin();
    let place = Vector3::new(radius * angle.cos(), radius * angle.sin(), height);
    let z = place.normalize();
    let x = Vector3::z().cross(&z).normalize();
    let rotation = So3::from_matrix(&Matrix3::from_columns(&[x, z.cross(&x), z]));
    Se3::new(place, rotation.unwrap_or_default())
}

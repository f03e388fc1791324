//! A window of stereo odometry: a camera that drives through a cloud of points.

use nalgebra::Vector3;
use slam16_geometry::{CameraFrame, Se3, So3, Stereo};
use slam16_problem::{Bundle, Camera, CameraId, Lens, Observation, PointId};

use crate::error::{at_least, positive};
use crate::graph::noisy;
use crate::scene::weight_of;
use crate::{GraphNoise, Random, SimError, SimulatedBundle};

/// A drive with a stereo camera.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WindowOptions {
    /// Same seed, same window.
    pub seed: u64,
    /// Number of key frames.
    pub frames: usize,
    /// New points ahead of each key frame.
    pub points_per_frame: usize,
    /// Distance between key frames, metres.
    pub step: f64,
    /// The camera.
    pub lens: Stereo<f64>,
    /// Width and height of its images, pixels.
    pub image: [f64; 2],
    /// Depths at which points are seen, metres.
    pub depths: [f64; 2],
    /// Noise and starting values.
    pub noise: WindowNoise,
}

/// Standard deviations of a window's numbers, per component.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WindowNoise {
    /// Of an observation, pixels.
    pub pixel: f64,
    /// Of the starting motion from one key frame to the next, metres.
    pub translation: f64,
    /// Of the same, radians.
    pub rotation: f64,
}

impl Default for WindowOptions {
    /// 10 key frames a metre apart with a camera like KITTI's.
    fn default() -> Self {
        Self {
            seed: 0,
            frames: 10,
            points_per_frame: 60,
            step: 1.0,
            lens: Stereo {
                fx: 718.856,
                fy: 718.856,
                cx: 607.19,
                cy: 185.22,
                baseline: 0.537,
            },
            image: [1241.0, 376.0],
            depths: [3.0, 30.0],
            noise: WindowNoise {
                pixel: 0.5,
                translation: 0.05,
                rotation: 0.005,
            },
        }
    }
}

/// Simulates the window: z forward, a gently winding road, points wherever
/// the images look. The first pose is held at the truth; the others start
/// from noisy odometry, and each point from the first pixels it was seen at.
/// Every point is seen by two key frames at least.
///
/// # Errors
/// [`SimError::Option`].
pub fn stereo_window(options: &WindowOptions) -> Result<SimulatedBundle, SimError> {
    validate(options)?;
    let noise = &options.noise;
    let odometry = GraphNoise {
        translation: noise.translation,
        rotation: noise.rotation,
    };
    let mut random = Random::new(options.seed);
    let mut bundle = Bundle::new();
    let lens = bundle.add_lens(Lens::Stereo(options.lens));
    let mut cameras: Vec<Camera> = Vec::with_capacity(options.frames);
    let mut starts = Vec::with_capacity(options.frames);
    let mut start = Se3::identity();
    for k in 0..options.frames {
        let world_from_camera = road(k as f64 * options.step);
        if let Some(before) = cameras.last() {
            let before = &before.world_from_camera;
            start = start * noisy(before, &world_from_camera, odometry, &mut random);
        } else {
            start = world_from_camera;
        }
        let truth = Camera {
            world_from_camera,
            intrinsics: [0.0; 3],
            pose_fixed: k == 0,
            intrinsics_fixed: true,
        };
        bundle.add_camera(Camera {
            world_from_camera: start,
            ..truth.clone()
        })?;
        cameras.push(truth);
        starts.push(start);
    }
    let frames: Vec<_> = cameras
        .iter()
        .map(|c| CameraFrame::new(&c.world_from_camera))
        .collect();
    let mut points = Vec::new();
    let weight = weight_of(noise.pixel);
    for camera in &cameras {
        for _ in 0..options.points_per_frame {
            let point = ahead(camera, options, &mut random);
            let mut seen = Vec::new();
            for (c, frame) in frames.iter().enumerate() {
                if let Some(pixel) = look(frame, &point, options) {
                    seen.push((c, pixel + random.normals() * noise.pixel));
                }
            }
            let [(first, pixel), _, ..] = seen[..] else {
                continue;
            };
            let id = PointId::from(points.len());
            let in_camera = triangulate(&options.lens, &pixel.into(), options.depths[1]);
            bundle.add_point(starts[first].act(&in_camera))?;
            points.push(point);
            for (c, pixel) in seen {
                bundle.add_observation(Observation {
                    camera: CameraId::from(c),
                    point: id,
                    lens,
                    pixel: pixel.into(),
                    weight,
                })?;
            }
        }
    }
    Ok(SimulatedBundle {
        bundle,
        cameras,
        points,
    })
}

fn validate(options: &WindowOptions) -> Result<(), SimError> {
    at_least("frames", options.frames as f64, 2.0)?;
    at_least("points_per_frame", options.points_per_frame as f64, 1.0)?;
    positive("step", options.step)?;
    positive("fx", options.lens.fx)?;
    positive("fy", options.lens.fy)?;
    positive("baseline", options.lens.baseline)?;
    positive("image", options.image[0].min(options.image[1]))?;
    positive("depths", options.depths[0])?;
    positive("depths", options.depths[1] - options.depths[0])?;
    at_least("pixel noise", options.noise.pixel, 0.0)?;
    at_least("noise of the start", options.noise.translation, 0.0)?;
    at_least("noise of the start", options.noise.rotation, 0.0)
}

/// The pose `s` metres down a road that winds by 0.1 rad.
fn road(s: f64) -> Se3<f64> {
    let turn = 0.1 * (0.2 * s).sin();
    let place = Vector3::new(0.5 * (1.0 - (0.2 * s).cos()), 0.0, s);
    Se3::new(place, So3::exp(&Vector3::new(0.0, turn, 0.0)))
}

/// A point somewhere in the camera's view.
fn ahead(camera: &Camera, options: &WindowOptions, random: &mut Random) -> Vector3<f64> {
    let [near, far] = options.depths;
    let z = near + (far - near) * random.uniform();
    let [u, v] = options.image.map(|size| size * random.uniform());
    camera
        .world_from_camera
        .act(&options.lens.at_depth(u, v, z))
}

/// Where both images show a point, if they do.
fn look(
    frame: &CameraFrame<f64>,
    point: &Vector3<f64>,
    options: &WindowOptions,
) -> Option<Vector3<f64>> {
    let seen = options.lens.project(frame, point)?;
    let [width, height] = options.image;
    let [near, far] = options.depths;
    let (left, right, v) = (seen.pixel.x, seen.pixel.y, seen.pixel.z);
    let inside = (near..=far).contains(&seen.depth)
        && (0.0..width).contains(&left)
        && (0.0..width).contains(&right)
        && (0.0..height).contains(&v);
    inside.then_some(seen.pixel)
}

/// The point in the camera's frame of `(u_l, u_r, v)`; disparities below that
/// of twice the largest depth, which only noise makes, count as that.
pub(crate) fn triangulate(lens: &Stereo<f64>, pixel: &[f64; 3], farthest: f64) -> Vector3<f64> {
    let [left, right, v] = *pixel;
    let least = lens.fx * lens.baseline / (2.0 * farthest);
    let depth = lens.fx * lens.baseline / (left - right).max(least);
    lens.at_depth(left, v, depth)
}

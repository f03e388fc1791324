//! All key frames as one bundle.

use std::collections::BTreeMap;

use slam16_geometry::Se3;
use slam16_problem::{Bundle, Camera, CameraId, LensId, Observation, PointId};

use super::{IndoorOptions, IndoorSight, indoor};
use crate::scene::weight_of;
use crate::{SimError, SimulatedBundle};

/// The window of all key frames. The first pose is held at the truth, the
/// others start from odometry, and each point from the first sighting of its
/// track (at the true depth where that has none). Tracks seen once say
/// nothing and are left out.
///
/// # Errors
/// [`SimError::Option`].
pub fn indoor_bundle(options: &IndoorOptions) -> Result<SimulatedBundle, SimError> {
    let mut stream = indoor(options)?;
    let landmarks = stream.landmarks().to_vec();
    let mut bundle = Bundle::new();
    for lens in options.camera.lenses() {
        bundle.add_lens(lens);
    }
    let mut cameras: Vec<Camera> = Vec::with_capacity(options.frames);
    let mut starts: Vec<Se3<f64>> = Vec::with_capacity(options.frames);
    let mut tracks: BTreeMap<u64, Vec<(usize, IndoorSight)>> = BTreeMap::new();
    for (k, frame) in stream.by_ref().enumerate() {
        let start = match (starts.last(), frame.odometry) {
            (Some(before), Some(motion)) => *before * motion,
            _ => frame.truth,
        };
        let truth = Camera {
            world_from_camera: frame.truth,
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
        for sight in frame.sights {
            tracks.entry(sight.track).or_default().push((k, sight));
        }
    }
    let mut points = Vec::new();
    let weight = weight_of(options.noise.pixel);
    for sights in tracks.into_values() {
        let [(first, sight), _, ..] = sights[..] else {
            continue;
        };
        let landmark = landmarks[sight.landmark];
        let in_camera = if sight.lens == 0 {
            options.camera.triangulate(&sight.pixel)
        } else {
            let depth = cameras[first].world_from_camera.inverse_act(&landmark).z;
            let [u, v, _] = sight.pixel;
            options.camera.lens.at_depth(u, v, depth)
        };
        let point = PointId::from(points.len());
        bundle.add_point(starts[first].act(&in_camera))?;
        points.push(landmark);
        for (k, sight) in sights {
            bundle.add_observation(Observation {
                camera: CameraId::from(k),
                point,
                lens: LensId::from(sight.lens),
                pixel: sight.pixel,
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

//! Bundles in dumps.

use nalgebra::Vector3;
use serde::{Deserialize, Serialize};
use slam16_geometry::{Pinhole, PoseGroup, Se3, Stereo};
use slam16_problem::{Bundle, Camera, CameraId, Lens, LensId, Loss, Observation, PointId};

use super::Fault;
use super::graph::{ExactPose, check_length, fixed_flags, restore_vectors};
use super::number::{Number, flat};

/// Numbers of a camera: pose, then f, k1, k2.
const CAMERA: usize = <Se3 as ExactPose<6, 3>>::NUMBERS + 3;

#[derive(Serialize, Deserialize)]
pub(super) struct BundleDump {
    cameras: Vec<Number>,
    fixed_poses: Vec<u32>,
    fixed_intrinsics: Vec<u32>,
    points: Vec<Number>,
    fixed_points: Vec<u32>,
    lenses: Vec<LensDump>,
    /// Camera, point and lens of each observation.
    variables: Vec<u32>,
    pixels: Vec<Number>,
    weights: Vec<Number>,
    loss: Loss,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum LensDump {
    Bal,
    /// fx, fy, cx, cy.
    Pinhole([Number; 4]),
    /// fx, fy, cx, cy, baseline.
    Stereo([Number; 5]),
}

impl From<Lens> for LensDump {
    fn from(lens: Lens) -> Self {
        match lens {
            Lens::Bal => Self::Bal,
            Lens::Pinhole(p) => Self::Pinhole([p.fx, p.fy, p.cx, p.cy].map(Number)),
            Lens::Stereo(s) => Self::Stereo([s.fx, s.fy, s.cx, s.cy, s.baseline].map(Number)),
        }
    }
}

impl From<LensDump> for Lens {
    fn from(lens: LensDump) -> Self {
        match lens {
            LensDump::Bal => Self::Bal,
            LensDump::Pinhole(n) => {
                let [fx, fy, cx, cy] = n.map(|x| x.0);
                Self::Pinhole(Pinhole { fx, fy, cx, cy })
            }
            LensDump::Stereo(n) => {
                let [fx, fy, cx, cy, baseline] = n.map(|x| x.0);
                Self::Stereo(Stereo {
                    fx,
                    fy,
                    cx,
                    cy,
                    baseline,
                })
            }
        }
    }
}

fn indices(flags: impl Iterator<Item = bool>) -> Vec<u32> {
    let chosen = flags.enumerate().filter(|(_, flag)| *flag);
    chosen.map(|(i, _)| i as u32).collect()
}

impl BundleDump {
    pub fn of(bundle: &Bundle) -> Self {
        let mut cameras = Vec::new();
        for camera in bundle.cameras() {
            cameras.extend(flat(&camera.world_from_camera.to_storage()));
            cameras.extend(flat(&camera.intrinsics));
        }
        let observations = bundle.observations();
        Self {
            cameras,
            fixed_poses: indices(bundle.cameras().iter().map(|c| c.pose_fixed)),
            fixed_intrinsics: indices(bundle.cameras().iter().map(|c| c.intrinsics_fixed)),
            points: flat(bundle.points().iter().flatten()),
            fixed_points: indices(bundle.point_fixed().iter().copied()),
            lenses: bundle.lenses().iter().map(|l| LensDump::from(*l)).collect(),
            variables: observations
                .iter()
                .flat_map(|o| [o.camera.0, o.point.0, o.lens.0])
                .collect(),
            pixels: flat(observations.iter().flat_map(|o| &o.pixel)),
            weights: flat(observations.iter().map(|o| &o.weight)),
            loss: bundle.loss(),
        }
    }

    /// The bundle. Cameras and points are set last: a dump may hold a state
    /// that is not finite.
    pub fn restore(self) -> Result<Bundle, Fault> {
        let count = self.cameras.len() / CAMERA;
        check_length("cameras", self.cameras.len(), count * CAMERA)?;
        let pose_fixed = fixed_flags("fixed_poses", &self.fixed_poses, count)?;
        let intrinsics_fixed = fixed_flags("fixed_intrinsics", &self.fixed_intrinsics, count)?;
        let camera = |(i, n): (usize, &[Number])| Camera {
            world_from_camera: ExactPose::restore(&n[..CAMERA - 3]),
            intrinsics: [n[CAMERA - 3].0, n[CAMERA - 2].0, n[CAMERA - 1].0],
            pose_fixed: pose_fixed[i],
            intrinsics_fixed: intrinsics_fixed[i],
        };
        let cameras: Vec<Camera> = self
            .cameras
            .chunks_exact(CAMERA)
            .enumerate()
            .map(camera)
            .collect();
        if let Some(index) = cameras.iter().position(|c| !c.world_from_camera.is_sound()) {
            let what = "cameras";
            return Err(Fault::NotUnit { what, index });
        }
        let points: Vec<Vector3<f64>> =
            restore_vectors("points", &self.points, self.points.len() / 3)?;
        let point_fixed = fixed_flags("fixed_points", &self.fixed_points, points.len())?;

        let count = self.weights.len();
        check_length("variables of observations", self.variables.len(), 3 * count)?;
        check_length("pixels", self.pixels.len(), 3 * count)?;
        let observations = (0..count).map(|i| {
            let [camera, point, lens] = [0, 1, 2].map(|k| self.variables[3 * i + k]);
            Observation {
                camera: CameraId(camera),
                point: PointId(point),
                lens: LensId(lens),
                pixel: [0, 1, 2].map(|k| self.pixels[3 * i + k].0),
                weight: self.weights[i].0,
            }
        });
        let placeholder = |camera: &Camera| Camera {
            world_from_camera: Se3::identity(),
            intrinsics: [0.0; 3],
            ..camera.clone()
        };
        let mut bundle = Bundle::from_parts(
            cameras.iter().map(placeholder).collect(),
            vec![Vector3::zeros(); points.len()],
            self.lenses.into_iter().map(Lens::from).collect(),
            observations.collect(),
        )?;
        bundle.cameras_mut().clone_from_slice(&cameras);
        bundle.points_mut().copy_from_slice(&points);
        for (i, fixed) in point_fixed.into_iter().enumerate() {
            bundle.set_point_fixed(PointId::from(i), fixed)?;
        }
        bundle.set_loss(self.loss)?;
        Ok(bundle)
    }
}

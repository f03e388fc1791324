//! A bundle in f32 about an anchor, as devices take it.

use bytemuck::{Pod, Zeroable};
use nalgebra::Vector3;
use slam16_geometry::CameraFrame;

use super::{Bundle, Camera, Lens, Observation};
use crate::ProblemError;
use crate::pose_graph::check_length;

/// A camera: 64 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct LocalCamera {
    /// Row `r` of `Rᵀ` (`R` of `world_from_camera`), then coordinate `r` of the
    /// centre less the anchor.
    pub rows: [[f32; 4]; 3],
    /// `f, k1, k2, 0`.
    pub intrinsics: [f32; 4],
}

/// A lens: 16 bytes. Principal points are in the observations.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct LocalLens {
    /// 0 for [`Lens::Bal`], 1 for [`Lens::Pinhole`], 2 for [`Lens::Stereo`].
    pub kind: u32,
    /// Focal length along x, pixels; 0 for BAL.
    pub fx: f32,
    /// Focal length along y, pixels; 0 for BAL.
    pub fy: f32,
    /// Distance of the two cameras of a stereo pair, else 0.
    pub baseline: f32,
}

/// An observation: 32 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct LocalObservation {
    /// Index of the camera.
    pub camera: u32,
    /// Index of the point.
    pub point: u32,
    /// Index of the lens.
    pub lens: u32,
    /// `1/σ²`, 1/pixel².
    pub weight: f32,
    /// `(u, v, 0)` or `(u_l, u_r, v)` less the lens's principal point, pixels.
    pub pixel: [f32; 3],
    /// Fills the 32 bytes.
    pub unused: u32,
}

/// The numbers of a [`Bundle`] in f32, positions relative to an anchor.
///
/// The anchor and the principal points are subtracted in f64 before rounding:
/// what f32 loses depends on the extent of the scene, not on where it lies.
/// Differences `X − t` and right perturbations do not see the anchor, so
/// residuals and Jacobians are those of the bundle itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LocalBundle {
    /// Origin of the positions, in the world.
    pub anchor: Vector3<f64>,
    /// All cameras.
    pub cameras: Vec<LocalCamera>,
    /// All points less the anchor, three numbers a point.
    pub points: Vec<f32>,
    /// All lenses.
    pub lenses: Vec<LocalLens>,
    /// Observations of two rows, then those of three, each in their order.
    pub observations: [Vec<LocalObservation>; 2],
}

impl LocalBundle {
    /// Everything about an anchor, such as [`Bundle::anchor`].
    pub fn new(bundle: &Bundle, anchor: Vector3<f64>) -> Self {
        let observation = |index: &u32| bundle.local(&bundle.observations[*index as usize]);
        Self {
            anchor,
            cameras: bundle.cameras.iter().map(|c| camera(c, &anchor)).collect(),
            points: bundle
                .points
                .iter()
                .flat_map(|p| local(p, &anchor))
                .collect(),
            lenses: bundle.lenses.iter().map(lens).collect(),
            observations: [0, 1].map(|set| bundle.sets[set].iter().map(observation).collect()),
        }
    }

    /// Takes over the poses, intrinsics and points of the same bundle after a
    /// step. Allocates nothing.
    ///
    /// # Errors
    /// Cameras or points were added since.
    pub fn update(&mut self, bundle: &Bundle, anchor: Vector3<f64>) -> Result<(), ProblemError> {
        for (what, expected, found) in [
            ("cameras", self.cameras.len(), bundle.cameras.len()),
            ("points", self.points.len() / 3, bundle.points.len()),
        ] {
            check_length(what, found, expected)?;
        }
        self.anchor = anchor;
        for (into, from) in self.cameras.iter_mut().zip(&bundle.cameras) {
            *into = camera(from, &anchor);
        }
        for (into, from) in self.points.chunks_exact_mut(3).zip(&bundle.points) {
            into.copy_from_slice(&local(from, &anchor));
        }
        Ok(())
    }
}

impl Bundle {
    /// Where positions of f32 should begin: the first camera, the oldest pose
    /// of a window. The origin if there is none.
    pub fn anchor(&self) -> Vector3<f64> {
        self.cameras
            .first()
            .map_or_else(Vector3::zeros, |c| c.world_from_camera.translation)
    }

    fn local(&self, o: &Observation) -> LocalObservation {
        let [u, v, w] = o.pixel;
        let pixel = match self.lenses[o.lens.index()] {
            Lens::Bal => [u, v, 0.0],
            Lens::Pinhole(p) => [u - p.cx, v - p.cy, 0.0],
            Lens::Stereo(s) => [u - s.cx, v - s.cx, w - s.cy],
        };
        LocalObservation {
            camera: o.camera.0,
            point: o.point.0,
            lens: o.lens.0,
            weight: o.weight as f32,
            pixel: pixel.map(|x| x as f32),
            unused: 0,
        }
    }
}

fn local(position: &Vector3<f64>, anchor: &Vector3<f64>) -> [f32; 3] {
    let [x, y, z]: [f64; 3] = (position - anchor).into();
    [x as f32, y as f32, z as f32]
}

fn camera(camera: &Camera, anchor: &Vector3<f64>) -> LocalCamera {
    let frame = CameraFrame::new(&camera.world_from_camera);
    let center = local(&frame.center, anchor);
    let m = &frame.rotation_transposed;
    let [f, k1, k2] = camera.intrinsics.map(|x| x as f32);
    LocalCamera {
        rows: [0, 1, 2].map(|r| {
            [
                m[(r, 0)] as f32,
                m[(r, 1)] as f32,
                m[(r, 2)] as f32,
                center[r],
            ]
        }),
        intrinsics: [f, k1, k2, 0.0],
    }
}

fn lens(lens: &Lens) -> LocalLens {
    let (kind, [fx, fy, baseline]) = match lens {
        Lens::Bal => (0, [0.0; 3]),
        Lens::Pinhole(p) => (1, [p.fx, p.fy, 0.0]),
        Lens::Stereo(s) => (2, [s.fx, s.fy, s.baseline]),
    };
    LocalLens {
        kind,
        fx: fx as f32,
        fy: fy as f32,
        baseline: baseline as f32,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use slam16_geometry::{Pinhole, Se3, So3};

    use super::*;
    use crate::{CameraId, LensId, PointId};

    /// Half a metre apart, ten thousand kilometres away.
    fn far() -> Bundle {
        let position = Vector3::new(1e7, -1e7, 1e7 + 0.125);
        let mut bundle = Bundle::new();
        bundle
            .add_camera(Camera {
                world_from_camera: Se3::new(position, So3::identity()),
                intrinsics: [500.0, 0.25, -0.5],
                pose_fixed: false,
                intrinsics_fixed: false,
            })
            .unwrap();
        bundle
            .add_point(position + Vector3::new(0.5, 0.25, 3.0))
            .unwrap();
        bundle.add_lens(Lens::Pinhole(Pinhole {
            fx: 400.0,
            fy: 410.0,
            cx: 320.5,
            cy: 240.5,
        }));
        bundle
            .add_observation(Observation {
                camera: CameraId(0),
                point: PointId(0),
                lens: LensId(0),
                pixel: [330.5, 241.0, 7.0],
                weight: 4.0,
            })
            .unwrap();
        bundle
    }

    #[test]
    fn positions_keep_their_digits_far_from_the_origin() {
        let bundle = far();
        let local = LocalBundle::new(&bundle, bundle.anchor());
        assert_eq!(local.points, [0.5, 0.25, 3.0]);
        let camera = local.cameras[0];
        assert_eq!(camera.rows[0], [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(camera.rows[2], [0.0, 0.0, 1.0, 0.0]);
        assert_eq!(camera.intrinsics, [500.0, 0.25, -0.5, 0.0]);
        assert_eq!(local.lenses[0].kind, 1);
        assert_eq!(local.observations[0][0].pixel, [10.0, 0.5, 0.0]);
        assert!(local.observations[1].is_empty());
        // Without an anchor, the eighth of a metre is lost.
        let lost = LocalBundle::new(&bundle, Vector3::zeros());
        assert_eq!(lost.cameras[0].rows[2][3], 1e7);
    }

    #[test]
    fn an_update_is_a_new_one_and_refuses_another_size() {
        let mut bundle = far();
        let mut local = LocalBundle::new(&bundle, bundle.anchor());
        bundle.points_mut()[0].x += 1.0;
        bundle.cameras_mut()[0].intrinsics[0] = 501.0;
        local.update(&bundle, Vector3::new(1.0, 2.0, 3.0)).unwrap();
        assert_eq!(
            local,
            LocalBundle::new(&bundle, Vector3::new(1.0, 2.0, 3.0))
        );
        bundle.add_point(Vector3::zeros()).unwrap();
        let error = ProblemError::Length {
            what: "points",
            expected: 1,
            found: 2,
        };
        assert_eq!(local.update(&bundle, Vector3::zeros()), Err(error));
        assert_eq!(Bundle::new().anchor(), Vector3::zeros());
    }
}

//! A bundle as a least-squares problem.

use nalgebra::{Vector3, Vector6};
use slam16_geometry::Se3;
use slam16_sparse::{Jacobian, Threads};

use super::{BalIntrinsics, Bundle};
use crate::{Cost, LeastSquares, ProblemError, ProblemKind, Setup};

/// Unknowns of a [`Bundle`]: poses, intrinsics and points.
#[derive(Clone, Debug, PartialEq)]
pub struct BundleState {
    cameras: Vec<(Se3<f64>, BalIntrinsics)>,
    points: Vec<Vector3<f64>>,
}

impl LeastSquares for Bundle {
    type State = BundleState;

    fn kind(&self) -> ProblemKind {
        ProblemKind::Bundle
    }

    fn setup(&self) -> Result<Setup, ProblemError> {
        self.make_setup()
    }

    fn cost(&self, threads: &Threads) -> Result<Cost, ProblemError> {
        self.total_cost(threads)
    }

    fn linearize(
        &self,
        setup: &Setup,
        jacobian: &mut Jacobian<f64>,
        threads: &Threads,
    ) -> Result<Cost, ProblemError> {
        self.fill(setup, jacobian, threads)
    }

    fn state(&self) -> BundleState {
        BundleState {
            cameras: self
                .cameras
                .iter()
                .map(|c| (c.world_from_camera, c.intrinsics))
                .collect(),
            points: self.points.clone(),
        }
    }

    fn save_state(&self, into: &mut BundleState) {
        for (into, camera) in into.cameras.iter_mut().zip(&self.cameras) {
            *into = (camera.world_from_camera, camera.intrinsics);
        }
        into.points.copy_from_slice(&self.points);
    }

    fn load_state(&mut self, from: &BundleState) {
        for (camera, (pose, intrinsics)) in self.cameras.iter_mut().zip(&from.cameras) {
            camera.world_from_camera = *pose;
            camera.intrinsics = *intrinsics;
        }
        self.points.copy_from_slice(&from.points);
    }

    fn retract(&mut self, step: &[f64]) {
        let camera_scalars = step.len() - 3 * self.points.len();
        let (cameras, points) = step.split_at(camera_scalars);
        let dim = camera_scalars / self.cameras.len().max(1);
        if dim == 0 {
            return;
        }
        for (camera, step) in self.cameras.iter_mut().zip(cameras.chunks_exact(dim)) {
            // A product with Exp(0) may round; a held pose keeps its bits.
            if step[..6].iter().any(|x| *x != 0.0) {
                camera.world_from_camera = camera
                    .world_from_camera
                    .retract(&Vector6::from_column_slice(&step[..6]));
            }
            for (x, delta) in camera.intrinsics.iter_mut().zip(&step[6..]) {
                *x += delta;
            }
        }
        for (point, step) in self.points.iter_mut().zip(points.chunks_exact(3)) {
            *point += Vector3::new(step[0], step[1], step[2]);
        }
    }

    fn state_norm(&self) -> f64 {
        let cameras: f64 = self
            .cameras
            .iter()
            .map(|c| {
                // A unit quaternion is part of the pose.
                let intrinsics: f64 = c.intrinsics.iter().map(|x| x * x).sum();
                c.world_from_camera.translation.norm_squared() + 1.0 + intrinsics
            })
            .sum();
        let points: f64 = self.points.iter().map(|p| p.norm_squared()).sum();
        (cameras + points).sqrt()
    }
}

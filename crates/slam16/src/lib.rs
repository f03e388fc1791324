//! Nonlinear least squares for SLAM: pose graphs and bundle adjustment.
//!
//! Three steps: get a problem (read a file with [`io::read`] or build it),
//! solve it with a [`Solver`], look at the [`Summary`](solver::Summary). The
//! result is left in the problem.
//!
//! # A pose graph
//!
//! A square driven with a small error of heading, and a loop closure that
//! corrects it:
//!
//! ```
//! use slam16::prelude::*;
//! use slam16::problem::PoseId;
//!
//! let step = Se2::from_xy_theta(1.0, 0.0, std::f64::consts::FRAC_PI_2);
//! let drifting = Se2::from_xy_theta(1.0, 0.0, 1.6);
//! let information = Information::new(nalgebra::Matrix3::identity())?;
//!
//! let mut graph = PoseGraph2::new();
//! let mut pose = Se2::identity();
//! for label in 0..4 {
//!     graph.add_pose(label, pose)?;
//!     pose = pose * drifting;
//! }
//! for k in 0..4 {
//!     let next = PoseId((k + 1) % 4);
//!     graph.add_between(PoseId(k), next, step, information.clone())?;
//! }
//!
//! let summary = Solver::for_problem(&graph).solve(&mut graph)?;
//! assert!(summary.converged() && summary.final_cost < 1e-12);
//! let corner = graph.poses()[2].translation;
//! assert!((corner.x - 1.0).abs() < 1e-6 && (corner.y - 1.0).abs() < 1e-6);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A bundle
//!
//! Two cameras, of which the first is known, and six points that both see:
//!
//! ```
//! use nalgebra::{Vector3, Vector6};
//! use slam16::geometry::Pinhole;
//! use slam16::prelude::*;
//! use slam16::problem::{Camera, CameraId, Lens, Observation, PointId};
//!
//! let (fx, fy, cx, cy) = (500.0, 500.0, 320.0, 240.0);
//! let mut bundle = Bundle::new();
//! let lens = bundle.add_lens(Lens::Pinhole(Pinhole { fx, fy, cx, cy }));
//! let truth = [0.0, 1.0].map(|x| Se3::exp(&Vector6::new(x, 0.0, 0.0, 0.0, -0.1 * x, 0.0)));
//! for (k, pose) in truth.iter().enumerate() {
//!     // The second camera is placed 5 cm off.
//!     let off = Vector6::new(0.05 * k as f64, 0.0, 0.0, 0.0, 0.0, 0.0);
//!     bundle.add_camera(Camera {
//!         world_from_camera: pose.retract(&off),
//!         intrinsics: [0.0; 3],
//!         pose_fixed: k == 0,
//!         intrinsics_fixed: true,
//!     })?;
//! }
//! for k in 0..6 {
//!     let point = Vector3::new(0.4 * k as f64 - 1.0, (k as f64).sin(), 4.0 + (k % 3) as f64);
//!     let id = bundle.add_point(point)?;
//!     for (c, pose) in truth.iter().enumerate() {
//!         let p = pose.inverse().act(&point);
//!         bundle.add_observation(Observation {
//!             camera: CameraId::from(c),
//!             point: id,
//!             lens,
//!             pixel: [fx * p.x / p.z + cx, fy * p.y / p.z + cy, 0.0],
//!             weight: 1.0,
//!         })?;
//!     }
//! }
//!
//! let mut options = bundle.default_options();
//! options.stop.relative_cost = 1e-12;
//! let summary = Solver::new(options)?.solve(&mut bundle)?;
//! assert!(summary.final_cost < 1e-9 * summary.initial_cost);
//! println!("{summary}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where things are
//!
//! | | |
//! |---|---|
//! | [`geometry`] | rotations, poses, cameras, with their Jacobians |
//! | [`problem`] | pose graphs, bundles, robust losses, initial guesses |
//! | [`io`] | readers and writers, warnings about files |
//! | [`solver`] | options, summary, stop reasons, the outer loop |
//! | [`estimators`] | sliding window and loop closer, for robots |
//! | [`cpu`] | the CPU backend |
//! | [`gpu`] | the GPU backend: adapters, devices, kernels |
//! | [`sparse`] | block matrices, orderings, factors |
//!
//! [`covariance`] gives the uncertainty of chosen variables, [`plan`] what a
//! solve would take, [`dump`] and [`reload`] a file to repeat a solve from.

mod covariance;
mod device;
mod dump;
mod error;
mod plan;
pub mod prelude;
mod solvable;
mod solve;
#[cfg(test)]
mod tests;

pub use covariance::{Marginals, covariance, joint_covariance};
pub use device::Device;
pub use dump::{Reloaded, dump, options_of, reload};
pub use error::{Error, ErrorClass};
pub use plan::{FactorPlan, Plan, plan, plan_any};
pub use solvable::{Problem, default_options};
pub use solve::{Solver, Steps};

pub use nalgebra;
pub use slam16_cpu as cpu;
pub use slam16_estimators as estimators;
pub use slam16_geometry as geometry;
pub use slam16_gpu as gpu;
pub use slam16_io as io;
pub use slam16_problem as problem;
pub use slam16_solver as solver;
pub use slam16_sparse as sparse;

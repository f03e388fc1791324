//! Lie groups of the plane and of space, camera models, and their analytic Jacobians.
//!
//! Conventions, the same in every item:
//!
//! - A pose is `world_from_body`: it maps points of the body frame to the world frame.
//! - Tangent vectors are ordered `[ρ, φ]`: translation first, rotation (radians) last.
//! - Perturbations act on the right: `X ⊕ δ = X · Exp(δ)`, with the exponential of the whole
//!   group, and `Y ⊖ X = Log(X⁻¹ Y)`. A Jacobian "with respect to a pose" is taken with respect
//!   to that δ at δ = 0.
//! - Everything is generic over [`Scalar`] (`f64`, `f32`); [`PoseGroup`] fixes `f64`.
//!
//! Sources: T. Barfoot, *State Estimation for Robotics*, chapter 7; J. Solà, J. Deray,
//! D. Atchuthan, *A micro Lie theory for state estimation in robotics*, arXiv:1812.01537.

mod between;
mod camera;
mod finite_difference;
mod group;
mod scalar;
mod se2;
mod se3;
mod series;
mod so2;
mod so3;

pub use between::{
    Se3Between, se2_between, se2_between_residual, se3_between, se3_between_blocks,
    se3_between_residual,
};
pub use camera::{
    BalCamera, CameraFrame, Linearization, Pinhole, Projection, Stereo, bal_angle_axis_translation,
    bal_world_from_camera,
};
pub use finite_difference::central_difference;
pub use group::PoseGroup;
pub use scalar::Scalar;
pub use se2::Se2;
pub use se3::Se3;
pub use so2::So2;
pub use so3::{So3, hat};

//! State, residuals and Jacobian on the host, linear systems anywhere: what the
//! CPU and the GPU backend share.

mod backend;
mod dogleg;
mod linear;

pub use backend::{Choice, HostBackend};
pub use linear::{Description, LinearSolver, normal_vectors};

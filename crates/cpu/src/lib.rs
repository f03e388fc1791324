//! CPU backend: direct and iterative linear solvers.

mod backend;
mod covariance;
mod dogleg;
pub mod kernels;
mod linear;

pub use backend::CpuBackend;
pub use covariance::{covariance, marginal_covariances};

//! CPU backend: direct and iterative linear solvers.

mod backend;
mod covariance;
pub mod kernels;
mod linear;

pub use backend::backend;
pub use covariance::{covariance, marginal_covariances};

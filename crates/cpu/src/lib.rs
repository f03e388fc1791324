//! CPU backend: direct and iterative linear solvers.

mod backend;
mod covariance;
mod engine;
pub mod kernels;
mod linear;

pub use backend::backend;
pub use covariance::{covariance, marginal_covariances};
pub use engine::Cpu;
pub use linear::choose;

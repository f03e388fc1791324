//! CPU backend: direct and iterative linear solvers.

mod backend;
mod dogleg;
mod linear;

pub use backend::CpuBackend;

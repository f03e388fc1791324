//! The triangular solves of a static factor on a device.

mod dispatches;
mod options;
mod packed;
mod solve;

pub use options::{TriangularForm, TriangularOptions};
pub use solve::TriangularSolver;

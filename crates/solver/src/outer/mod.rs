//! The outer loop: verbs of a backend, policies as plain values, no array
//! arithmetic.

mod advance;
mod climb;
mod control;
mod damping;
mod error;
mod iterations;
mod report;
mod stop;
mod stop_tests;
#[cfg(test)]
mod tests;
mod trust_region;

pub use error::SolveError;
pub use iterations::Iterations;
pub use report::{IterationReport, IterationSeconds};
pub use stop::Stop;

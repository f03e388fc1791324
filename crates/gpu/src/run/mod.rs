//! Pipelines, launches and recordings.

mod launch;
mod pipelines;
mod recorder;

pub use launch::Launch;
pub use recorder::{Recorder, Submission};

pub(crate) use launch::grid;
pub(crate) use pipelines::Pipelines;

//! Outer loop, conjugate gradients, options and summaries: everything that no
//! backend owns.

mod backend;
mod used;

pub use backend::{
    Backend, BackendError, LinearOutcome, LinearRequest, Linearized, NumericError, StageTimes,
};
pub use used::{Fallback, RolePrecisions, Used};

//! What a robot calls while it drives.
//!
//! [`SlidingWindow`] takes key frames with their observations and keeps the
//! last few of them solved; what leaves the window is marginalised.
//! [`LoopCloser`] takes odometry and loop closures and corrects the whole
//! trajectory, closures that contradict the rest left out.
//!
//! Both solve through an [`Engine`](slam16_solver::Engine) and know no backend.

mod error;
mod loops;
mod window;

pub use error::EstimatorError;
pub use loops::{LoopCloser, LoopReport, LoopSettings, Rejection};
pub use window::{
    Dropped, Guess, Leaving, Sighting, SlidingWindow, WindowReport, WindowSettings, eliminate,
};

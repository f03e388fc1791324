//! Settings of the window.

use slam16_problem::{Loss, ProblemKind};
use slam16_solver::Options;

use crate::EstimatorError;

/// What becomes of a key frame that leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leaving {
    /// It is marginalised: a dense prior keeps what it knew.
    #[default]
    Marginalize,
    /// It is forgotten, and the next one is held where it is.
    HoldNext,
}

/// Settings of a sliding window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WindowSettings {
    /// Key frames in the window, 2 or more.
    pub frames: usize,
    /// What becomes of those that leave.
    pub leaving: Leaving,
    /// Robust loss on observations.
    pub loss: Loss,
    /// The solver; `stop.time_budget` is that of a key frame, what it takes to
    /// leave the window included.
    pub solver: Options,
}

impl Default for WindowSettings {
    /// 10 key frames, marginalised, no loss, 20 steps.
    fn default() -> Self {
        let mut solver = Options::for_kind(ProblemKind::Bundle);
        solver.stop.max_iterations = 20;
        Self {
            frames: 10,
            leaving: Leaving::default(),
            loss: Loss::None,
            solver,
        }
    }
}

impl WindowSettings {
    pub(super) fn validate(&self) -> Result<(), EstimatorError> {
        if self.frames < 2 {
            return Err(EstimatorError::Setting {
                setting: "frames",
                range: "at least 2",
                value: self.frames as f64,
            });
        }
        self.loss.validate()?;
        Ok(self.solver.validate()?)
    }
}

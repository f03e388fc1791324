//! What one step did.

use serde::{Deserialize, Serialize};

use crate::{ScalarType, finite};

/// One step that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct IterationReport {
    /// Objective after the step: the new one if it was accepted, else the old
    /// one.
    #[serde(with = "finite")]
    pub cost: f64,
    /// `‖Jᵀ r‖∞` at the state the step starts from.
    #[serde(with = "finite")]
    pub gradient_norm: f64,
    /// `‖δ‖₂` of the step.
    #[serde(with = "finite")]
    pub step_norm: f64,
    /// `λ` of its linear system.
    #[serde(with = "finite")]
    pub damping: f64,
    /// Radius of the trust region; dogleg only.
    #[serde(with = "finite::option")]
    pub radius: Option<f64>,
    /// Actual over predicted decrease, where both are meaningful.
    #[serde(with = "finite::option")]
    pub gain_ratio: Option<f64>,
    /// Whether the step was taken.
    pub accepted: bool,
    /// Iterations of conjugate gradients; 0 for a direct solve.
    pub linear_iterations: usize,
    /// Narrowest precision of the linear solve.
    pub precision: ScalarType,
    /// Wall time of the step.
    pub seconds: IterationSeconds,
}

/// Wall time of one step, by stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IterationSeconds {
    /// All of it.
    pub total: f64,
    /// Residuals and Jacobians; 0 after a rejection, which needs no new ones.
    pub linearize: f64,
    /// Assembling, factoring, iterating.
    pub linear_solve: f64,
    /// Retraction and cost of the trial state.
    pub update: f64,
}

impl IterationSeconds {
    /// The time between two readings of a backend's clock.
    pub(super) fn between(
        before: &crate::StageTimes,
        after: &crate::StageTimes,
        total: std::time::Duration,
    ) -> Self {
        Self {
            total: total.as_secs_f64(),
            linearize: after
                .linearize
                .saturating_sub(before.linearize)
                .as_secs_f64(),
            linear_solve: after
                .linear_solve
                .saturating_sub(before.linear_solve)
                .as_secs_f64(),
            update: after.update.saturating_sub(before.update).as_secs_f64(),
        }
    }
}

//! What a solve was given, what it used, and what came out.

mod display;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use slam16_problem::{Cost, Note, ProblemKind, Setup};

use crate::{IterationReport, Options, StageTimes, Stop, Used, finite};

/// Size of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemSummary {
    /// The family.
    pub kind: ProblemKind,
    /// Variables: poses, landmarks, cameras, points.
    pub variables: usize,
    /// Factors: edges, priors, observations.
    pub factors: usize,
    /// Free scalar unknowns: tangent dimensions less those held.
    pub dof: usize,
    /// Scalar residuals.
    pub residuals: usize,
}

/// What the outer loop needs to know about a problem for its summary.
#[derive(Clone, Debug, PartialEq)]
pub struct ProblemDescription {
    /// Its size.
    pub summary: ProblemSummary,
    /// What setup found.
    pub notes: Vec<Note>,
}

impl ProblemDescription {
    /// Describes a problem from what its setup found.
    pub fn new(kind: ProblemKind, setup: &Setup) -> Self {
        Self {
            summary: ProblemSummary {
                kind,
                variables: setup.structure.layout.variables(),
                factors: setup.structure.sets.iter().map(|s| s.factors()).sum(),
                dof: setup.held.iter().filter(|held| !**held).count(),
                residuals: setup.structure.rows(),
            },
            notes: setup.notes.clone(),
        }
    }
}

/// The report of a solve. Serialises to JSON with stable keys; numbers that
/// are not finite are written as the strings `nan`, `inf` and `-inf`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Version of slam16.
    pub version: String,
    /// Size of the problem.
    pub problem: ProblemSummary,
    /// The options asked for.
    pub given: Options,
    /// What was used.
    pub used: Used,
    /// `½ Σ ‖r‖²` at the start, robust losses apart.
    #[serde(with = "finite")]
    pub initial_cost: f64,
    /// `½ Σ ‖r‖²` at the end.
    #[serde(with = "finite")]
    pub final_cost: f64,
    /// `½ Σ ρ(‖r‖²)` at the start: what was minimised.
    #[serde(with = "finite")]
    pub initial_robust_cost: f64,
    /// `½ Σ ρ(‖r‖²)` at the end; equal to `final_cost` without robust losses.
    #[serde(with = "finite")]
    pub robust_cost: f64,
    /// g2o's own `Σ eᵀ Ω e` at the end; pose graphs only.
    #[serde(with = "finite::option")]
    pub g2o_chi2: Option<f64>,
    /// The steps tried.
    pub iterations: Vec<IterationReport>,
    /// Why it ended.
    pub stop: Stop,
    /// Wall time by stage.
    pub seconds: Seconds,
    /// Blocking reads of device results; 0 on the CPU.
    pub readbacks: usize,
    /// Memory held by the backend.
    pub bytes: Bytes,
    /// Threads used.
    pub threads: usize,
    /// What setup found: gauge, unconstrained variables, held points.
    pub notes: Vec<Note>,
    /// What the user should look at.
    pub warnings: Vec<String>,
}

/// Wall time by stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Seconds {
    /// The optimise call, without input and output.
    pub total: f64,
    /// Structure, ordering, symbolic analysis, allocation.
    pub setup: f64,
    /// Residuals and Jacobians.
    pub linearize: f64,
    /// Assembling, factoring, iterating.
    pub linear_solve: f64,
    /// Retraction and cost of trial states.
    pub update: f64,
    /// Reading and writing files; not part of `total`.
    pub io: f64,
}

/// Memory held by a backend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bytes {
    /// On the host.
    pub host: usize,
    /// On a device.
    pub device: usize,
}

/// What the outer loop measured.
pub(crate) struct Measured {
    pub initial_cost: Cost,
    pub final_cost: Cost,
    pub iterations: Vec<IterationReport>,
    pub stop: Stop,
    pub total: Duration,
    pub times: StageTimes,
    pub readbacks: usize,
    pub warnings: Vec<String>,
}

impl Summary {
    pub(crate) fn new(
        problem: ProblemDescription,
        given: &Options,
        used: Used,
        measured: Measured,
    ) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            problem: problem.summary,
            given: *given,
            initial_cost: measured.initial_cost.plain,
            final_cost: measured.final_cost.plain,
            initial_robust_cost: measured.initial_cost.robust,
            robust_cost: measured.final_cost.robust,
            g2o_chi2: None,
            iterations: measured.iterations,
            stop: measured.stop,
            seconds: Seconds {
                total: measured.total.as_secs_f64(),
                setup: measured.times.setup.as_secs_f64(),
                linearize: measured.times.linearize.as_secs_f64(),
                linear_solve: measured.times.linear_solve.as_secs_f64(),
                update: measured.times.update.as_secs_f64(),
                io: 0.0,
            },
            readbacks: measured.readbacks,
            bytes: Bytes {
                host: used.host_bytes,
                device: used.device_bytes,
            },
            threads: used.threads,
            used,
            notes: problem.notes,
            warnings: measured.warnings,
        }
    }

    /// `true` when a stop test was met.
    pub fn converged(&self) -> bool {
        self.stop.converged()
    }

    /// Steps taken.
    pub fn accepted_steps(&self) -> usize {
        self.iterations.iter().filter(|i| i.accepted).count()
    }

    /// Iterations of conjugate gradients over all steps.
    pub fn linear_iterations(&self) -> usize {
        self.iterations.iter().map(|i| i.linear_iterations).sum()
    }

    /// One line: cost before and after, steps, time, why it ended.
    pub fn brief(&self) -> String {
        format!(
            "cost {:.6e} -> {:.6e}, {} steps ({} accepted), {:.3} s, {}",
            self.initial_robust_cost,
            self.robust_cost,
            self.iterations.len(),
            self.accepted_steps(),
            self.seconds.total,
            self.stop
        )
    }
}

//! What a backend actually used, as opposed to what was asked for.

use serde::{Deserialize, Serialize};

/// Precision of each role of a solve.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RolePrecisions {
    /// `J x` and `Jᵀ y`.
    pub products: String,
    /// Triangular solves of the preconditioner or the direct factor.
    pub triangular: String,
    /// Vectors and reductions.
    pub vectors: String,
    /// Residuals.
    pub residual: String,
    /// State update.
    pub update: String,
}

/// A fallback that was taken, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fallback {
    /// What was asked for or in use.
    pub from: String,
    /// What was used instead.
    pub to: String,
    /// The reason.
    pub why: String,
}

/// Everything the summary says about what ran.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Used {
    /// `cpu` or `gpu`.
    pub backend: String,
    /// Adapter name; the processor for the CPU backend.
    pub adapter: String,
    /// Driver; empty for the CPU backend.
    pub driver: String,
    /// Precision of each role.
    pub precision: RolePrecisions,
    /// Linear solver.
    pub linear_solver: String,
    /// Why that linear solver, when it was chosen by `auto`.
    pub linear_solver_why: String,
    /// Elimination ordering; empty when there is none.
    pub ordering: String,
    /// Factorisations made so far.
    pub factorizations: usize,
    /// Fallbacks taken.
    pub fallbacks: Vec<Fallback>,
    /// Threads.
    pub threads: usize,
    /// Bytes held on the host by the backend.
    pub host_bytes: usize,
    /// Bytes held on a device.
    pub device_bytes: usize,
}

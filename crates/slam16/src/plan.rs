//! What a solve will take, before it is run.

use serde::Serialize;

use crate::gpu::BufferUse;
use crate::io::AnyProblem;
use crate::problem::Note;
use crate::solver::Backend;
use crate::solver::{Fallback, Options, ProblemDescription, ProblemSummary, RolePrecisions};
use crate::{Device, Error, Problem, with_problem};

/// Path and size of a solve, known from the structure alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// Size of the problem.
    pub problem: ProblemSummary,
    /// Backend that would run.
    pub backend: String,
    /// Linear solver that would run.
    pub linear_solver: String,
    /// Why that one, when the choice was left open.
    pub linear_solver_why: String,
    /// Elimination ordering; empty when there is none.
    pub ordering: String,
    /// Precision of each role.
    pub precision: RolePrecisions,
    /// The direct factor, when there is one.
    pub factor: Option<FactorPlan>,
    /// Bytes the backend holds on the host, the problem itself apart.
    pub host_bytes: usize,
    /// Bytes the backend holds on a device.
    pub device_bytes: usize,
    /// What holds them, by name; those of other solves on the same device too.
    pub device_buffers: Vec<BufferUse>,
    /// Threads.
    pub threads: usize,
    /// Fallbacks that would be taken.
    pub fallbacks: Vec<Fallback>,
    /// What setup found.
    pub notes: Vec<Note>,
}

/// Size of a direct factor.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FactorPlan {
    /// Scalars in the lower triangle of the factor.
    pub nonzeros: usize,
    /// Additions and multiplications of one factorisation.
    pub flops: f64,
    /// Dense fronts it is factored in.
    pub fronts: usize,
    /// Order of the largest front.
    pub largest_front: usize,
}

/// Plans the solve of a problem: structure, ordering, symbolic factor. No
/// residual is evaluated and the state does not change.
///
/// # Errors
/// A problem without variables or factors, or options that do not fit it.
pub fn plan<P: Problem>(
    problem: &mut P,
    options: &Options,
    device: &Device,
) -> Result<Plan, Error> {
    options.validate()?;
    let backend = device.backend(problem, options)?;
    let used = backend.used();
    let description = ProblemDescription::new(backend.problem().kind(), backend.setup());
    Ok(Plan {
        problem: description.summary,
        backend: used.backend,
        linear_solver: used.linear_solver,
        linear_solver_why: used.linear_solver_why,
        ordering: used.ordering,
        precision: used.precision,
        factor: backend.prediction().map(|p| FactorPlan {
            nonzeros: p.factor_scalars,
            flops: p.flops,
            fronts: p.fronts,
            largest_front: p.largest_front,
        }),
        host_bytes: used.host_bytes,
        device_bytes: used.device_bytes,
        device_buffers: match device {
            Device::Cpu => Vec::new(),
            Device::Gpu(gpu) | Device::GpuElseCpu(gpu) => gpu.memory(),
        },
        threads: used.threads,
        fallbacks: used.fallbacks,
        notes: description.notes,
    })
}

/// As [`plan`] for a problem of any kind.
///
/// # Errors
/// As for [`plan`].
pub fn plan_any(
    problem: &mut AnyProblem,
    options: &Options,
    device: &Device,
) -> Result<Plan, Error> {
    with_problem!(problem, p => plan(p, options, device))
}

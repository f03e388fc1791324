//! Which linear solver a problem gets on a device.

use slam16_problem::{LeastSquares, ProblemKind, Setup};
use slam16_solver::{
    BackendError, Choice, ColumnScaling, HalfArithmetic, HostBackend, LinearSolverKind, Options,
    Precision, ScalarType,
};

use super::cgnr::CgnrSettings;
use super::projected::common_dimension;
use crate::shader::Storage;
use crate::{Gpu, Rung};

/// Solves one problem in place, its linear systems on a device. State,
/// residuals and Jacobian stay on the host, in fp64.
///
/// # Errors
/// An empty problem, options that do not fit it or the device, or a device
/// that gave up.
pub fn backend<'p, P: LeastSquares>(
    gpu: &Gpu,
    problem: &'p mut P,
    options: &Options,
) -> Result<HostBackend<'p, P>, BackendError> {
    HostBackend::new(problem, options, |setup, kind| {
        choose(gpu, setup, kind, options)
    })
}

fn unsupported(option: String, reason: &str) -> BackendError {
    BackendError::Unsupported {
        option,
        reason: reason.to_owned(),
    }
}

/// The linear solver that these options stand for on a device.
///
/// # Errors
/// Options that do not fit the problem or the device, or a device that gave up.
pub fn choose(
    gpu: &Gpu,
    setup: &Setup,
    problem: ProblemKind,
    options: &Options,
) -> Result<Choice, BackendError> {
    let asked = options.linear.solver;
    let why = match (asked, problem) {
        (LinearSolverKind::Cgnr(ColumnScaling::Projected), _) => String::new(),
        (LinearSolverKind::Auto, ProblemKind::Bundle) => {
            "bundle on a GPU: products with the projected Jacobian alone".to_owned()
        }
        _ => {
            let reason = "the GPU has cgnr:projected, for bundles best; use the CPU backend";
            return Err(unsupported(format!("linear solver {asked}"), reason));
        }
    };
    if setup.structure.dense.is_some() {
        let reason = "it does not take the dense prior of a sliding window; use the CPU backend";
        return Err(unsupported("linear solver cgnr".to_owned(), reason));
    }
    let from = setup.eliminable_from;
    let dims = |v: usize| setup.structure.layout.dim(v);
    let eliminated = slam16_sparse::BlockLayout::new(
        (from.min(setup.structure.layout.variables())..setup.structure.layout.variables())
            .map(dims),
    );
    if common_dimension(&eliminated).is_none() {
        let reason = "eliminated variables have unlike dimensions; use the CPU backend";
        return Err(unsupported(
            "linear solver cgnr:projected".to_owned(),
            reason,
        ));
    }
    let precision = options.precision;
    let roles = precision.roles(problem);
    let plan = gpu.plan(roles)?;
    let Some(best) = plan.rung.storage() else {
        let reason = match precision {
            Precision::F64 => "f64 runs on the CPU backend only",
            _ => "no rung of the device is left; allow one, or use the CPU backend",
        };
        return Err(unsupported(format!("precision {precision}"), reason));
    };
    let half = |role: ScalarType| role == ScalarType::F16 && plan.rung < Rung::Single;
    let storage_of = |role| if half(role) { best } else { Storage::Single };
    let arithmetic = options.half_arithmetic;
    if arithmetic != HalfArithmetic::Storage && half(roles.products) {
        let reason = "products on the GPU are of f16 storage; use the CPU backend";
        return Err(unsupported(format!("half arithmetic {arithmetic}"), reason));
    }
    let settings = CgnrSettings {
        cg: options.linear.cg,
        storage: storage_of(roles.products),
        keep: storage_of(roles.vectors),
        fallbacks: plan.fallbacks,
    };
    Ok(Choice {
        solver: settings.build(gpu, setup)?,
        why,
        backend: "gpu",
        adapter: gpu.adapter().to_string(),
        driver: gpu.adapter().driver.clone(),
    })
}

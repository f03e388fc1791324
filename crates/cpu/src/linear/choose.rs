//! Which linear solver a problem gets.

use slam16_problem::{ProblemKind, Setup};
use slam16_solver::{
    BackendError, Choice, ColumnScaling, HalfArithmetic, LinearSolver, LinearSolverKind, Options,
    Precision,
};
use slam16_sparse::Ordering;

use super::cgnr::CgnrSettings;
use super::cgnr_ic::CgnrIcSettings;
use super::cholesky::CholeskySolver;
use super::schur::{Method, Unfit, schur};

/// The solver that `kind` stands for on this problem: `auto` is resolved.
pub(crate) fn resolve(
    kind: LinearSolverKind,
    setup: &Setup,
    problem: ProblemKind,
) -> (LinearSolverKind, String) {
    if kind != LinearSolverKind::Auto {
        return (kind, String::new());
    }
    match problem {
        ProblemKind::Bundle => (
            LinearSolverKind::Schur(slam16_solver::SchurReduced::Auto),
            format!(
                "bundle: {} points are eliminated before {} cameras",
                setup.structure.layout.variables() - setup.eliminable_from,
                setup.eliminable_from
            ),
        ),
        ProblemKind::PoseGraph2 | ProblemKind::PoseGraph3 => (
            LinearSolverKind::Cholesky,
            "pose graph: a complete sparse factor is cheap and serves several steps".to_owned(),
        ),
    }
}

pub(crate) fn choose(
    setup: &Setup,
    problem: ProblemKind,
    options: &Options,
) -> Result<Choice, BackendError> {
    let (kind, why) = resolve(options.linear.solver, setup, problem);
    let structure = &setup.structure;
    let on_jacobian = matches!(
        kind,
        LinearSolverKind::Cgnr(_) | LinearSolverKind::CgnrIc(_)
    );
    if structure.dense.is_some() && on_jacobian {
        return Err(BackendError::Unsupported {
            option: format!("linear solver {kind}"),
            reason: "it does not take the dense prior of a sliding window; use schur, schur-pcg or cholesky"
                .to_owned(),
        });
    }
    let solver: Box<dyn LinearSolver> = match kind {
        LinearSolverKind::Auto | LinearSolverKind::Cholesky => {
            let ordering = ordering(options.linear.ordering)?;
            let refactor = options.linear.refactor;
            match options.precision {
                Precision::F32 => {
                    Box::new(CholeskySolver::<f32>::new(structure, ordering, refactor))
                }
                _ => Box::new(CholeskySolver::<f64>::new(structure, ordering, refactor)),
            }
        }
        LinearSolverKind::Schur(form) => {
            let ordering = ordering(options.linear.ordering)?;
            schur(setup, Method::Direct(form, ordering)).map_err(|unfit| refused(kind, unfit))?
        }
        LinearSolverKind::SchurPcg => schur(setup, Method::Iterative(options.linear.cg))
            .map_err(|unfit| refused(kind, unfit))?,
        LinearSolverKind::Cgnr(scaling) => {
            let half_arithmetic = options.half_arithmetic;
            if scaling == ColumnScaling::Projected && half_arithmetic == HalfArithmetic::Accumulate
            {
                return Err(BackendError::Unsupported {
                    option: format!("half arithmetic {half_arithmetic}"),
                    reason: "projected products sum in f32; use cgnr:columns or cgnr:blocks"
                        .to_owned(),
                });
            }
            let settings = CgnrSettings {
                scaling,
                cg: options.linear.cg,
                roles: options.precision.roles(problem),
                half_arithmetic,
            };
            settings.build(setup)
        }
        LinearSolverKind::CgnrIc(fill) => {
            let settings = CgnrIcSettings {
                fill,
                ordering: options.linear.ordering,
                cg: options.linear.cg,
                preconditioner: options.linear.preconditioner,
                roles: options.precision.roles(problem),
                half_arithmetic: options.half_arithmetic,
            };
            settings.build(structure)
        }
    };
    Ok(Choice {
        solver,
        why,
        backend: "cpu",
        adapter: format!("cpu, {}", std::env::consts::ARCH),
        driver: String::new(),
    })
}

fn refused(kind: LinearSolverKind, unfit: Unfit) -> BackendError {
    BackendError::Unsupported {
        option: format!("linear solver {kind}"),
        reason: format!("{}; use cholesky", unfit.reason()),
    }
}

/// The elimination ordering of the sparse crate.
pub(crate) fn ordering(ordering: slam16_solver::Ordering) -> Result<Ordering, BackendError> {
    Ok(match ordering {
        slam16_solver::Ordering::Auto => Ordering::Auto,
        slam16_solver::Ordering::Natural => Ordering::Natural,
        slam16_solver::Ordering::Amd => Ordering::Amd,
        slam16_solver::Ordering::NestedDissection => Ordering::NestedDissection,
        slam16_solver::Ordering::Rcm => Ordering::Rcm,
        slam16_solver::Ordering::Multicolor => {
            return Err(BackendError::Unsupported {
                option: "ordering multicolor".to_owned(),
                reason: "it serves incomplete factors only; use amd, nested-dissection or rcm"
                    .to_owned(),
            });
        }
    })
}

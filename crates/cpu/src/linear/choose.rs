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
    precision: Precision,
) -> (LinearSolverKind, String) {
    if kind != LinearSolverKind::Auto {
        return (kind, String::new());
    }
    // Of the solvers in narrow precision only this one takes a dense prior.
    if setup.structure.dense.is_some() && precision == Precision::F32 {
        let why = "precision f32 was asked for, with a dense prior".to_owned();
        return (LinearSolverKind::Cholesky, why);
    }
    // Direct solvers have no halves and, with points, no f32 either.
    let narrow = match problem {
        ProblemKind::Bundle => !matches!(precision, Precision::F64 | Precision::Mixed),
        _ => matches!(precision, Precision::NaiveHalf | Precision::Custom(_)),
    };
    if narrow {
        let solver = match problem {
            ProblemKind::Bundle => LinearSolverKind::Cgnr(ColumnScaling::Projected),
            _ => LinearSolverKind::CgnrIc(slam16_solver::Fill::Auto),
        };
        let why = format!("precision {precision} was asked for, which direct solvers lack");
        return (solver, why);
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

/// The linear solver that these options stand for on the processor.
///
/// # Errors
/// Options that do not fit the problem.
pub fn choose(
    setup: &Setup,
    problem: ProblemKind,
    options: &Options,
) -> Result<Choice, BackendError> {
    let (kind, why) = resolve(options.linear.solver, setup, problem, options.precision);
    check(kind, setup, problem, options)?;
    let structure = &setup.structure;
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
            let settings = CgnrSettings {
                scaling,
                cg: options.linear.cg,
                roles: options.precision.roles(problem),
                half_arithmetic: options.half_arithmetic,
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

/// Refuses what a solver would otherwise pass over.
fn check(
    kind: LinearSolverKind,
    setup: &Setup,
    problem: ProblemKind,
    options: &Options,
) -> Result<(), BackendError> {
    let (precision, half_arithmetic) = (options.precision, options.half_arithmetic);
    let refuse = |option: String, reason: &str| {
        Err(BackendError::Unsupported {
            option,
            reason: reason.to_owned(),
        })
    };
    let roles = precision.roles(problem);
    match kind {
        LinearSolverKind::Cholesky
            if matches!(precision, Precision::NaiveHalf | Precision::Custom(_)) =>
        {
            refuse(
                format!("precision {precision}"),
                "cholesky runs in f64, or in f32 corrected in f64; use cgnr-ic or cgnr",
            )
        }
        LinearSolverKind::Schur(_) | LinearSolverKind::SchurPcg
            if !matches!(precision, Precision::F64 | Precision::Mixed) =>
        {
            refuse(
                format!("precision {precision}"),
                "schur and schur-pcg run in f64; use cgnr",
            )
        }
        LinearSolverKind::Cgnr(_) | LinearSolverKind::CgnrIc(_)
            if roles.products > roles.vectors =>
        {
            refuse(
                format!("precision {precision}"),
                "products cannot be wider than vectors; raise vectors or lower products",
            )
        }
        LinearSolverKind::CgnrIc(_) if problem == ProblemKind::Bundle => refuse(
            format!("linear solver {kind}"),
            "its static factor serves pose graphs; use schur, schur-pcg or cgnr",
        ),
        LinearSolverKind::Cgnr(_) | LinearSolverKind::CgnrIc(_)
            if setup.structure.dense.is_some() =>
        {
            refuse(
                format!("linear solver {kind} in precision {precision}"),
                "it does not take the dense prior of a sliding window; use schur, schur-pcg or cholesky, in precision f64 or mixed",
            )
        }
        LinearSolverKind::Cgnr(ColumnScaling::Projected)
            if half_arithmetic == HalfArithmetic::Accumulate =>
        {
            refuse(
                format!("half arithmetic {half_arithmetic}"),
                "projected products sum in f32; use cgnr:columns or cgnr:blocks",
            )
        }
        _ => Ok(()),
    }
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

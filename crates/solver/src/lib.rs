//! Outer loop, conjugate gradients, options and summaries: everything that no
//! backend owns.

mod backend;
mod cg;
pub mod conformance;
mod engine;
mod finite;
mod host;
mod options;
mod outer;
mod precision;
mod summary;
mod text;
#[cfg(test)]
mod toy;
mod used;

pub use backend::{
    Backend, BackendError, LinearOutcome, LinearRequest, Linearized, NumericError, StageTimes,
};
pub use cg::{
    CgBeta, CgControl, CgOutcome, CgState, CgStatus, CgStop, CgWorkspace, Space, StopTests,
    WorkspaceOf, conjugate_gradients,
};
pub use engine::Engine;
pub use host::{Choice, Description, HostBackend, LinearSolver, normal_vectors};
pub use options::{
    Algorithm, AlgorithmName, CgOptions, ColumnScaling, DampingPolicy, DoglegOptions, Fill,
    LinearOptions, LinearSolverKind, LmOptions, Options, OptionsError, Ordering,
    PreconditionerOptions, RefactorPolicy, RefreshPolicy, ReuseOptions, SchurReduced, StopOptions,
    TimeBudget,
};
pub use outer::{IterationReport, IterationSeconds, Iterations, SolveError, Stop};
pub use precision::{HalfArithmetic, Precision, Roles, ScalarType};
pub use summary::{Bytes, ProblemDescription, ProblemSummary, Seconds, Summary};
pub use used::{Fallback, RolePrecisions, Used};

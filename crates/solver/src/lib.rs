//! Outer loop, conjugate gradients, options and summaries: everything that no
//! backend owns.

mod backend;
mod cg;
mod options;
mod precision;
mod text;
mod used;

pub use backend::{
    Backend, BackendError, LinearOutcome, LinearRequest, Linearized, NumericError, StageTimes,
};
pub use cg::{
    CgBeta, CgControl, CgOutcome, CgState, CgStatus, CgStop, CgWorkspace, Space, StopTests,
    conjugate_gradients,
};
pub use options::{
    Algorithm, AlgorithmName, CgOptions, ColumnScaling, DampingPolicy, DoglegOptions, Fill,
    LinearOptions, LinearSolverKind, LmOptions, Options, OptionsError, Ordering,
    PreconditionerOptions, RefactorPolicy, RefreshPolicy, ReuseOptions, SchurReduced, StopOptions,
    TimeBudget,
};
pub use precision::{HalfArithmetic, Precision, Roles, ScalarType};
pub use used::{Fallback, RolePrecisions, Used};

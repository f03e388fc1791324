//! Conjugate gradients on normal equations that are never formed.
//!
//! Solves `(AᵀA + Λ) x = b` for a Jacobian `A` in scaled coordinates, a damping
//! `Λ ≥ 0` and a right-hand side `b`, with a preconditioner `M`. What is
//! carried along is `r = −A x` in the rows of `A`, as in CGLS, and not the
//! residual of the normal equations: in 32 and 16 bits that keeps the digits
//! which squaring `A` would lose (Å. Björck, Numerical Methods for Least Squares
//! Problems, 1996, 7.4). Unlike CGLS it starts from a given `b`, which the host
//! computes in f64: errors are then relative to `A x` and not to the residual
//! of the problem, which does not vanish at its solution.
//!
//! The text is written once over a [`Space`] whose scalars stay where its
//! vectors are; the CPU's f64, f32 and f16 solvers share it with the GPU's.

mod solve;
mod space;

pub use solve::{
    CgBeta, CgControl, CgOutcome, CgStop, CgWorkspace, WorkspaceOf, conjugate_gradients,
};
pub use space::{CgState, CgStatus, Space, StopTests};

#[cfg(test)]
mod tests;

//! What the iterative solvers share: vectors, products and preconditioners in
//! one precision, put together as a [`Space`](slam16_solver::Space).

mod damping;
mod operator;
mod preconditioner;
mod projected;
mod run;
mod scaled_jacobian;
mod space;
mod vectors;

pub(crate) use damping::Damping;
pub(crate) use operator::Operator;
pub(crate) use preconditioner::{Identity, Preconditioner};
pub(crate) use projected::ProjectedJacobian;
pub(crate) use run::{System, Workspace};
pub(crate) use scaled_jacobian::ScaledJacobian;
pub(crate) use space::CpuSpace;
pub(crate) use vectors::VectorArithmetic;

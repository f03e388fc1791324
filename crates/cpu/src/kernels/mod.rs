//! Twins of the device's kernels: the same arithmetic in the same order, as
//! pure functions. A twin takes the constants of its kernel, then its buffers
//! and the fields of its uniform structure, by their names and in their order.
//!
//! They are what tests compare devices with; the solvers of this crate use the
//! faster kernels of `slam16-sparse`.

#![allow(clippy::too_many_arguments)]

mod axpby;
mod block_gram;
mod block_jacobi_apply;
mod block_jacobi_build;
mod camera;
mod canary;
mod cg_scalar;
mod column_norms;
mod column_scale;
mod cost;
mod dot;
mod gather;
mod jacobian_mul;
mod jacobian_transpose_mul;
mod largest;
mod linearize;
mod loss;
mod maxima;
mod power_of_two;
mod reduce;
mod scale_encode;
mod sums;
mod triangles;
mod triangular;
mod triangular_resident;
mod triangular_solve;

pub use axpby::axpby;
pub use block_gram::block_gram;
pub use block_jacobi_apply::block_jacobi_apply;
pub use block_jacobi_build::block_jacobi_build;
pub use canary::canary;
pub use cg_scalar::cg_scalar;
pub use column_norms::column_norms;
pub use column_scale::column_scale;
pub use cost::cost;
pub use dot::dot;
pub use gather::gather;
pub use jacobian_mul::jacobian_mul;
pub use jacobian_transpose_mul::jacobian_transpose_mul;
pub use largest::largest;
pub use linearize::linearize;
pub use power_of_two::power_of_two;
pub use reduce::reduce;
pub use scale_encode::scale_encode;
pub use triangular_resident::triangular_resident;
pub use triangular_solve::triangular_solve;

/// Stands for "no scalar" in slots.
pub const NONE: u32 = u32::MAX;

/// Rounds to storage and back.
fn keep<S: slam16_sparse::Store<Compute = f32>>(value: f32) -> f32 {
    S::store(value).load()
}

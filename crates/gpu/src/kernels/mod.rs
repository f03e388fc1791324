//! The kernels: one module each, with the same stem as its WGSL, its twin on
//! the CPU and its test.

pub mod axpby;
pub mod block_gram;
pub mod block_jacobi_apply;
pub mod block_jacobi_build;
pub mod canary;
pub mod cg_scalar;
pub mod column_norms;
pub mod column_scale;
pub mod cost;
pub mod dot;
pub mod gather;
pub mod jacobian_mul;
pub mod jacobian_transpose_mul;
pub mod largest;
pub mod linearize;
pub mod power_of_two;
pub mod reduce;
pub mod scale_encode;
pub mod triangular_resident;
pub mod triangular_solve;

use crate::shader::KernelSpec;

/// Every kernel.
pub const ALL: &[&KernelSpec] = &[
    &axpby::SPEC,
    &block_gram::SPEC,
    &block_jacobi_apply::SPEC,
    &block_jacobi_build::SPEC,
    &canary::SPEC,
    &cg_scalar::SPEC,
    &column_norms::SPEC,
    &column_scale::SPEC,
    &cost::SPEC,
    &dot::SPEC,
    &gather::SPEC,
    &jacobian_mul::SPEC,
    &jacobian_transpose_mul::SPEC,
    &largest::SPEC,
    &linearize::SPEC,
    &power_of_two::SPEC,
    &reduce::SPEC,
    &scale_encode::SPEC,
    &triangular_resident::SPEC,
    &triangular_solve::SPEC,
];

/// Blocks in a tile: a device reads neighbouring words of a tile in one go.
pub const TILE: usize = 32;

/// Stands for "no scalar" in slots of parameters.
pub const NONE: u32 = u32::MAX;

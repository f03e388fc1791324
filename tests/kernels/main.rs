//! Every kernel against its twin and an fp64 oracle, on every adapter present
//! and every way of reading half storage; and what holds for kernels as such.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr
)]

mod axpby;
mod block_gram;
mod block_jacobi_apply;
mod block_jacobi_build;
mod bundle_chain;
mod canary;
mod census;
mod cg_scalar;
mod column_norms;
mod column_scale;
mod cost;
mod device;
mod dot;
mod factor;
mod gather;
mod harness;
mod jacobian_mul;
mod jacobian_transpose_mul;
mod largest;
mod linearize;
mod power_of_two;
mod reduce;
mod reflection;
mod scale_encode;
mod translation;
mod triangular_resident;
mod triangular_solve;

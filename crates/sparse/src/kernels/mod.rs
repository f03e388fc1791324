//! What iterative solvers do to the blocks of a Jacobian.
//!
//! Every kernel is generic over [`Store`](crate::Store): it loads from storage
//! and computes in [`Store::Compute`](crate::Store::Compute). A factor's
//! outputs, or a variable's, are computed by one item in a fixed order, so the
//! bits do not depend on the number of threads.

mod column_norms;
mod diagonal;
mod encode;
mod half_sums;
mod jacobian_mul;
mod jacobian_transpose_mul;
mod scaling;
mod shape;
mod split;

pub use column_norms::column_norms;
pub use diagonal::DiagonalBlocks;
pub use encode::{ColumnScaling, encode_blocks};
pub use half_sums::{jacobian_mul_half_sums, jacobian_transpose_mul_half_sums};
pub use jacobian_mul::{jacobian_mul, row_count};
pub use jacobian_transpose_mul::jacobian_transpose_mul;
pub use scaling::{scale_transposed, scaled_damping, unscale};

pub(crate) use encode::encode_in_order;
pub(crate) use shape::{ShapeKernel, dispatch_shape};
pub(crate) use split::split_by_ends;

#[cfg(test)]
mod tests;

//! Block-sparse patterns, orderings, factorisations and storage precisions.
//!
//! Every factor of a SLAM problem touches one or two variables, so one
//! container, [`EdgeBlocks`], holds the Jacobian of a factor set: two dense
//! blocks per factor, two index arrays, and for each variable the list of its
//! factors. `y = J x` runs over factors, `z = Jᵀ y` gathers per variable in
//! fixed order, so no result depends on the number of threads.

mod cholesky;
mod csr;
mod dense_rows;
mod edge;
mod incomplete;
mod isa;
mod jacobian;
mod kernels;
mod lanes;
mod layout;
mod normal_matrix;
mod ordering;
mod projected;
mod store;
mod symmetric;
mod symmetric_mul;
#[cfg(test)]
mod test_data;
mod threads;
mod tiled;

pub use cholesky::{Cholesky, Covariance, NotPositiveDefinite, Prediction, SymbolicCholesky};
pub use dense_rows::{DenseRows, DenseStructure};
pub use edge::{EdgeBlocks, EdgeShape, EdgeStructure, NO_VARIABLE};
pub use incomplete::{
    BlockFactor, Breakdown, FactorPattern, FactorReport, FillRule, LevelSchedule, PermutedPattern,
    PivotRule, SolveScratch, TriangularArithmetic, TriangularFactor, Whitening, multicolor_order,
};
pub use jacobian::{Jacobian, JacobianStructure};
pub use kernels::{
    ColumnScaling, DiagonalBlocks, column_norms, encode_blocks, jacobian_mul,
    jacobian_mul_half_sums, jacobian_transpose_mul, jacobian_transpose_mul_half_sums, row_count,
    scale_transposed, scaled_damping, unscale,
};
pub use layout::BlockLayout;
pub use normal_matrix::NormalAssembly;
pub use ordering::{Ordering, Permutation};
pub use projected::{
    MixedSet, ProjectedBlocks, ProjectedScaling, ProjectedStructure, ProjectedSystem,
};
pub use store::{Compute, Store};
pub use symmetric::{SymmetricBlocks, SymmetricPattern};
pub use threads::Threads;
pub use tiled::TiledLayout;

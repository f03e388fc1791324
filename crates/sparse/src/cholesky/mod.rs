//! Sparse block Cholesky: multifrontal, with dense kernels of our own.

mod amalgamate;
mod dense;
mod etree;
mod extend;
mod front;
mod inverse;
mod numeric;
mod packed;
mod plan;
mod run;
mod solve;
mod symbolic;

pub(crate) use etree::EliminationTree;
pub use inverse::Covariance;
pub use numeric::{Cholesky, NotPositiveDefinite};
pub use symbolic::{Prediction, SymbolicCholesky};

/// Columns start on a cache line and end on one; kernels then deal in whole
/// registers only.
pub(crate) const LINE: usize = 64;

/// `count` rounded up to whole cache lines of `T`.
#[inline(always)]
pub(crate) fn padded<T>(count: usize) -> usize {
    let per_line = LINE / size_of::<T>();
    count.div_ceil(per_line) * per_line
}

#[cfg(test)]
mod tests;

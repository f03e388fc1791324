//! Products with `A`, the Jacobian in scaled coordinates.

use slam16_sparse::{Compute, Threads};

/// `A` with its own storage, its vectors in `V`.
pub(crate) trait Operator<V: Compute> {
    /// Rows of `A`.
    fn rows(&self) -> usize;
    /// Columns of `A`.
    fn columns(&self) -> usize;
    /// `y = A x`.
    fn multiply(&mut self, x: &[V], y: &mut [V], threads: &Threads);
    /// `z = Aᵀ y`.
    fn transpose_multiply(&mut self, y: &[V], z: &mut [V], threads: &Threads);
    /// `true` when `A` or the products are rounded more coarsely than `V`.
    fn rounded(&self) -> bool;
    /// `y = A x` with `A` in the precision of `V`.
    fn true_multiply(&mut self, x: &[V], y: &mut [V], threads: &Threads);
    /// Uses that `A` from now on; `false` when it does already.
    fn escalate(&mut self, threads: &Threads) -> bool;
}

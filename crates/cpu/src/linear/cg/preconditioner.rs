//! Preconditioners.

use slam16_sparse::Compute;

/// `M⁻¹`, vectors in `V`.
pub(crate) trait Preconditioner<V: Compute> {
    /// `w = M⁻¹ z`.
    fn apply(&mut self, z: &[V], w: &mut [V]);
}

/// `M = I`.
pub(crate) struct Identity;

impl<V: Compute> Preconditioner<V> for Identity {
    fn apply(&mut self, z: &[V], w: &mut [V]) {
        w.copy_from_slice(z);
    }
}

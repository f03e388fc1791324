//! Values of a factor, and how they are computed.

use std::sync::Arc;

use super::front::Input;
use super::padded;
use super::plan::{Aligned, Plan};
use super::run::Workspace;
use super::symbolic::SymbolicCholesky;
use crate::{Compute, SymmetricBlocks, Threads};

/// The matrix is not positive definite to working precision.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("matrix is not positive definite: pivot {pivot:e} at variable {variable}")]
pub struct NotPositiveDefinite {
    /// Variable (original numbering) whose elimination failed.
    pub variable: usize,
    /// The pivot that should have been positive and finite.
    pub pivot: f64,
}

/// Panels of at most this many scalars are factored in a buffer that stays
/// in the cache, and stored without padding.
const BUFFERED: usize = 1 << 14;

/// Where a front's columns of L lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PanelPlace {
    pub offset: usize,
    pub ld: usize,
    pub lead: usize,
}

/// A factor `L` with `P (A + D) Pᵀ = L Lᵀ`, in `f64` or `f32`.
///
/// All storage is allocated by [`Cholesky::new`] (and once more when the
/// number of threads changes); factorising again reuses it.
#[derive(Clone, Debug)]
pub struct Cholesky<T: Compute> {
    pub(crate) symbolic: Arc<SymbolicCholesky>,
    pub(crate) places: Vec<PanelPlace>,
    pub(crate) factor: Aligned,
    /// Reciprocals of L's diagonal, in elimination numbering.
    pub(crate) inverse: Vec<T>,
    plan: Plan,
    stacks: Vec<Aligned>,
    /// One buffer per worker.
    buffers: Vec<Aligned>,
    buffer_len: usize,
}

impl<T: Compute> Cholesky<T> {
    /// Allocates a factor of the given structure. It holds no values until
    /// [`Cholesky::factorize`].
    pub fn new(symbolic: Arc<SymbolicCholesky>) -> Self {
        let mut places = Vec::with_capacity(symbolic.fronts.len());
        let mut end = 0;
        let mut buffer_len = 0;
        for front in &symbolic.fronts {
            let (pivots, below) = (front.pivots as usize, front.below as usize);
            let lead = padded::<T>(pivots) - pivots;
            let ld = padded::<T>(pivots) + padded::<T>(below);
            let place = if ld * pivots <= BUFFERED {
                buffer_len = buffer_len.max(ld * pivots);
                PanelPlace {
                    offset: end,
                    ld: pivots + below,
                    lead: 0,
                }
            } else {
                PanelPlace {
                    offset: padded::<T>(end),
                    ld,
                    lead,
                }
            };
            end = place.offset + place.ld * pivots;
            places.push(place);
        }
        let scalars = symbolic.layout.scalars();
        let mut cholesky = Self {
            plan: Plan::new::<T>(&symbolic, 1),
            symbolic,
            places,
            factor: Aligned::zeros::<T>(end),
            inverse: vec![T::ZERO; scalars],
            stacks: Vec::new(),
            buffers: Vec::new(),
            buffer_len,
        };
        cholesky.allocate();
        cholesky
    }

    fn allocate(&mut self) {
        self.stacks.clear();
        self.stacks
            .extend(self.plan.stacks.iter().map(|&n| Aligned::zeros::<T>(n)));
        self.buffers.clear();
        let workers = self.plan.groups.len() + 1;
        self.buffers
            .extend((0..workers).map(|_| Aligned::zeros::<T>(self.buffer_len)));
    }

    /// Structure of the factor.
    pub fn symbolic(&self) -> &Arc<SymbolicCholesky> {
        &self.symbolic
    }

    /// Bytes held: factor, update matrices and buffers.
    pub fn bytes(&self) -> usize {
        let parts = self.stacks.iter().chain(&self.buffers);
        self.factor.bytes()
            + self.inverse.len() * size_of::<T>()
            + parts.map(Aligned::bytes).sum::<usize>()
    }

    /// Factors `matrix + diag(damping)`; `damping` has one entry per scalar,
    /// in original numbering.
    ///
    /// The result does not depend on the number of threads. `matrix` must
    /// have the layout and pattern that were analysed.
    ///
    /// # Errors
    /// [`NotPositiveDefinite`] names the variable of the first pivot that
    /// failed; the factor then holds no usable values.
    pub fn factorize(
        &mut self,
        matrix: &SymmetricBlocks,
        damping: &[f64],
        threads: &Threads,
    ) -> Result<(), NotPositiveDefinite> {
        assert_eq!(matrix.layout().offsets(), self.symbolic.layout.offsets());
        assert_eq!(matrix.pattern().blocks(), self.symbolic.blocks);
        assert_eq!(damping.len(), self.symbolic.layout.scalars());
        if self.plan.threads != threads.count() {
            self.plan = Plan::new::<T>(&self.symbolic, threads.count());
            self.allocate();
        }
        let symbolic = Arc::clone(&self.symbolic);
        let input = Input {
            symbolic: &symbolic,
            matrix,
            damping,
        };
        let workspace = Workspace {
            input,
            places: &self.places,
            plan: &self.plan,
            factor: self.factor.get_mut::<T>(),
            inverse: &mut self.inverse,
            stacks: &mut self.stacks,
            buffers: &mut self.buffers,
        };
        workspace.run(threads).map_err(|failure| {
            let new = failure.scalar as u32;
            let offsets = &symbolic.offsets;
            let v = offsets.partition_point(|&o| o <= new).saturating_sub(1);
            NotPositiveDefinite {
                variable: symbolic.permutation.old_from_new()[v] as usize,
                pivot: failure.pivot,
            }
        })
    }

    /// `ln det(A + D)`, from the pivots of the last factorisation.
    pub fn log_determinant(&self) -> f64 {
        let logs = self.inverse.iter().map(|&x| x.widen().ln());
        -2.0 * logs.sum::<f64>()
    }
}

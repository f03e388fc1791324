//! Values of a factor, and how they are computed.

use std::sync::Arc;

use super::extend::Spreads;
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

/// Where a front's columns of L lie: column `j` at `offset + j * ld`, its
/// diagonal at row `j`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PanelPlace {
    pub offset: usize,
    pub ld: usize,
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
    rooms: Vec<Aligned>,
    spreads: Spreads,
}

impl<T: Compute> Cholesky<T> {
    /// Allocates a factor of the given structure. It holds no values until
    /// [`Cholesky::factorize`].
    pub fn new(symbolic: Arc<SymbolicCholesky>) -> Self {
        let mut places = Vec::with_capacity(symbolic.fronts.len());
        let mut end = 0;
        for front in &symbolic.fronts {
            let ld = padded::<T>((front.pivots + front.below) as usize);
            places.push(PanelPlace { offset: end, ld });
            end += ld * front.pivots as usize;
        }
        let scalars = symbolic.layout.scalars();
        let mut cholesky = Self {
            plan: Plan::new::<T>(&symbolic, 1),
            spreads: Spreads::new::<T>(&symbolic),
            symbolic,
            places,
            factor: Aligned::zeros::<T>(end),
            inverse: vec![T::ZERO; scalars],
            stacks: Vec::new(),
            rooms: Vec::new(),
        };
        cholesky.allocate();
        cholesky
    }

    fn allocate(&mut self) {
        self.stacks.clear();
        self.stacks
            .extend(self.plan.stacks.iter().map(|&n| Aligned::zeros::<T>(n)));
        self.rooms.clear();
        self.rooms
            .extend(self.plan.rooms.iter().map(|&n| Aligned::zeros::<T>(n)));
    }

    /// Structure of the factor.
    pub fn symbolic(&self) -> &Arc<SymbolicCholesky> {
        &self.symbolic
    }

    /// Bytes held: factor and update matrices.
    pub fn bytes(&self) -> usize {
        let parts = self.stacks.iter().chain(&self.rooms);
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
    /// # Panics
    /// If the sizes are not those that were analysed.
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
        self.factorize_on(pulp::Arch::new(), matrix, damping, threads)
    }

    /// As [`Cholesky::factorize`], with a given set of instructions.
    pub(crate) fn factorize_on(
        &mut self,
        arch: pulp::Arch,
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
            spreads: &self.spreads,
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
            rooms: &mut self.rooms,
        };
        workspace.run(arch, threads).map_err(|failure| {
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

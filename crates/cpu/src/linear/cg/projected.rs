//! The landmark-projected Jacobian in a storage precision.

use std::sync::Arc;

use slam16_solver::HalfArithmetic;
use slam16_sparse::{
    Compute, Jacobian, ProjectedBlocks, ProjectedScaling, ProjectedStructure, Store, Threads,
};

use super::VectorArithmetic;
use super::operator::Operator;
use super::scaled_jacobian::{enter_half, through};
use super::vectors::half;

/// `A = (I − Q Qᵀ) [C; 0]` stored in `S`, for vectors in `V`; keeps a copy in
/// `V` once one is needed to check or replace the stored one.
pub(crate) struct ProjectedJacobian<S: Store, V: Compute> {
    stored: ProjectedBlocks<S>,
    wide: Option<ProjectedBlocks<V>>,
    wide_ready: bool,
    escalated: bool,
    overflows: usize,
    half_inputs: bool,
    naive: bool,
    input: Vec<S::Compute>,
    output: Vec<S::Compute>,
}

impl<S: Store, V: Compute> ProjectedJacobian<S, V> {
    /// `arithmetic` other than storage rounds the vectors that enter a product
    /// with `A` or `Aᵀ`; inside a product sums are wide.
    pub(crate) fn new(
        structure: Arc<ProjectedStructure>,
        arithmetic: HalfArithmetic,
        vectors: VectorArithmetic,
    ) -> Self {
        let is_half = size_of::<S>() == 2;
        Self {
            stored: ProjectedBlocks::zeros(structure),
            wide: None,
            wide_ready: false,
            escalated: false,
            overflows: 0,
            half_inputs: is_half && arithmetic != HalfArithmetic::Storage,
            naive: vectors == VectorArithmetic::NaiveHalf,
            input: Vec::new(),
            output: Vec::new(),
        }
    }

    /// Takes new values for one solve, which may need what they came from.
    pub(crate) fn view<'a>(
        &'a mut self,
        jacobian: &'a Jacobian<f64>,
        scaling: &'a ProjectedScaling,
        threads: &Threads,
    ) -> ProjectedView<'a, S, V> {
        self.wide_ready = false;
        self.escalated = false;
        self.overflows = self.stored.set(jacobian, scaling, threads);
        let mut view = ProjectedView {
            own: self,
            jacobian,
            scaling,
        };
        if view.own.overflows > 0 {
            view.escalate(threads);
        }
        view
    }

    /// Entries that did not fit the storage in the last solve.
    pub(crate) fn overflows(&self) -> usize {
        self.overflows
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.stored.bytes()
            + self.wide.as_ref().map_or(0, ProjectedBlocks::bytes)
            + size_of_val(self.input.as_slice())
            + size_of_val(self.output.as_slice())
    }
}

/// A [`ProjectedJacobian`] during one solve.
pub(crate) struct ProjectedView<'a, S: Store, V: Compute> {
    own: &'a mut ProjectedJacobian<S, V>,
    jacobian: &'a Jacobian<f64>,
    scaling: &'a ProjectedScaling,
}

impl<S: Store, V: Compute> ProjectedView<'_, S, V> {
    fn wide(&mut self, threads: &Threads) -> &ProjectedBlocks<V> {
        let structure = self.own.stored.structure();
        let wide = self
            .own
            .wide
            .get_or_insert_with(|| ProjectedBlocks::zeros(structure.clone()));
        if !self.own.wide_ready {
            wide.set(self.jacobian, self.scaling, threads);
            self.own.wide_ready = true;
        }
        wide
    }

    /// The stored product, with the rounding of vectors asked for.
    fn product(
        &mut self,
        from: &[V],
        to: &mut [V],
        op: impl Fn(&ProjectedBlocks<S>, &[S::Compute], &mut [S::Compute]),
    ) {
        let own = &mut *self.own;
        let (stored, naive, half_inputs) = (&own.stored, own.naive, own.half_inputs);
        through(from, to, &mut own.input, &mut own.output, |from, to| {
            if naive {
                let from: Vec<S::Compute> = from.iter().map(|v| half(*v)).collect();
                op(stored, &from, to);
            } else if half_inputs {
                let (from, up) = enter_half(from);
                op(stored, &from, to);
                to.iter_mut().for_each(|v| *v *= up);
            } else {
                op(stored, from, to);
            }
        });
    }
}

impl<S: Store, V: Compute> Operator<V> for ProjectedView<'_, S, V> {
    fn rows(&self) -> usize {
        self.own.stored.structure().rows()
    }

    fn columns(&self) -> usize {
        self.own.stored.structure().kept_layout().scalars()
    }

    fn multiply(&mut self, x: &[V], y: &mut [V], threads: &Threads) {
        if self.own.escalated {
            self.wide(threads).mul(x, y, threads);
        } else {
            self.product(x, y, |stored, x, y| stored.mul(x, y, threads));
        }
    }

    fn transpose_multiply(&mut self, y: &[V], z: &mut [V], threads: &Threads) {
        if self.own.escalated {
            self.wide(threads).transpose_mul(y, z, threads);
        } else {
            self.product(y, z, |stored, y, z| stored.transpose_mul(y, z, threads));
        }
    }

    fn rounded(&self) -> bool {
        !self.own.escalated && !self.own.naive && size_of::<S>() < size_of::<V>()
    }

    fn true_multiply(&mut self, x: &[V], y: &mut [V], threads: &Threads) {
        if size_of::<S>() == size_of::<V>() {
            return self.multiply(x, y, threads);
        }
        self.wide(threads).mul(x, y, threads);
    }

    fn escalate(&mut self, threads: &Threads) -> bool {
        if !self.rounded() {
            return false;
        }
        self.wide(threads);
        self.own.escalated = true;
        true
    }
}

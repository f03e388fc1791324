//! The projected Jacobian's values in a storage precision.

use std::sync::Arc;

use super::structure::Side;
use super::{ProjectedScaling, ProjectedStructure};
use crate::encode_blocks;
use crate::isa::{Isa, Kernel, dispatch, round_into};
use crate::kernels::encode_in_order;
use crate::{ColumnScaling, EdgeBlocks, Jacobian, Store, Threads};

/// `C = J_c R_c⁻¹` and `Q` of a [`ProjectedStructure`] in storage `S`. The
/// columns of `Q` are orthonormal and those of `C` have norms around 1: no
/// entry comes near the limits of binary16.
#[derive(Clone, Debug)]
pub struct ProjectedBlocks<S: Store> {
    pub(super) structure: Arc<ProjectedStructure>,
    /// Blocks of the kept variables: plain sets, then mixed ones by place.
    pub(super) kept: Vec<EdgeBlocks<S>>,
    /// Blocks `Q_f` of each mixed set by place, column-major.
    pub(super) q: Vec<Vec<S>>,
    /// Blocks `√Λ_j R_j⁻¹`, upper triangular, full, column-major.
    pub(super) q2: Vec<S>,
}

impl<S: Store> ProjectedBlocks<S> {
    /// All zero.
    pub fn zeros(structure: Arc<ProjectedStructure>) -> Self {
        let plain = structure.plain.iter().map(|(_, set)| set.clone());
        let mixed = structure.mixed.iter().map(|set| set.kept.clone());
        let eliminated = &structure.eliminated_layout;
        let squares = (0..eliminated.variables()).map(|v| eliminated.dim(v).pow(2));
        Self {
            kept: plain.chain(mixed).map(EdgeBlocks::zeros).collect(),
            q: structure
                .mixed
                .iter()
                .map(|set| {
                    let size = set.shape.rows * set.shape.cols_b;
                    vec![S::default(); set.eliminated.len() * size]
                })
                .collect(),
            q2: vec![S::default(); squares.sum()],
            structure,
        }
    }

    /// The structure these values belong to.
    pub fn structure(&self) -> &Arc<ProjectedStructure> {
        &self.structure
    }

    /// Blocks of the kept variables: those of the plain sets, then of the mixed
    /// ones by place.
    pub fn kept(&self) -> &[EdgeBlocks<S>] {
        &self.kept
    }

    /// Blocks of `Q` by place, `rows × cols_b` of each mixed set's shape,
    /// column-major; one slice per mixed set.
    pub fn eliminated(&self) -> &[Vec<S>] {
        &self.q
    }

    /// `√Λ_j R_j⁻¹` of each eliminated variable: square, column-major.
    pub fn damping(&self) -> &[S] {
        &self.q2
    }

    /// Rounds `C` and `Q` of a linearisation to storage; returns how many
    /// entries overflowed.
    pub fn set(
        &mut self,
        jacobian: &Jacobian<f64>,
        scaling: &ProjectedScaling,
        threads: &Threads,
    ) -> usize {
        let structure = &self.structure;
        let kept_layout = &structure.kept_layout;
        let by_kept = ColumnScaling::Upper(&scaling.kept);
        let by_eliminated = ColumnScaling::Upper(&scaling.eliminated);
        let mut overflows = 0;
        let (plain, mixed) = self.kept.split_at_mut(structure.plain.len());
        for ((source, _), to) in structure.plain.iter().zip(plain) {
            let from = &jacobian.sets[*source];
            overflows += encode_blocks(from, by_kept, kept_layout, to, threads);
        }
        for ((set, to), q) in structure.mixed.iter().zip(mixed).zip(&mut self.q) {
            let from = &jacobian.sets[set.source];
            let (kept, eliminated) = match set.eliminated_side {
                Side::A => (&from.b, &from.a),
                Side::B => (&from.a, &from.b),
            };
            let (shape, order) = (set.shape, &set.order);
            let variables = set.kept.var_a();
            let size = (shape.rows, shape.cols_a);
            let to = &mut to.a;
            overflows += encode_in_order(
                size,
                variables,
                order,
                kept,
                by_kept,
                kept_layout,
                to,
                threads,
            );
            let size = (shape.rows, shape.cols_b);
            let (from, layout) = (eliminated, &structure.eliminated_layout);
            let variables = &set.eliminated;
            overflows += encode_in_order(
                size,
                variables,
                order,
                from,
                by_eliminated,
                layout,
                q,
                threads,
            );
        }
        overflows
            + dispatch(DampingBlocks {
                structure,
                scaling,
                to: &mut self.q2,
            })
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.kept.iter().map(EdgeBlocks::bytes).sum::<usize>()
            + self
                .q
                .iter()
                .map(|q| size_of_val(q.as_slice()))
                .sum::<usize>()
            + size_of_val(self.q2.as_slice())
    }
}

/// `√Λ_j R_j⁻¹`, rounded.
struct DampingBlocks<'a, S> {
    structure: &'a ProjectedStructure,
    scaling: &'a ProjectedScaling,
    to: &'a mut [S],
}

impl<S: Store> Kernel for DampingBlocks<'_, S> {
    type Output = usize;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> usize {
        let layout = &self.structure.eliminated_layout;
        let mut rest = self.to;
        let mut overflows = 0;
        let mut block = Vec::new();
        for v in 0..layout.variables() {
            let dim = layout.dim(v);
            let roots = &self.scaling.root_damping[layout.range(v)];
            let inverse = self.scaling.eliminated.block(v);
            block.clear();
            block.extend(inverse.iter().enumerate().map(|(k, x)| x * roots[k % dim]));
            let (to, tail) = rest.split_at_mut(dim * dim);
            rest = tail;
            overflows += round_into(isa, &block, to);
        }
        overflows
    }
}

//! Which factors touch which eliminated variable; made once per problem.

use std::sync::Arc;

use crate::{BlockLayout, EdgeShape, EdgeStructure, JacobianStructure, NO_VARIABLE};

/// Which side of a factor a variable is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The first.
    A,
    /// The second.
    B,
}

/// A set whose factors touch an eliminated variable.
///
/// Its factors are taken in the order of their eliminated variables: factor
/// `k` in that order is at place `k`.
#[derive(Clone, Debug)]
pub struct MixedSet {
    /// Its number among the problem's sets.
    pub(crate) source: usize,
    /// Rows, columns of the kept variable (0 when there is none) and of the
    /// eliminated one.
    pub(crate) shape: EdgeShape,
    pub(crate) eliminated_side: Side,
    /// The factor at each place; empty when it is the place itself.
    pub(crate) order: Vec<u32>,
    /// Eliminated variable, counted from 0, at each place: ascending.
    pub(crate) eliminated: Vec<u32>,
    /// First place of each eliminated variable, and the end.
    pub(crate) start: Vec<u32>,
    /// The kept variables as a unary set over the places.
    pub(crate) kept: Arc<EdgeStructure>,
}

impl MixedSet {
    /// Rows, columns of the kept variable (0 when there is none) and of the
    /// eliminated one.
    pub fn shape(&self) -> EdgeShape {
        self.shape
    }

    /// Eliminated variable, counted from 0, at each place: ascending.
    pub fn eliminated(&self) -> &[u32] {
        &self.eliminated
    }

    /// First place of each eliminated variable, and the end.
    pub fn start(&self) -> &[u32] {
        &self.start
    }
}

/// A problem's structure split into kept and eliminated variables.
#[derive(Clone, Debug)]
pub struct ProjectedStructure {
    pub(crate) kept_layout: Arc<BlockLayout>,
    pub(crate) eliminated_layout: Arc<BlockLayout>,
    /// Sets of kept variables only: number among the problem's sets, structure.
    pub(crate) plain: Vec<(usize, Arc<EdgeStructure>)>,
    pub(crate) mixed: Vec<MixedSet>,
}

impl ProjectedStructure {
    /// Splits at `eliminable_from`, which is as in the problem's setup: from
    /// there on no two variables share a factor.
    pub fn new(structure: &JacobianStructure, eliminable_from: usize) -> Self {
        let layout = &structure.layout;
        let n = layout.variables();
        let from = eliminable_from.min(n);
        let dims = |range: std::ops::Range<usize>| range.map(|v| layout.dim(v));
        let kept_layout = Arc::new(BlockLayout::new(dims(0..from)));
        let eliminated_layout = Arc::new(BlockLayout::new(dims(from..n)));
        let mut plain = Vec::new();
        let mut mixed = Vec::new();
        for (source, set) in structure.sets.iter().enumerate() {
            let eliminated = |v: u32| v != NO_VARIABLE && v as usize >= from;
            // All factors of a set are alike: its first one decides.
            let side = match (set.var_a().first(), set.var_b().first()) {
                (Some(&a), _) if eliminated(a) => Some(Side::A),
                (_, Some(&b)) if eliminated(b) => Some(Side::B),
                _ => None,
            };
            let Some(side) = side else {
                let (a, b) = (set.var_a().to_vec(), set.var_b().to_vec());
                let kept = EdgeStructure::new(set.shape(), a, b, from);
                plain.push((source, Arc::new(kept)));
                continue;
            };
            mixed.push(Self::mixed(source, set, side, from, n));
        }
        Self {
            kept_layout,
            eliminated_layout,
            plain,
            mixed,
        }
    }

    fn mixed(source: usize, set: &EdgeStructure, side: Side, from: usize, n: usize) -> MixedSet {
        let EdgeShape {
            rows,
            cols_a,
            cols_b,
        } = set.shape();
        let (eliminated, kept, shape) = match side {
            Side::A => (set.var_a(), set.var_b(), [cols_b, cols_a]),
            Side::B => (set.var_b(), set.var_a(), [cols_a, cols_b]),
        };
        let mut order: Vec<u32> = (0..set.factors() as u32).collect();
        order.sort_by_key(|&f| eliminated[f as usize]);
        let by_place =
            |values: &[u32]| -> Vec<u32> { order.iter().map(|&f| values[f as usize]).collect() };
        let kept_vars = by_place(kept);
        let eliminated: Vec<u32> = by_place(eliminated)
            .into_iter()
            .map(|v| v - from as u32)
            .collect();
        let mut start = vec![0_u32; n - from + 1];
        for &v in &eliminated {
            start[v as usize + 1] += 1;
        }
        for v in 0..n - from {
            start[v + 1] += start[v];
        }
        if order.is_sorted() {
            order = Vec::new();
        }
        let unary = EdgeShape {
            rows,
            cols_a: shape[0],
            cols_b: 0,
        };
        let none = vec![NO_VARIABLE; kept_vars.len()];
        MixedSet {
            source,
            shape: EdgeShape {
                rows,
                cols_a: shape[0],
                cols_b: shape[1],
            },
            eliminated_side: side,
            order,
            eliminated,
            start,
            kept: Arc::new(EdgeStructure::new(unary, kept_vars, none, from)),
        }
    }

    /// Where the kept unknowns lie: as in the whole problem.
    pub fn kept_layout(&self) -> &Arc<BlockLayout> {
        &self.kept_layout
    }

    /// Where the eliminated unknowns lie, counted from the first of them.
    pub fn eliminated_layout(&self) -> &Arc<BlockLayout> {
        &self.eliminated_layout
    }

    /// Number of sets of kept variables only.
    pub fn plain_sets(&self) -> usize {
        self.plain.len()
    }

    /// The sets whose factors touch an eliminated variable.
    pub fn mixed_sets(&self) -> &[MixedSet] {
        &self.mixed
    }

    /// Rows of the projected Jacobian: all residuals, and one row per
    /// eliminated unknown for its damping.
    pub fn rows(&self) -> usize {
        let plain = self
            .plain
            .iter()
            .map(|(_, set)| set.factors() * set.shape().rows);
        let mixed = self
            .mixed
            .iter()
            .map(|set| set.kept.factors() * set.shape.rows);
        plain.chain(mixed).sum::<usize>() + self.eliminated_layout.scalars()
    }

    /// Bytes of the index.
    pub fn bytes(&self) -> usize {
        let variables = self.kept_layout.variables();
        let plain = self
            .plain
            .iter()
            .map(|(_, set)| 16 * set.factors() + 4 * variables);
        let mixed = self.mixed.iter().map(|set| {
            4 * (set.order.len() + set.eliminated.len() + set.start.len())
                + 12 * set.kept.factors()
                + 4 * variables
        });
        plain.chain(mixed).sum::<usize>() + 8 * (variables + self.eliminated_layout.variables())
    }
}

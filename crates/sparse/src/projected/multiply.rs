//! Products with the projected Jacobian.

use std::ops::Range;

use super::ProjectedBlocks;
use super::structure::MixedSet;
use crate::isa::{Isa, load_block, madd};
use crate::kernels::{ShapeKernel, dispatch_shape, split_by_ends};
use crate::{BlockLayout, EdgeBlocks, Store, Threads, jacobian_mul, jacobian_transpose_mul};

/// Eliminated variables per task: their blocks stay in the first cache between
/// the two passes.
const CHUNK: usize = 128;

impl<S: Store> ProjectedBlocks<S> {
    /// `y = (I − Q Qᵀ) [C x; 0]`: rows of the plain sets, then of the mixed
    /// ones by place, then one row per eliminated unknown.
    pub fn mul(&self, x: &[S::Compute], y: &mut [S::Compute], threads: &Threads) {
        let structure = &self.structure;
        debug_assert_eq!(y.len(), structure.rows());
        let (plain, mixed) = self.kept.split_at(structure.plain.len());
        let rows: usize = structure
            .plain
            .iter()
            .map(|(_, s)| s.factors() * s.shape().rows)
            .sum();
        let (y_plain, y) = y.split_at_mut(rows);
        jacobian_mul(plain, &structure.kept_layout, x, y_plain, threads);

        // Every task owns the rows of its eliminated variables in each set.
        let layout = &structure.eliminated_layout;
        let variables = layout.variables();
        let tasks = variables.div_ceil(CHUNK);
        let ends = || (1..=tasks).map(|i| (i * CHUNK).min(variables));
        let mut pieces: Vec<Vec<&mut [S::Compute]>> = (0..tasks).map(|_| Vec::new()).collect();
        let mut rest = y;
        for set in &structure.mixed {
            let (own, tail) = rest.split_at_mut(set.eliminated.len() * set.shape.rows);
            rest = tail;
            let ends = ends().map(|v| set.start[v] as usize * set.shape.rows);
            for (task, piece) in pieces.iter_mut().zip(split_by_ends(own, ends)) {
                task.push(piece);
            }
        }
        let last = split_by_ends(rest, ends().map(|v| layout.offsets()[v]));
        let tasks = pieces.into_iter().zip(last).enumerate().collect();
        threads.for_each(
            tasks,
            |(i, (mut rows, damping)): (usize, (Vec<&mut [S::Compute]>, _))| {
                let range = i * CHUNK..((i + 1) * CHUNK).min(variables);
                self.project(mixed, x, range, &mut rows, damping);
            },
        );
    }

    /// `z = Cᵀ y`. For a `y` that [`ProjectedBlocks::mul`] made, and sums of
    /// such, that is the product with the transposed projected Jacobian.
    pub fn transpose_mul(&self, y: &[S::Compute], z: &mut [S::Compute], threads: &Threads) {
        let rows = crate::row_count(&self.kept);
        let layout = &self.structure.kept_layout;
        jacobian_transpose_mul(&self.kept, layout, &y[..rows], z, threads);
    }

    fn project(
        &self,
        mixed: &[EdgeBlocks<S>],
        x: &[S::Compute],
        variables: Range<usize>,
        rows: &mut [&mut [S::Compute]],
        damping: &mut [S::Compute],
    ) {
        let structure = &self.structure;
        let layout = &structure.eliminated_layout;
        // First t = Qᵀ C x, kept where −√Λ R⁻¹ t goes in the end.
        damping.fill(S::Compute::default());
        for subtract in [false, true] {
            for (k, set) in structure.mixed.iter().enumerate() {
                let kernel = Project {
                    set,
                    kept: &mixed[k],
                    q: &self.q[k],
                    kept_layout: &structure.kept_layout,
                    layout,
                    x,
                    variables: variables.clone(),
                    y: &mut *rows[k],
                    t: &mut *damping,
                    subtract,
                };
                dispatch_shape(set.shape, kernel);
            }
        }
        let mut at = 0;
        let first = layout.offset(variables.start);
        let mut block = squares_before(layout, variables.start);
        for v in variables {
            let dim = layout.dim(v);
            let t = &mut damping[at..at + dim];
            debug_assert_eq!(first + at, layout.offset(v));
            let q2 = &self.q2[block..block + dim * dim];
            // Upper triangular, row by row from the top: in place.
            for r in 0..dim {
                let mut sum = S::Compute::default();
                for c in r..dim {
                    sum += q2[c * dim + r].load() * t[c];
                }
                t[r] = -sum;
            }
            at += dim;
            block += dim * dim;
        }
    }
}

/// `Σ_{u < v} dim(u)²`.
fn squares_before(layout: &BlockLayout, v: usize) -> usize {
    match v {
        0 => 0,
        _ if layout.scalars() == layout.variables() * layout.dim(0) => v * layout.dim(0).pow(2),
        _ => (0..v).map(|u| layout.dim(u).pow(2)).sum(),
    }
}

/// One pass over the factors of some eliminated variables: `y = C x` and
/// `t += Qᵀ y`, or with `subtract` `y −= Q t`.
struct Project<'a, S: Store> {
    set: &'a MixedSet,
    kept: &'a EdgeBlocks<S>,
    q: &'a [S],
    kept_layout: &'a BlockLayout,
    layout: &'a BlockLayout,
    x: &'a [S::Compute],
    variables: Range<usize>,
    y: &'a mut [S::Compute],
    t: &'a mut [S::Compute],
    subtract: bool,
}

impl<S: Store> ShapeKernel for Project<'_, S> {
    #[inline(always)]
    fn run<I: Isa, const R: usize, const A: usize, const B: usize>(self, isa: I) {
        let zero = S::Compute::default();
        let variables = self.set.kept.var_a();
        let first = self.set.start[self.variables.start] as usize;
        let base = self.layout.offset(self.variables.start);
        let (c, q) = (&self.kept.a[..], self.q);
        for v in self.variables {
            let places = self.set.start[v] as usize..self.set.start[v + 1] as usize;
            let at = self.layout.offset(v) - base;
            let t = &mut self.t[at..at + B];
            let y = &mut self.y[(places.start - first) * R..(places.end - first) * R];
            if self.subtract {
                let mut own = [zero; B];
                own.copy_from_slice(t);
                for (y, place) in y.chunks_exact_mut(R).zip(places) {
                    let q = load_block::<I, S, R, B>(isa, &q[place * R * B..(place + 1) * R * B]);
                    for k in 0..B {
                        for r in 0..R {
                            y[r] = madd::<I, _>(-q[k][r], own[k], y[r]);
                        }
                    }
                }
            } else {
                let mut acc = [[zero; R]; B];
                for (y, place) in y.chunks_exact_mut(R).zip(places) {
                    let block = &c[place * R * A..(place + 1) * R * A];
                    let block = load_block::<I, S, R, A>(isa, block);
                    let mut sum = [zero; R];
                    if A > 0 {
                        let x = &self.x[self.kept_layout.offset(variables[place] as usize)..][..A];
                        for k in 0..A {
                            for r in 0..R {
                                sum[r] = madd::<I, _>(block[k][r], x[k], sum[r]);
                            }
                        }
                    }
                    let q = load_block::<I, S, R, B>(isa, &q[place * R * B..(place + 1) * R * B]);
                    for k in 0..B {
                        for r in 0..R {
                            acc[k][r] = madd::<I, _>(q[k][r], sum[r], acc[k][r]);
                        }
                    }
                    y.copy_from_slice(&sum);
                }
                for (t, rows) in t.iter_mut().zip(acc) {
                    for row in rows {
                        *t += row;
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn run_any<I: Isa>(self, _isa: I) {
        let (rows, kept, gone) = (
            self.set.shape.rows,
            self.set.shape.cols_a,
            self.set.shape.cols_b,
        );
        let variables = self.set.kept.var_a();
        let first = self.set.start[self.variables.start] as usize;
        let base = self.layout.offset(self.variables.start);
        for v in self.variables {
            let places = self.set.start[v] as usize..self.set.start[v + 1] as usize;
            let at = self.layout.offset(v) - base;
            let t = &mut self.t[at..at + gone];
            let y = &mut self.y[(places.start - first) * rows..(places.end - first) * rows];
            for (y, place) in y.chunks_exact_mut(rows).zip(places) {
                let q = &self.q[place * rows * gone..(place + 1) * rows * gone];
                if self.subtract {
                    for (column, &t) in q.chunks_exact(rows).zip(&*t) {
                        for (y, q) in y.iter_mut().zip(column) {
                            *y = madd::<I, _>(-q.load(), t, *y);
                        }
                    }
                    continue;
                }
                y.fill(S::Compute::default());
                if kept > 0 {
                    let x = &self.x[self.kept_layout.offset(variables[place] as usize)..][..kept];
                    for (column, &x) in self.kept.block_a(place).chunks_exact(rows).zip(x) {
                        for (y, c) in y.iter_mut().zip(column) {
                            *y = madd::<I, _>(c.load(), x, *y);
                        }
                    }
                }
                for (t, column) in t.iter_mut().zip(q.chunks_exact(rows)) {
                    for (q, &y) in column.iter().zip(&*y) {
                        *t = madd::<I, _>(q.load(), y, *t);
                    }
                }
            }
        }
    }
}

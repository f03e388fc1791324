//! One front: assembly from the matrix and from the children, then the
//! partial factorisation.

use pulp::Simd;

use super::dense::{Place, factor_panel, subtract_lower};
use super::padded;
use super::symbolic::{Front, Run, SymbolicCholesky};
use crate::{Compute, SymmetricBlocks};

/// What all fronts of a factorisation share.
#[derive(Clone, Copy)]
pub(crate) struct Input<'a> {
    pub symbolic: &'a SymbolicCholesky,
    pub matrix: &'a SymmetricBlocks,
    pub damping: &'a [f64],
}

/// A front's pivot columns: column `j` is `values[j * ld..]`, the diagonal at
/// row `lead + j`, the rows below the pivots from `lead + pivots` on.
pub(crate) struct Panel<'a, T> {
    pub values: &'a mut [T],
    pub ld: usize,
    pub lead: usize,
}

/// Fills a front with the matrix's entries and its children's updates.
pub(crate) struct Assembly<'a, 'p, T, F> {
    pub input: Input<'a>,
    pub front: &'a Front,
    pub panel: &'a mut Panel<'p, T>,
    /// Update matrix, lower triangle, leading dimension `padded(below)`.
    pub update: &'a mut [T],
    /// Update matrix of a child.
    pub child: F,
}

impl<'c, T: Compute, F: Fn(u32) -> &'c [T]> pulp::WithSimd for Assembly<'_, '_, T, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self {
            input,
            front,
            panel,
            update,
            child,
        } = self;
        panel.values.fill(T::ZERO);
        assemble(&input, front, panel);
        let children = input.symbolic.children(front);
        if !children.is_empty() {
            update.fill(T::ZERO);
        }
        let pivots = front.pivots as usize;
        let ldu = padded::<T>(front.below as usize);
        for &c in children {
            let child_front = &input.symbolic.fronts[c as usize];
            let runs = input.symbolic.parent_runs(child_front);
            let ldc = padded::<T>(child_front.below as usize);
            extend_add(panel, pivots, update, ldu, child(c), ldc, runs);
        }
    }
}

/// Assembly and partial factorisation of a front in one go.
pub(crate) struct SmallFront<'a, 'p, T, F> {
    pub assembly: Assembly<'a, 'p, T, F>,
    /// Reciprocal pivots.
    pub inverse: &'a mut [T],
}

impl<'c, T: Compute, F: Fn(u32) -> &'c [T]> pulp::WithSimd for SmallFront<'_, '_, T, F> {
    type Output = Result<(), (usize, T)>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let Assembly {
            input,
            front,
            panel,
            update,
            child,
        } = self.assembly;
        Assembly {
            input,
            front,
            panel: &mut *panel,
            update: &mut *update,
            child,
        }
        .with_simd(simd);
        let (pivots, below) = (front.pivots as usize, front.below as usize);
        let (ld, lead) = (panel.ld, panel.lead);
        factor_panel(simd, panel.values, ld, lead, pivots, self.inverse)?;
        if below > 0 {
            let ldu = padded::<T>(below);
            let place = Place {
                diagonal: 0,
                shift: lead + pivots,
            };
            let a = &*panel.values;
            if front.children.is_empty() {
                subtract_lower::<T, S, true>(simd, update, ldu, below, a, ld, place);
            } else {
                subtract_lower::<T, S, false>(simd, update, ldu, below, a, ld, place);
            }
        }
        Ok(())
    }
}

/// Factors some columns of a panel.
pub(crate) struct PanelWork<'a, T> {
    pub values: &'a mut [T],
    pub ld: usize,
    pub lead: usize,
    pub inverse: &'a mut [T],
}

impl<T: Compute> pulp::WithSimd for PanelWork<'_, T> {
    type Output = Result<(), (usize, T)>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let pivots = self.inverse.len();
        factor_panel(simd, self.values, self.ld, self.lead, pivots, self.inverse)
    }
}

/// Subtracts products of finished columns from some later columns.
pub(crate) struct UpdateWork<'a, T> {
    /// Columns to update and their leading dimension.
    pub target: &'a mut [T],
    pub ldt: usize,
    /// Finished columns and their leading dimension.
    pub source: &'a [T],
    pub lds: usize,
    pub place: Place,
}

impl<T: Compute> pulp::WithSimd for UpdateWork<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let columns = self.target.len() / self.ldt;
        subtract_lower::<T, S, false>(
            simd,
            self.target,
            self.ldt,
            columns,
            self.source,
            self.lds,
            self.place,
        );
    }
}

/// Writes the matrix's entries into a zeroed panel.
#[inline(always)]
pub(crate) fn assemble<T: Compute>(input: &Input<'_>, front: &Front, panel: &mut Panel<'_, T>) {
    let (symbolic, matrix) = (input.symbolic, input.matrix);
    let (ld, lead) = (panel.ld, panel.lead);
    let mut at = 0;
    for v in front.variables.clone() {
        let old = symbolic.permutation.old_from_new()[v as usize] as usize;
        let block = matrix.diagonal_block(old);
        let range = symbolic.layout.range(old);
        let damping = &input.damping[range.clone()];
        let dim = range.len();
        for c in 0..dim {
            let to = (at + c) * ld + lead + at;
            let column = &mut panel.values[to..to + dim];
            for r in c..dim {
                column[r] = T::encode(block[c * dim + r]);
            }
            column[c] = T::encode(block[c * dim + c] + damping[c]);
        }
        at += dim;
    }
    for entry in symbolic.entries(front) {
        let block = matrix.below_block(entry.block as usize);
        let (height, width) = (entry.height as usize, entry.width as usize);
        let to = entry.column as usize * ld + lead + entry.row as usize;
        if entry.transposed {
            for c in 0..height {
                let column = &mut panel.values[to + c * ld..to + c * ld + width];
                for (r, value) in column.iter_mut().enumerate() {
                    *value = T::encode(block[r * height + c]);
                }
            }
        } else {
            for c in 0..width {
                let column = &mut panel.values[to + c * ld..to + c * ld + height];
                for (value, &entry) in column.iter_mut().zip(&block[c * height..]) {
                    *value = T::encode(entry);
                }
            }
        }
    }
}

/// Adds a child's update matrix into the front.
#[inline(always)]
pub(crate) fn extend_add<T: Compute>(
    panel: &mut Panel<'_, T>,
    pivots: usize,
    update: &mut [T],
    ldu: usize,
    child: &[T],
    ldc: usize,
    runs: &[Run],
) {
    for (k, first) in runs.iter().enumerate() {
        for t in 0..first.len as usize {
            let from = first.from as usize + t;
            let source = &child[from * ldc..(from + 1) * ldc];
            let column = first.to as usize + t;
            let target = if column < pivots {
                let at = column * panel.ld + panel.lead;
                &mut panel.values[at..(column + 1) * panel.ld]
            } else {
                let at = (column - pivots) * ldu;
                &mut update[at..at + ldu]
            };
            let shift = if column < pivots { 0 } else { pivots };
            add(
                &mut target[column - shift..],
                &source[from..first.from as usize + first.len as usize],
            );
            for run in &runs[k + 1..] {
                let (from, len) = (run.from as usize, run.len as usize);
                add(
                    &mut target[run.to as usize - shift..],
                    &source[from..from + len],
                );
            }
        }
    }
}

#[inline(always)]
fn add<T: Compute>(target: &mut [T], source: &[T]) {
    for (t, &s) in target.iter_mut().zip(source) {
        *t += s;
    }
}

//! One front: assembly from the matrix and from the children, then the
//! partial factorisation.

use pulp::Simd;

use super::dense::{Place, factor_panel, subtract_lower};
use super::extend::{Child, Spreads, Target};
use super::symbolic::{Front, SymbolicCholesky};
use crate::{Compute, SymmetricBlocks};

/// What all fronts of a factorisation share.
#[derive(Clone, Copy)]
pub(crate) struct Input<'a> {
    pub symbolic: &'a SymbolicCholesky,
    pub spreads: &'a Spreads,
    pub matrix: &'a SymmetricBlocks,
    pub damping: &'a [f64],
}

/// Fills a front with the matrix's entries and its children's updates.
pub(crate) struct Assembly<'a, 'p, T, F> {
    pub input: Input<'a>,
    pub front: &'a Front,
    pub target: &'a mut Target<'p, T>,
    /// Update matrix of a child.
    pub child: F,
}

impl<'c, T: Compute, F: Fn(u32) -> &'c [T]> pulp::WithSimd for Assembly<'_, '_, T, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            input,
            front,
            target,
            child,
        } = self;
        target.panel.fill(T::ZERO);
        assemble(&input, front, target.panel, target.ld);
        let children = input.symbolic.children(front);
        if !children.is_empty() {
            target.update.fill(T::ZERO);
        }
        for &c in children {
            Child::new(input.symbolic, input.spreads, c, child(c)).add_to(simd, target);
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
            target,
            child,
        } = self.assembly;
        Assembly {
            input,
            front,
            target: &mut *target,
            child,
        }
        .with_simd(simd);
        let (ld, pivots, shape) = (target.ld, target.pivots, target.shape);
        factor_panel(simd, target.panel, ld, 0, pivots, self.inverse)?;
        if shape.columns > 0 {
            let place = Place {
                diagonal: shape.lead,
                shift: pivots - shape.lead,
            };
            let (a, c) = (&*target.panel, &mut *target.update);
            if front.children.is_empty() {
                subtract_lower::<T, S, true>(simd, c, shape.ld, shape.columns, a, ld, place);
            } else {
                subtract_lower::<T, S, false>(simd, c, shape.ld, shape.columns, a, ld, place);
            }
        }
        Ok(())
    }
}

/// Factors some columns of a panel.
pub(crate) struct PanelWork<'a, T> {
    pub values: &'a mut [T],
    pub ld: usize,
    /// Row of the first column's diagonal.
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
fn assemble<T: Compute>(input: &Input<'_>, front: &Front, panel: &mut [T], ld: usize) {
    let (symbolic, matrix) = (input.symbolic, input.matrix);
    let mut at = 0;
    for v in front.variables.clone() {
        let old = symbolic.permutation.old_from_new()[v as usize] as usize;
        let block = matrix.diagonal_block(old);
        let range = symbolic.layout.range(old);
        let damping = &input.damping[range.clone()];
        let dim = range.len();
        let to = &mut panel[at * ld + at..];
        // The entries above the diagonal are never looked at.
        match dim {
            3 => copy::<T, 3, 3>(block, to, ld),
            6 => copy::<T, 6, 6>(block, to, ld),
            9 => copy::<T, 9, 9>(block, to, ld),
            _ => copy_any(block, to, ld, dim, dim),
        }
        for (c, &damping) in damping.iter().enumerate() {
            to[c * ld + c] = T::encode(block[c * dim + c] + damping);
        }
        at += dim;
    }
    for entry in symbolic.entries(front) {
        let block = matrix.below_block(entry.block as usize);
        let (height, width) = (entry.height as usize, entry.width as usize);
        let to = &mut panel[entry.column as usize * ld + entry.row as usize..];
        match (height, width, entry.transposed) {
            (3, 3, false) => copy::<T, 3, 3>(block, to, ld),
            (6, 6, false) => copy::<T, 6, 6>(block, to, ld),
            (9, 9, false) => copy::<T, 9, 9>(block, to, ld),
            (3, 3, true) => copy_transposed::<T, 3, 3>(block, to, ld),
            (6, 6, true) => copy_transposed::<T, 6, 6>(block, to, ld),
            (9, 9, true) => copy_transposed::<T, 9, 9>(block, to, ld),
            (_, _, false) => copy_any(block, to, ld, height, width),
            (_, _, true) => {
                for c in 0..height {
                    for (r, to) in to[c * ld..c * ld + width].iter_mut().enumerate() {
                        *to = T::encode(block[r * height + c]);
                    }
                }
            }
        }
    }
}

/// Copies an `H × W` block.
#[inline(always)]
fn copy<T: Compute, const H: usize, const W: usize>(block: &[f64], to: &mut [T], ld: usize) {
    let (columns, _) = block.as_chunks::<H>();
    for c in 0..W {
        if let Some(to) = to[c * ld..].first_chunk_mut::<H>() {
            *to = columns[c].map(T::encode);
        }
    }
}

/// Copies the transpose of an `H × W` block.
#[inline(always)]
fn copy_transposed<T: Compute, const H: usize, const W: usize>(
    block: &[f64],
    to: &mut [T],
    ld: usize,
) {
    let (columns, _) = block.as_chunks::<H>();
    let columns = &columns[..W];
    for c in 0..H {
        if let Some(to) = to[c * ld..].first_chunk_mut::<W>() {
            *to = std::array::from_fn(|r| T::encode(columns[r][c]));
        }
    }
}

/// Copies a block of any size.
#[inline(always)]
fn copy_any<T: Compute>(block: &[f64], to: &mut [T], ld: usize, height: usize, width: usize) {
    for c in 0..width {
        let from = &block[c * height..(c + 1) * height];
        for (to, &value) in to[c * ld..].iter_mut().zip(from) {
            *to = T::encode(value);
        }
    }
}

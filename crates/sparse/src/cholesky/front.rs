//! One front: assembly from the matrix and from the children, then the
//! partial factorisation.

use pulp::Simd;

use super::dense::{factor_panel, subtract_lower};
use super::extend::{Child, Columns, Spreads};
use super::packed::{Packed, is_worthwhile, subtract_packed};
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

/// A front to be factored, with the update matrices of its children.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a, F> {
    pub input: Input<'a>,
    pub front: &'a Front,
    /// Update matrix of a child.
    pub child: F,
}

impl<'c, F> Source<'_, F> {
    /// Sets the front's pivot columns.
    #[inline(always)]
    fn assemble_panel<T: Compute, S: Simd>(&self, simd: S, panel: &mut Columns<'_, T>)
    where
        F: Fn(u32) -> &'c [T],
    {
        panel.fill_lower(T::ZERO);
        assemble(&self.input, self.front, panel.values, panel.ld);
        self.add_children(simd, panel);
    }

    #[inline(always)]
    fn add_children<T: Compute, S: Simd>(&self, simd: S, columns: &mut Columns<'_, T>)
    where
        F: Fn(u32) -> &'c [T],
    {
        let symbolic = self.input.symbolic;
        for &c in symbolic.children(self.front) {
            Child::new(symbolic, self.input.spreads, c, (self.child)(c)).add_to(simd, columns);
        }
    }

    /// Sets columns of the update matrix to the sum of the children's.
    #[inline(always)]
    fn assemble_update<T: Compute, S: Simd>(&self, simd: S, columns: &mut Columns<'_, T>)
    where
        F: Fn(u32) -> &'c [T],
    {
        columns.fill_lower(T::ZERO);
        self.add_children(simd, columns);
    }
}

/// Assembly and partial factorisation of a front in one go.
pub(crate) struct SmallFront<'a, T, F> {
    pub source: Source<'a, F>,
    pub panel: Columns<'a, T>,
    pub update: Columns<'a, T>,
    /// Reciprocal pivots.
    pub inverse: &'a mut [T],
}

impl<'c, T: Compute, F: Fn(u32) -> &'c [T]> pulp::WithSimd for SmallFront<'_, T, F> {
    type Output = Result<(), (usize, T)>;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) -> Self::Output {
        let (ld, pivots) = (self.panel.ld, self.inverse.len());
        self.source.assemble_panel(simd, &mut self.panel);
        factor_panel(simd, self.panel.values, ld, 0, pivots, self.inverse)?;
        if self.update.values.is_empty() {
            return Ok(());
        }
        let (panel, update) = (&*self.panel.values, &mut self.update);
        if self.source.front.children.is_empty() {
            subtract_lower::<T, S, true>(simd, update, panel, ld);
        } else {
            self.source.assemble_update(simd, update);
            subtract_lower::<T, S, false>(simd, update, panel, ld);
        }
        Ok(())
    }
}

/// Sets the pivot columns of a large front.
pub(crate) struct AssemblePanel<'a, 'p, T, F> {
    pub source: &'a Source<'a, F>,
    pub panel: &'a mut Columns<'p, T>,
}

impl<'c, T: Compute, F: Fn(u32) -> &'c [T]> pulp::WithSimd for AssemblePanel<'_, '_, T, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.source.assemble_panel(simd, self.panel);
    }
}

/// Factors a block of columns of a large front's panel.
pub(crate) struct PanelWork<'a, T> {
    pub values: &'a mut [T],
    pub ld: usize,
    /// Row of the first column's diagonal.
    pub lead: usize,
    pub inverse: &'a mut [T],
    /// Room for packing the rows below the block.
    pub room: &'a mut [T],
}

/// A finished block of columns, as it is or packed.
#[derive(Clone, Copy)]
pub(crate) enum Finished<'a, T> {
    Panel { values: &'a [T], ld: usize },
    Packed(Packed<'a, T>),
}

impl<'a, T: Compute> pulp::WithSimd for PanelWork<'a, T> {
    type Output = Result<Finished<'a, T>, (usize, T)>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let (values, ld, pivots) = (self.values, self.ld, self.inverse.len());
        factor_panel(simd, values, ld, self.lead, pivots, self.inverse)?;
        let width = T::width::<S>();
        let row = (self.lead + pivots) / width * width;
        Ok(if is_worthwhile::<S>() && row < ld {
            Finished::Packed(Packed::new(simd, values, ld, row, self.room))
        } else {
            Finished::Panel { values, ld }
        })
    }
}

/// Updates some later columns of a large front with finished ones.
pub(crate) struct UpdateWork<'a, T, F> {
    /// Where the target is assembled from first, if it has not been yet.
    pub source: Option<&'a Source<'a, F>>,
    pub target: Columns<'a, T>,
    pub finished: Finished<'a, T>,
}

impl<'c, T: Compute, F: Fn(u32) -> &'c [T]> pulp::WithSimd for UpdateWork<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        if let Some(source) = self.source {
            source.assemble_update(simd, &mut self.target);
        }
        match self.finished {
            Finished::Packed(packed) => subtract_packed(simd, &mut self.target, packed),
            Finished::Panel { values, ld } => {
                subtract_lower::<T, S, false>(simd, &mut self.target, values, ld);
            }
        }
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

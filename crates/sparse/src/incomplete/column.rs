//! One column of the factor under construction.

use std::ops::Range;

use super::block::{
    invert_lower_cholesky, mul_lower_transposed, stride, subtract_product, subtract_square,
};
use super::numeric::{Columns, FillRule};
use super::{PermutedPattern, Whitening};
use crate::SymmetricBlocks;
use crate::isa::Isa;

const NONE: u32 = u32::MAX;

/// Column `j` of `A − Σ_p L_p L_pᵀ`, accumulated over the columns `p < j`.
pub(super) struct ColumnWork<'a> {
    matrix: &'a SymmetricBlocks,
    whitening: &'a Whitening,
    permuted: &'a PermutedPattern,
    shift: f64,
    j: usize,
    /// Rows of the column, and for each row its place in this list.
    rows: Vec<u32>,
    place: Vec<u32>,
    at: Vec<usize>,
    values: Vec<f64>,
    diagonal: Vec<f64>,
    /// Frobenius norm of the column of `A`.
    norm: f64,
    /// Rows outside the initial ones are added, not skipped.
    fills: bool,
    order: Vec<u32>,
    scratch: Vec<f64>,
}

impl<'a> ColumnWork<'a> {
    pub(super) fn new(
        matrix: &'a SymmetricBlocks,
        whitening: &'a Whitening,
        permuted: &'a PermutedPattern,
        shift: f64,
    ) -> Self {
        Self {
            matrix,
            whitening,
            permuted,
            shift,
            j: 0,
            rows: Vec::new(),
            place: vec![NONE; permuted.columns()],
            at: Vec::new(),
            values: Vec::new(),
            diagonal: Vec::new(),
            norm: 0.0,
            fills: false,
            order: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// The shifted diagonal of the whitened matrix, in elimination order.
    pub(super) fn diagonal(&mut self) -> Vec<f64> {
        let layout = self.permuted.layout();
        let mut diagonal = Vec::with_capacity(layout.scalars());
        for j in 0..self.permuted.columns() {
            self.load_diagonal(j);
            let (dim, s) = (layout.dim(j), stride(layout.dim(j)));
            diagonal.extend((0..dim).map(|k| self.diagonal[k * s + k]));
        }
        diagonal
    }

    fn load_diagonal(&mut self, j: usize) {
        let v = self.permuted.old_from_new()[j] as usize;
        let dim = self.permuted.layout().dim(j);
        let s = stride(dim);
        self.diagonal.clear();
        self.diagonal.resize(s * dim, 0.0);
        let inverse = self.whitening.inverse.block(v);
        let block = self.matrix.diagonal_block(v);
        whiten(block, (inverse, dim), (inverse, dim), &mut self.scratch);
        for (to, from) in self
            .diagonal
            .chunks_exact_mut(s)
            .zip(self.scratch.chunks_exact(dim))
        {
            to[..dim].copy_from_slice(from);
        }
        for k in 0..dim {
            self.diagonal[k * s + k] *= 1.0 + self.shift;
        }
    }

    fn add_row(&mut self, i: u32, len: usize) -> usize {
        let at = self.values.len();
        self.place[i as usize] = self.rows.len() as u32;
        self.rows.push(i);
        self.at.push(at);
        self.values.resize(at + len, 0.0);
        at
    }

    /// Starts column `j` with the whitened column of `A`.
    pub(super) fn begin(&mut self, j: usize, fill: &FillRule) {
        self.j = j;
        self.fills = matches!(fill, FillRule::Threshold(_));
        for &i in &self.rows {
            self.place[i as usize] = NONE;
        }
        self.rows.clear();
        self.at.clear();
        self.values.clear();
        let permuted = self.permuted;
        let layout = permuted.layout();
        let cols = layout.dim(j);
        if let FillRule::Pattern(pattern) = fill {
            for &i in pattern.column(j) {
                self.add_row(i, stride(layout.dim(i as usize)) * cols);
            }
        }
        self.load_diagonal(j);
        let mut square = sum_of_squares(&self.diagonal);
        let order = permuted.old_from_new();
        for (&i, &source) in permuted.column(j).iter().zip(permuted.sources(j)) {
            let rows = layout.dim(i as usize);
            let block = self.matrix.below_block(source as usize / 2);
            let right = (self.whitening.inverse.block(order[j] as usize), cols);
            let left_block = self.whitening.inverse.block(order[i as usize] as usize);
            let left = (left_block, rows);
            let s = stride(rows);
            let at = match self.place[i as usize] {
                NONE => self.add_row(i, s * cols),
                place => self.at[place as usize],
            };
            let target = &mut self.values[at..at + s * cols];
            if source & 1 == 0 {
                whiten(block, left, right, &mut self.scratch);
                for (to, from) in target
                    .chunks_exact_mut(s)
                    .zip(self.scratch.chunks_exact(rows))
                {
                    to[..rows].copy_from_slice(from);
                }
            } else {
                whiten(block, right, left, &mut self.scratch);
                for c in 0..cols {
                    for r in 0..rows {
                        target[c * s + r] = self.scratch[r * cols + c];
                    }
                }
            }
            square += sum_of_squares(target);
        }
        self.norm = square.sqrt();
    }

    /// Subtracts what column `p` contributes: `blocks` are its blocks from row
    /// `j` on.
    #[inline(always)]
    pub(super) fn subtract<I: Isa>(
        &mut self,
        isa: I,
        made: &Columns,
        p: usize,
        blocks: Range<usize>,
    ) {
        let layout = self.permuted.layout();
        let (inner, cols) = (layout.dim(p), layout.dim(self.j));
        let pivot_row = &made.below[made.at[blocks.start]..][..stride(cols) * inner];
        subtract_any(
            isa,
            &mut self.diagonal,
            pivot_row,
            pivot_row,
            (cols, cols, inner),
        );
        for block in blocks.start + 1..blocks.end {
            let i = made.rows[block];
            let rows = layout.dim(i as usize);
            let at = match self.place[i as usize] {
                NONE if self.fills => self.add_row(i, stride(rows) * cols),
                NONE => continue,
                place => self.at[place as usize],
            };
            let left = &made.below[made.at[block]..][..stride(rows) * inner];
            let target = &mut self.values[at..at + stride(rows) * cols];
            subtract_any(isa, target, left, pivot_row, (rows, cols, inner));
        }
    }

    /// Factors the diagonal block and appends the column to `made`; returns
    /// the smallest pivot, or the offending one.
    #[inline(always)]
    pub(super) fn finish<I: Isa>(
        &mut self,
        isa: I,
        least: f64,
        fill: &FillRule,
        made: &mut Columns,
    ) -> Result<f64, f64> {
        let layout = self.permuted.layout();
        let cols = layout.dim(self.j);
        let pivot = invert_lower_cholesky(&mut self.diagonal, cols, least)?;
        made.inverse_diagonal.extend_from_slice(&self.diagonal);
        self.order.clear();
        self.order.extend(0..self.rows.len() as u32);
        let rows = &self.rows;
        if self.fills {
            self.order.sort_unstable_by_key(|&k| rows[k as usize]);
        }
        for &k in &self.order {
            let i = self.rows[k as usize];
            let rows = layout.dim(i as usize);
            let source = &self.values[self.at[k as usize]..][..stride(rows) * cols];
            let at = made.below.len();
            made.below.resize(at + source.len(), 0.0);
            let target = &mut made.below[at..];
            match (rows, cols) {
                (6, 6) => mul_lower_transposed(isa, target, source, &self.diagonal, (6, 6)),
                (3, 3) => mul_lower_transposed(isa, target, source, &self.diagonal, (3, 3)),
                sizes => mul_lower_transposed(isa, target, source, &self.diagonal, sizes),
            }
            if let FillRule::Threshold(drop) = fill
                && sum_of_squares(target) < (drop * self.norm).powi(2)
            {
                made.below.truncate(at);
                continue;
            }
            made.rows.push(i);
            made.at.push(at);
        }
        made.start.push(made.rows.len() as u32);
        Ok(pivot)
    }
}

#[inline(always)]
fn subtract_any<I: Isa>(
    isa: I,
    target: &mut [f64],
    a: &[f64],
    b: &[f64],
    sizes: (usize, usize, usize),
) {
    match sizes {
        (6, 6, 6) => subtract_square::<I, 6, 2>(isa, target, a, b),
        (3, 3, 3) => subtract_square::<I, 3, 1>(isa, target, a, b),
        sizes => subtract_product(isa, target, a, b, sizes),
    }
}

fn sum_of_squares(values: &[f64]) -> f64 {
    values.iter().map(|v| v * v).sum()
}

/// `out = leftᵀ block right` with upper triangular `left` and `right`, all
/// column-major without padding.
fn whiten(
    block: &[f64],
    (left, rows): (&[f64], usize),
    (right, cols): (&[f64], usize),
    out: &mut Vec<f64>,
) {
    out.clear();
    out.resize(rows * cols, 0.0);
    for (c, out) in out.chunks_exact_mut(rows.max(1)).enumerate() {
        for k in 0..=c {
            let factor = right[c * cols + k];
            for (out, b) in out.iter_mut().zip(&block[k * rows..(k + 1) * rows]) {
                *out += b * factor;
            }
        }
        // Row r of leftᵀ reaches up to entry r: from the last row up, in place.
        for r in (0..rows).rev() {
            let column = &left[r * rows..r * rows + r + 1];
            out[r] = column.iter().zip(&out[..=r]).map(|(l, b)| l * b).sum();
        }
    }
}

//! The factorisation, column by column from the left, in f64.

use std::sync::Arc;

use super::block::stride;
use super::column::ColumnWork;
use super::{FactorPattern, PermutedPattern, Whitening};
use crate::isa::{Isa, Kernel, dispatch};
use crate::{BlockLayout, SymmetricBlocks};

const NONE: u32 = u32::MAX;

/// Which blocks a factor keeps.
#[derive(Clone, Debug)]
pub enum FillRule {
    /// Those of a pattern.
    Pattern(Arc<FactorPattern>),
    /// ICT: those whose Frobenius norm is at least this fraction of the norm of
    /// their column of the whitened matrix.
    Threshold(f64),
}

/// What to do about small pivots.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PivotRule {
    /// The whitened diagonal is multiplied by `1 + shift` at the first attempt.
    /// Later attempts take the first of 10⁻³ · 2ᵏ above the last shift.
    pub shift: f64,
    /// Pivots of the whitened matrix below this start a new attempt. 3·10⁻⁵
    /// suits incomplete factors; a complete one has small pivots by right.
    pub least: f64,
    /// Attempts before giving up.
    pub attempts: usize,
}

impl PivotRule {
    /// Whether `pivot` is usable.
    fn accepts(&self, pivot: f64) -> bool {
        pivot >= self.least && pivot > 0.0 && pivot.is_finite()
    }

    fn next_shift(shift: f64) -> f64 {
        let mut next = 1e-3;
        while next <= shift {
            next *= 2.0;
        }
        next
    }
}

impl Default for PivotRule {
    fn default() -> Self {
        Self {
            shift: 0.0,
            least: 3e-5,
            attempts: 16,
        }
    }
}

/// How a factorisation went.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FactorReport {
    /// The shift in use.
    pub shift: f64,
    /// Attempts made, 1 when the first one succeeded.
    pub attempts: usize,
    /// Smallest pivot (square of a diagonal entry of `L`).
    pub smallest_pivot: f64,
}

/// No attempt gave acceptable pivots.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error(
    "incomplete factorisation broke down at variable {variable} (pivot {pivot:.3e}) even with the diagonal raised by {shift:.3e}: raise the damping"
)]
pub struct Breakdown {
    /// The variable, in the matrix's own numbering.
    pub variable: usize,
    /// The offending pivot.
    pub pivot: f64,
    /// Shift of the last attempt.
    pub shift: f64,
}

/// `L` of `P A Pᵀ ≈ L Lᵀ` in f64, with the diagonal blocks inverted.
///
/// Blocks have their columns padded with zeros to a multiple of four rows.
#[derive(Clone, Debug)]
pub struct BlockFactor {
    pub(super) pattern: Arc<FactorPattern>,
    pub(super) layout: Arc<BlockLayout>,
    pub(super) old_from_new: Vec<u32>,
    pub(super) below: Vec<f64>,
    pub(super) inverse_diagonal: Vec<f64>,
}

impl BlockFactor {
    /// Factors `A = R⁻ᵀ H R⁻¹`, raising the diagonal until the pivots pass.
    ///
    /// # Errors
    /// When the last attempt still has an unacceptable pivot.
    pub fn new(
        matrix: &SymmetricBlocks,
        whitening: &Whitening,
        permuted: &PermutedPattern,
        fill: &FillRule,
        pivots: &PivotRule,
    ) -> Result<(Self, FactorReport), Breakdown> {
        let mut shift = pivots.shift;
        let mut attempts = 1;
        loop {
            let attempt = Attempt {
                matrix,
                whitening,
                permuted,
                fill,
                pivots,
                shift,
            };
            match dispatch(attempt) {
                Ok((factor, smallest_pivot)) => {
                    let report = FactorReport {
                        shift,
                        attempts,
                        smallest_pivot,
                    };
                    return Ok((factor, report));
                }
                Err((variable, pivot)) if attempts >= pivots.attempts => {
                    return Err(Breakdown {
                        variable: permuted.old_from_new()[variable] as usize,
                        pivot,
                        shift,
                    });
                }
                Err(_) => {
                    shift = PivotRule::next_shift(shift);
                    attempts += 1;
                }
            }
        }
    }

    /// Positions of the blocks.
    pub fn pattern(&self) -> &Arc<FactorPattern> {
        &self.pattern
    }
}

struct Attempt<'a> {
    matrix: &'a SymmetricBlocks,
    whitening: &'a Whitening,
    permuted: &'a PermutedPattern,
    fill: &'a FillRule,
    pivots: &'a PivotRule,
    shift: f64,
}

/// The columns made so far.
#[derive(Default)]
pub(super) struct Columns {
    /// First block of each column, and the end.
    pub(super) start: Vec<u32>,
    /// Row of each block.
    pub(super) rows: Vec<u32>,
    /// First scalar of each block in `below`.
    pub(super) at: Vec<usize>,
    pub(super) below: Vec<f64>,
    pub(super) inverse_diagonal: Vec<f64>,
}

impl Kernel for Attempt<'_> {
    type Output = Result<(BlockFactor, f64), (usize, f64)>;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> Self::Output {
        let n = self.permuted.columns();
        let layout = self.permuted.layout();
        let mut made = Columns {
            start: vec![0],
            ..Columns::default()
        };
        if let FillRule::Pattern(pattern) = self.fill {
            made.reserve(pattern, layout);
        }
        let mut work = ColumnWork::new(self.matrix, self.whitening, self.permuted, self.shift);
        // Columns whose next row is i form a list: head[i], then link.
        let mut head = vec![NONE; n];
        let mut link = vec![NONE; n];
        let mut cursor = vec![0_u32; n];
        // Diagonal of the part not yet eliminated. It only falls, so one entry
        // below the least pivot already condemns the attempt.
        let mut remaining = work.diagonal();
        let mut smallest = f64::INFINITY;
        for j in 0..n {
            work.begin(j, self.fill);
            let mut p = std::mem::replace(&mut head[j], NONE);
            while p != NONE {
                let next = link[p as usize];
                let block = cursor[p as usize];
                let end = made.start[p as usize + 1];
                work.subtract(isa, &made, p as usize, block as usize..end as usize);
                if block + 1 < end {
                    cursor[p as usize] = block + 1;
                    let row = made.rows[block as usize + 1] as usize;
                    link[p as usize] = head[row];
                    head[row] = p;
                }
                p = next;
            }
            let pivot = work
                .finish(isa, self.pivots.least, self.fill, &mut made)
                .map_err(|pivot| (j, pivot))?;
            smallest = smallest.min(pivot);
            let first = made.start[j];
            if let Some(&row) = made.rows.get(first as usize) {
                cursor[j] = first;
                link[j] = head[row as usize];
                head[row as usize] = j as u32;
            }
            for block in first as usize..made.rows.len() {
                let i = made.rows[block] as usize;
                let (rows, cols) = (layout.dim(i), layout.dim(j));
                let values = &made.below[made.at[block]..][..stride(rows) * cols];
                let diagonal = &mut remaining[layout.range(i)];
                for column in values.chunks_exact(stride(rows)) {
                    for (d, v) in diagonal.iter_mut().zip(column) {
                        *d -= v * v;
                    }
                }
                if let Some(&pivot) = diagonal.iter().find(|d| !self.pivots.accepts(**d)) {
                    return Err((i, pivot));
                }
            }
        }
        let pattern = match self.fill {
            FillRule::Pattern(pattern) => pattern.clone(),
            FillRule::Threshold(_) => Arc::new(FactorPattern::from_columns(made.start, made.rows)),
        };
        let factor = BlockFactor {
            pattern,
            layout: layout.clone(),
            old_from_new: self.permuted.old_from_new().to_vec(),
            below: made.below,
            inverse_diagonal: made.inverse_diagonal,
        };
        Ok((factor, smallest))
    }
}

impl Columns {
    fn reserve(&mut self, pattern: &FactorPattern, layout: &BlockLayout) {
        let (mut below, mut diagonal) = (0, 0);
        for j in 0..pattern.columns() {
            diagonal += stride(layout.dim(j)) * layout.dim(j);
            for &i in pattern.column(j) {
                below += stride(layout.dim(i as usize)) * layout.dim(j);
            }
        }
        self.rows.reserve_exact(pattern.blocks());
        self.at.reserve_exact(pattern.blocks());
        self.start.reserve_exact(pattern.columns());
        self.below.reserve_exact(below);
        self.inverse_diagonal.reserve_exact(diagonal);
    }
}

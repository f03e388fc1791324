//! Extend-add: a child's update matrix goes into its parent's front.
//!
//! The rows of a child are a subsequence of its parent's, so a register of
//! the parent takes consecutive rows of the child, spread by a mask.

use std::ops::Range;

use pulp::Simd;

use super::LINE;
use super::plan::UpdateShape;
use super::symbolic::{Run, SymbolicCholesky};
use crate::Compute;
use crate::lanes::{Spreader, spreader};

/// One cache line of the parent's rows that takes rows from the child.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    /// Line of the parent's front.
    line: u32,
    /// First row below the child's pivots.
    source: u32,
    /// Rows of the line that take one.
    mask: u32,
}

/// The spreads of every front into its parent.
#[derive(Clone, Debug)]
pub(crate) struct Spreads {
    start: Vec<u32>,
    all: Vec<Spread>,
}

impl Spreads {
    pub fn new<T>(symbolic: &SymbolicCholesky) -> Self {
        let width = (LINE / size_of::<T>()) as u32;
        let mut start = vec![0];
        let mut all: Vec<Spread> = Vec::new();
        for front in &symbolic.fronts {
            let first = all.len();
            for run in symbolic.parent_runs(front) {
                let mut k = 0;
                while k < run.len {
                    let (line, at) = ((run.to + k) / width, (run.to + k) % width);
                    let count = (width - at).min(run.len - k);
                    let mask = ((1_u64 << count) - 1) as u32;
                    let mask = mask << at;
                    match all[first..].last_mut() {
                        Some(last) if last.line == line => last.mask |= mask,
                        _ => all.push(Spread {
                            line,
                            source: run.from + k,
                            mask,
                        }),
                    }
                    k += count;
                }
            }
            start.push(all.len() as u32);
        }
        Self { start, all }
    }

    #[inline(always)]
    fn of(&self, front: u32) -> &[Spread] {
        let (begin, end) = (self.start[front as usize], self.start[front as usize + 1]);
        &self.all[begin as usize..end as usize]
    }
}

/// Some consecutive columns of a front: of its panel, or of its update matrix.
pub(crate) struct Columns<'a, T> {
    pub values: &'a mut [T],
    pub ld: usize,
    /// Index within the front of the first column.
    pub first: usize,
    /// Index within the front of the row that columns start with: a whole
    /// number of cache lines.
    pub row: usize,
}

impl<T: Copy> Columns<'_, T> {
    pub fn count(&self) -> usize {
        self.values.len().checked_div(self.ld).unwrap_or(0)
    }

    /// Fills with `value` from the diagonal down, and some above it.
    #[inline(always)]
    pub fn fill_lower(&mut self, value: T) {
        // Short columns are faster to fill in one go.
        const STEP: usize = 16;
        for (n, columns) in self.values.chunks_mut((STEP * self.ld).max(1)).enumerate() {
            let line = LINE / size_of::<T>();
            let skip = (self.first + n * STEP - self.row) / line * line;
            if skip < 64 {
                columns.fill(value);
            } else {
                for column in columns.chunks_exact_mut(self.ld) {
                    column[skip..].fill(value);
                }
            }
        }
    }
}

/// A child whose columns are added one after the other.
pub(crate) struct Child<'a, T> {
    update: &'a [T],
    shape: UpdateShape,
    runs: &'a [Run],
    spreads: &'a [Spread],
}

impl<'a, T: Compute> Child<'a, T> {
    #[inline(always)]
    pub fn new(
        symbolic: &'a SymbolicCholesky,
        spreads: &'a Spreads,
        front: u32,
        update: &'a [T],
    ) -> Self {
        let own = &symbolic.fronts[front as usize];
        Self {
            update,
            shape: UpdateShape::of::<T>(own),
            runs: symbolic.parent_runs(own),
            spreads: spreads.of(front),
        }
    }

    /// Adds what goes to the target's columns. Rows of the target above the
    /// diagonal, back to the start of a register, may be changed too.
    #[inline(always)]
    pub fn add_to<S: Simd>(&self, _: S, target: &mut Columns<'_, T>) {
        let columns = target.first..target.first + target.count();
        let end = |run: &Run| (run.to + run.len) as usize;
        let first = self.runs.partition_point(|run| end(run) <= columns.start);
        for (n, run) in self.runs.iter().enumerate().skip(first) {
            let to = run.to as usize;
            if to >= columns.end {
                break;
            }
            let range = columns.start.max(to) - to..columns.end.min(end(run)) - to;
            if let Some(spreader) = spreader::<S>() {
                self.spread_run(spreader, target, run, range);
            } else {
                self.add_run(target, n, range);
            }
        }
    }

    /// Columns `range` of a run, all their rows at once.
    #[inline(always)]
    fn spread_run(
        &self,
        spreader: Spreader,
        target: &mut Columns<'_, T>,
        run: &Run,
        range: Range<usize>,
    ) {
        let width = LINE / size_of::<T>();
        let line = (run.to as usize + range.start) / width;
        let skip = self.spreads.partition_point(|s| (s.line as usize) < line);
        let mut spreads = &self.spreads[skip..];
        for k in range {
            let from = run.from as usize + k;
            let column = run.to as usize + k;
            if let Some((first, rest)) = spreads.split_first()
                && (first.line as usize) < column / width
            {
                spreads = rest;
            }
            let source = &self.update[from * self.shape.ld + self.shape.lead..];
            let at = (column - target.first) * target.ld;
            let to = &mut target.values[at..at + target.ld];
            let shift = target.row / width;
            for spread in spreads {
                let source = &source[spread.source as usize..][..width];
                let at = (spread.line as usize - shift) * width;
                T::spread_add(spreader, spread.mask, source, &mut to[at..at + width]);
            }
        }
    }

    /// Columns `range` of run `n`, run by run.
    #[inline(always)]
    fn add_run(&self, target: &mut Columns<'_, T>, n: usize, range: Range<usize>) {
        let lead = self.shape.lead;
        for k in range {
            let from = self.runs[n].from as usize + k;
            let source = &self.update[from * self.shape.ld..(from + 1) * self.shape.ld];
            let at = (self.runs[n].to as usize + k - target.first) * target.ld;
            let to = &mut target.values[at..at + target.ld];
            for (m, run) in self.runs[n..].iter().enumerate() {
                let skip = if m == 0 { k } else { 0 };
                let begin = lead + run.from as usize + skip;
                let end = lead + (run.from + run.len) as usize;
                let to = &mut to[run.to as usize + skip - target.row..];
                for (to, &from) in to.iter_mut().zip(&source[begin..end]) {
                    *to += from;
                }
            }
        }
    }
}

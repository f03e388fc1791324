//! Extend-add: a child's update matrix goes into its parent's front.
//!
//! The rows of a child are a subsequence of its parent's, so a register of
//! the parent takes consecutive rows of the child, spread by a mask.

use pulp::Simd;

use super::plan::UpdateShape;
use super::symbolic::{Run, SymbolicCholesky};
use super::LINE;
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

/// A front being assembled.
pub(crate) struct Target<'a, T> {
    pub panel: &'a mut [T],
    pub ld: usize,
    pub pivots: usize,
    pub update: &'a mut [T],
    pub shape: UpdateShape,
}

impl<T> Target<'_, T> {
    /// Column `column` of the front, and the front's row that it starts with.
    #[inline(always)]
    fn column(&mut self, column: usize) -> (&mut [T], usize) {
        if column < self.pivots {
            (&mut self.panel[column * self.ld..(column + 1) * self.ld], 0)
        } else {
            let at = (column - self.pivots) * self.shape.ld;
            let first = self.pivots - self.shape.lead;
            (&mut self.update[at..at + self.shape.ld], first)
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

    /// Adds all columns. Rows of the target above the diagonal, back to the
    /// start of a register, may be changed too.
    #[inline(always)]
    pub fn add_to<S: Simd>(self, _: S, target: &mut Target<'_, T>) {
        if let Some(spreader) = spreader::<S>() {
            self.add_spread(spreader, target);
        } else {
            self.add_runs(target);
        }
    }

    #[inline(always)]
    fn add_spread(self, spreader: Spreader, target: &mut Target<'_, T>) {
        let width = LINE / size_of::<T>();
        let mut spreads = self.spreads;
        for run in self.runs {
            for k in 0..run.len as usize {
                let from = run.from as usize + k;
                let column = run.to as usize + k;
                while let Some((first, rest)) = spreads.split_first()
                    && (first.line as usize) < column / width
                {
                    spreads = rest;
                }
                let source = &self.update[from * self.shape.ld + self.shape.lead..];
                let (to, first) = target.column(column);
                let shift = first / width;
                for spread in spreads {
                    let source = &source[spread.source as usize..][..width];
                    let at = (spread.line as usize - shift) * width;
                    T::spread_add(spreader, spread.mask, source, &mut to[at..at + width]);
                }
            }
        }
    }

    #[inline(always)]
    fn add_runs(self, target: &mut Target<'_, T>) {
        let lead = self.shape.lead;
        for (n, first_run) in self.runs.iter().enumerate() {
            for k in 0..first_run.len {
                let from = (first_run.from + k) as usize;
                let source = &self.update[from * self.shape.ld..(from + 1) * self.shape.ld];
                let (to, first) = target.column((first_run.to + k) as usize);
                for (m, run) in self.runs[n..].iter().enumerate() {
                    let skip = if m == 0 { k as usize } else { 0 };
                    let begin = lead + run.from as usize + skip;
                    let end = lead + (run.from + run.len) as usize;
                    let to = &mut to[run.to as usize + skip - first..];
                    for (to, &from) in to.iter_mut().zip(&source[begin..end]) {
                        *to += from;
                    }
                }
            }
        }
    }
}

//! Everything about a factorisation that does not depend on values.

use std::ops::Range;
use std::sync::Arc;

use super::amalgamate::front_tree;
use super::etree::{EliminationTree, NONE};
use crate::ordering::graph::Graph;
use crate::{BlockLayout, Ordering, Permutation, SymmetricPattern};

/// One dense partial factorisation: a group of columns with common rows.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    /// Pivot variables, in elimination numbering.
    pub variables: Range<u32>,
    /// First pivot scalar, in elimination numbering.
    pub scalar: u32,
    /// Number of pivot scalars.
    pub pivots: u32,
    /// Number of scalars below the pivots.
    pub below: u32,
    /// Front that takes the update matrix; `u32::MAX` for a root.
    pub parent: u32,
    /// Distance from the root.
    pub depth: u32,
    /// Where the block rows below the pivots lie in `rows`.
    pub rows: Range<u32>,
    /// Where the runs into the parent lie in `parent_runs`.
    pub parent_runs: Range<u32>,
    /// Where the runs into the whole vector lie in `vector_runs`.
    pub vector_runs: Range<u32>,
    /// Where the off-diagonal blocks of the matrix lie in `entries`.
    pub entries: Range<u32>,
    /// Where the children lie in `children`.
    pub children: Range<u32>,
}

/// `len` consecutive scalars at `from` that go to `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub from: u32,
    pub to: u32,
    pub len: u32,
}

/// Where an off-diagonal block of the matrix goes in its front.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// Block number in block order.
    pub block: u32,
    /// First scalar row and column within the front.
    pub row: u32,
    pub column: u32,
    /// Height and width as stored in the matrix.
    pub height: u32,
    pub width: u32,
    /// The block's transpose goes to the front.
    pub transposed: bool,
}

/// Structure of a sparse Cholesky factorisation `P A Pᵀ = L Lᵀ`.
///
/// Made once per pattern; any number of [`Cholesky`](super::Cholesky) factors
/// share it. Columns with nearly equal structure form fronts that are
/// factored as dense matrices (multifrontal method: I. Duff, J. Reid, ACM
/// Trans. Math. Softw. 9 (1983) 302; J. Liu, SIAM Review 34 (1992) 82).
#[derive(Clone, Debug)]
pub struct SymbolicCholesky {
    pub(crate) layout: Arc<BlockLayout>,
    pub(crate) blocks: usize,
    pub(crate) permutation: Permutation,
    /// First scalar of each variable in elimination numbering.
    pub(crate) offsets: Vec<u32>,
    pub(crate) fronts: Vec<Front>,
    pub(crate) rows: Vec<u32>,
    pub(crate) parent_runs: Vec<Run>,
    pub(crate) vector_runs: Vec<Run>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) children: Vec<u32>,
    ordering: Ordering,
    prediction: Prediction,
}

/// What a factorisation will cost, known before any value is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prediction {
    /// Number of fronts.
    pub fronts: usize,
    /// Scalars in the lower triangle of L, explicit zeros of merged fronts included.
    pub factor_scalars: usize,
    /// Blocks in the lower triangle of L, diagonal and explicit zeros included.
    pub factor_blocks: usize,
    /// Additions and multiplications of one factorisation.
    pub flops: f64,
    /// Order of the largest front.
    pub largest_front: usize,
}

impl SymbolicCholesky {
    /// Analyses `pattern` for elimination in the given order.
    ///
    /// `layout` has the dimension of each variable of the pattern.
    pub fn analyze(
        layout: Arc<BlockLayout>,
        pattern: &SymmetricPattern,
        ordering: Ordering,
    ) -> Self {
        let graph = Graph::new(pattern, &layout);
        let (ordering, tree) = ordering.tree(&graph);
        Self::build(layout, &graph, &tree, ordering)
    }

    fn build(
        layout: Arc<BlockLayout>,
        graph: &Graph,
        tree: &EliminationTree,
        ordering: Ordering,
    ) -> Self {
        let front_tree = front_tree(tree, &graph.weights);
        let old_from_new: Vec<u32> = front_tree
            .columns
            .iter()
            .map(|&c| tree.old_from_new[c as usize])
            .collect();
        let mut offsets = Vec::with_capacity(old_from_new.len() + 1);
        offsets.push(0);
        let mut end = 0;
        for &old in &old_from_new {
            end += layout.dim(old as usize) as u32;
            offsets.push(end);
        }
        let count = front_tree.parent.len();
        let mut symbolic = Self {
            layout,
            blocks: graph.neighbours.len() / 2,
            permutation: Permutation::of_order(old_from_new),
            offsets,
            fronts: Vec::with_capacity(count),
            rows: Vec::new(),
            parent_runs: Vec::new(),
            vector_runs: Vec::new(),
            entries: Vec::with_capacity(graph.neighbours.len() / 2),
            children: Vec::with_capacity(count),
            ordering,
            prediction: Prediction::default(),
        };
        symbolic.add_fronts(graph, &front_tree.start, &front_tree.parent);
        symbolic.predict();
        symbolic
    }

    fn add_fronts(&mut self, graph: &Graph, start: &[u32], parent: &[u32]) {
        let n = self.permutation.len();
        let count = parent.len();
        let mut head = vec![NONE; count];
        let mut next = vec![NONE; count];
        for f in (0..count).rev() {
            if parent[f] != NONE {
                next[f] = head[parent[f] as usize];
                head[parent[f] as usize] = f as u32;
            }
        }
        let mut seen = vec![NONE; n];
        let mut place = vec![0_u32; n];
        for f in 0..count {
            let variables = start[f]..start[f + 1];
            let first_row = self.rows.len();
            let first_child = self.children.len() as u32;
            let mut child = head[f];
            while child != NONE {
                self.children.push(child);
                let range = self.fronts[child as usize].rows.clone();
                for k in range {
                    let row = self.rows[k as usize];
                    if row >= variables.end && seen[row as usize] != f as u32 {
                        seen[row as usize] = f as u32;
                        self.rows.push(row);
                    }
                }
                child = next[child as usize];
            }
            for v in variables.clone() {
                let old = self.permutation.old_from_new()[v as usize];
                for &neighbour in graph.of(old) {
                    let row = self.permutation.new_from_old()[neighbour as usize];
                    if row >= variables.end && seen[row as usize] != f as u32 {
                        seen[row as usize] = f as u32;
                        self.rows.push(row);
                    }
                }
            }
            self.rows[first_row..].sort_unstable();
            let front = self.add_front(graph, variables, first_row, parent[f], &mut place);
            self.fronts.push(Front {
                children: first_child..self.children.len() as u32,
                ..front
            });
            self.connect_children(f, &place);
        }
        for f in (0..count).rev() {
            if parent[f] != NONE {
                self.fronts[f].depth = self.fronts[parent[f] as usize].depth + 1;
            }
        }
    }

    /// The front of `variables` with block rows `rows[first_row..]`; leaves in
    /// `place` the position of its variables within it.
    fn add_front(
        &mut self,
        graph: &Graph,
        variables: Range<u32>,
        first_row: usize,
        parent: u32,
        place: &mut [u32],
    ) -> Front {
        let scalar = self.offsets[variables.start as usize];
        let pivots = self.offsets[variables.end as usize] - scalar;
        for v in variables.clone() {
            place[v as usize] = self.offsets[v as usize] - scalar;
        }
        let first_run = self.vector_runs.len();
        let mut below = 0;
        for &row in &self.rows[first_row..] {
            place[row as usize] = pivots + below;
            let from = self.offsets[row as usize];
            let len = self.offsets[row as usize + 1] - from;
            push_run(
                &mut self.vector_runs,
                first_run,
                Run {
                    from,
                    to: below,
                    len,
                },
            );
            below += len;
        }
        let first_entry = self.entries.len() as u32;
        for v in variables.clone() {
            let old = self.permutation.old_from_new()[v as usize];
            for k in graph.range(old) {
                let other = graph.neighbours[k];
                let row = self.permutation.new_from_old()[other as usize];
                if row <= v {
                    continue;
                }
                // The matrix keeps the block at (larger, smaller) original index.
                let (high, low) = (old.max(other), old.min(other));
                self.entries.push(Entry {
                    block: graph.blocks[k],
                    row: place[row as usize],
                    column: place[v as usize],
                    height: self.layout.dim(high as usize) as u32,
                    width: self.layout.dim(low as usize) as u32,
                    transposed: other == low,
                });
            }
        }
        Front {
            variables,
            scalar,
            pivots,
            below,
            parent,
            depth: 0,
            rows: first_row as u32..self.rows.len() as u32,
            parent_runs: 0..0,
            vector_runs: first_run as u32..self.vector_runs.len() as u32,
            entries: first_entry..self.entries.len() as u32,
            children: 0..0,
        }
    }

    /// Runs from each child of front `f` into it.
    fn connect_children(&mut self, f: usize, place: &[u32]) {
        for k in self.fronts[f].children.clone() {
            let child = self.children[k as usize] as usize;
            let first = self.parent_runs.len();
            let mut from = 0;
            for r in self.fronts[child].rows.clone() {
                let row = self.rows[r as usize] as usize;
                let len = self.offsets[row + 1] - self.offsets[row];
                let to = place[row];
                push_run(&mut self.parent_runs, first, Run { from, to, len });
                from += len;
            }
            self.fronts[child].parent_runs = first as u32..self.parent_runs.len() as u32;
        }
    }

    fn predict(&mut self) {
        let mut p = Prediction {
            fronts: self.fronts.len(),
            ..Prediction::default()
        };
        for front in &self.fronts {
            let (pivots, below) = (front.pivots as usize, front.below as usize);
            let blocks = front.variables.len();
            p.factor_scalars += pivots * (pivots + 1) / 2 + pivots * below;
            p.factor_blocks += blocks * (blocks + 1) / 2 + blocks * front.rows.len();
            p.flops += (1..=pivots)
                .map(|c| ((below + c) as f64).powi(2))
                .sum::<f64>();
            p.largest_front = p.largest_front.max(pivots + below);
        }
        self.prediction = p;
    }

    /// Block sizes, in original numbering.
    pub fn layout(&self) -> &Arc<BlockLayout> {
        &self.layout
    }

    /// The elimination order in use.
    pub fn permutation(&self) -> &Permutation {
        &self.permutation
    }

    /// The ordering in use; what `Auto` chose.
    pub fn ordering(&self) -> Ordering {
        self.ordering
    }

    /// Size and work of the factor.
    pub fn prediction(&self) -> Prediction {
        self.prediction
    }

    pub(crate) fn entries(&self, front: &Front) -> &[Entry] {
        &self.entries[front.entries.start as usize..front.entries.end as usize]
    }

    pub(crate) fn children(&self, front: &Front) -> &[u32] {
        &self.children[front.children.start as usize..front.children.end as usize]
    }

    pub(crate) fn parent_runs(&self, front: &Front) -> &[Run] {
        &self.parent_runs[front.parent_runs.start as usize..front.parent_runs.end as usize]
    }

    /// `from`: scalar in elimination numbering; `to`: row below the pivots.
    pub(crate) fn vector_runs(&self, front: &Front) -> &[Run] {
        &self.vector_runs[front.vector_runs.start as usize..front.vector_runs.end as usize]
    }
}

/// Appends a run, or lengthens the last one of this list where it fits on.
fn push_run(runs: &mut Vec<Run>, first: usize, run: Run) {
    if run.len == 0 {
        return;
    }
    if let Some(last) = runs[first..].last_mut()
        && last.from + last.len == run.from
        && last.to + last.len == run.to
    {
        last.len += run.len;
    } else {
        runs.push(run);
    }
}

//! A factor as the kernels read it: rows in order of levels, blocks in tiles.

use slam16_sparse::{LevelSchedule, Store, TiledLayout, TriangularFactor};

use crate::kernels::{NONE, TILE};

/// The rows of a factor, level by level. A row needs only rows of lower levels
/// in the forward solve, and only rows of higher ones in the backward solve, so
/// one numbering serves both.
pub(super) struct Numbering {
    /// Scalars of a block's side: of the largest, smaller blocks are padded.
    pub dim: usize,
    /// Row of the factor at each place.
    pub rows: Vec<u32>,
    /// First place of each level, and the end.
    pub levels: Vec<u32>,
    /// Place of each row.
    places: Vec<u32>,
}

/// Blocks and tables, one or several directions one after the other.
#[derive(Default)]
pub(super) struct Packed<S> {
    pub blocks: Vec<S>,
    pub tables: Vec<u32>,
}

/// Where a direction lies in them: pairs before blocks, places in the tables.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Side {
    pub below: u32,
    pub diagonal: u32,
    pub starts: u32,
    pub neighbours: u32,
}

impl Numbering {
    pub(super) fn new<S: Store>(factor: &TriangularFactor<S>) -> Self {
        let schedule = LevelSchedule::forward(factor.pattern());
        let layout = factor.layout();
        let mut places = vec![0; layout.variables()];
        for (place, &row) in (0..).zip(schedule.rows()) {
            places[row as usize] = place;
        }
        Self {
            dim: (0..layout.variables())
                .map(|v| layout.dim(v))
                .max()
                .unwrap_or(1),
            rows: schedule.rows().to_vec(),
            levels: schedule.starts().to_vec(),
            places,
        }
    }

    /// Numbers in the vector of a solve.
    pub(super) fn scalars(&self) -> usize {
        self.rows.len() * self.dim
    }

    /// Unknown of each number of the vector, or [`NONE`] where a row is padded.
    pub(super) fn unknowns<S: Store>(&self, factor: &TriangularFactor<S>) -> Vec<u32> {
        let mut unknowns = Vec::with_capacity(self.scalars());
        for &row in &self.rows {
            let first = factor.origin()[row as usize];
            let dim = factor.layout().dim(row as usize) as u32;
            unknowns.extend((0..self.dim as u32).map(|r| match r < dim {
                true => first + r,
                false => NONE,
            }));
        }
        unknowns
    }
}

/// A block of the factor with its place among the blocks of its new row.
struct Item {
    neighbour: u32,
    /// Number in the factor's pattern.
    block: usize,
    rows: usize,
    cols: usize,
}

impl<S: Store> Packed<S> {
    /// Appends one direction: the rows of `L`, or of `Lᵀ` where `transposed`.
    pub(super) fn push(
        &mut self,
        factor: &TriangularFactor<S>,
        numbering: &Numbering,
        transposed: bool,
    ) -> Side {
        let (pattern, layout) = (factor.pattern(), factor.layout());
        let mut starts = Vec::with_capacity(numbering.rows.len() + 1);
        let mut items: Vec<Item> = Vec::with_capacity(pattern.blocks());
        starts.push(0);
        for &row in &numbering.rows {
            let row = row as usize;
            let first = items.len();
            let mut push = |other: u32, block: usize| {
                let (i, j) = match transposed {
                    true => (other as usize, row),
                    false => (row, other as usize),
                };
                items.push(Item {
                    neighbour: numbering.places[other as usize],
                    block,
                    rows: layout.dim(i),
                    cols: layout.dim(j),
                });
            };
            if transposed {
                let blocks = pattern.first_block(row)..;
                for (&other, block) in pattern.column(row).iter().zip(blocks) {
                    push(other, block);
                }
            } else {
                for (&other, &block) in pattern.row(row).iter().zip(pattern.row_blocks(row)) {
                    push(other, block as usize);
                }
            }
            // Neighbouring lanes then read near one another.
            items[first..].sort_unstable_by_key(|item| item.neighbour);
            starts.push(items.len() as u32);
        }
        let dim = numbering.dim;
        let below = self.room(dim, items.len());
        for (n, item) in items.iter().enumerate() {
            let values = factor.below_block(item.block, item.rows * item.cols);
            self.put(dim, below, n, item.rows, values, transposed);
        }
        let diagonal = self.room(dim, numbering.rows.len());
        for (n, &row) in numbering.rows.iter().enumerate() {
            let row = row as usize;
            let rows = layout.dim(row);
            let values = factor.diagonal_block(row, rows * rows);
            self.put(dim, diagonal, n, rows, values, transposed);
        }
        Side {
            below: (below / 2) as u32,
            diagonal: (diagonal / 2) as u32,
            starts: self.table(&starts),
            neighbours: self.table(&items.iter().map(|i| i.neighbour).collect::<Vec<_>>()),
        }
    }

    /// Appends numbers; returns the place of the first.
    pub(super) fn table(&mut self, values: &[u32]) -> u32 {
        let at = self.tables.len();
        self.tables.extend_from_slice(values);
        at as u32
    }

    /// The blocks in words of 32 bits.
    pub(super) fn words(&self) -> Vec<u32> {
        bytemuck::pod_collect_to_vec(&self.blocks)
    }

    fn room(&mut self, dim: usize, blocks: usize) -> usize {
        let at = self.blocks.len();
        self.blocks
            .resize(at + tiles(dim).len(blocks), S::default());
        at
    }

    /// Writes block `n`, column-major with `rows` rows.
    fn put(
        &mut self,
        dim: usize,
        at: usize,
        n: usize,
        rows: usize,
        values: &[S],
        transposed: bool,
    ) {
        let column = dim.next_multiple_of(2);
        for (k, value) in values.iter().enumerate() {
            let (r, c) = match transposed {
                true => (k / rows, k % rows),
                false => (k % rows, k / rows),
            };
            self.blocks[at + tiles(dim).index(n, c * column + r)] = *value;
        }
    }
}

fn tiles(dim: usize) -> TiledLayout {
    TiledLayout::new(TILE, dim.next_multiple_of(2) * dim)
}

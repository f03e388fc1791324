//! Positions of the blocks of a lower triangular factor.

/// Blocks strictly below the diagonal, reachable by column and by row.
///
/// Blocks are numbered by column, rows ascending within a column. The diagonal
/// is always present and not listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactorPattern {
    start: Vec<u32>,
    rows: Vec<u32>,
    row_start: Vec<u32>,
    row_columns: Vec<u32>,
    row_blocks: Vec<u32>,
}

impl FactorPattern {
    /// From the blocks by column: column `j` has the rows
    /// `rows[start[j]..start[j + 1]]`, ascending and greater than `j`.
    pub(crate) fn from_columns(start: Vec<u32>, rows: Vec<u32>) -> Self {
        let n = start.len() - 1;
        let mut row_start = vec![0_u32; n + 1];
        for &row in &rows {
            row_start[row as usize + 1] += 1;
        }
        for i in 0..n {
            row_start[i + 1] += row_start[i];
        }
        let mut next = row_start.clone();
        let mut row_columns = vec![0_u32; rows.len()];
        let mut row_blocks = vec![0_u32; rows.len()];
        for j in 0..n {
            for block in start[j]..start[j + 1] {
                let at = &mut next[rows[block as usize] as usize];
                row_columns[*at as usize] = j as u32;
                row_blocks[*at as usize] = block;
                *at += 1;
            }
        }
        Self {
            start,
            rows,
            row_start,
            row_columns,
            row_blocks,
        }
    }

    /// Number of block columns.
    pub fn columns(&self) -> usize {
        self.start.len() - 1
    }

    /// Number of blocks below the diagonal.
    pub fn blocks(&self) -> usize {
        self.rows.len()
    }

    /// Number of the first block of column `j`.
    #[inline]
    pub fn first_block(&self, j: usize) -> usize {
        self.start[j] as usize
    }

    /// Block rows of column `j`, ascending.
    #[inline]
    pub fn column(&self, j: usize) -> &[u32] {
        &self.rows[self.start[j] as usize..self.start[j + 1] as usize]
    }

    /// Block columns of row `i`, ascending.
    #[inline]
    pub fn row(&self, i: usize) -> &[u32] {
        &self.row_columns[self.row_start[i] as usize..self.row_start[i + 1] as usize]
    }

    /// Numbers of the blocks of row `i`, in the order of [`FactorPattern::row`].
    #[inline]
    pub fn row_blocks(&self, i: usize) -> &[u32] {
        &self.row_blocks[self.row_start[i] as usize..self.row_start[i + 1] as usize]
    }

    /// Bytes of the index.
    pub fn bytes(&self) -> usize {
        4 * (self.start.len() + self.row_start.len() + 3 * self.rows.len())
    }
}

//! Which rows of a triangular solve may run at the same time.

use super::FactorPattern;

/// Rows grouped by level: a row needs only results of lower levels, so all
/// rows of one level may be solved at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelSchedule {
    rows: Vec<u32>,
    start: Vec<u32>,
}

impl LevelSchedule {
    /// Levels of `L y = b`: row `i` comes after the columns it has blocks in.
    pub fn forward(pattern: &FactorPattern) -> Self {
        let mut level = vec![0_u32; pattern.columns()];
        for i in 0..pattern.columns() {
            for &j in pattern.row(i) {
                level[i] = level[i].max(level[j as usize] + 1);
            }
        }
        Self::from_levels(&level)
    }

    /// Levels of `Lᵀ x = y`: row `j` comes after the rows below it in its column.
    pub fn backward(pattern: &FactorPattern) -> Self {
        let mut level = vec![0_u32; pattern.columns()];
        for j in (0..pattern.columns()).rev() {
            for &i in pattern.column(j) {
                level[j] = level[j].max(level[i as usize] + 1);
            }
        }
        Self::from_levels(&level)
    }

    fn from_levels(level: &[u32]) -> Self {
        let count = level.iter().max().map_or(0, |l| *l as usize + 1);
        let mut start = vec![0_u32; count + 1];
        for &l in level {
            start[l as usize + 1] += 1;
        }
        for l in 0..count {
            start[l + 1] += start[l];
        }
        let mut next = start.clone();
        let mut rows = vec![0_u32; level.len()];
        for (row, &l) in level.iter().enumerate() {
            rows[next[l as usize] as usize] = row as u32;
            next[l as usize] += 1;
        }
        Self { rows, start }
    }

    /// Number of levels: the longest chain of dependencies.
    pub fn levels(&self) -> usize {
        self.start.len() - 1
    }

    /// Rows of one level, ascending.
    pub fn level(&self, level: usize) -> &[u32] {
        &self.rows[self.start[level] as usize..self.start[level + 1] as usize]
    }

    /// All rows, level by level.
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// First position of each level in [`LevelSchedule::rows`], and the end.
    pub fn starts(&self) -> &[u32] {
        &self.start
    }
}

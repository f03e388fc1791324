//! Which blocks a factor keeps, decided from the pattern alone.

use super::{FactorPattern, PermutedPattern};

const NONE: u32 = u32::MAX;

impl FactorPattern {
    /// IC(`level`): the blocks whose level of fill is at most `level`.
    ///
    /// Blocks of `A` have level 0; eliminating column `p` gives block (`i`,
    /// `j`) the level `lev(i, p) + lev(j, p) + 1` unless it has a lower one
    /// already (J. Watts, SPE J. 21 (1981) 345). Level 0 keeps `A`'s pattern.
    pub fn with_level(matrix: &PermutedPattern, level: usize) -> Self {
        let n = matrix.columns();
        let level = u32::try_from(level).unwrap_or(u32::MAX).min(n as u32);
        // Column p with its levels, and for each row the columns that reach it.
        let mut start = vec![0_u32];
        let (mut rows, mut levels) = (Vec::new(), Vec::new());
        let mut reaching: Vec<Vec<(u32, u32)>> = vec![Vec::new(); n];
        let mut best = vec![NONE; n];
        let mut column = Vec::new();
        for j in 0..n {
            column.clear();
            for &i in matrix.column(j) {
                best[i as usize] = 0;
                column.push(i);
            }
            for &(p, at) in &reaching[j] {
                let base = levels[at as usize] + 1;
                if base > level {
                    continue;
                }
                for k in at as usize + 1..start[p as usize + 1] as usize {
                    let (i, candidate) = (rows[k] as usize, base + levels[k]);
                    if candidate <= level {
                        if best[i] == NONE {
                            column.push(i as u32);
                        }
                        best[i] = best[i].min(candidate);
                    }
                }
            }
            reaching[j] = Vec::new();
            column.sort_unstable();
            for &i in &column {
                reaching[i as usize].push((j as u32, rows.len() as u32));
                rows.push(i);
                levels.push(best[i as usize]);
                best[i as usize] = NONE;
            }
            start.push(rows.len() as u32);
        }
        rows.shrink_to_fit();
        Self::from_columns(start, rows)
    }

    /// All blocks of the complete factor: column `j` has the rows of `A`'s
    /// column and those of its children in the elimination tree.
    pub fn complete(matrix: &PermutedPattern) -> Self {
        let n = matrix.columns();
        let mut start = vec![0_u32];
        let mut rows: Vec<u32> = Vec::new();
        let mut children: Vec<Vec<u32>> = vec![Vec::new(); n];
        let mut seen = vec![NONE; n];
        let mut column = Vec::new();
        for j in 0..n {
            column.clear();
            let mut add = |i: u32, column: &mut Vec<u32>| {
                if i > j as u32 && seen[i as usize] != j as u32 {
                    seen[i as usize] = j as u32;
                    column.push(i);
                }
            };
            for &i in matrix.column(j) {
                add(i, &mut column);
            }
            for child in std::mem::take(&mut children[j]) {
                let child = child as usize;
                for &i in &rows[start[child] as usize..start[child + 1] as usize] {
                    add(i, &mut column);
                }
            }
            column.sort_unstable();
            if let Some(&parent) = column.first() {
                children[parent as usize].push(j as u32);
            }
            rows.extend_from_slice(&column);
            start.push(rows.len() as u32);
        }
        rows.shrink_to_fit();
        Self::from_columns(start, rows)
    }
}

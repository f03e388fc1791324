//! Rows that touch many variables: the square root of a dense prior.

use std::sync::Arc;

use crate::BlockLayout;

/// Which variables the dense rows touch; made once per problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DenseStructure {
    variables: Vec<u32>,
    /// First column of each variable, and the number of columns.
    starts: Vec<usize>,
    rows: usize,
}

impl DenseStructure {
    /// `rows` rows over `variables`, which must be ascending and in the layout.
    pub fn new(variables: Vec<u32>, rows: usize, layout: &BlockLayout) -> Self {
        debug_assert!(variables.is_sorted_by(|a, b| a < b));
        let mut starts = vec![0];
        let mut end = 0;
        for v in &variables {
            end += layout.dim(*v as usize);
            starts.push(end);
        }
        Self {
            variables,
            starts,
            rows,
        }
    }

    /// The variables, ascending.
    pub fn variables(&self) -> &[u32] {
        &self.variables
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns, the scalars of all variables.
    pub fn columns(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Columns of the `k`-th variable.
    pub fn columns_of(&self, k: usize) -> std::ops::Range<usize> {
        self.starts[k]..self.starts[k + 1]
    }

    /// Unordered pairs of its variables, each once.
    pub fn pairs(&self) -> impl Iterator<Item = (u32, u32)> + Clone + '_ {
        let v = &self.variables;
        (0..v.len()).flat_map(move |j| (j + 1..v.len()).map(move |i| (v[i], v[j])))
    }
}

/// Dense rows of the Jacobian with their residuals, in f64: part of `J`, never
/// of an information matrix. Columns of held scalars are exactly zero.
#[derive(Clone, Debug)]
pub struct DenseRows {
    structure: Arc<DenseStructure>,
    /// `rows × columns`, column-major.
    pub values: Vec<f64>,
    /// One per row.
    pub residuals: Vec<f64>,
}

impl DenseRows {
    /// All-zero rows.
    pub fn zeros(structure: Arc<DenseStructure>) -> Self {
        Self {
            values: vec![0.0; structure.rows() * structure.columns()],
            residuals: vec![0.0; structure.rows()],
            structure,
        }
    }

    /// The structure these values belong to.
    pub fn structure(&self) -> &Arc<DenseStructure> {
        &self.structure
    }

    /// Columns of the `k`-th variable, column-major.
    pub fn block(&self, k: usize) -> &[f64] {
        let rows = self.structure.rows;
        let columns = self.structure.columns_of(k);
        &self.values[columns.start * rows..columns.end * rows]
    }

    /// As [`DenseRows::block`], to be filled.
    pub fn block_mut(&mut self, k: usize) -> &mut [f64] {
        let rows = self.structure.rows;
        let columns = self.structure.columns_of(k);
        &mut self.values[columns.start * rows..columns.end * rows]
    }

    /// `(R x)`, one entry per row; `x` holds all unknowns.
    pub fn mul(&self, layout: &BlockLayout, x: &[f64]) -> Vec<f64> {
        let rows = self.structure.rows;
        let mut y = vec![0.0; rows];
        for (k, &v) in self.structure.variables.iter().enumerate() {
            let block = self.block(k);
            for (c, x) in x[layout.range(v as usize)].iter().enumerate() {
                for (y, r) in y.iter_mut().zip(&block[c * rows..(c + 1) * rows]) {
                    *y += r * x;
                }
            }
        }
        y
    }

    /// `out += leftᵀ right` for the columns of the `left`-th and `right`-th
    /// variable; `at(i, j)` is the place of entry (i, j) in `out`.
    pub fn add_gram(
        &self,
        left: usize,
        right: usize,
        out: &mut [f64],
        at: impl Fn(usize, usize) -> usize,
    ) {
        let rows = self.structure.rows;
        if rows == 0 {
            return;
        }
        for (j, b) in self.block(right).chunks_exact(rows).enumerate() {
            for (i, a) in self.block(left).chunks_exact(rows).enumerate() {
                out[at(i, j)] += dot(a, b);
            }
        }
    }

    /// `out += leftᵀ r` for the columns of the `k`-th variable.
    pub fn add_gradient(&self, k: usize, out: &mut [f64]) {
        let rows = self.structure.rows;
        if rows == 0 {
            return;
        }
        for (out, column) in out.iter_mut().zip(self.block(k).chunks_exact(rows)) {
            *out += dot(column, &self.residuals);
        }
    }

    /// Bytes of values and residuals.
    pub fn bytes(&self) -> usize {
        8 * (self.values.len() + self.residuals.len())
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two variables of 2 and 1 scalars out of three; R = [1 3 5; 2 4 6].
    #[test]
    fn worked_by_hand() {
        let layout = BlockLayout::new([2, 4, 1]);
        let structure = Arc::new(DenseStructure::new(vec![0, 2], 2, &layout));
        assert_eq!(structure.columns(), 3);
        assert_eq!(structure.pairs().collect::<Vec<_>>(), [(2, 0)]);
        let mut rows = DenseRows::zeros(structure);
        rows.values.copy_from_slice(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        rows.residuals.copy_from_slice(&[1.0, -1.0]);
        let x = [1.0, -1.0, 9.0, 9.0, 9.0, 9.0, 2.0];
        assert_eq!(rows.mul(&layout, &x), [8.0, 10.0]);
        let mut gram = [0.0; 2];
        rows.add_gram(1, 0, &mut gram, |_, j| j);
        assert_eq!(gram, [17.0, 39.0]);
        let mut gradient = [1.0, 0.0];
        rows.add_gradient(0, &mut gradient);
        assert_eq!(gradient, [0.0, -1.0]);
    }
}

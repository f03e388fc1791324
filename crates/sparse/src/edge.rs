//! The Jacobian blocks of one set of factors.

use std::sync::Arc;

use crate::Store;

/// Index that stands for "no second variable" in a unary factor set.
pub const NO_VARIABLE: u32 = u32::MAX;

/// Block sizes shared by all factors of a set: `rows` residuals, `cols_a`
/// columns for the first variable, `cols_b` for the second (0 when unary).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EdgeShape {
    /// Residuals per factor.
    pub rows: usize,
    /// Columns of the first variable's block.
    pub cols_a: usize,
    /// Columns of the second variable's block; 0 for a unary factor.
    pub cols_b: usize,
}

/// Which variables the factors of a set touch; made once per problem.
///
/// Invariants, kept by [`EdgeStructure::new`]: `var_a` and `var_b` have one
/// entry per factor; `incidence_items(v)` lists `2 f` for each factor `f` with
/// `var_a[f] == v` and `2 f + 1` for each with `var_b[f] == v`, ascending.
#[derive(Clone, Debug)]
pub struct EdgeStructure {
    shape: EdgeShape,
    var_a: Vec<u32>,
    var_b: Vec<u32>,
    incidence_start: Vec<u32>,
    incidence: Vec<u32>,
}

impl EdgeStructure {
    /// Builds the structure of a set; `var_b` is all [`NO_VARIABLE`] when
    /// `shape.cols_b` is 0. `variables` is the number of variables of the
    /// whole problem.
    pub fn new(shape: EdgeShape, var_a: Vec<u32>, var_b: Vec<u32>, variables: usize) -> Self {
        debug_assert_eq!(var_a.len(), var_b.len());
        let mut start = vec![0_u32; variables + 1];
        let touched = |f: usize| [var_a[f], var_b[f]];
        for f in 0..var_a.len() {
            for v in touched(f) {
                if v != NO_VARIABLE {
                    start[v as usize + 1] += 1;
                }
            }
        }
        for v in 0..variables {
            start[v + 1] += start[v];
        }
        let mut next = start.clone();
        let mut incidence = vec![0_u32; start[variables] as usize];
        for f in 0..var_a.len() {
            for (side, v) in touched(f).into_iter().enumerate() {
                if v != NO_VARIABLE {
                    incidence[next[v as usize] as usize] = (2 * f + side) as u32;
                    next[v as usize] += 1;
                }
            }
        }
        Self {
            shape,
            var_a,
            var_b,
            incidence_start: start,
            incidence,
        }
    }

    /// Block sizes.
    pub fn shape(&self) -> EdgeShape {
        self.shape
    }

    /// Number of factors.
    pub fn factors(&self) -> usize {
        self.var_a.len()
    }

    /// First variable of each factor.
    pub fn var_a(&self) -> &[u32] {
        &self.var_a
    }

    /// Second variable of each factor, [`NO_VARIABLE`] in a unary set.
    pub fn var_b(&self) -> &[u32] {
        &self.var_b
    }

    /// The factors of variable `v`: `2 f` where it is the first, `2 f + 1`
    /// where it is the second variable of factor `f`.
    pub fn incidence_items(&self, v: usize) -> &[u32] {
        &self.incidence[self.incidence_start[v] as usize..self.incidence_start[v + 1] as usize]
    }
}

/// Jacobian blocks of one factor set in storage precision `S`.
///
/// Block `a` of factor `f` is `rows × cols_a`, column-major, at
/// `a[f * rows * cols_a ..]`; block `b` likewise. Columns of held scalars are
/// exactly zero.
#[derive(Clone, Debug)]
pub struct EdgeBlocks<S: Store> {
    structure: Arc<EdgeStructure>,
    /// Blocks of the first variables.
    pub a: Vec<S>,
    /// Blocks of the second variables; empty in a unary set.
    pub b: Vec<S>,
}

impl<S: Store> EdgeBlocks<S> {
    /// All-zero blocks for a structure.
    pub fn zeros(structure: Arc<EdgeStructure>) -> Self {
        let EdgeShape {
            rows,
            cols_a,
            cols_b,
        } = structure.shape();
        let factors = structure.factors();
        Self {
            a: vec![S::default(); factors * rows * cols_a],
            b: vec![S::default(); factors * rows * cols_b],
            structure,
        }
    }

    /// The structure these values belong to.
    pub fn structure(&self) -> &Arc<EdgeStructure> {
        &self.structure
    }

    /// Block of factor `f`'s first variable, `rows × cols_a`, column-major.
    #[inline]
    pub fn block_a(&self, f: usize) -> &[S] {
        let n = self.structure.shape.rows * self.structure.shape.cols_a;
        &self.a[f * n..(f + 1) * n]
    }

    /// Block of factor `f`'s second variable, `rows × cols_b`, column-major.
    #[inline]
    pub fn block_b(&self, f: usize) -> &[S] {
        let n = self.structure.shape.rows * self.structure.shape.cols_b;
        &self.b[f * n..(f + 1) * n]
    }

    /// The block that item `item` of [`EdgeStructure::incidence_items`] names.
    #[inline]
    pub fn side(&self, item: u32) -> &[S] {
        let f = item as usize >> 1;
        if item & 1 == 0 {
            self.block_a(f)
        } else {
            self.block_b(f)
        }
    }

    /// Bytes of both block arrays.
    pub fn bytes(&self) -> usize {
        std::mem::size_of_val(self.a.as_slice()) + std::mem::size_of_val(self.b.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incidence_lists_every_side_in_order() {
        let shape = EdgeShape {
            rows: 2,
            cols_a: 3,
            cols_b: 1,
        };
        let s = EdgeStructure::new(shape, vec![0, 2, 0], vec![1, 0, 2], 4);
        assert_eq!(s.incidence_items(0), &[0, 3, 4]);
        assert_eq!(s.incidence_items(1), &[1]);
        assert_eq!(s.incidence_items(2), &[2, 5]);
        assert!(s.incidence_items(3).is_empty());
        let blocks = EdgeBlocks::<f32>::zeros(Arc::new(s));
        assert_eq!(blocks.bytes(), 3 * (6 + 2) * 4);
        assert_eq!(blocks.block_b(2).len(), 2);
    }

    #[test]
    fn unary_sets_have_no_second_side() {
        let shape = EdgeShape {
            rows: 3,
            cols_a: 3,
            cols_b: 0,
        };
        let s = EdgeStructure::new(shape, vec![1], vec![NO_VARIABLE], 2);
        assert!(s.incidence_items(0).is_empty());
        assert_eq!(s.incidence_items(1), &[0]);
    }
}

//! Small random problems and a dense oracle for tests.

use std::sync::Arc;

use nalgebra::{DMatrix, DVector};

use crate::{
    BlockLayout, EdgeBlocks, EdgeShape, EdgeStructure, Jacobian, JacobianStructure, NO_VARIABLE,
    Store,
};

/// SplitMix64: enough randomness for test data.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    /// Uniform in `-1..1`.
    pub(crate) fn value(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }

    pub(crate) fn vector(&mut self, n: usize) -> Vec<f64> {
        (0..n).map(|_| self.value()).collect()
    }
}

/// Fills blocks and residuals with numbers in `-1..1`.
pub(crate) fn fill(jacobian: &mut Jacobian<f64>, random: &mut Random) {
    for set in &mut jacobian.sets {
        set.a.iter_mut().for_each(|v| *v = random.value());
        set.b.iter_mut().for_each(|v| *v = random.value());
    }
    for r in jacobian.residuals.iter_mut().flatten() {
        *r = random.value();
    }
}

/// A random problem of one binary set of `factors` factors between the first
/// `n_a` variables (`cols_a` wide) and the `n_b` last ones, or among all where
/// the widths agree; with `priors`, a unary set on the first variables too.
pub(crate) fn random_jacobian(
    (rows, cols_a, cols_b): (usize, usize, usize),
    factors: usize,
    variables: usize,
    priors: bool,
    random: &mut Random,
) -> Jacobian<f64> {
    let shape = EdgeShape {
        rows,
        cols_a,
        cols_b,
    };
    let split = if cols_a == cols_b || cols_b == 0 {
        variables
    } else {
        variables / 2
    };
    let dims = (0..variables).map(|v| if v < split { cols_a } else { cols_b });
    let layout = Arc::new(BlockLayout::new(dims));
    let (mut var_a, mut var_b) = (Vec::new(), Vec::new());
    for _ in 0..factors {
        let a = random.below(split);
        var_a.push(a as u32);
        var_b.push(if cols_b == 0 {
            NO_VARIABLE
        } else if cols_a == cols_b {
            ((a + 1 + random.below(variables - 1)) % variables) as u32
        } else {
            (split + random.below(variables - split)) as u32
        });
    }
    let mut sets = vec![Arc::new(EdgeStructure::new(shape, var_a, var_b, variables))];
    if priors {
        let shape = EdgeShape {
            rows: cols_a,
            cols_a,
            cols_b: 0,
        };
        let on: Vec<u32> = (0..split.min(3) as u32).collect();
        let none = vec![NO_VARIABLE; on.len()];
        sets.push(Arc::new(EdgeStructure::new(shape, on, none, variables)));
    }
    let mut jacobian = Jacobian::zeros(JacobianStructure {
        layout,
        sets,
        dense: None,
    });
    fill(&mut jacobian, random);
    jacobian
}

/// `J` and `r`, dense.
pub(crate) fn dense<S: Store>(sets: &[EdgeBlocks<S>], layout: &BlockLayout) -> DMatrix<f64> {
    let rows = crate::row_count(sets);
    let mut matrix = DMatrix::zeros(rows, layout.scalars());
    let mut row = 0;
    for set in sets {
        let s = set.structure();
        let shape = s.shape();
        for f in 0..s.factors() {
            for (v, block) in [
                (s.var_a()[f], set.block_a(f)),
                (s.var_b()[f], set.block_b(f)),
            ] {
                if v != NO_VARIABLE {
                    for (k, value) in block.iter().enumerate() {
                        let column = layout.offset(v as usize) + k / shape.rows;
                        matrix[(row + k % shape.rows, column)] = value.widen();
                    }
                }
            }
            row += shape.rows;
        }
    }
    matrix
}

pub(crate) fn residual(jacobian: &Jacobian<f64>) -> DVector<f64> {
    DVector::from_iterator(
        jacobian.structure().rows(),
        jacobian.residuals.iter().flatten().copied(),
    )
}

/// `|got − want| ≤ bound` for every entry, NaN counting as a failure.
pub(crate) fn close(got: &[f64], want: &[f64], bound: impl Fn(usize) -> f64) -> Result<(), String> {
    if got.len() != want.len() {
        return Err(format!("{} values instead of {}", got.len(), want.len()));
    }
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        let within = (g - w).abs() <= bound(i);
        if !within {
            return Err(format!(
                "entry {i}: {g:e} instead of {w:e}, bound {:e}",
                bound(i)
            ));
        }
    }
    Ok(())
}

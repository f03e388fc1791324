//! Matrices, factors and their dense forms.

use std::sync::Arc;

use nalgebra::DMatrix;

use super::super::*;
use crate::test_data::Random;
use crate::{BlockLayout, Store, SymmetricBlocks, SymmetricPattern};

/// `a` spread over the given block sizes and pairs; symmetric positive
/// definite: random blocks and a diagonal that dominates by `ridge`.
pub(super) fn random_matrix(
    dims: &[usize],
    pairs: &[(u32, u32)],
    ridge: f64,
    random: &mut Random,
) -> SymmetricBlocks {
    let layout = Arc::new(BlockLayout::new(dims.iter().copied()));
    let pattern = SymmetricPattern::from_pairs(dims.len(), pairs.iter().copied());
    let mut matrix = SymmetricBlocks::zeros(layout.clone(), Arc::new(pattern));
    matrix.below.iter_mut().for_each(|v| *v = random.value());
    let dense = to_dense(&matrix);
    for (v, &dim) in dims.iter().enumerate() {
        let at = matrix.diagonal_start(v);
        for c in 0..dim {
            for r in 0..=c {
                let value = 0.3 * random.value();
                matrix.diagonal[at + c * dim + r] = value;
                matrix.diagonal[at + r * dim + c] = value;
            }
            let sum: f64 = dense
                .row(layout.offset(v) + c)
                .iter()
                .map(|x| x.abs())
                .sum();
            matrix.diagonal[at + c * dim + c] = sum * ridge + 2.0;
        }
    }
    matrix
}

pub(super) fn to_dense(matrix: &SymmetricBlocks) -> DMatrix<f64> {
    let layout = matrix.layout();
    let n = layout.scalars();
    let mut dense = DMatrix::zeros(n, n);
    for j in 0..layout.variables() {
        let (at_j, dim_j) = (layout.offset(j), layout.dim(j));
        for (k, value) in matrix.diagonal_block(j).iter().enumerate() {
            dense[(at_j + k % dim_j, at_j + k / dim_j)] = *value;
        }
        for (k, &i) in matrix.pattern().rows(j).iter().enumerate() {
            let (at_i, dim_i) = (layout.offset(i as usize), layout.dim(i as usize));
            let block = matrix.below_block(matrix.pattern().start(j) + k);
            for (k, value) in block.iter().enumerate() {
                dense[(at_i + k % dim_i, at_j + k / dim_i)] = *value;
                dense[(at_j + k / dim_i, at_i + k % dim_i)] = *value;
            }
        }
    }
    dense
}

pub(super) fn whitening_of(matrix: &SymmetricBlocks) -> Whitening {
    let mut whitening = Whitening::new(matrix.layout().clone());
    whitening.set(|v| matrix.diagonal_block(v));
    whitening
}

/// `P R⁻ᵀ H R⁻¹ Pᵀ`, dense.
pub(super) fn whitened(
    matrix: &SymmetricBlocks,
    whitening: &Whitening,
    order: &[u32],
) -> DMatrix<f64> {
    let layout = matrix.layout();
    let n = layout.scalars();
    let mut inverse = DMatrix::zeros(n, n);
    for v in 0..layout.variables() {
        let (at, dim) = (layout.offset(v), layout.dim(v));
        for (k, value) in whitening.inverse.block(v).iter().enumerate() {
            inverse[(at + k % dim, at + k / dim)] = *value;
        }
    }
    let a = inverse.transpose() * to_dense(matrix) * inverse;
    let scalars: Vec<usize> = order
        .iter()
        .flat_map(|&old| layout.range(old as usize))
        .collect();
    DMatrix::from_fn(n, n, |r, c| a[(scalars[r], scalars[c])])
}

/// `L` as a dense matrix, from the stored values.
pub(super) fn dense_factor<S: Store>(factor: &TriangularFactor<S>) -> DMatrix<f64> {
    let layout = factor.layout();
    let pattern = factor.pattern();
    let n = layout.scalars();
    let mut dense = DMatrix::zeros(n, n);
    let mut at = 0;
    for j in 0..layout.variables() {
        let dim = layout.dim(j);
        let block: Vec<f64> = factor
            .diagonal_block(j, dim * dim)
            .iter()
            .map(|v| v.widen())
            .collect();
        let diagonal = DMatrix::from_column_slice(dim, dim, &block)
            .try_inverse()
            .unwrap();
        let offset = layout.offset(j);
        dense
            .view_mut((offset, offset), (dim, dim))
            .copy_from(&diagonal);
        for &i in pattern.column(j) {
            let rows = layout.dim(i as usize);
            for k in 0..rows * dim {
                let (r, c) = (layout.offset(i as usize) + k % rows, offset + k / rows);
                dense[(r, c)] = factor.below[at + k].widen();
            }
            at += rows * dim;
        }
    }
    dense
}

pub(super) fn grid(width: u32, height: u32) -> Vec<(u32, u32)> {
    let mut pairs = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let v = y * width + x;
            if x > 0 {
                pairs.push((v, v - 1));
            }
            if y > 0 {
                pairs.push((v, v - width));
            }
        }
    }
    pairs
}

pub(super) fn shuffled(n: usize, random: &mut Random) -> Vec<u32> {
    let mut order: Vec<u32> = (0..n as u32).collect();
    for i in (1..n).rev() {
        order.swap(i, random.below(i + 1));
    }
    order
}

/// Block sizes and pairs of a test problem.
pub(super) type Shape = (Vec<usize>, Vec<(u32, u32)>);

pub(super) fn problems(random: &mut Random) -> Vec<Shape> {
    let mut all = vec![(vec![], vec![]), (vec![6], vec![])];
    for n in [63, 64, 65] {
        let mut pairs: Vec<_> = (1..n).map(|v| (v, v - 1)).collect();
        for _ in 0..n {
            let (a, b) = (
                random.below(n as usize) as u32,
                random.below(n as usize) as u32,
            );
            pairs.push((a, b));
        }
        let dim = [6, 3, 2][n as usize % 3];
        all.push((vec![dim; n as usize], pairs));
    }
    let mixed = (0..40).map(|v| [6, 3, 1, 9][v % 4]).collect();
    all.push((mixed, grid(8, 5)));
    all
}

//! Factors among kept variables alone: a graph's edges and priors.

use std::ops::Range;

use slam16_sparse::{EdgeBlocks, Jacobian, NO_VARIABLE};

use super::block::{KEPT, block_at, block_len};
use super::structure::Elimination;
use crate::linear::dot;

/// The variables of factor `f` with their blocks.
fn sides(set: &EdgeBlocks<f64>, f: usize) -> [(u32, &[f64]); 2] {
    let structure = set.structure();
    let second = structure.var_b()[f];
    let block = if second == NO_VARIABLE {
        &[]
    } else {
        set.block_b(f)
    };
    [(structure.var_a()[f], set.block_a(f)), (second, block)]
}

/// `block += leftᵀ right`.
fn add_gram(block: &mut [f64], dim: usize, rows: usize, left: &[f64], right: &[f64]) {
    for (c, right) in right.chunks_exact(rows).enumerate() {
        for (r, left) in left.chunks_exact(rows).enumerate() {
            block[block_at(dim, r, c)] += dot(left, right);
        }
    }
}

/// Adds to the diagonal blocks and the gradient of the variables in `share`.
pub(super) fn add_diagonal(
    elimination: &Elimination,
    jacobian: &Jacobian<f64>,
    share: &Range<usize>,
    blocks: &mut [f64],
    gradient: &mut [f64],
) {
    let dim = elimination.kept_dim;
    let len = block_len(dim);
    if let Some(dense) = &jacobian.dense {
        for (k, &v) in dense.structure().variables().iter().enumerate() {
            let v = v as usize;
            if share.contains(&v) {
                let own = v - share.start;
                let block = &mut blocks[own * len..(own + 1) * len];
                dense.add_gram(k, k, block, |r, c| block_at(dim, r, c));
                dense.add_gradient(k, &mut gradient[own * KEPT..own * KEPT + dim]);
            }
        }
    }
    for &s in &elimination.kept_sets {
        let set = &jacobian.sets[s];
        let rows = set.structure().shape().rows;
        for (f, residual) in jacobian.residuals[s].chunks_exact(rows).enumerate() {
            for (v, block) in sides(set, f) {
                let v = v as usize;
                if !share.contains(&v) {
                    continue;
                }
                let k = v - share.start;
                add_gram(&mut blocks[k * len..(k + 1) * len], dim, rows, block, block);
                let gradient = &mut gradient[k * KEPT..(k + 1) * KEPT];
                for (g, column) in gradient.iter_mut().zip(block.chunks_exact(rows)) {
                    *g += dot(column, residual);
                }
            }
        }
    }
}

/// Adds to the blocks below the diagonal in the columns of `share`.
pub(super) fn add_below(
    elimination: &Elimination,
    jacobian: &Jacobian<f64>,
    share: &Range<usize>,
    below: &mut [f64],
) {
    let dim = elimination.kept_dim;
    let len = block_len(dim);
    let base = elimination.first_block(share.start);
    if let Some(dense) = &jacobian.dense {
        let variables = dense.structure().variables();
        for (k, &low) in variables.iter().enumerate() {
            if !share.contains(&(low as usize)) {
                continue;
            }
            for (l, &high) in variables.iter().enumerate().skip(k + 1) {
                let at = (elimination.block(high, low) - base) * len;
                let block = &mut below[at..at + len];
                dense.add_gram(l, k, block, |r, c| block_at(dim, r, c));
            }
        }
    }
    for &s in &elimination.kept_sets {
        let set = &jacobian.sets[s];
        let rows = set.structure().shape().rows;
        for f in 0..set.structure().factors() {
            let [mut low, mut high] = sides(set, f);
            if high.0 == NO_VARIABLE {
                continue;
            }
            if low.0 > high.0 {
                std::mem::swap(&mut low, &mut high);
            }
            if share.contains(&(low.0 as usize)) {
                let at = (elimination.block(high.0, low.0) - base) * len;
                add_gram(&mut below[at..at + len], dim, rows, high.1, low.1);
            }
        }
    }
}

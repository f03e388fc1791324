#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use half::f16;
use nalgebra::{DMatrix, DVector};

use super::block::stride;
use super::*;
use crate::test_data::{Random, close};
use crate::{BlockLayout, Store, SymmetricBlocks, SymmetricPattern};

/// `a` spread over the given block sizes and pairs; symmetric positive
/// definite: random blocks and a diagonal that dominates by `ridge`.
fn random_matrix(
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

fn to_dense(matrix: &SymmetricBlocks) -> DMatrix<f64> {
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

fn whitening_of(matrix: &SymmetricBlocks) -> Whitening {
    let mut whitening = Whitening::new(matrix.layout().clone());
    whitening.set(|v| matrix.diagonal_block(v));
    whitening
}

/// `P R⁻ᵀ H R⁻¹ Pᵀ`, dense.
fn whitened(matrix: &SymmetricBlocks, whitening: &Whitening, order: &[u32]) -> DMatrix<f64> {
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
fn dense_factor<S: Store>(factor: &TriangularFactor<S>) -> DMatrix<f64> {
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

fn grid(width: u32, height: u32) -> Vec<(u32, u32)> {
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

fn shuffled(n: usize, random: &mut Random) -> Vec<u32> {
    let mut order: Vec<u32> = (0..n as u32).collect();
    for i in (1..n).rev() {
        order.swap(i, random.below(i + 1));
    }
    order
}

/// Block sizes and pairs of a test problem.
type Shape = (Vec<usize>, Vec<(u32, u32)>);

fn problems(random: &mut Random) -> Vec<Shape> {
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

#[test]
fn complete_factor_reproduces_the_matrix() {
    let mut random = Random(1);
    for (dims, pairs) in problems(&mut random) {
        let matrix = random_matrix(&dims, &pairs, 0.6, &mut random);
        let whitening = whitening_of(&matrix);
        let order = shuffled(dims.len(), &mut random);
        let permuted = PermutedPattern::new(matrix.pattern(), matrix.layout(), &order);
        let complete = Arc::new(FactorPattern::complete(&permuted));
        assert_eq!(
            *complete,
            FactorPattern::with_level(&permuted, usize::MAX),
            "unlimited levels give the complete pattern"
        );
        let rule = PivotRule::default();
        let by_pattern = FillRule::Pattern(complete.clone());
        let fills = [by_pattern, FillRule::Threshold(0.0)];
        let mut factors = Vec::new();
        for fill in &fills {
            let (factor, report) =
                BlockFactor::new(&matrix, &whitening, &permuted, fill, &rule).unwrap();
            assert_eq!((report.shift, report.attempts), (0.0, 1));
            let (factor, overflows) = TriangularFactor::<f64>::encode(&factor, matrix.layout());
            assert_eq!(overflows, 0);
            let l = dense_factor(&factor);
            let want = whitened(&matrix, &whitening, &order);
            // Backward error of Cholesky, at most (n + 1) u trace(A) per entry.
            let bound = |_| (want.nrows() + 1) as f64 * f64::EPSILON * want.trace();
            let product = &l * l.transpose();
            close(product.as_slice(), want.as_slice(), bound).unwrap();
            factors.push(factor);
        }
        if let [by_pattern, by_threshold] = &factors[..] {
            assert_eq!(by_pattern.below, by_threshold.below);
            assert_eq!(by_pattern.inverse_diagonal, by_threshold.inverse_diagonal);
        }
        // The same check refuses a factor with one wrong entry.
        if let Some(factor) = factors.first_mut()
            && !factor.below.is_empty()
        {
            factor.below[0] += 0.01;
            let l = dense_factor(factor);
            let want = whitened(&matrix, &whitening, &order);
            let product = &l * l.transpose();
            close(product.as_slice(), want.as_slice(), |_| 1e-6).unwrap_err();
        }
    }
}

#[test]
fn ic0_is_exact_where_there_is_no_fill() {
    let mut random = Random(2);
    // A tree eliminated from the leaves has no fill.
    let parents: Vec<(u32, u32)> = (0..62).map(|v| (v, 31 + v / 2 + 1)).collect();
    let dims = vec![3; 64];
    let matrix = random_matrix(&dims, &parents, 0.6, &mut random);
    let whitening = whitening_of(&matrix);
    let order: Vec<u32> = (0..64).collect();
    let permuted = PermutedPattern::new(matrix.pattern(), matrix.layout(), &order);
    let ic0 = FactorPattern::with_level(&permuted, 0);
    assert_eq!(ic0, FactorPattern::complete(&permuted));
    let fill = FillRule::Pattern(Arc::new(ic0));
    let (factor, _) =
        BlockFactor::new(&matrix, &whitening, &permuted, &fill, &PivotRule::default()).unwrap();
    let (factor, _) = TriangularFactor::<f64>::encode(&factor, matrix.layout());
    let l = dense_factor(&factor);
    let want = whitened(&matrix, &whitening, &order);
    close((&l * l.transpose()).as_slice(), want.as_slice(), |_| 1e-13).unwrap();
}

/// IC(k) reproduces `A` on its pattern, the property that defines it, and a
/// higher level keeps more.
#[test]
fn incomplete_factors_agree_with_the_matrix_on_their_pattern() {
    let mut random = Random(3);
    let dims = vec![3; 48];
    let matrix = random_matrix(&dims, &grid(8, 6), 0.7, &mut random);
    let whitening = whitening_of(&matrix);
    let order: Vec<u32> = (0..48).collect();
    let permuted = PermutedPattern::new(matrix.pattern(), matrix.layout(), &order);
    let want = whitened(&matrix, &whitening, &order);
    let mut before = 0;
    for level in 0..4 {
        let pattern = Arc::new(FactorPattern::with_level(&permuted, level));
        assert!(pattern.blocks() > before);
        before = pattern.blocks();
        let fill = FillRule::Pattern(pattern.clone());
        let rule = PivotRule::default();
        let (factor, _) = BlockFactor::new(&matrix, &whitening, &permuted, &fill, &rule).unwrap();
        let (factor, _) = TriangularFactor::<f64>::encode(&factor, matrix.layout());
        let l = dense_factor(&factor);
        let product = &l * l.transpose();
        let mut outside = 0.0_f64;
        for j in 0..48 {
            for i in j..48 {
                let view = |m: &DMatrix<f64>| m.view((3 * i, 3 * j), (3, 3)).into_owned();
                let error = (view(&product) - view(&want)).amax();
                if i == j || pattern.column(j).contains(&(i as u32)) {
                    assert!(error < 1e-12, "block ({i}, {j}) off by {error:e}");
                } else {
                    outside = outside.max(error);
                }
            }
        }
        assert!(outside > 1e-6, "level {level} should not be complete");
    }
}

/// Levels by hand: the cycle 0-1-2-3-4-0. Eliminating 0 joins 1 and 4 at level
/// 1; eliminating 1 joins 2 and 4 at level 2; then 3 and 4 are joined already.
#[test]
fn levels_of_fill_on_a_cycle() {
    let pattern =
        SymmetricPattern::from_pairs(5, [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)].into_iter());
    let layout = BlockLayout::new([1; 5]);
    let permuted = PermutedPattern::new(&pattern, &layout, &[0, 1, 2, 3, 4]);
    let columns = |level| {
        let p = FactorPattern::with_level(&permuted, level);
        (0..5).map(|j| p.column(j).to_vec()).collect::<Vec<_>>()
    };
    let none: Vec<u32> = vec![];
    assert_eq!(
        columns(0),
        [vec![1, 4], vec![2], vec![3], vec![4], none.clone()]
    );
    assert_eq!(
        columns(1),
        [vec![1, 4], vec![2, 4], vec![3], vec![4], none.clone()]
    );
    assert_eq!(
        columns(2),
        [vec![1, 4], vec![2, 4], vec![3, 4], vec![4], none]
    );
}

/// Kershaw's matrix (J. Comput. Phys. 26 (1978) 43): positive definite, yet
/// IC(0) meets the pivot −5 (scaled by 3: −5/3).
#[test]
fn breakdown_is_cured_by_a_shift() {
    let layout = Arc::new(BlockLayout::new([1; 4]));
    let pairs = [(0, 1), (1, 2), (2, 3), (0, 3)];
    let pattern = Arc::new(SymmetricPattern::from_pairs(4, pairs.into_iter()));
    let mut matrix = SymmetricBlocks::zeros(layout, pattern);
    matrix.diagonal.fill(3.0);
    // Blocks in order (1,0), (3,0), (2,1), (3,2).
    matrix.below.copy_from_slice(&[-2.0, 2.0, -2.0, -2.0]);
    let whitening = whitening_of(&matrix);
    let permuted = PermutedPattern::new(matrix.pattern(), matrix.layout(), &[0, 1, 2, 3]);
    let fill = FillRule::Pattern(Arc::new(FactorPattern::with_level(&permuted, 0)));
    let once = PivotRule {
        attempts: 1,
        ..PivotRule::default()
    };
    let error = BlockFactor::new(&matrix, &whitening, &permuted, &fill, &once).unwrap_err();
    assert_eq!((error.variable, error.shift), (3, 0.0));
    assert!((error.pivot + 5.0 / 3.0).abs() < 1e-4, "{}", error.pivot);
    let rule = PivotRule::default();
    let (_, report) = BlockFactor::new(&matrix, &whitening, &permuted, &fill, &rule).unwrap();
    assert!(report.shift >= 0.2 && report.shift < 0.6, "{report:?}");
    assert!(report.attempts > 5 && report.smallest_pivot >= rule.least);
    let complete = FillRule::Pattern(Arc::new(FactorPattern::complete(&permuted)));
    let (_, report) = BlockFactor::new(&matrix, &whitening, &permuted, &complete, &rule).unwrap();
    assert_eq!(report.attempts, 1);
}

#[test]
fn a_threshold_drops_small_blocks_only() {
    let mut random = Random(4);
    let dims = vec![6; 48];
    let matrix = random_matrix(&dims, &grid(8, 6), 0.6, &mut random);
    let whitening = whitening_of(&matrix);
    let order = shuffled(48, &mut random);
    let permuted = PermutedPattern::new(matrix.pattern(), matrix.layout(), &order);
    let rule = PivotRule::default();
    let blocks = |drop| {
        let fill = FillRule::Threshold(drop);
        let (factor, _) = BlockFactor::new(&matrix, &whitening, &permuted, &fill, &rule).unwrap();
        factor.pattern().blocks()
    };
    let complete = FactorPattern::complete(&permuted).blocks();
    assert_eq!(blocks(0.0), complete);
    assert!(blocks(0.05) < complete && blocks(0.05) > blocks(0.2));
    assert_eq!(blocks(10.0), 0);
}

#[test]
fn held_scalars_do_not_disturb() {
    let mut random = Random(6);
    let mut matrix = random_matrix(&[3; 8], &grid(4, 2), 0.6, &mut random);
    // Scalar 1 of variable 2 is held: its row and column are zero, its diagonal 1.
    let mut dense = to_dense(&matrix);
    for k in 0..24 {
        dense[(7, k)] = 0.0;
        dense[(k, 7)] = 0.0;
    }
    dense[(7, 7)] = 1.0;
    let layout = matrix.layout().clone();
    for j in 0..8 {
        let block = dense.view((3 * j, 3 * j), (3, 3)).into_owned();
        let at = matrix.diagonal_start(j);
        matrix.diagonal[at..at + 9].copy_from_slice(block.as_slice());
        for k in 0..matrix.pattern().rows(j).len() {
            let i = matrix.pattern().rows(j)[k] as usize;
            let block = dense.view((3 * i, 3 * j), (3, 3)).into_owned();
            let at = matrix.below_start(matrix.pattern().start(j) + k);
            matrix.below[at..at + 9].copy_from_slice(block.as_slice());
        }
    }
    let whitening = whitening_of(&matrix);
    let order: Vec<u32> = (0..8).collect();
    let permuted = PermutedPattern::new(matrix.pattern(), &layout, &order);
    let fill = FillRule::Pattern(Arc::new(FactorPattern::with_level(&permuted, 0)));
    let rule = PivotRule::default();
    let (factor, _) = BlockFactor::new(&matrix, &whitening, &permuted, &fill, &rule).unwrap();
    let (factor, _) = TriangularFactor::<f32>::encode(&factor, &layout);
    let mut rhs = random.vector(24);
    rhs[7] = 0.0;
    let mut out = vec![f64::NAN; 24];
    factor.apply(
        &rhs,
        &mut out,
        TriangularArithmetic::Wide,
        &mut SolveScratch::default(),
    );
    assert_eq!(out[7], 0.0);
    assert!(out.iter().filter(|v| **v != 0.0).count() == 23);
}

/// `M⁻¹ b` against the dense solution with the *stored* factor.
///
/// Rounding entry `y_i` perturbs it by `u |y_i|` (`u` the precision of the
/// vector), which spreads like `L⁻¹ L_D` through later rows, `L_D` being the
/// diagonal blocks; sums of `n` products in precision `v` add
/// `n v |L⁻¹| |L| |y|`, and likewise the inverse diagonal blocks. Underflow of
/// a vector scaled below 1 adds `2⁻²⁵`.
fn check_solve<S: Store>(arithmetic: TriangularArithmetic, u: f64, v: f64) {
    let mut random = Random(5);
    for (dims, pairs) in problems(&mut random) {
        let matrix = random_matrix(&dims, &pairs, 0.8, &mut random);
        let whitening = whitening_of(&matrix);
        let order = shuffled(dims.len(), &mut random);
        let permuted = PermutedPattern::new(matrix.pattern(), matrix.layout(), &order);
        let fill = FillRule::Pattern(Arc::new(FactorPattern::with_level(&permuted, 1)));
        let rule = PivotRule::default();
        let (factor, _) = BlockFactor::new(&matrix, &whitening, &permuted, &fill, &rule).unwrap();
        let (factor, overflows) = TriangularFactor::<S>::encode(&factor, matrix.layout());
        assert_eq!(overflows, 0);
        let n = matrix.layout().scalars();
        // Large enough to overflow binary16 without the scaling.
        let b: Vec<f64> = random
            .vector(n)
            .iter()
            .map(|v| S::Compute::encode(1e6 * v).widen())
            .collect();
        let mut got = vec![f64::NAN; n];
        factor.apply(&b, &mut got, arithmetic, &mut SolveScratch::default());
        if n == 0 {
            continue;
        }
        let l = dense_factor(&factor);
        let inverse = l.clone().try_inverse().unwrap();
        let scalars: Vec<usize> = order
            .iter()
            .flat_map(|&old| matrix.layout().range(old as usize))
            .collect();
        let b = DVector::from_fn(n, |k, _| b[scalars[k]]);
        let got = DVector::from_fn(n, |k, _| got[scalars[k]]);
        let y = &inverse * &b;
        let x = inverse.transpose() * &y;
        let mut blocks = DMatrix::zeros(n, n);
        for j in 0..dims.len() {
            let (at, dim) = (factor.layout().offset(j), factor.layout().dim(j));
            let block = l.view((at, at), (dim, dim)).into_owned();
            let both = block.abs() * block.try_inverse().unwrap().abs();
            blocks.view_mut((at, at), (dim, dim)).copy_from(&both);
        }
        let (l, inverse) = (l.abs(), inverse.abs());
        let terms = 9.0 + l.map(|x| f64::from(x != 0.0)).row_sum().max();
        let scale = 1e6 * 2.0_f64.powi(-25) * f64::from(u > 1e-6);
        let local = |l: &DMatrix<f64>, y: &DVector<f64>| {
            let sums = &blocks * (l * y.abs()) * (2.0 * terms * v);
            sums + (y.abs() * u).add_scalar(scale)
        };
        let first = &inverse * (l.clone() * local(&l, &y) + (b.abs() * u).add_scalar(scale));
        let lt = l.transpose();
        let second = inverse.transpose() * (first + lt.clone() * local(&lt, &x) + y.abs() * u);
        // First order only; the factor 2 covers the rest.
        close(got.as_slice(), x.as_slice(), |i| 2.0 * second[i] + 1e-300).unwrap();
        let wrong = got.map(|v| -v);
        close(wrong.as_slice(), x.as_slice(), |i| 2.0 * second[i]).unwrap_err();
    }
}

#[test]
fn solves_in_f64() {
    check_solve::<f64>(TriangularArithmetic::Wide, 0.0, f64::EPSILON);
}

#[test]
fn solves_in_f32() {
    check_solve::<f32>(TriangularArithmetic::Wide, 0.0, f64::from(f32::EPSILON));
}

#[test]
fn solves_with_half_storage() {
    check_solve::<f16>(TriangularArithmetic::Wide, 0.0, f64::from(f32::EPSILON));
}

#[test]
fn solves_with_half_vector() {
    let u = 2.0_f64.powi(-11);
    check_solve::<f16>(TriangularArithmetic::HalfVector, u, f64::from(f32::EPSILON));
}

#[test]
fn solves_with_half_sums() {
    let u = 2.0_f64.powi(-11);
    check_solve::<f16>(TriangularArithmetic::HalfSums, u, u);
}

#[test]
fn levels_respect_dependencies() {
    let mut random = Random(8);
    let pairs = grid(9, 7);
    let pattern = SymmetricPattern::from_pairs(63, pairs.into_iter());
    let layout = BlockLayout::new([3; 63]);
    let natural: Vec<u32> = (0..63).collect();
    let colors = multicolor_order(&pattern);
    for order in [natural, shuffled(63, &mut random), colors.clone()] {
        let permuted = PermutedPattern::new(&pattern, &layout, &order);
        let factor = FactorPattern::with_level(&permuted, 0);
        for (schedule, deps) in [
            (LevelSchedule::forward(&factor), true),
            (LevelSchedule::backward(&factor), false),
        ] {
            let mut level = [0; 63];
            for l in 0..schedule.levels() {
                for &row in schedule.level(l) {
                    level[row as usize] = l;
                }
            }
            let mut rows = schedule.rows().to_vec();
            rows.sort_unstable();
            assert_eq!(rows, (0..63).collect::<Vec<u32>>());
            for i in 0..63 {
                let before = if deps {
                    factor.row(i)
                } else {
                    factor.column(i)
                };
                let want = before.iter().map(|&j| level[j as usize] + 1).max();
                assert_eq!(level[i], want.unwrap_or(0));
            }
        }
        if order == colors {
            assert_eq!(
                LevelSchedule::forward(&factor).levels(),
                2,
                "a grid is bipartite"
            );
        }
    }
    let chain = SymmetricPattern::from_pairs(5, (1..5).map(|v| (v, v - 1)));
    let layout = BlockLayout::new([3; 5]);
    let permuted = PermutedPattern::new(&chain, &layout, &[0, 1, 2, 3, 4]);
    let factor = FactorPattern::with_level(&permuted, 0);
    assert_eq!(LevelSchedule::forward(&factor).levels(), 5);
    let empty = SymmetricPattern::from_pairs(0, std::iter::empty());
    assert!(multicolor_order(&empty).is_empty());
    assert_eq!(stride(9), 12);
}

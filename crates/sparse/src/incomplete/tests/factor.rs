//! What the factors reproduce, and what they drop.

use std::sync::Arc;

use nalgebra::DMatrix;

use super::super::*;
use super::common::*;
use crate::test_data::{Random, close};
use crate::{BlockLayout, SymmetricBlocks, SymmetricPattern};

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

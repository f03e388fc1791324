//! Triangular solves against dense ones, with bounds derived.

use std::sync::Arc;

use half::f16;
use nalgebra::{DMatrix, DVector};

use super::super::*;
use super::common::*;
use crate::Store;
use crate::test_data::{Random, close};

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

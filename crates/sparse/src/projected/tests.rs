#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use half::f16;
use nalgebra::{DMatrix, DVector};

use super::*;
use crate::test_data::{Random, close, dense, fill};
use crate::{
    BlockLayout, DiagonalBlocks, EdgeShape, EdgeStructure, Jacobian, JacobianStructure,
    NO_VARIABLE, Store, Threads,
};

/// `kept` variables of 6 scalars and `eliminated` ones of 3; several sets: one
/// of kept variables among each other, one with the eliminated variable first
/// and in no order, one with it second, and a prior on eliminated ones.
fn problem(kept: usize, eliminated: usize, seed: u64) -> Jacobian<f64> {
    let mut random = Random(seed);
    let n = kept + eliminated;
    let dims = (0..n).map(|v| if v < kept { 6 } else { 3 });
    let layout = Arc::new(BlockLayout::new(dims));
    let shape = |rows, cols_a, cols_b| EdgeShape {
        rows,
        cols_a,
        cols_b,
    };
    let mut sets = Vec::new();
    let mut add = |shape, a: Vec<u32>, b: Vec<u32>| {
        sets.push(Arc::new(EdgeStructure::new(shape, a, b, n)));
    };
    let chain: Vec<u32> = (1..kept as u32).collect();
    add(shape(6, 6, 6), chain.iter().map(|v| v - 1).collect(), chain);
    // Every eliminated variable is seen by distinct kept ones.
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for v in (0..eliminated).rev() {
        let first = random.below(kept);
        for k in 0..3.min(kept) {
            a.push((kept + v) as u32);
            b.push(((first + k) % kept) as u32);
        }
    }
    add(
        shape(2, 3, 6),
        a[..a.len() / 2].to_vec(),
        b[..b.len() / 2].to_vec(),
    );
    add(
        shape(2, 6, 3),
        b[b.len() / 2..].to_vec(),
        a[a.len() / 2..].to_vec(),
    );
    let seen: Vec<u32> = (0..eliminated as u32)
        .step_by(7)
        .map(|v| kept as u32 + v)
        .collect();
    let none = vec![NO_VARIABLE; seen.len()];
    add(shape(3, 3, 0), seen, none);
    let mut jacobian = Jacobian::zeros(JacobianStructure {
        layout,
        sets,
        dense: None,
    });
    fill(&mut jacobian, &mut random);
    if eliminated > 2 {
        // Hold one eliminated scalar and one kept one.
        for set in &mut jacobian.sets {
            let structure = set.structure().clone();
            let rows = structure.shape().rows;
            for f in 0..structure.factors() {
                for (var, values, cols) in [
                    (structure.var_a()[f], &mut set.a, structure.shape().cols_a),
                    (structure.var_b()[f], &mut set.b, structure.shape().cols_b),
                ] {
                    if var == 0 || var == kept as u32 + 1 {
                        let at = (f * cols + 1) * rows;
                        values[at..at + rows].fill(0.0);
                    }
                }
            }
        }
    }
    jacobian
}

struct Case {
    structure: Arc<ProjectedStructure>,
    jacobian: Jacobian<f64>,
    scaling: ProjectedScaling,
    scale: Vec<f64>,
    damping: f64,
}

fn case(kept: usize, eliminated: usize, damping: f64, threads: &Threads) -> Case {
    let jacobian = problem(kept, eliminated, 7 + eliminated as u64);
    let layout = jacobian.structure().layout.clone();
    let structure = Arc::new(ProjectedStructure::new(jacobian.structure(), kept));
    let mut gram = DiagonalBlocks::zeros(layout.clone());
    gram.fill_with_gram(&jacobian.sets, threads);
    let scale: Vec<f64> = (0..layout.variables())
        .flat_map(|v| gram.block(v).iter().step_by(layout.dim(v) + 1).copied())
        .collect();
    let mut scaling = ProjectedScaling::new(&structure);
    scaling.set(&structure, &jacobian, &gram, &scale, damping, threads);
    Case {
        structure,
        jacobian,
        scaling,
        scale,
        damping,
    }
}

impl Case {
    /// The Schur complement `H_cc + − H_cp (H_pp + λ D_p)⁻¹ H_pc`, dense.
    fn schur(&self) -> DMatrix<f64> {
        let j = dense(&self.jacobian.sets, self.jacobian.layout());
        let mut normal = j.transpose() * &j;
        let n = normal.nrows();
        let m = self.structure.kept_layout().scalars();
        for i in m..n {
            normal[(i, i)] += self.damping * self.scale[i];
            if normal[(i, i)] == 0.0 {
                normal[(i, i)] = 1.0;
            }
        }
        let cc = normal.view((0, 0), (m, m)).into_owned();
        if n == m {
            return cc;
        }
        let cp = normal.view((0, m), (m, n - m)).into_owned();
        let pp = normal.view((m, m), (n - m, n - m)).into_owned();
        cc - &cp * pp.cholesky().unwrap().solve(&cp.transpose())
    }

    /// `R_c⁻¹`, dense.
    fn inverse(&self) -> DMatrix<f64> {
        let layout = self.structure.kept_layout();
        let mut inverse = DMatrix::zeros(layout.scalars(), layout.scalars());
        for v in 0..layout.variables() {
            let (at, dim) = (layout.offset(v), layout.dim(v));
            for (k, value) in self.scaling.kept.block(v).iter().enumerate() {
                inverse[(at + k % dim, at + k / dim)] = *value;
            }
        }
        inverse
    }

    /// `AᵀA x` by the two products.
    fn normal_product<S: Store>(&self, x: &[f64], threads: &Threads) -> (Vec<f64>, f64) {
        let mut blocks = ProjectedBlocks::<S>::zeros(self.structure.clone());
        assert_eq!(blocks.set(&self.jacobian, &self.scaling, threads), 0);
        let nan = S::Compute::encode(f64::NAN);
        let x: Vec<S::Compute> = x.iter().map(|&v| S::Compute::encode(v)).collect();
        let mut y = vec![nan; self.structure.rows()];
        let mut z = vec![nan; x.len()];
        blocks.mul(&x, &mut y, threads);
        blocks.transpose_mul(&y, &mut z, threads);
        let square = y.iter().map(|v| v.widen() * v.widen()).sum();
        (z.iter().map(|v| v.widen()).collect(), square)
    }
}

/// `AᵀA = R⁻ᵀ S R⁻¹`. All entries of `C` and `Q` are at most 1 by scaling, and
/// a row of the product passes through at most `n` of them three times, so
/// the error is at most `c n u` with the storage's `u`, `c = 10` here.
fn check<S: Store>(unit: f64) {
    let (one, two) = (Threads::single(), Threads::new(2).unwrap());
    for (kept, eliminated) in [(2, 0), (3, 1), (5, 0), (5, 63), (5, 64), (5, 65), (6, 300)] {
        for damping in [0.0, 1e-4, 0.1] {
            let case = case(kept, eliminated, damping, &one);
            let m = case.structure.kept_layout().scalars();
            let x = Random(3).vector(m);
            let (got, square) = case.normal_product::<S>(&x, &one);
            assert_eq!(got, case.normal_product::<S>(&x, &two).0);
            let inverse = case.inverse();
            let x = DVector::from_column_slice(&x);
            let want = inverse.transpose() * case.schur() * inverse * &x;
            let bound = 10.0 * (m + 30) as f64 * unit * x.amax().max(1.0);
            close(&got, want.as_slice(), |_| bound).unwrap();
            // ‖A x‖² = xᵀ AᵀA x.
            assert!((square - x.dot(&want)).abs() <= bound * m as f64);
            if bound < 0.01 {
                let wrong: Vec<f64> = got.iter().map(|v| v + 0.05).collect();
                close(&wrong, want.as_slice(), |_| bound).unwrap_err();
            }
        }
    }
}

#[test]
fn products_give_the_schur_complement_in_f64() {
    check::<f64>(f64::EPSILON * 1e3);
}

#[test]
fn products_give_the_schur_complement_in_f32() {
    check::<f32>(f64::from(f32::EPSILON));
}

#[test]
fn products_give_the_schur_complement_in_f16() {
    check::<f16>(2.0_f64.powi(-11));
}

/// By hand: one kept scalar `x`, one eliminated scalar `p`, one row `3 x + 4 p`
/// twice over with 1 as second row: `J = [3 4; 0 1]`. `H_pp = 17`, so
/// `S = 9 − 12²/17 = 9/17`, and with `λ D_p = 17`: `S = 9 − 144/34`.
#[test]
fn worked_by_hand() {
    let layout = Arc::new(BlockLayout::new([1, 1]));
    let shape = EdgeShape {
        rows: 2,
        cols_a: 1,
        cols_b: 1,
    };
    let set = Arc::new(EdgeStructure::new(shape, vec![0], vec![1], 2));
    let mut jacobian = Jacobian::<f64>::zeros(JacobianStructure {
        dense: None,
        layout: layout.clone(),
        sets: vec![set],
    });
    jacobian.sets[0].a = vec![3.0, 0.0];
    jacobian.sets[0].b = vec![4.0, 1.0];
    let threads = Threads::single();
    for (damping, schur) in [(0.0, 9.0 / 17.0), (1.0, 9.0 - 144.0 / 34.0)] {
        let structure = Arc::new(ProjectedStructure::new(jacobian.structure(), 1));
        let mut gram = DiagonalBlocks::zeros(layout.clone());
        gram.fill_with_gram(&jacobian.sets, &threads);
        let mut scaling = ProjectedScaling::new(&structure);
        scaling.set(
            &structure,
            &jacobian,
            &gram,
            &[9.0, 17.0],
            damping,
            &threads,
        );
        // R² = S + λ D_c, up to the ridge.
        let r = 1.0 / scaling.kept.block(0)[0];
        assert!((r * r / ((schur + 9.0 * damping) * (1.0 + 1e-6)) - 1.0).abs() < 1e-12);
        let mut blocks = ProjectedBlocks::<f64>::zeros(structure.clone());
        blocks.set(&jacobian, &scaling, &threads);
        let mut y = vec![f64::NAN; structure.rows()];
        blocks.mul(&[r], &mut y, &threads);
        let square: f64 = y.iter().map(|v| v * v).sum();
        assert!((square - schur).abs() < 1e-12, "{square} {schur}");
        let mut z = vec![f64::NAN];
        blocks.transpose_mul(&y, &mut z, &threads);
        assert!((z[0] - schur / r).abs() < 1e-12);
    }
}

/// The scaling makes the diagonal blocks of the damped system identities.
#[test]
fn scaled_diagonal_blocks_are_identities() {
    let case = case(5, 64, 1e-3, &Threads::single());
    let mut schur = case.schur();
    let m = schur.nrows();
    for i in 0..m {
        schur[(i, i)] += case.damping * case.scale[i];
        if schur[(i, i)] == 0.0 {
            schur[(i, i)] = 1.0;
        }
    }
    let inverse = case.inverse();
    let scaled = inverse.transpose() * schur * inverse;
    for v in 0..5 {
        let block = scaled.view((6 * v, 6 * v), (6, 6)).into_owned();
        let error = (block - DMatrix::identity(6, 6)).amax();
        // The ridge, relative to each diagonal entry, times the condition number.
        assert!(error < 1e-3, "{error:e}");
    }
}

#[test]
fn an_eliminated_block_without_depth_gets_a_ridge() {
    // Two observations whose columns are parallel: H_pp has rank 1.
    let layout = Arc::new(BlockLayout::new([1, 3]));
    let shape = EdgeShape {
        rows: 1,
        cols_a: 1,
        cols_b: 3,
    };
    let set = Arc::new(EdgeStructure::new(shape, vec![0, 0], vec![1, 1], 2));
    let mut jacobian = Jacobian::<f64>::zeros(JacobianStructure {
        dense: None,
        layout: layout.clone(),
        sets: vec![set],
    });
    jacobian.sets[0].a = vec![1.0, 2.0];
    jacobian.sets[0].b = vec![1.0, 2.0, 3.0, 2.0, 4.0, 6.0];
    let threads = Threads::single();
    let structure = Arc::new(ProjectedStructure::new(jacobian.structure(), 1));
    let mut gram = DiagonalBlocks::zeros(layout);
    gram.fill_with_gram(&jacobian.sets, &threads);
    let mut scaling = ProjectedScaling::new(&structure);
    scaling.set(
        &structure,
        &jacobian,
        &gram,
        &[5.0, 5.0, 20.0, 45.0],
        0.0,
        &threads,
    );
    let mut blocks = ProjectedBlocks::<f32>::zeros(structure.clone());
    assert_eq!(blocks.set(&jacobian, &scaling, &threads), 0);
    let mut y = vec![f32::NAN; structure.rows()];
    blocks.mul(&[1.0], &mut y, &threads);
    assert!(y.iter().all(|v| v.is_finite() && v.abs() <= 2.0), "{y:?}");
}

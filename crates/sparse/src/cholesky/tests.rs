#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
//! The factor against a dense one.

use std::sync::Arc;

use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;

use super::*;
use crate::{BlockLayout, Ordering, SymmetricBlocks, SymmetricPattern, Threads};

pub(crate) const ORDERINGS: [Ordering; 5] = [
    Ordering::Natural,
    Ordering::Rcm,
    Ordering::Amd,
    Ordering::NestedDissection,
    Ordering::Auto,
];

/// SplitMix64.
pub(crate) struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in -1..1.
    pub fn signed(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

/// A random SPD block matrix: `Σ Jᵀ J` over the pairs, plus `ridge` times one.
pub(crate) fn spd(dims: &[usize], pairs: &[(u32, u32)], ridge: f64, seed: u64) -> SymmetricBlocks {
    let layout = Arc::new(BlockLayout::new(dims.iter().copied()));
    let pattern = Arc::new(SymmetricPattern::from_pairs(
        dims.len(),
        pairs.iter().copied(),
    ));
    let mut matrix = SymmetricBlocks::zeros(Arc::clone(&layout), Arc::clone(&pattern));
    let mut random = Random(seed);
    for (v, &dim) in dims.iter().enumerate() {
        let start = matrix.diagonal_start(v);
        for c in 0..dim {
            matrix.diagonal[start + c * dim + c] += ridge;
        }
    }
    for &(a, b) in pairs {
        let (a, b) = (a.min(b) as usize, a.max(b) as usize);
        let rows = dims[a].max(dims[b]);
        let mut draw = |n: usize| DMatrix::from_fn(rows, n, |_, _| random.signed());
        let (ja, jb) = (draw(dims[a]), draw(dims[b]));
        for (v, j) in [(a, &ja), (b, &jb)] {
            let start = matrix.diagonal_start(v);
            let block = j.tr_mul(j);
            for (to, from) in matrix.diagonal[start..].iter_mut().zip(block.iter()) {
                *to += from;
            }
        }
        if a != b {
            let k = pattern.find(b as u32, a as u32).unwrap();
            let start = matrix.below_start(k);
            let block = jb.tr_mul(&ja);
            for (to, from) in matrix.below[start..].iter_mut().zip(block.iter()) {
                *to += from;
            }
        }
    }
    matrix
}

pub(crate) fn dense(matrix: &SymmetricBlocks) -> DMatrix<f64> {
    let layout = matrix.layout();
    let mut full = DMatrix::zeros(layout.scalars(), layout.scalars());
    for j in 0..layout.variables() {
        let (oj, dj) = (layout.offset(j), layout.dim(j));
        for (k, &v) in matrix.diagonal_block(j).iter().enumerate() {
            full[(oj + k % dj, oj + k / dj)] = v;
        }
        let first = matrix.pattern().start(j);
        for (n, &i) in matrix.pattern().rows(j).iter().enumerate() {
            let (oi, di) = (layout.offset(i as usize), layout.dim(i as usize));
            for (k, &v) in matrix.below_block(first + n).iter().enumerate() {
                full[(oi + k % di, oj + k / di)] = v;
                full[(oj + k / di, oi + k % di)] = v;
            }
        }
    }
    full
}

pub(crate) fn grid(width: u32, height: u32) -> Vec<(u32, u32)> {
    let mut pairs = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let v = y * width + x;
            if x + 1 < width {
                pairs.push((v, v + 1));
            }
            if y + 1 < height {
                pairs.push((v, v + width));
            }
        }
    }
    pairs
}

pub(crate) fn factor<T: Compute>(
    matrix: &SymmetricBlocks,
    ordering: Ordering,
    damping: &[f64],
    threads: &Threads,
) -> Cholesky<T> {
    let symbolic =
        SymbolicCholesky::analyze(Arc::clone(matrix.layout()), matrix.pattern(), ordering);
    let mut cholesky = Cholesky::<T>::new(Arc::new(symbolic));
    cholesky.factorize(matrix, damping, threads).unwrap();
    cholesky
}

use crate::Compute;

/// Largest backward error `‖b - A x‖∞ / (‖A‖∞ ‖x‖∞ + ‖b‖∞)`.
pub(crate) fn backward_error(a: &DMatrix<f64>, x: &[f64], b: &[f64]) -> f64 {
    let (x, b) = (DVector::from_row_slice(x), DVector::from_row_slice(b));
    let norm = a.row_iter().map(|r| r.lp_norm(1)).fold(0.0, f64::max);
    let error = (a * &x - &b).amax() / (norm * x.amax() + b.amax()).max(f64::MIN_POSITIVE);
    if error.is_nan() { f64::INFINITY } else { error }
}

fn check(matrix: &SymmetricBlocks, damping: &[f64], ordering: Ordering) {
    let n = matrix.layout().scalars();
    let mut a = dense(matrix);
    for (i, d) in damping.iter().enumerate() {
        a[(i, i)] += d;
    }
    let mut random = Random(7);
    let b: Vec<f64> = (0..n).map(|_| random.signed()).collect();
    let cholesky = factor::<f64>(matrix, ordering, damping, &Threads::single());
    let mut x = b.clone();
    cholesky.solve_in_place(&mut x);
    // Higham, "Accuracy and Stability", theorem 10.4: 4 n (3 n + 1) u covers it widely.
    let bound = 16.0 * (n as f64 + 1.0) * f64::EPSILON;
    if n > 0 {
        let error = backward_error(&a, &x, &b);
        assert!(error < bound, "{ordering:?}: {error:e} against {bound:e}");
        let reference = a.clone().cholesky().unwrap();
        let log = reference.ln_determinant();
        assert!((cholesky.log_determinant() - log).abs() <= 1e-10 * (1.0 + log.abs()));
    }
}

#[test]
fn grids_and_sizes_around_powers_of_two() {
    for ordering in ORDERINGS {
        for n in [0_u32, 1, 2, 63, 64, 65] {
            let dims: Vec<usize> = (0..n as usize).map(|v| 1 + v % 3).collect();
            let pairs: Vec<(u32, u32)> = (1..n).map(|v| (v - 1, v)).collect();
            let matrix = spd(&dims, &pairs, 0.1, u64::from(n));
            check(&matrix, &vec![0.5; matrix.layout().scalars()], ordering);
        }
        for (dim, width, height) in [(6, 9, 8), (3, 12, 12), (9, 4, 5), (1, 20, 20)] {
            let dims = vec![dim; (width * height) as usize];
            let matrix = spd(&dims, &grid(width, height), 0.01, 3);
            check(&matrix, &vec![0.0; matrix.layout().scalars()], ordering);
        }
    }
}

pub(crate) fn graphs() -> impl Strategy<Value = (Vec<usize>, Vec<(u32, u32)>, u64)> {
    (1_usize..40).prop_flat_map(|n| {
        let dims = prop::collection::vec(1_usize..=9, n);
        let pair = (0..n as u32, 0..n as u32);
        (dims, prop::collection::vec(pair, 0..3 * n), any::<u64>())
    })
}

proptest! {
    #[test]
    fn solves_random_matrices((dims, pairs, seed) in graphs()) {
        let matrix = spd(&dims, &pairs, 0.05, seed);
        let mut random = Random(seed ^ 1);
        let damping: Vec<f64> =
            (0..matrix.layout().scalars()).map(|_| random.signed().abs()).collect();
        for ordering in ORDERINGS {
            check(&matrix, &damping, ordering);
        }
    }
}

#[test]
fn threads_and_repetition_do_not_change_a_bit() {
    let two = Threads::new(2).unwrap();
    for (dim, width, height) in [(6, 30, 30), (3, 40, 25), (9, 12, 12)] {
        let dims = vec![dim; (width * height) as usize];
        let mut pairs = grid(width, height);
        pairs.extend((0..width).map(|k| (k, width * height - 1 - k)));
        let matrix = spd(&dims, &pairs, 0.01, 5);
        let damping = vec![0.1; matrix.layout().scalars()];
        for ordering in ORDERINGS {
            let bits = |threads: &Threads| {
                let cholesky = factor::<f64>(&matrix, ordering, &damping, threads);
                let mut x = vec![1.0; damping.len()];
                cholesky.solve_in_place(&mut x);
                x.into_iter().map(f64::to_bits).collect::<Vec<_>>()
            };
            let first = bits(&Threads::single());
            assert_eq!(first, bits(&Threads::single()), "{ordering:?}, again");
            assert_eq!(first, bits(&two), "{ordering:?}, two threads");
        }
    }
}

#[test]
fn refactoring_leaves_no_trace_of_the_last_values() {
    let matrix = spd(&[6; 80], &grid(10, 8), 0.01, 11);
    let other = spd(&[6; 80], &grid(10, 8), 3.0, 12);
    let none = vec![0.0; 480];
    let mut cholesky = factor::<f64>(&matrix, Ordering::Amd, &none, &Threads::single());
    let fresh = factor::<f64>(&other, Ordering::Amd, &none, &Threads::single());
    cholesky
        .factorize(&other, &none, &Threads::single())
        .unwrap();
    let (mut x, mut y) = (vec![1.0; 480], vec![1.0; 480]);
    cholesky.solve_in_place(&mut x);
    fresh.solve_in_place(&mut y);
    assert_eq!(x, y);
}

/// A graph whose variables are all joined: one front of several blocks.
fn clique(n: u32) -> Vec<(u32, u32)> {
    (0..n).flat_map(|a| (0..a).map(move |b| (b, a))).collect()
}

#[test]
fn a_dense_matrix_of_several_blocks_is_solved() {
    let dims: Vec<usize> = (0..60).map(|v| 3 + 3 * (v % 3)).collect();
    let matrix = spd(&dims, &clique(60), 0.1, 21);
    check(&matrix, &vec![0.1; 360], Ordering::Auto);
    let dims: Vec<usize> = (0..60).map(|v| 1 + v % 9).collect();
    let matrix = spd(&dims, &clique(60), 0.1, 22);
    let damping = vec![0.1; matrix.layout().scalars()];
    check(&matrix, &damping, Ordering::Auto);
    let solve = |threads: &Threads| {
        let cholesky = factor::<f64>(&matrix, Ordering::Auto, &damping, threads);
        let mut x = vec![1.0; damping.len()];
        cholesky.solve_in_place(&mut x);
        x
    };
    assert_eq!(solve(&Threads::single()), solve(&Threads::new(2).unwrap()));
}

#[test]
fn every_instruction_set_factors_correctly() {
    let mut sets = vec![pulp::Arch::Scalar, pulp::Arch::new()];
    #[cfg(target_arch = "x86_64")]
    sets.extend(pulp::x86::V3::try_new().map(pulp::Arch::V3));
    let cases = [
        (spd(&[6; 400], &grid(20, 20), 0.1, 31), Ordering::Natural),
        (spd(&[3; 400], &grid(20, 20), 0.1, 32), Ordering::Amd),
        (spd(&[7; 30], &clique(30), 0.1, 33), Ordering::Amd),
    ];
    for (matrix, ordering) in &cases {
        let n = matrix.layout().scalars();
        let a = dense(matrix);
        let (layout, pattern) = (Arc::clone(matrix.layout()), matrix.pattern());
        let symbolic = Arc::new(SymbolicCholesky::analyze(layout, pattern, *ordering));
        let b = vec![1.0; n];
        for &arch in &sets {
            let mut cholesky = Cholesky::<f64>::new(Arc::clone(&symbolic));
            let single = Threads::single();
            cholesky
                .factorize_on(arch, matrix, &vec![0.0; n], &single)
                .unwrap();
            let mut x = b.clone();
            cholesky.solve_in_place(&mut x);
            let error = backward_error(&a, &x, &b);
            let bound = 16.0 * (n as f64 + 1.0) * f64::EPSILON;
            assert!(error < bound, "{arch:?} {ordering:?}: {error:e}");
            let mut cholesky = Cholesky::<f32>::new(Arc::clone(&symbolic));
            cholesky
                .factorize_on(arch, matrix, &vec![0.0; n], &single)
                .unwrap();
            let mut x = vec![1.0_f32; n];
            cholesky.solve_in_place(&mut x);
            let x: Vec<f64> = x.into_iter().map(f64::from).collect();
            let error = backward_error(&a, &x, &b);
            let bound = 16.0 * (n as f64 + 1.0) * f64::from(f32::EPSILON);
            assert!(error < bound, "f32 {arch:?} {ordering:?}: {error:e}");
        }
    }
}

#[test]
fn an_indefinite_matrix_names_its_variable() {
    let two = Threads::new(2).unwrap();
    for bad in [0_usize, 17, 64, 99] {
        let mut matrix = spd(&[3; 100], &grid(10, 10), 1.0, 2);
        let start = matrix.diagonal_start(bad);
        matrix.diagonal[start + 4] = -1e3;
        for ordering in ORDERINGS {
            let symbolic =
                SymbolicCholesky::analyze(Arc::clone(matrix.layout()), matrix.pattern(), ordering);
            let mut cholesky = Cholesky::<f64>::new(Arc::new(symbolic));
            let error = cholesky
                .factorize(&matrix, &[0.0; 300], &Threads::single())
                .unwrap_err();
            assert_eq!(error.variable, bad);
            assert!(error.pivot < 0.0);
            let again = cholesky.factorize(&matrix, &[0.0; 300], &two).unwrap_err();
            assert_eq!(error, again);
        }
        matrix.diagonal[start + 4] = f64::NAN;
        let symbolic =
            SymbolicCholesky::analyze(Arc::clone(matrix.layout()), matrix.pattern(), Ordering::Amd);
        let error = Cholesky::<f64>::new(Arc::new(symbolic))
            .factorize(&matrix, &[0.0; 300], &Threads::single())
            .unwrap_err();
        assert_eq!(error.variable, bad);
        assert!(error.pivot.is_nan());
    }
}

#[test]
fn single_precision_solves_to_single_precision() {
    let matrix = spd(&[6; 100], &grid(10, 10), 0.1, 9);
    let cholesky = factor::<f32>(&matrix, Ordering::Amd, &[0.0; 600], &Threads::single());
    let mut random = Random(3);
    let b: Vec<f32> = (0..600).map(|_| random.signed() as f32).collect();
    let mut x = b.clone();
    cholesky.solve_in_place(&mut x);
    let widen = |v: &[f32]| v.iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
    let error = backward_error(&dense(&matrix), &widen(&x), &widen(&b));
    // 16 n u with the unit roundoff of f32, as for f64 above.
    assert!(error < 16.0 * 600.0 * f64::from(f32::EPSILON), "{error:e}");
    assert!(error > f64::EPSILON, "f32 cannot be this good: {error:e}");
}

#[test]
fn a_perturbed_factor_is_rejected() {
    let matrix = spd(&[6; 100], &grid(10, 10), 0.1, 9);
    let a = dense(&matrix);
    let mut cholesky = factor::<f64>(&matrix, Ordering::Amd, &[0.0; 600], &Threads::single());
    cholesky.inverse[77] *= 1.0 + 1e-9;
    let b = vec![1.0; 600];
    let mut x = b.clone();
    cholesky.solve_in_place(&mut x);
    let error = backward_error(&a, &x, &b);
    assert!(error > 16.0 * 601.0 * f64::EPSILON, "{error:e}");
}

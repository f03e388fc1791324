#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use nalgebra::DMatrix;

use super::*;
use crate::test_data::{Random, close, dense, fill, random_jacobian, residual};
use crate::{EdgeShape, EdgeStructure};

fn assembled(jacobian: &Jacobian<f64>, threads: &Threads) -> (SymmetricBlocks, Vec<f64>) {
    let assembly = NormalAssembly::new(jacobian.structure());
    let mut normal = assembly.zeros();
    normal.diagonal.fill(f64::NAN);
    normal.below.fill(f64::NAN);
    let mut gradient = vec![f64::NAN; jacobian.layout().scalars()];
    assembly.assemble(jacobian, &mut normal, &mut gradient, threads);
    (normal, gradient)
}

fn to_dense(normal: &SymmetricBlocks) -> DMatrix<f64> {
    let layout = normal.layout();
    let n = layout.scalars();
    let mut m = DMatrix::zeros(n, n);
    for j in 0..layout.variables() {
        let (at_j, dim_j) = (layout.offset(j), layout.dim(j));
        for (k, value) in normal.diagonal_block(j).iter().enumerate() {
            m[(at_j + k % dim_j, at_j + k / dim_j)] = *value;
        }
        for (k, &i) in normal.pattern().rows(j).iter().enumerate() {
            let (at_i, dim_i) = (layout.offset(i as usize), layout.dim(i as usize));
            let block = normal.below_block(normal.pattern().start(j) + k);
            for (k, value) in block.iter().enumerate() {
                m[(at_i + k % dim_i, at_j + k / dim_i)] = *value;
                m[(at_j + k / dim_i, at_i + k % dim_i)] = *value;
            }
        }
    }
    m
}

fn check(jacobian: &Jacobian<f64>) {
    let one = assembled(jacobian, &Threads::single());
    let two = assembled(jacobian, &Threads::new(2).unwrap());
    assert_eq!(one.0.diagonal, two.0.diagonal);
    assert_eq!(one.0.below, two.0.below);
    assert_eq!(one.1, two.1);
    if jacobian.structure().rows() > 1000 || jacobian.layout().scalars() > 200 {
        return; // The dense oracle would be too large.
    }
    let j = dense(&jacobian.sets, jacobian.layout());
    let mut want = j.transpose() * &j;
    for i in 0..want.nrows() {
        if want[(i, i)] == 0.0 {
            want[(i, i)] = 1.0;
        }
    }
    // n products of numbers below 1, each sum off by at most n² u.
    let n = j.nrows() as f64;
    let bound = |_| 2.0 * n * n * f64::EPSILON + f64::EPSILON;
    close(to_dense(&one.0).as_slice(), want.as_slice(), bound).unwrap();
    let gradient = j.transpose() * residual(jacobian);
    close(&one.1, gradient.as_slice(), bound).unwrap();
    let mut wrong = one.0.clone();
    if let Some(value) = wrong.below.last_mut().or(wrong.diagonal.last_mut()) {
        *value += 0.01;
        close(to_dense(&wrong).as_slice(), want.as_slice(), bound).unwrap_err();
    }
}

#[test]
fn agrees_with_dense_for_every_shape_and_size() {
    let shapes = [
        (6, 6, 6),
        (3, 3, 3),
        (2, 9, 3),
        (3, 6, 3),
        (2, 3, 2),
        (6, 6, 0),
        (3, 3, 0),
        (4, 5, 2),
        (5, 2, 2),
    ];
    for (s, shape) in shapes.into_iter().enumerate() {
        for factors in [0, 1, 63, 64, 65, 3000] {
            for variables in [8, 700] {
                let mut random = Random((factors * 100 + s) as u64);
                let priors = (factors + s) % 2 == 0;
                check(&random_jacobian(
                    shape,
                    factors,
                    variables,
                    priors,
                    &mut random,
                ));
            }
        }
    }
}

/// A graph with poses and landmarks: two binary sets share the matrix, and
/// some pairs are joined by both orders and more than once.
#[test]
fn several_sets_add_up() {
    let mut random = Random(5);
    let layout = Arc::new(BlockLayout::new([3, 3, 3, 2, 2]));
    let shape = |rows, cols_a, cols_b| EdgeShape {
        rows,
        cols_a,
        cols_b,
    };
    let between = EdgeStructure::new(shape(3, 3, 3), vec![0, 1, 2, 1], vec![1, 0, 1, 2], 5);
    let seen = EdgeStructure::new(shape(2, 3, 2), vec![0, 2, 2, 1], vec![3, 3, 3, 4], 5);
    let back = EdgeStructure::new(shape(1, 2, 3), vec![3, 4], vec![2, 0], 5);
    let mut jacobian = Jacobian::zeros(JacobianStructure {
        dense: None,
        layout,
        sets: vec![Arc::new(between), Arc::new(seen), Arc::new(back)],
    });
    fill(&mut jacobian, &mut random);
    check(&jacobian);
}

#[test]
fn held_columns_get_a_unit_diagonal() {
    let mut random = Random(6);
    let mut jacobian = random_jacobian((3, 3, 3), 6, 4, false, &mut random);
    let structure = jacobian.sets[0].structure().clone();
    for f in 0..structure.factors() {
        if structure.var_a()[f] == 1 {
            jacobian.sets[0].a[f * 9 + 3..f * 9 + 6].fill(0.0);
        }
        if structure.var_b()[f] == 1 {
            jacobian.sets[0].b[f * 9 + 3..f * 9 + 6].fill(0.0);
        }
    }
    let (normal, gradient) = assembled(&jacobian, &Threads::single());
    assert_eq!(normal.diagonal_block(1)[4], 1.0);
    assert_eq!(gradient[4], 0.0);
    check(&jacobian);
}

#[test]
fn csr_is_the_same_matrix() {
    let mut random = Random(7);
    for shape in [(6, 6, 6), (2, 9, 3), (3, 3, 0)] {
        let jacobian = random_jacobian(shape, 20, 8, true, &mut random);
        let csr = jacobian.to_csr();
        let j = dense(&jacobian.sets, jacobian.layout());
        assert_eq!((csr.rows(), csr.cols()), j.shape());
        let mut filled = DMatrix::zeros(j.nrows(), j.ncols());
        for (value, (r, c)) in csr.iter() {
            filled[(r, c)] = *value;
        }
        assert_eq!(filled, j);
    }
}

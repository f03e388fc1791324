//! Marginalisation of linear least squares by orthogonal transformations.

use nalgebra::DMatrix;

/// A column whose remaining part is smaller than this times its length has no
/// direction left: rounding of the reflections before it.
const NEGLIGIBLE: f64 = 1e-13;

/// Eliminates the first `count` unknowns of `min ½ ‖A x + b‖²`, given as the
/// rows `[A | b]`: returns the rows `[A' | b']` over the other unknowns whose
/// objective is the minimum over the eliminated ones, less a constant.
///
/// Householder reflections triangularise all columns; rows that lead an
/// eliminated column are dropped, and so is the last one, which holds the
/// constant. No normal matrix is formed, so that no digits are lost to its
/// condition. The result has at most as many rows as unknowns. Source: G.
/// Golub, C. Van Loan, *Matrix Computations*, 5.1; N. Demmel et al.,
/// "Square root marginalization for sliding-window bundle adjustment", ICCV 2021.
pub fn eliminate(mut rows: DMatrix<f64>, count: usize) -> DMatrix<f64> {
    let unknowns = rows.ncols().saturating_sub(1);
    let count = count.min(unknowns);
    let lead = triangularise(&mut rows, 0, 0..count);
    let end = triangularise(&mut rows, lead, count..unknowns);
    rows.view_range(lead..end, count..).into_owned()
}

/// Reflects the rows from `first` on so that `columns` become triangular;
/// returns the first row below the triangle.
pub(super) fn triangularise(
    rows: &mut DMatrix<f64>,
    first: usize,
    columns: std::ops::Range<usize>,
) -> usize {
    let (height, width) = rows.shape();
    let mut pivot = first;
    let mut reflector = vec![0.0; height];
    for c in columns {
        if pivot == height {
            break;
        }
        let whole = rows.view((first, c), (height - first, 1)).norm();
        let norm = rows.view((pivot, c), (height - pivot, 1)).norm();
        if norm <= NEGLIGIBLE * whole || norm == 0.0 {
            rows.view_mut((pivot, c), (height - pivot, 1)).fill(0.0);
            continue;
        }
        let reflector = &mut reflector[..height - pivot];
        reflector.copy_from_slice(&rows.column(c).as_slice()[pivot..]);
        let alpha = if reflector[0] > 0.0 { -norm } else { norm };
        reflector[0] -= alpha;
        let squared: f64 = reflector.iter().map(|x| x * x).sum();
        for k in c..width {
            let column = &mut rows.as_mut_slice()[k * height + pivot..(k + 1) * height];
            let dot: f64 = reflector
                .iter()
                .zip(column.iter())
                .map(|(v, x)| v * x)
                .sum();
            let factor = 2.0 * dot / squared;
            for (x, v) in column.iter_mut().zip(reflector.iter()) {
                *x -= factor * v;
            }
        }
        // What is zero but for rounding.
        rows[(pivot, c)] = alpha;
        rows.view_mut((pivot + 1, c), (height - pivot - 1, 1))
            .fill(0.0);
        pivot += 1;
    }
    pivot
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use nalgebra::DVector;

    use super::*;

    fn some(k: usize) -> f64 {
        (k as f64 * 12.9898 + 1.0).sin() * 43.758 % 1.0
    }

    fn solution(rows: &DMatrix<f64>) -> DVector<f64> {
        let n = rows.ncols() - 1;
        let (a, b) = (rows.columns(0, n), rows.column(n));
        a.svd(true, true).solve(&-b, 1e-14).unwrap()
    }

    fn stack(a: &DMatrix<f64>, b: &DMatrix<f64>) -> DMatrix<f64> {
        let mut all = DMatrix::zeros(a.nrows() + b.nrows(), a.ncols());
        all.rows_mut(0, a.nrows()).copy_from(a);
        all.rows_mut(a.nrows(), b.nrows()).copy_from(b);
        all
    }

    /// Old rows over 5 left and 6 kept unknowns, new rows over 6 kept and 4
    /// new ones: one by one and all at once give the same kept and new ones.
    #[test]
    fn marginalising_equals_the_full_batch() {
        for scale in [1.0, 1e4] {
            let old = DMatrix::from_fn(14, 12, |r, c| {
                some(17 * r + c) * if c < 5 { scale } else { 1.0 }
            });
            let new = DMatrix::from_fn(9, 11, |r, c| some(1000 + 13 * r + c));
            let mut whole = DMatrix::zeros(23, 16);
            whole
                .view_mut((0, 0), (14, 11))
                .copy_from(&old.columns(0, 11));
            whole
                .view_mut((0, 15), (14, 1))
                .copy_from(&old.columns(11, 1));
            whole.view_mut((14, 5), (9, 11)).copy_from(&new);
            let batch = solution(&whole);
            let prior = eliminate(old, 5);
            assert_eq!(prior.shape(), (6, 7));
            let mut wide = DMatrix::zeros(6, 11);
            wide.columns_mut(0, 6).copy_from(&prior.columns(0, 6));
            wide.column_mut(10).copy_from(&prior.column(6));
            let one_by_one = solution(&stack(&wide, &new));
            let error = (batch.rows(5, 10) - one_by_one).norm() / batch.norm();
            assert!(error < 1e-9, "{error:e}");
        }
    }

    /// Forgetting the new right-hand side is a difference that the test sees.
    #[test]
    fn a_prior_without_its_target_is_another() {
        let old = DMatrix::from_fn(14, 12, |r, c| some(17 * r + c));
        let mut prior = eliminate(old.clone(), 5);
        let with = solution(&prior);
        prior.column_mut(6).fill(0.0);
        assert!((with - solution(&prior)).norm() > 1e-3);
    }

    /// A direction that no row sees leaves no row, not a row of rounding.
    #[test]
    fn what_is_not_determined_stays_so() {
        let mut old = DMatrix::from_fn(8, 7, |r, c| some(29 * r + c));
        // Unknown 5 moves only together with unknown 4.
        let twin = old.column(4) * 2.0;
        old.column_mut(5).copy_from(&twin);
        let prior = eliminate(old, 2);
        assert_eq!(prior.shape(), (3, 5));
        // Nothing at all is nothing.
        assert_eq!(eliminate(DMatrix::zeros(3, 4), 1).nrows(), 0);
        assert_eq!(eliminate(DMatrix::zeros(0, 4), 1).nrows(), 0);
    }
}

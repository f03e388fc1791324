//! Marginal covariances of chosen variables at the current state.

use std::sync::Arc;

use slam16_problem::{LeastSquares, ProblemError};
use slam16_solver::{BackendError, NumericError};
use slam16_sparse::{
    Cholesky, Covariance, Jacobian, NormalAssembly, Ordering, SymbolicCholesky, Threads,
};

/// `(JᵀJ)⁻¹` restricted to `variables`, in tangent coordinates at the current
/// state: the covariance of `δ` in `X · Exp(δ)` when residuals are whitened.
///
/// A held variable has covariance zero. Computed from a sparse factor by the
/// inverse subset, without forming the inverse.
///
/// # Errors
/// An unknown variable; a residual that is not finite; a singular normal
/// matrix, with the variable that nothing determines.
pub fn covariance<P: LeastSquares>(
    problem: &P,
    variables: &[usize],
    threads: &Threads,
) -> Result<Covariance, BackendError> {
    let setup = problem.setup()?;
    let layout = &setup.structure.layout;
    let count = layout.variables();
    if let Some(&index) = variables.iter().find(|v| **v >= count) {
        return Err(ProblemError::OutOfRange {
            what: "variable",
            index,
            count,
        }
        .into());
    }
    let mut jacobian = Jacobian::zeros(setup.structure.clone());
    problem.linearize(&setup, &mut jacobian, threads)?;
    let assembly = NormalAssembly::new(&setup.structure);
    let mut normal = assembly.zeros();
    let mut gradient = vec![0.0; layout.scalars()];
    assembly.assemble(&jacobian, &mut normal, &mut gradient, threads);
    drop(jacobian);
    // The assembly puts a 1 on the diagonal of a held scalar, which stands
    // alone; its variance is cleared below.
    let symbolic = SymbolicCholesky::analyze(layout.clone(), assembly.pattern(), Ordering::Auto);
    let mut factor = Cholesky::<f64>::new(Arc::new(symbolic));
    factor
        .factorize(&normal, &vec![0.0; layout.scalars()], threads)
        .map_err(|e| NumericError::NotPositiveDefinite {
            variable: e.variable,
            pivot: e.pivot,
        })?;
    let mut covariance = factor.covariance(variables);
    let held: Vec<bool> = variables
        .iter()
        .flat_map(|v| layout.range(*v))
        .map(|scalar| setup.held[scalar])
        .collect();
    covariance.clear(&held);
    Ok(covariance)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use nalgebra::DMatrix;
    use slam16_geometry::Se2;
    use slam16_problem::{Information, PoseGraph2, PoseId};

    use super::*;

    fn graph() -> PoseGraph2 {
        let mut graph = PoseGraph2::new();
        for i in 0..6 {
            graph
                .add_pose(i, Se2::from_xy_theta(i as f64, 0.1 * i as f64, 0.2))
                .unwrap();
        }
        for (from, to) in [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (0, 5), (1, 4)] {
            let z = Se2::from_xy_theta(f64::from(to) - f64::from(from), 0.05, 0.01);
            let mut information = nalgebra::Matrix3::identity() * 4.0;
            information[(0, 2)] = 0.5;
            information[(2, 0)] = 0.5;
            let information = Information::new(information).unwrap();
            graph
                .add_between(PoseId(from), PoseId(to), z, information)
                .unwrap();
        }
        graph
    }

    /// The dense inverse of the normal matrix without the held pose.
    #[test]
    fn equals_the_dense_inverse_and_is_zero_where_held() {
        let graph = graph();
        let threads = Threads::single();
        let setup = graph.setup().unwrap();
        let mut jacobian = Jacobian::zeros(setup.structure.clone());
        graph.linearize(&setup, &mut jacobian, &threads).unwrap();
        let mut dense = DMatrix::zeros(18, 18);
        for set in &jacobian.sets {
            let structure = set.structure();
            for f in 0..structure.factors() {
                let mut rows = DMatrix::zeros(3, 18);
                for k in 0..9 {
                    rows[(k % 3, 3 * structure.var_a()[f] as usize + k / 3)] = set.block_a(f)[k];
                    rows[(k % 3, 3 * structure.var_b()[f] as usize + k / 3)] = set.block_b(f)[k];
                }
                dense += rows.transpose() * rows;
            }
        }
        let free = dense.view((3, 3), (15, 15)).into_owned();
        let inverse = free.try_inverse().unwrap();
        let chosen = [4, 0, 2];
        let result = covariance(&graph, &chosen, &threads).unwrap();
        for (a, v) in chosen.iter().enumerate() {
            for (b, w) in chosen.iter().enumerate() {
                for i in 0..3 {
                    for j in 0..3 {
                        let expected = if *v == 0 || *w == 0 {
                            0.0
                        } else {
                            inverse[(3 * (v - 1) + i, 3 * (w - 1) + j)]
                        };
                        let got = result.block(a, b)[(i, j)];
                        assert!((got - expected).abs() < 1e-12, "{v} {w}: {got} {expected}");
                    }
                }
            }
        }
    }

    #[test]
    fn unknown_variables_are_named() {
        let error = covariance(&graph(), &[99], &Threads::single()).unwrap_err();
        assert_eq!(error.to_string(), "variable 99 does not exist: there are 6");
    }
}

//! Marginal covariances of chosen variables at the current state.

use std::sync::Arc;

use nalgebra::DMatrix;
use slam16_problem::{LeastSquares, ProblemError, Setup};
use slam16_solver::{BackendError, NumericError};
use slam16_sparse::{
    Cholesky, Covariance, Jacobian, NormalAssembly, Ordering, SymbolicCholesky, Threads,
    column_norms,
};

/// A variance this many times that of the scalar alone is rounding, a few
/// units of `1/ε`: the factors leave a direction free.
const FREE: f64 = 1e14;

/// `(JᵀJ)⁻¹` restricted to `variables`, in tangent coordinates at the current
/// state: the covariance of `δ` in `X · Exp(δ)` when residuals are whitened.
///
/// A held variable has covariance zero; the scalars `held_too` are held
/// beside those of the problem's setup. Computed from a sparse factor by the
/// inverse subset, without forming the inverse.
///
/// # Errors
/// An unknown variable; a residual that is not finite; a singular normal
/// matrix, with the variable that nothing determines.
pub fn covariance<P: LeastSquares>(
    problem: &P,
    variables: &[usize],
    held_too: &[usize],
    threads: &Threads,
) -> Result<Covariance, BackendError> {
    let factored = Factored::new(problem, variables, held_too, threads)?;
    let mut covariance = factored.factor.covariance(variables);
    factored.check(covariance.joint(), variables)?;
    covariance.clear(&factored.held(variables));
    Ok(covariance)
}

/// The diagonal blocks of [`covariance`] alone, one per variable: less work,
/// and memory that does not grow with the square of their number.
///
/// # Errors
/// As for [`covariance`].
pub fn marginal_covariances<P: LeastSquares>(
    problem: &P,
    variables: &[usize],
    held_too: &[usize],
    threads: &Threads,
) -> Result<Vec<DMatrix<f64>>, BackendError> {
    let factored = Factored::new(problem, variables, held_too, threads)?;
    let mut blocks = factored.factor.marginal_covariances(variables);
    for (block, &variable) in blocks.iter_mut().zip(variables) {
        factored.check(block, &[variable])?;
        let held = factored.held(&[variable]);
        for (k, _) in held.iter().enumerate().filter(|(_, held)| **held) {
            block.row_mut(k).fill(0.0);
            block.column_mut(k).fill(0.0);
        }
    }
    Ok(blocks)
}

/// The normal matrix at the current state, factored.
struct Factored {
    setup: Setup,
    factor: Cholesky<f64>,
    diagonal: Vec<f64>,
}

impl Factored {
    fn new<P: LeastSquares>(
        problem: &P,
        variables: &[usize],
        held_too: &[usize],
        threads: &Threads,
    ) -> Result<Self, BackendError> {
        let mut setup = problem.setup()?;
        let layout = setup.structure.layout.clone();
        let in_range = |what, index, count| match index < count {
            true => Ok(()),
            false => Err(ProblemError::OutOfRange { what, index, count }),
        };
        for &variable in variables {
            in_range("variable", variable, layout.variables())?;
        }
        let mut jacobian = Jacobian::zeros(setup.structure.clone());
        problem.linearize(&setup, &mut jacobian, threads)?;
        // Problems hold whole poses, points or lenses; single scalars are held here.
        for &scalar in held_too {
            in_range("scalar", scalar, layout.scalars())?;
            clear_column(&mut jacobian, scalar);
            setup.held[scalar] = true;
        }
        let assembly = NormalAssembly::new(&setup.structure);
        let mut normal = assembly.zeros();
        let mut gradient = vec![0.0; layout.scalars()];
        assembly.assemble(&jacobian, &mut normal, &mut gradient, threads);
        // The normal matrix hides a scalar that no factor sees: it has a 1 there.
        let mut diagonal = vec![0.0; layout.scalars()];
        column_norms(&jacobian.sets, &layout, &mut diagonal, threads);
        if let Some(dense) = &jacobian.dense {
            for (k, &v) in dense.structure().variables().iter().enumerate() {
                let norms = &mut diagonal[layout.range(v as usize)];
                let columns = dense.block(k).chunks_exact(dense.structure().rows());
                for (norm, column) in norms.iter_mut().zip(columns) {
                    *norm += column.iter().map(|x| x * x).sum::<f64>();
                }
            }
        }
        drop(jacobian);
        // The assembly puts a 1 on the diagonal of a held scalar, which stands
        // alone; its variance is cleared later.
        let symbolic =
            SymbolicCholesky::analyze(layout.clone(), assembly.pattern(), Ordering::Auto);
        let mut factor = Cholesky::<f64>::new(Arc::new(symbolic));
        factor
            .factorize(&normal, &vec![0.0; layout.scalars()], threads)
            .map_err(|e| NumericError::NotPositiveDefinite {
                variable: e.variable,
                pivot: e.pivot,
            })?;
        Ok(Self {
            setup,
            factor,
            diagonal,
        })
    }

    fn held(&self, variables: &[usize]) -> Vec<bool> {
        let layout = &self.setup.structure.layout;
        let scalars = variables.iter().flat_map(|v| layout.range(*v));
        scalars.map(|scalar| self.setup.held[scalar]).collect()
    }

    /// A direction left free shows in the variances, where rounding has let
    /// the factorisation through.
    fn check(&self, matrix: &DMatrix<f64>, variables: &[usize]) -> Result<(), NumericError> {
        let layout = &self.setup.structure.layout;
        let scalars = variables
            .iter()
            .flat_map(|&v| layout.range(v).map(move |scalar| (v, scalar)));
        for (k, (variable, scalar)) in scalars.enumerate() {
            let inflation = matrix[(k, k)] * self.diagonal[scalar];
            if !(self.setup.held[scalar] || inflation > 0.0 && inflation < FREE) {
                return Err(NumericError::NotPositiveDefinite {
                    variable,
                    pivot: matrix[(k, k)].recip().min(self.diagonal[scalar]),
                });
            }
        }
        Ok(())
    }
}

/// Sets a column of the Jacobian to zero.
fn clear_column(jacobian: &mut Jacobian<f64>, scalar: usize) {
    let layout = jacobian.layout();
    let variable = layout.offsets().partition_point(|o| *o <= scalar) - 1;
    let column = scalar - layout.offset(variable);
    for set in &mut jacobian.sets {
        let structure = set.structure().clone();
        let shape = structure.shape();
        for &item in structure.incidence_items(variable) {
            let (blocks, columns) = match item & 1 {
                0 => (&mut set.a, shape.cols_a),
                _ => (&mut set.b, shape.cols_b),
            };
            let start = ((item as usize >> 1) * columns + column) * shape.rows;
            blocks[start..start + shape.rows].fill(0.0);
        }
    }
    if let Some(dense) = &mut jacobian.dense {
        let rows = dense.structure().rows();
        if let Ok(k) = dense
            .structure()
            .variables()
            .binary_search(&(variable as u32))
        {
            dense.block_mut(k)[column * rows..(column + 1) * rows].fill(0.0);
        }
    }
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
        let result = covariance(&graph, &chosen, &[], &threads).unwrap();
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
    fn a_free_direction_is_an_error_and_no_large_number() {
        let mut graph = graph();
        let alone = graph.add_pose(6, Se2::identity()).unwrap();
        let only_x = nalgebra::Matrix3::from_diagonal(&[1.0, 0.0, 0.0].into());
        let information = Information::new(only_x).unwrap();
        graph
            .add_between(PoseId(0), alone, Se2::identity(), information)
            .unwrap();
        let error = marginal_covariances(&graph, &[6], &[], &Threads::single()).unwrap_err();
        assert!(
            matches!(
                error,
                BackendError::Numeric(NumericError::NotPositiveDefinite { variable: 6, .. })
            ),
            "{error}"
        );
    }

    #[test]
    fn unknown_variables_are_named() {
        let error = covariance(&graph(), &[99], &[], &Threads::single()).unwrap_err();
        assert_eq!(error.to_string(), "variable 99 does not exist: there are 6");
    }
}

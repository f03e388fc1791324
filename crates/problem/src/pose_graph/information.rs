//! Information matrices and their square roots.

use nalgebra::{DMatrix, Dyn, SMatrix, SymmetricEigen};

/// A symmetric positive semidefinite `Ω` with an upper triangular square root
/// `U`, `Ω = Uᵀ U`.
#[derive(Clone, Debug, PartialEq)]
pub struct Information<const D: usize> {
    matrix: SMatrix<f64, D, D>,
    root: SMatrix<f64, D, D>,
}

/// Why a matrix is no information matrix.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum InformationFault {
    /// An entry is NaN or infinite.
    #[error("the information matrix holds a number that is not finite ({0}): correct it")]
    NotFinite(f64),
    /// Its smallest eigenvalue is negative beyond rounding.
    #[error(
        "the information matrix is not positive semidefinite (smallest eigenvalue {smallest_eigenvalue:.3e}): correct it, or project it with project_information"
    )]
    Indefinite {
        /// The eigenvalue.
        smallest_eigenvalue: f64,
    },
}

impl<const D: usize> Information<D> {
    /// Takes the upper triangle of `matrix` and finds its root: the Cholesky
    /// factor where there is one, else (singular) the triangular factor of a
    /// root from its eigenvectors.
    ///
    /// # Errors
    /// [`InformationFault`]; eigenvalues down to `−1e-9 max` count as rounding.
    pub fn new(matrix: SMatrix<f64, D, D>) -> Result<Self, InformationFault> {
        let mut matrix = matrix;
        matrix.fill_lower_triangle_with_upper_triangle();
        if let Some(value) = matrix.iter().find(|x| !x.is_finite()) {
            return Err(InformationFault::NotFinite(*value));
        }
        if let Some(root) = upper_cholesky(&matrix) {
            return Ok(Self { matrix, root });
        }
        let eigen = eigen(&matrix);
        let (smallest, largest) = (eigen.eigenvalues.min(), eigen.eigenvalues.max());
        if smallest < -1e-9 * largest.max(0.0) {
            return Err(InformationFault::Indefinite {
                smallest_eigenvalue: smallest,
            });
        }
        Ok(Self {
            root: eigen_root(&eigen),
            matrix,
        })
    }
}

/// Nearest positive semidefinite matrix in the Frobenius norm: negative
/// eigenvalues become zero (Higham 1988). Only the upper triangle is read.
pub fn project_information<const D: usize>(matrix: SMatrix<f64, D, D>) -> SMatrix<f64, D, D> {
    let mut matrix = matrix;
    matrix.fill_lower_triangle_with_upper_triangle();
    let root = eigen_root::<D>(&eigen(&matrix));
    root.transpose() * root
}

/// `U` with `Ω = Uᵀ U`, upper triangular; `None` when a pivot is not positive.
fn upper_cholesky<const D: usize>(matrix: &SMatrix<f64, D, D>) -> Option<SMatrix<f64, D, D>> {
    let mut u = SMatrix::<f64, D, D>::zeros();
    for j in 0..D {
        for i in 0..=j {
            let sum: f64 = (0..i).map(|k| u[(k, i)] * u[(k, j)]).sum();
            let rest = matrix[(i, j)] - sum;
            u[(i, j)] = if i < j {
                rest / u[(i, i)]
            } else if rest > 0.0 {
                rest.sqrt()
            } else {
                return None;
            };
        }
    }
    Some(u)
}

/// `U⁻¹` of an upper triangular `U`; `None` when a diagonal entry is 0.
pub(super) fn inverse_upper<const D: usize>(
    root: &SMatrix<f64, D, D>,
) -> Option<SMatrix<f64, D, D>> {
    let mut inverse = SMatrix::<f64, D, D>::zeros();
    for j in 0..D {
        for i in (0..=j).rev() {
            if root[(i, i)] == 0.0 {
                return None;
            }
            let sum: f64 = (i + 1..=j).map(|k| root[(i, k)] * inverse[(k, j)]).sum();
            let right = if i == j { 1.0 } else { 0.0 };
            inverse[(i, j)] = (right - sum) / root[(i, i)];
        }
    }
    Some(inverse)
}

/// Runs on a dynamic matrix: this path is rare, and fixed sizes would carry
/// their bounds into every signature.
fn eigen<const D: usize>(matrix: &SMatrix<f64, D, D>) -> SymmetricEigen<f64, Dyn> {
    SymmetricEigen::new(DMatrix::from_column_slice(D, D, matrix.as_slice()))
}

/// `√Λ Vᵀ = Q U`: `U` is a root too, and triangular.
fn eigen_root<const D: usize>(eigen: &SymmetricEigen<f64, Dyn>) -> SMatrix<f64, D, D> {
    let root = DMatrix::from_fn(D, D, |i, j| {
        eigen.eigenvalues[i].max(0.0).sqrt() * eigen.eigenvectors[(j, i)]
    });
    let upper = root.qr().unpack_r();
    SMatrix::from_fn(|i, j| if i <= j { upper[(i, j)] } else { 0.0 })
}

impl<const D: usize> Information<D> {
    /// `Ω`, full.
    pub fn matrix(&self) -> &SMatrix<f64, D, D> {
        &self.matrix
    }

    /// Upper triangular `U` with `Ω = Uᵀ U`; the whitened residual is `U r`.
    pub fn root(&self) -> &SMatrix<f64, D, D> {
        &self.root
    }

    /// `w · I`.
    pub fn isotropic(weight: f64) -> Self {
        Self {
            matrix: SMatrix::identity() * weight,
            root: SMatrix::identity() * weight.max(0.0).sqrt(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use nalgebra::{Matrix3, Matrix6, Vector3};

    use super::*;

    #[test]
    fn roots_are_triangular_and_square_to_the_matrix() {
        let v = Vector3::new(1.0, -2.0, 0.5);
        let w = Vector3::new(0.3, 0.1, 4.0);
        let singular = v * v.transpose() + w * w.transpose();
        for matrix in [
            singular,
            v * v.transpose(),
            Matrix3::zeros(),
            singular + Matrix3::identity(),
        ] {
            let information = Information::new(matrix).unwrap();
            let root = information.root();
            for (i, j) in [(1, 0), (2, 0), (2, 1)] {
                assert_eq!(root[(i, j)], 0.0);
            }
            // The eigenvectors are orthogonal to a few units, so is the QR factor.
            let error = (root.transpose() * root - matrix).abs().max();
            assert!(error <= 64.0 * f64::EPSILON * matrix.norm(), "{error}");
        }
    }

    #[test]
    fn indefinite_and_infinite_matrices_are_refused_and_projection_repairs_them() {
        let bad = Matrix6::from_diagonal(&nalgebra::vector![3.0, 2.0, -1.0, 1.0, 1.0, 1.0]);
        let Err(InformationFault::Indefinite {
            smallest_eigenvalue,
        }) = Information::new(bad)
        else {
            unreachable!("an indefinite matrix was taken");
        };
        assert!((smallest_eigenvalue + 1.0).abs() < 1e-12);
        let repaired = project_information(bad);
        assert!((repaired[(2, 2)]).abs() < 1e-12 && (repaired[(0, 0)] - 3.0).abs() < 1e-12);
        assert!(Information::new(repaired).is_ok());
        let mut infinite = Matrix3::identity();
        infinite[(0, 2)] = f64::INFINITY;
        assert!(matches!(
            Information::new(infinite),
            Err(InformationFault::NotFinite(_))
        ));
    }
}

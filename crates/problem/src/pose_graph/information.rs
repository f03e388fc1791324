//! Information matrices and their square roots.

use nalgebra::{Const, DimMin, DimSub, SMatrix, SymmetricEigen, ToTypenum};

/// A symmetric positive semidefinite `Ω` with a square root `U`, `Ω = Uᵀ U`.
#[derive(Clone, Debug, PartialEq)]
pub struct Information<const D: usize> {
    matrix: SMatrix<f64, D, D>,
    root: SMatrix<f64, D, D>,
}

/// Why a matrix is no information matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum InformationFault {
    /// An entry is NaN or infinite.
    NotFinite(f64),
    /// Its smallest eigenvalue is negative beyond rounding.
    Indefinite {
        /// The eigenvalue.
        smallest_eigenvalue: f64,
    },
}

impl<const D: usize> Information<D>
where
    Const<D>: ToTypenum + DimSub<nalgebra::U1> + DimMin<Const<D>, Output = Const<D>>,
    nalgebra::DefaultAllocator: nalgebra::allocator::Allocator<nalgebra::DimDiff<Const<D>, nalgebra::U1>>
        + nalgebra::allocator::Allocator<Const<D>, nalgebra::DimDiff<Const<D>, nalgebra::U1>>,
{
    /// Takes the upper triangle of `matrix` and finds its root: the Cholesky
    /// factor where there is one, else (singular) the symmetric root.
    ///
    /// # Errors
    /// [`InformationFault`]; eigenvalues down to `−1e-9 max` count as rounding.
    pub fn new(matrix: SMatrix<f64, D, D>) -> Result<Self, InformationFault> {
        let mut matrix = matrix;
        matrix.fill_lower_triangle_with_upper_triangle();
        if let Some(value) = matrix.iter().find(|x| !x.is_finite()) {
            return Err(InformationFault::NotFinite(*value));
        }
        if let Some(factor) = matrix.cholesky() {
            return Ok(Self {
                root: factor.l().transpose(),
                matrix,
            });
        }
        let eigen = SymmetricEigen::new(matrix);
        let smallest = eigen.eigenvalues.min();
        if smallest < -1e-9 * eigen.eigenvalues.max().max(0.0) || eigen.eigenvalues.max() < 0.0 {
            return Err(InformationFault::Indefinite {
                smallest_eigenvalue: smallest,
            });
        }
        Ok(Self {
            root: symmetric_root(&eigen),
            matrix,
        })
    }
}

/// Nearest positive semidefinite matrix in the Frobenius norm: negative
/// eigenvalues become zero (Higham 1988). Only the upper triangle is read.
pub fn project_information<const D: usize>(matrix: SMatrix<f64, D, D>) -> SMatrix<f64, D, D>
where
    Const<D>: ToTypenum + DimSub<nalgebra::U1> + DimMin<Const<D>, Output = Const<D>>,
    nalgebra::DefaultAllocator: nalgebra::allocator::Allocator<nalgebra::DimDiff<Const<D>, nalgebra::U1>>
        + nalgebra::allocator::Allocator<Const<D>, nalgebra::DimDiff<Const<D>, nalgebra::U1>>,
{
    let mut matrix = matrix;
    matrix.fill_lower_triangle_with_upper_triangle();
    let eigen = SymmetricEigen::new(matrix);
    let root = symmetric_root(&eigen);
    root.transpose() * root
}

fn symmetric_root<const D: usize>(eigen: &SymmetricEigen<f64, Const<D>>) -> SMatrix<f64, D, D>
where
    Const<D>: DimSub<nalgebra::U1>,
    nalgebra::DefaultAllocator:
        nalgebra::allocator::Allocator<nalgebra::DimDiff<Const<D>, nalgebra::U1>>,
{
    let roots = eigen.eigenvalues.map(|x| x.max(0.0).sqrt());
    SMatrix::from_diagonal(&roots) * eigen.eigenvectors.transpose()
}

impl<const D: usize> Information<D> {
    /// `Ω`, full.
    pub fn matrix(&self) -> &SMatrix<f64, D, D> {
        &self.matrix
    }

    /// `U` with `Ω = Uᵀ U`; the whitened residual is `U r`.
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

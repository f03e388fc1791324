//! From matrices in files to [`Information`], with their faults.

use nalgebra::SMatrix;
use slam16_problem::{Information, InformationFault, project_information};

use super::factor::Factor;
use crate::IsamNoise;
use crate::error::ReadError;
use crate::graph::syntax::information_of;
use crate::scan::{Scan, Scanner};
use crate::warning::{WarningKind, Warnings};

/// Below this ratio of smallest to largest eigenvalue a matrix is nearly singular.
const NEARLY_SINGULAR: f64 = 1e-9;

/// Makes information matrices, remembering the last one: most files repeat one
/// matrix over and over, and its root is made once.
#[derive(Debug)]
pub(crate) struct Maker<const D: usize> {
    last: Option<(SMatrix<f64, D, D>, Information<D>, bool)>,
    repair: bool,
    noise: IsamNoise,
}

impl<const D: usize> Maker<D> {
    pub fn new(repair: bool, noise: IsamNoise) -> Self {
        Self {
            last: None,
            repair,
            noise,
        }
    }

    /// The information of `factor` from the numbers that stood at `mark`.
    #[inline]
    pub fn make(
        &mut self,
        given: SMatrix<f64, D, D>,
        scanner: &Scanner<'_>,
        mark: usize,
        factor: Factor,
        warnings: &mut Warnings,
    ) -> Scan<Information<D>> {
        if let Some((matrix, information, false)) = &self.last
            && *matrix == given
        {
            return Ok(information.clone());
        }
        self.make_new(given, scanner, mark, factor, warnings)
    }

    #[inline(never)]
    fn make_new(
        &mut self,
        given: SMatrix<f64, D, D>,
        scanner: &Scanner<'_>,
        mark: usize,
        factor: Factor,
        warnings: &mut Warnings,
    ) -> Scan<Information<D>> {
        let line = Some(scanner.line());
        let indefinite = |smallest_eigenvalue| {
            Box::new(ReadError::Indefinite {
                at: scanner.place_at(mark),
                factor: factor.to_string(),
                smallest_eigenvalue,
            })
        };
        let matrix = information_of(self.noise, given)
            .ok_or_else(|| indefinite(smallest_eigenvalue(&given)))?;
        let mut odd = false;
        let information = match Information::new(matrix) {
            Ok(information) => information,
            Err(InformationFault::Indefinite {
                smallest_eigenvalue,
            }) if self.repair => {
                odd = true;
                warnings.add(WarningKind::RepairedInformation, line, || {
                    format!("{factor} (smallest eigenvalue {smallest_eigenvalue:.3e})")
                });
                Information::new(project_information(matrix))
                    .map_err(|_| indefinite(smallest_eigenvalue))?
            }
            Err(InformationFault::Indefinite {
                smallest_eigenvalue,
            }) => return Err(indefinite(smallest_eigenvalue)),
            // Each entry is finite; products and inverses of them may not be.
            Err(InformationFault::NotFinite(value)) => {
                return Err(Box::new(ReadError::NotFinite {
                    at: scanner.place_at(mark),
                    what: format!("the information of {factor}"),
                    found: value.to_string(),
                }));
            }
        };
        // A projected matrix is singular, which has been said.
        if !odd && nearly_singular(&information) {
            odd = true;
            warnings.add(WarningKind::NearlySingularInformation, line, || {
                factor.to_string()
            });
        }
        self.last = Some((given, information.clone(), odd));
        Ok(information)
    }
}

fn smallest_eigenvalue<const D: usize>(matrix: &SMatrix<f64, D, D>) -> f64 {
    let matrix = nalgebra::DMatrix::from_column_slice(D, D, matrix.as_slice());
    matrix.symmetric_eigenvalues().min()
}

/// Whether the smallest eigenvalue is below 1e-9 of the largest.
///
/// Two bounds settle nearly every matrix, only then are the eigenvalues found.
/// With Ω = UᵀU, U triangular: the other D − 1 eigenvalues have at most the
/// trace as their sum, so at most `(tr Ω/(D−1))^(D−1)` as their product, and
/// `λ_min ≥ det Ω / (tr Ω/(D−1))^(D−1)`, which costs next to nothing. And
/// `1/(tr Ω · tr Ω⁻¹)` lies between the ratio of the eigenvalues and `1/D²` of it.
fn nearly_singular<const D: usize>(information: &Information<D>) -> bool {
    let (matrix, root) = (information.matrix(), information.root());
    let trace = matrix.trace();
    let mean = trace / (D - 1).max(1) as f64;
    let mut ratio = root[(0, 0)] * root[(0, 0)] / trace;
    for i in 1..D {
        ratio *= root[(i, i)] * root[(i, i)] / mean;
    }
    if ratio >= NEARLY_SINGULAR {
        return false;
    }
    if let Some(inverse_trace) = inverse_trace(root)
        && 1.0 / (trace * inverse_trace) >= NEARLY_SINGULAR
    {
        return false;
    }
    let matrix = nalgebra::DMatrix::from_column_slice(D, D, matrix.as_slice());
    let eigenvalues = matrix.symmetric_eigenvalues();
    eigenvalues.min() < NEARLY_SINGULAR * eigenvalues.max() || eigenvalues.max() <= 0.0
}

/// `tr (UᵀU)⁻¹ = ‖U⁻¹‖²` of an upper triangular `U` with a positive diagonal.
fn inverse_trace<const D: usize>(root: &SMatrix<f64, D, D>) -> Option<f64> {
    let mut sum = 0.0;
    let mut inverse = SMatrix::<f64, D, D>::zeros();
    for j in 0..D {
        if root[(j, j)].is_nan() || root[(j, j)] <= 0.0 || (j + 1..D).any(|i| root[(i, j)] != 0.0) {
            return None;
        }
        inverse[(j, j)] = 1.0 / root[(j, j)];
        for i in (0..j).rev() {
            let dot: f64 = (i + 1..=j).map(|k| root[(i, k)] * inverse[(k, j)]).sum();
            inverse[(i, j)] = -dot / root[(i, i)];
        }
        for i in 0..=j {
            sum += inverse[(i, j)] * inverse[(i, j)];
        }
    }
    Some(sum)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use nalgebra::{Matrix3, Vector3};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn inverse_trace_is_that_of_the_inverse() {
        let m = Matrix3::new(4.0, 1.0, 0.5, 1.0, 3.0, -0.25, 0.5, -0.25, 2.0);
        let information = Information::new(m).unwrap();
        let exact = m.try_inverse().unwrap().trace();
        // A well-conditioned 3x3: a few roundings.
        assert!((inverse_trace(information.root()).unwrap() - exact).abs() < 1e-14);
    }

    proptest! {
        #[test]
        fn nearly_singular_means_the_eigenvalue_ratio(
            exponents in prop::array::uniform3(-12.0..4.0f64),
            axis in prop::array::uniform3(-1.0..1.0f64),
        ) {
            let rotation = nalgebra::Rotation3::new(Vector3::from(axis) * 3.0).into_inner();
            let d = Vector3::from(exponents.map(|e| 10f64.powf(e)));
            let matrix = rotation * Matrix3::from_diagonal(&d) * rotation.transpose();
            let ratio = d.min() / d.max();
            // Close to the threshold, or where rounding made it indefinite, either answer will do.
            prop_assume!((ratio / NEARLY_SINGULAR).ln().abs() > 0.1 && ratio > 1e-14);
            let Ok(information) = Information::new(matrix) else { return Ok(()); };
            prop_assert_eq!(nearly_singular(&information), ratio < NEARLY_SINGULAR);
        }
    }
}

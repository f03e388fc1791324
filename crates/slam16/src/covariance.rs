//! Covariances of the estimate.

use nalgebra::DMatrix;

use crate::solver::{BackendError, NumericError};
use crate::sparse::Threads;
use crate::{Error, Problem};

/// Marginal covariances of chosen variables.
#[derive(Clone, Debug, PartialEq)]
pub struct Marginals {
    /// The variables, as asked for.
    pub variables: Vec<usize>,
    /// `(JᵀJ)⁻¹` restricted to each of them, square, in the order and units
    /// of its tangent: `[ρ, φ]`, metres and radians, for a pose.
    pub matrices: Vec<DMatrix<f64>>,
    /// Nothing fixed the scale of the bundle, so it was held at its value.
    pub scale_held: bool,
}

/// Marginal covariance of each chosen variable at the current state,
/// `Σ = (JᵀJ)⁻¹` restricted to it.
///
/// `J` is the Jacobian of the whitened residuals with respect to a
/// perturbation on the right, `X ← X · Exp(δ)`, so `Σ` is the covariance of
/// `δ` where the measurements have the information they claim; robust losses
/// count by their weights. Held scalars have variance 0. Variables are counted
/// as in the problem: poses, then landmarks; or cameras, then points.
///
/// Only the part of the inverse above the chosen variables in the elimination
/// tree is formed (Takahashi, Fagan, Chin 1973).
///
/// # Errors
/// A variable that does not exist or that the factors leave undetermined.
pub fn covariance<P: Problem>(problem: &P, variables: &[usize]) -> Result<Marginals, Error> {
    let held = scale(problem)?;
    let threads = Threads::single();
    let matrices = crate::cpu::marginal_covariances(problem, variables, &held, &threads);
    Ok(Marginals {
        variables: variables.to_vec(),
        matrices: matrices.map_err(undetermined)?,
        scale_held: !held.is_empty(),
    })
}

/// Joint covariance of the chosen variables, in their order: as
/// [`covariance`], with the covariances between them.
///
/// # Errors
/// As for [`covariance`].
pub fn joint_covariance<P: Problem>(
    problem: &P,
    variables: &[usize],
) -> Result<DMatrix<f64>, Error> {
    let held = scale(problem)?;
    crate::cpu::covariance(problem, variables, &held, &Threads::single())
        .map(|covariance| covariance.joint().clone())
        .map_err(undetermined)
}

/// The scalar that keeps the scale in place, where nothing else does.
fn scale(problem: &impl Problem) -> Result<Vec<usize>, Error> {
    Ok(Vec::from_iter(problem.scale_unknown(&problem.setup()?)))
}

fn undetermined(error: BackendError) -> Error {
    match error {
        BackendError::Numeric(NumericError::NotPositiveDefinite { variable, .. }) => {
            Error::Undetermined { variable }
        }
        other => other.into(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use nalgebra::{DVector, Matrix3, Matrix6, Vector3, Vector6};

    use super::*;
    use crate::geometry::{Se2, Se3};
    use crate::problem::Setup;
    use crate::problem::{
        Bundle, Camera, CameraId, Information, Lens, LensId, Observation, PointId, PoseGraph2,
        PoseGraph3, PoseId, ProblemError,
    };
    use crate::sparse::Jacobian;
    use crate::sparse::jacobian_mul;

    /// `(JᵀJ)⁻¹` as a dense matrix, 0 for held scalars.
    fn dense<P: Problem>(problem: &P) -> (DMatrix<f64>, Setup) {
        let mut setup = problem.setup().unwrap();
        let threads = Threads::single();
        let mut jacobian = Jacobian::zeros(setup.structure.clone());
        problem.linearize(&setup, &mut jacobian, &threads).unwrap();
        if let Some(scalar) = problem.scale_unknown(&setup) {
            setup.held[scalar] = true;
        }
        let n = setup.structure.layout.scalars();
        let free: Vec<usize> = (0..n).filter(|k| !setup.held[*k]).collect();
        let columns: Vec<DVector<f64>> = free
            .iter()
            .map(|&k| {
                let mut unit = vec![0.0; n];
                unit[k] = 1.0;
                let mut product = vec![0.0; setup.structure.rows()];
                jacobian_mul(
                    &jacobian.sets,
                    &setup.structure.layout,
                    &unit,
                    &mut product,
                    &threads,
                );
                DVector::from_vec(product)
            })
            .collect();
        let j = DMatrix::from_columns(&columns);
        let inverse = (j.transpose() * &j).try_inverse().unwrap();
        let mut whole = DMatrix::zeros(n, n);
        for (a, &i) in free.iter().enumerate() {
            for (b, &k) in free.iter().enumerate() {
                whole[(i, k)] = inverse[(a, b)];
            }
        }
        (whole, setup)
    }

    fn agrees<P: Problem>(problem: &P, variables: &[usize]) {
        let (whole, setup) = dense(problem);
        let layout = &setup.structure.layout;
        let scalars: Vec<usize> = variables.iter().flat_map(|v| layout.range(*v)).collect();
        let size = whole.amax();
        let joint = joint_covariance(problem, variables).unwrap();
        let expected = DMatrix::from_fn(scalars.len(), scalars.len(), |a, b| {
            whole[(scalars[a], scalars[b])]
        });
        // Both inverses carry ε times the condition, which is below 1e6 here.
        assert!((&joint - &expected).amax() < 1e-9 * size);
        let marginals = covariance(problem, variables).unwrap();
        assert_eq!(marginals.variables, variables);
        for (matrix, &v) in marginals.matrices.iter().zip(variables) {
            let range = layout.range(v);
            let expected = whole.view((range.start, range.start), (range.len(), range.len()));
            assert!((matrix - expected).amax() < 1e-9 * size, "variable {v}");
        }
    }

    fn square() -> PoseGraph2 {
        let mut graph = PoseGraph2::new();
        for k in 0..4_u64 {
            let angle = 1.5 * k as f64;
            graph
                .add_pose(10 + k, Se2::from_xy_theta(angle.cos(), angle.sin(), angle))
                .unwrap();
        }
        let omega = Matrix3::new(3.0, 0.5, 0.1, 0.5, 2.0, 0.2, 0.1, 0.2, 9.0);
        let information = Information::new(omega).unwrap();
        for (i, j) in [(0, 1), (1, 2), (2, 3), (3, 0)] {
            let z = graph.poses()[i].inverse() * graph.poses()[j];
            let z = z.retract(&Vector3::new(0.02, -0.01, 0.03));
            graph
                .add_between(PoseId::from(i), PoseId::from(j), z, information.clone())
                .unwrap();
        }
        graph
    }

    #[test]
    fn planar_graphs_agree_with_the_dense_inverse() {
        agrees(&square(), &[2, 0, 3]);
    }

    #[test]
    fn spatial_graphs_agree_with_the_dense_inverse() {
        let mut graph = PoseGraph3::new();
        for k in 0..5_u64 {
            let s = k as f64;
            let xi = Vector6::new(s, 0.3 * s, -0.1 * s, 0.2, 0.4 * s, -0.3 * s);
            graph.add_pose(k, Se3::exp(&xi)).unwrap();
        }
        let information = Information::new(Matrix6::from_diagonal(&Vector6::new(
            4.0, 5.0, 6.0, 30.0, 40.0, 50.0,
        )))
        .unwrap();
        for (i, j) in [(0, 1), (1, 2), (2, 3), (3, 4), (4, 1)] {
            let z = graph.poses()[i].inverse() * graph.poses()[j];
            graph
                .add_between(PoseId::from(i), PoseId::from(j), z, information.clone())
                .unwrap();
        }
        agrees(&graph, &[4, 1, 0]);
    }

    #[test]
    fn bundles_are_taken_at_their_scale() {
        let mut bundle = Bundle::new();
        let lens = bundle.add_lens(Lens::Bal);
        for k in 0..3 {
            let s = f64::from(k);
            let xi = Vector6::new(2.0 * s, 0.2 * s, 8.0, 0.02 * s, 0.1 * s, 0.01);
            bundle
                .add_camera(Camera {
                    world_from_camera: Se3::exp(&xi),
                    intrinsics: [500.0, 0.0, 0.0],
                    pose_fixed: false,
                    intrinsics_fixed: true,
                })
                .unwrap();
        }
        for k in 0..12 {
            let s = f64::from(k);
            let point = Vector3::new((1.3 * s).sin() * 2.0, (2.1 * s).cos(), 0.3 * (s - 6.0));
            bundle.add_point(point).unwrap();
        }
        for camera in 0..3_u32 {
            for point in 0..12_u32 {
                let x = bundle.cameras()[camera as usize]
                    .world_from_camera
                    .inverse();
                let p = x.act(&bundle.points()[point as usize]);
                bundle
                    .add_observation(Observation {
                        camera: CameraId(camera),
                        point: PointId(point),
                        lens: LensId(lens.0),
                        pixel: [-500.0 * p.x / p.z, -500.0 * p.y / p.z, 0.0],
                        weight: 1.0,
                    })
                    .unwrap();
            }
        }
        assert!(covariance(&bundle, &[2]).unwrap().scale_held);
        agrees(&bundle, &[2, 1, 7]);
        bundle.cameras_mut()[2].pose_fixed = true;
        bundle.cameras_mut()[0].pose_fixed = true;
        assert!(!covariance(&bundle, &[1]).unwrap().scale_held);
        agrees(&bundle, &[1, 5]);
    }

    #[test]
    fn what_cannot_be_given_is_refused() {
        let mut graph = square();
        assert!(matches!(
            covariance(&graph, &[1, 9]),
            Err(Error::Problem(ProblemError::OutOfRange {
                what: "variable",
                index: 9,
                count: 4
            }))
        ));
        // Nothing measures y and θ of a fifth pose.
        let fifth = graph.add_pose(99, Se2::identity()).unwrap();
        let only_x =
            Information::new(Matrix3::from_diagonal(&Vector3::new(1.0, 0.0, 0.0))).unwrap();
        graph
            .add_between(PoseId(0), fifth, Se2::identity(), only_x)
            .unwrap();
        assert!(matches!(
            covariance(&graph, &[4]),
            Err(Error::Undetermined { variable: 4 })
        ));
    }
}

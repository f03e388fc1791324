//! Residuals of pose graphs and their Jacobians.

use core::f64::consts::{FRAC_PI_2, PI};

use nalgebra::{Matrix2x3, Matrix3x6, Vector2, Vector3, Vector6};
use slam16_geometry::{
    PoseGroup, Se2, Se3, So2, So3, central_difference, se2_between, se2_between_residual,
    se3_between, se3_between_blocks, se3_between_residual,
};

use crate::common::{ANGLES, distance, se2_log_near, se3_log_near, tangents, translations};

const H: f64 = 1e-3;

/// Bound of `central_difference` with h = 1e-3, 3e-14·M₅ + 1.5e-12·M₀ per entry and six entries a
/// row. All translations together are at most 16 long and a derivative grows by at most 2, so
/// M₅ ≤ 32·16 and M₀ ≤ 16: 6·(1.6e-11 + 2.4e-11).
const TOLERANCE: f64 = 2.4e-10;

fn poses3() -> [(Se3, Se3); 3] {
    let pose = |x: [f64; 6]| Se3::exp(&Vector6::from(x));
    [
        (Se3::identity(), Se3::identity()),
        (
            pose([1.0, -2.0, 3.0, 0.2, -0.7, 1.1]),
            pose([-1.0, 0.5, 2.0, -1.3, 0.4, 2.0]),
        ),
        (
            pose([3.0, 1.0, -2.0, 0.0, PI - 1e-7, 0.0]),
            pose([0.3, 4.0, 1.0, 1e-8, 0.0, 1e-8]),
        ),
    ]
}

#[test]
fn se3_between_and_prior() {
    for (xi, z) in poses3() {
        for r in tangents() {
            let phi = Vector3::new(r[3], r[4], r[5]);
            let xj = xi * z * Se3::exp(&r);
            let (residual, ji, jj) = se3_between(&xi, &xj, &z);
            assert_eq!(residual, se3_between_residual(&xi, &xj, &z));
            let log =
                |xi: &Se3, xj: &Se3| se3_log_near(&(z.inverse() * (xi.inverse() * *xj)), &phi);
            // At exactly π the residual may be on the other branch, with other Jacobians.
            let branch = log(&xi, &xj);
            if (branch - residual).norm() > 1.0 {
                assert!((phi.norm() - PI).abs() < 1e-8);
                continue;
            }
            let numeric = central_difference(H, |d: &Vector6<f64>| log(&xi.retract(d), &xj));
            assert!(distance(&ji, &numeric) < TOLERANCE, "{r} {ji} {numeric}");
            let numeric = central_difference(H, |d: &Vector6<f64>| log(&xi, &xj.retract(d)));
            assert!(distance(&jj, &numeric) < TOLERANCE, "{r} {jj} {numeric}");

            let x = z * Se3::exp(&r);
            let (residual, jacobian) = <Se3 as PoseGroup<6, 3>>::prior(&x, &z);
            let log = |x: &Se3| se3_log_near(&(z.inverse() * *x), &phi);
            if (log(&x) - residual).norm() < 1.0 {
                let numeric = central_difference(H, |d: &Vector6<f64>| log(&x.retract(d)));
                assert!(distance(&jacobian, &numeric) < TOLERANCE);
            }
        }
    }
}

#[test]
fn se2_between_and_prior() {
    let frames = [
        (Se2::identity(), Se2::identity()),
        (
            Se2::from_xy_theta(1.0, -2.0, 0.7),
            Se2::from_xy_theta(-3.0, 0.5, 2.9),
        ),
        (
            Se2::from_xy_theta(4.0, 1.0, -3.0),
            Se2::from_xy_theta(0.0, 2.0, PI - 1e-9),
        ),
    ];
    let angles = ANGLES.into_iter().flat_map(|a| [a, -a]);
    for ((xi, z), angle) in frames
        .into_iter()
        .flat_map(|f| angles.clone().map(move |a| (f, a)))
    {
        for t in translations() {
            let r = Vector3::new(t.x, t.y, angle);
            let xj = xi * z * Se2::exp(&r);
            let (residual, ji, jj) = se2_between(&xi, &xj, &z);
            assert_eq!(residual, se2_between_residual(&xi, &xj, &z));
            // Rounding may turn π into −π: follow the branch that was taken.
            let angle = residual.z;
            let log =
                |xi: &Se2, xj: &Se2| se2_log_near(&(z.inverse() * (xi.inverse() * *xj)), angle);
            let numeric = central_difference(H, |d: &Vector3<f64>| log(&xi.retract(d), &xj));
            assert!(distance(&ji, &numeric) < TOLERANCE, "{r} {ji} {numeric}");
            let numeric = central_difference(H, |d: &Vector3<f64>| log(&xi, &xj.retract(d)));
            assert!(distance(&jj, &numeric) < TOLERANCE, "{r} {jj} {numeric}");

            let x = z * Se2::exp(&r);
            let (residual, jacobian) = <Se2 as PoseGroup<3, 2>>::prior(&x, &z);
            let log = |x: &Se2| se2_log_near(&(z.inverse() * *x), residual.z);
            let numeric = central_difference(H, |d: &Vector3<f64>| log(&x.retract(d)));
            assert!(distance(&jacobian, &numeric) < TOLERANCE);
        }
    }
}

/// The tuned blocks against the textbook formula with 6×6 products. Entries are at most 20, each
/// a sum of six products: 6·20·20·ε ≈ 5e-13, six entries a row.
#[test]
fn se3_blocks_equal_the_formula() {
    for (xi, z) in poses3() {
        for r in tangents() {
            let xj = xi * z * Se3::exp(&r);
            let blocks = se3_between_blocks(&xi, &xj, &z);
            let inverse = Se3::right_jacobian_inverse(&blocks.residual);
            assert!(distance(&blocks.jacobian_j(), &inverse) < 3e-12);
            let expected = -inverse * (xj.inverse() * xi).adjoint();
            assert!(distance(&blocks.jacobian_i(), &expected) < 3e-12);
        }
    }
}

/// By hand: Xi at the origin turned by 90°, Xj one unit to the north, seen from Xi as (1, 0).
/// The measurement says (1, 0) without turn. Xj is not turned, so it lies −90° from Xi:
/// Z⁻¹ Xi⁻¹ Xj = (0, 0, −90°), hence r = (0, 0, −π/2).
#[test]
fn planar_residual_by_hand() {
    let xi = Se2::from_xy_theta(0.0, 0.0, FRAC_PI_2);
    let xj = Se2::from_xy_theta(0.0, 1.0, 0.0);
    let z = Se2::from_xy_theta(1.0, 0.0, 0.0);
    let r = se2_between_residual(&xi, &xj, &z);
    assert!((r - Vector3::new(0.0, 0.0, -FRAC_PI_2)).norm() < 4.0 * f64::EPSILON);
}

/// By hand: both poses unturned, so r is the difference of translations, J_j = I and, with
/// Xj − Xi = (1, 2, 3), J_i = −[[I, −t^], [0, I]].
#[test]
fn spatial_residual_by_hand() {
    let at = |x, y, z| Se3::new(Vector3::new(x, y, z), So3::identity());
    let (r, ji, jj) = se3_between(&at(1.0, 1.0, 1.0), &at(2.0, 3.0, 4.0), &at(1.0, 2.0, 2.0));
    assert_eq!(r, Vector6::new(0.0, 0.0, 1.0, 0.0, 0.0, 0.0));
    // Jᵣ⁻¹ at [(0, 0, 1), 0] is [[I, ½ρ^], [0, I]].
    assert_eq!(jj[(1, 3)], 0.5);
    assert_eq!(jj[(0, 4)], -0.5);
    // −(½ρ^ − t^), entry (0, 4): ρ^ has −1 and t^ has −3 there.
    assert_eq!(ji[(0, 4)], -(-0.5 + 3.0));
    assert_eq!(ji[(0, 0)], -1.0);
    assert_eq!(ji[(3, 0)], 0.0);
}

/// Landmarks are at most 10 away: 6·(3e-14·32·10 + 1.5e-12·10) < TOLERANCE.
#[test]
fn landmark_observation() {
    for (x, z) in poses3() {
        for x in [x, x * z] {
            let landmark = Vector3::new(2.0, -1.0, 4.0);
            let (p, pose, point) = x.observe_landmark(&landmark);
            assert!((x.act(&p) - landmark).norm() < 1e-14);
            let numeric: Matrix3x6<f64> =
                central_difference(H, |d: &Vector6<f64>| x.retract(d).inverse().act(&landmark));
            assert!(distance(&pose, &numeric) < TOLERANCE);
            let numeric =
                central_difference(H, |d: &Vector3<f64>| x.inverse().act(&(landmark + d)));
            assert!(distance(&point, &numeric) < TOLERANCE);
        }
    }
    for angle in ANGLES {
        let x = Se2::new(Vector2::new(3.0, -2.0), So2::exp(angle));
        let landmark = Vector2::new(-1.0, 4.0);
        let (p, pose, point) = x.observe_landmark(&landmark);
        assert!((x.act(&p) - landmark).norm() < 1e-14);
        let numeric: Matrix2x3<f64> =
            central_difference(H, |d: &Vector3<f64>| x.retract(d).inverse().act(&landmark));
        assert!(distance(&pose, &numeric) < TOLERANCE);
        let numeric = central_difference(H, |d: &Vector2<f64>| x.inverse().act(&(landmark + d)));
        assert!(distance(&point, &numeric) < TOLERANCE);
    }
}

//! Group Jacobians against central differences, near rotation 0 and π too.

use crate::common::{
    ANGLES, directions, distance, log_near, se2_log_near, se3_log_near, tangents, translations,
};
use nalgebra::{Matrix3, Matrix6, Vector3, Vector6};
use slam16_geometry::{Se2, Se3, So3, central_difference};

const H: f64 = 1e-3;

/// Bound of `central_difference` with h = 1e-3: 3e-14·M₅ + 1.5e-12·M₀ per entry, at most six
/// entries in a row. The translations below are at most 5 long, and each derivative of the
/// logarithm near π grows by a factor of at most 2, so M₅ ≤ 32·5, M₀ ≤ 5: 6·(5e-12 + 8e-12).
const TOLERANCE: f64 = 8e-11;

#[test]
fn so3_jacobians() {
    for angle in ANGLES {
        for axis in directions() {
            let phi = axis * angle;
            let r = So3::exp(&phi);
            let right = central_difference(H, |d: &Vector3<f64>| {
                (r.inverse() * So3::exp(&(phi + d))).log()
            });
            assert!(distance(&So3::right_jacobian(&phi), &right) < TOLERANCE);
            let left = central_difference(H, |d: &Vector3<f64>| {
                (So3::exp(&(phi + d)) * r.inverse()).log()
            });
            assert!(distance(&So3::left_jacobian(&phi), &left) < TOLERANCE);
            let inverse = central_difference(H, |d: &Vector3<f64>| log_near(&r.retract(d), &phi));
            assert!(distance(&So3::right_jacobian_inverse(&phi), &inverse) < TOLERANCE);
            let inverse =
                central_difference(H, |d: &Vector3<f64>| log_near(&(So3::exp(d) * r), &phi));
            assert!(distance(&So3::left_jacobian_inverse(&phi), &inverse) < TOLERANCE);
        }
    }
}

#[test]
fn se3_jacobians() {
    for xi in tangents() {
        let x = Se3::exp(&xi);
        let phi = Vector3::new(xi[3], xi[4], xi[5]);
        let right = central_difference(H, |d: &Vector6<f64>| x.local(&Se3::exp(&(xi + d))));
        assert!(
            distance(&Se3::right_jacobian(&xi), &right) < TOLERANCE,
            "{xi}"
        );
        let left = central_difference(H, |d: &Vector6<f64>| {
            (Se3::exp(&(xi + d)) * x.inverse()).log()
        });
        assert!(
            distance(&Se3::left_jacobian(&xi), &left) < TOLERANCE,
            "{xi}"
        );
        let inverse = central_difference(H, |d: &Vector6<f64>| se3_log_near(&x.retract(d), &phi));
        let analytic = Se3::right_jacobian_inverse(&xi);
        assert!(
            distance(&analytic, &inverse) < TOLERANCE,
            "{xi} {analytic} {inverse}"
        );
        let inverse =
            central_difference(H, |d: &Vector6<f64>| se3_log_near(&(Se3::exp(d) * x), &phi));
        assert!(distance(&Se3::left_jacobian_inverse(&xi), &inverse) < TOLERANCE);
    }
}

#[test]
fn se2_jacobians() {
    for angle in ANGLES.into_iter().flat_map(|a| [a, -a]) {
        for t in translations() {
            let xi = Vector3::new(t.x, t.y, angle);
            let x = Se2::exp(&xi);
            let right = central_difference(H, |d: &Vector3<f64>| x.local(&Se2::exp(&(xi + d))));
            assert!(distance(&Se2::right_jacobian(&xi), &right) < TOLERANCE);
            let left = central_difference(H, |d: &Vector3<f64>| {
                (Se2::exp(&(xi + d)) * x.inverse()).log()
            });
            assert!(distance(&Se2::left_jacobian(&xi), &left) < TOLERANCE);
            let inverse =
                central_difference(H, |d: &Vector3<f64>| se2_log_near(&x.retract(d), angle));
            assert!(distance(&Se2::right_jacobian_inverse(&xi), &inverse) < TOLERANCE);
            let inverse = central_difference(H, |d: &Vector3<f64>| {
                se2_log_near(&(Se2::exp(d) * x), angle)
            });
            assert!(distance(&Se2::left_jacobian_inverse(&xi), &inverse) < TOLERANCE);
        }
    }
}

/// J·J⁻¹ = I to rounding: products of 6×6 matrices with entries up to 5·2 lose at most
/// 6·(10·10)·ε ≈ 1.4e-13 per entry, six entries a row.
#[test]
fn inverses_are_inverses() {
    for xi in tangents() {
        let product = Se3::left_jacobian(&xi) * Se3::left_jacobian_inverse(&xi);
        assert!(distance(&product, &Matrix6::identity()) < 8e-13, "{xi}");
        let product = Se3::right_jacobian(&xi) * Se3::right_jacobian_inverse(&xi);
        assert!(distance(&product, &Matrix6::identity()) < 8e-13, "{xi}");
        let planar = Vector3::new(xi[0], xi[1], xi[5]);
        let product = Se2::right_jacobian(&planar) * Se2::right_jacobian_inverse(&planar);
        assert!(distance(&product, &Matrix3::identity()) < 8e-13, "{planar}");
    }
}

/// The check itself must fail when a Jacobian is wrong: a flipped sign, a dropped corner block,
/// left taken for right, and one entry off by 1e-6.
#[test]
fn the_checker_fails_on_wrong_jacobians() {
    let xi = Vector6::new(0.5, -1.0, 2.0, 0.3, 0.4, -0.2);
    let x = Se3::exp(&xi);
    let numeric = central_difference(H, |d: &Vector6<f64>| x.retract(d).log());
    let right = Se3::right_jacobian_inverse(&xi);
    assert!(distance(&right, &numeric) < TOLERANCE);
    let mut no_corner = right;
    no_corner.fixed_view_mut::<3, 3>(0, 3).fill(0.0);
    let mut one_entry = right;
    one_entry[(2, 4)] += 1e-6;
    let mut not_a_number = right;
    not_a_number[(0, 5)] = f64::NAN;
    for wrong in [
        -right,
        no_corner,
        Se3::left_jacobian_inverse(&xi),
        one_entry,
        not_a_number,
    ] {
        assert!(distance(&wrong, &numeric) >= TOLERANCE);
    }
}

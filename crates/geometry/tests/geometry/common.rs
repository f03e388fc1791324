//! Rotation vectors around the places where formulas break, and a comparison of matrices.

use core::f64::consts::PI;

use nalgebra::{SMatrix, Vector3, Vector6};
use slam16_geometry::{Se2, Se3, So3};

/// Angles at and around 0, 1 (where series end) and π.
pub const ANGLES: [f64; 14] = [
    0.0,
    1e-9,
    1e-6,
    1e-3,
    0.1,
    0.39,
    0.41,
    0.999,
    1.001,
    2.0,
    PI - 1e-3,
    PI - 1e-6,
    PI - 1e-9,
    PI,
];

/// Unit vectors: one axis and two general ones.
pub fn directions() -> [Vector3<f64>; 3] {
    [
        Vector3::z(),
        Vector3::new(1.0, -2.0, 2.0) / 3.0,
        Vector3::new(-2.0, 3.0, 6.0) / 7.0,
    ]
}

/// The sum of |entries| of the worst row of `a − b`; infinite if any is not a number.
pub fn distance<const R: usize, const C: usize>(
    a: &SMatrix<f64, R, C>,
    b: &SMatrix<f64, R, C>,
) -> f64 {
    (a - b)
        .row_iter()
        .map(|row| row.iter().map(|x| x.abs()).sum())
        // f64::max drops NaN, which would hide a wrong row.
        .fold(0.0, |worst: f64, x: f64| {
            worst.max(if x.is_nan() { f64::INFINITY } else { x })
        })
}

/// The logarithm continued smoothly from `reference`: Log jumps by 2π along its axis where the
/// angle passes π, which a difference quotient must not see.
pub fn log_near(rotation: &So3, reference: &Vector3<f64>) -> Vector3<f64> {
    let phi = rotation.log();
    let other = phi * (1.0 - 2.0 * PI / phi.norm());
    if (other - reference).norm() < (phi - reference).norm() {
        other
    } else {
        phi
    }
}

/// Log(pose) on the branch of the reference rotation vector.
pub fn se3_log_near(pose: &Se3, phi: &Vector3<f64>) -> Vector6<f64> {
    let phi = log_near(&pose.rotation, phi);
    let rho = So3::left_jacobian_inverse(&phi) * pose.translation;
    Vector6::new(rho.x, rho.y, rho.z, phi.x, phi.y, phi.z)
}

/// Log(pose) on the branch of the reference angle.
pub fn se2_log_near(pose: &Se2, reference: f64) -> Vector3<f64> {
    let mut log = pose.log();
    let turns = ((log.z - reference) / (2.0 * PI)).round();
    if turns != 0.0 {
        log.z -= turns * 2.0 * PI;
        let v = Se2::left_jacobian(&Vector3::new(0.0, 0.0, log.z));
        let v = v.fixed_view::<2, 2>(0, 0).into_owned();
        let rho = v.try_inverse().unwrap() * pose.translation;
        log.x = rho.x;
        log.y = rho.y;
    }
    log
}

/// Translations at most 5.1 long.
pub fn translations() -> [Vector3<f64>; 3] {
    [
        Vector3::zeros(),
        Vector3::new(0.5, -1.0, 2.0),
        Vector3::new(-4.0, 3.0, 0.1),
    ]
}

/// All combinations of the angles, directions and translations as [ρ, φ].
pub fn tangents() -> impl Iterator<Item = Vector6<f64>> {
    ANGLES.into_iter().flat_map(|angle| {
        directions().into_iter().flat_map(move |axis| {
            translations().into_iter().map(move |rho| {
                let phi = axis * angle;
                Vector6::new(rho.x, rho.y, rho.z, phi.x, phi.y, phi.z)
            })
        })
    })
}

//! Group laws, exponential and logarithm, conversions.

use core::f64::consts::{FRAC_PI_2, FRAC_PI_3, PI};

use nalgebra::{Matrix2, Matrix3, Matrix4, Vector2, Vector3, Vector6};
use proptest::prelude::*;
use slam16_geometry::{PoseGroup, Se2, Se3, So2, So3, hat};

use crate::common::{ANGLES, directions, distance, tangents};

const EPS: f64 = f64::EPSILON;

fn vector3(radius: f64) -> impl Strategy<Value = Vector3<f64>> {
    prop::array::uniform3(-1.0..1.0f64)
        .prop_filter("not zero", |v| Vector3::from(*v).norm() > 1e-3)
        .prop_flat_map(move |v| {
            // Lengths from the smallest to the radius, each magnitude as likely.
            (-18.0..0.0f64).prop_map(move |e| Vector3::from(v).normalize() * radius * 10f64.powf(e))
        })
}

/// Rotation vectors up to π, many of them close to 0 or to π.
fn rotation_vector() -> impl Strategy<Value = Vector3<f64>> {
    (vector3(1.0), vector3(1.0), 0..3).prop_map(|(direction, length, kind)| {
        let direction = direction.normalize();
        match kind {
            0 => length,
            1 => direction * (PI * (1.0 - length.norm())),
            _ => direction * (PI * length.norm().powf(0.05)),
        }
    })
}

fn tangent() -> impl Strategy<Value = Vector6<f64>> {
    (vector3(100.0), rotation_vector())
        .prop_map(|(r, p)| Vector6::new(r.x, r.y, r.z, p.x, p.y, p.z))
}

fn pose() -> impl Strategy<Value = Se3> {
    tangent().prop_map(|xi| Se3::exp(&xi))
}

fn planar_tangent() -> impl Strategy<Value = Vector3<f64>> {
    (vector3(100.0), rotation_vector(), any::<bool>())
        .prop_map(|(r, p, s)| Vector3::new(r.x, r.y, if s { p.norm() } else { -p.norm() }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// φ passes through sin, cos, a norm and an arc tangent, each good to one or two ε, and near π
    /// the rounding of w (½ε absolute) turns into ε of angle: together within 8ε of ‖φ‖.
    #[test]
    fn so3_log_of_exp(phi in rotation_vector()) {
        let back = So3::exp(&phi).log();
        let error = (back - phi).norm();
        if phi.norm() < PI - 4.0 * EPS {
            prop_assert!(error <= 8.0 * EPS * phi.norm(), "{:e} {:e}", error, phi.norm());
        } else {
            prop_assert!(error.min((back + phi).norm()) <= 8.0 * EPS * PI);
        }
    }

    /// As above, 8ε of an angle of at most π.
    #[test]
    fn so3_exp_of_log(phi in rotation_vector(), flip in any::<bool>()) {
        let [x, y, z, w] = So3::exp(&phi).xyzw();
        let sign = if flip { -1.0 } else { 1.0 };
        let r = So3::from_unit_xyzw([x * sign, y * sign, z * sign, w * sign]);
        let log = r.log();
        prop_assert!(log.norm() <= PI * (1.0 + 2.0 * EPS));
        prop_assert!(distance(&So3::exp(&log).matrix(), &r.matrix()) <= 16.0 * EPS * PI);
    }

    /// The rotation is good to 8ε of its angle (at most π), V and V⁻¹ to as much, and ‖V⁻¹‖ ≤ π/2:
    /// ρ within 2·(8π + 8)·ε ≈ 67ε, and relative to φ alone as for SO(3).
    #[test]
    fn se3_log_of_exp(xi in tangent()) {
        let back = Se3::exp(&xi).log();
        let (rho, phi) = (xi.fixed_rows::<3>(0), xi.fixed_rows::<3>(3));
        prop_assume!(phi.norm() < PI - 8.0 * EPS);
        let error = (back - xi).fixed_rows::<3>(0).norm();
        prop_assert!(error <= 67.0 * EPS * rho.norm(), "{:e} of {:e}", error, rho.norm());
        prop_assert!((back - xi).fixed_rows::<3>(3).norm() <= 8.0 * EPS * phi.norm());
    }

    /// As for SE(3).
    #[test]
    fn se2_log_of_exp(xi in planar_tangent()) {
        let back = Se2::exp(&xi).log();
        prop_assume!(xi.z.abs() < PI - 8.0 * EPS);
        prop_assert!((back - xi).xy().norm() <= 67.0 * EPS * xi.xy().norm());
        prop_assert!((back.z - xi.z).abs() <= 4.0 * EPS * xi.z.abs());
    }

    /// Coordinates reach 300 and pass through three products of at most 16 roundings.
    #[test]
    fn se3_group_laws(a in pose(), b in pose(), c in pose(), p in vector3(100.0)) {
        let bound = 300.0 * 48.0 * EPS;
        let close = |x: &Se3, y: &Se3| distance(&x.matrix(), &y.matrix()) <= 4.0 * bound;
        prop_assert!(close(&((a * b) * c), &(a * (b * c))));
        prop_assert!(close(&(a * a.inverse()), &Se3::identity()));
        prop_assert!(close(&(a.inverse() * a), &Se3::identity()));
        prop_assert!(close(&(a * Se3::identity()), &a));
        prop_assert!(close(&(Se3::identity() * a), &a));
        prop_assert!(((a * b).act(&p) - a.act(&b.act(&p))).norm() <= bound);
        prop_assert!((a.inverse_act(&p) - a.inverse().act(&p)).norm() <= bound);
        prop_assert!(distance(&(a * b).matrix(), &(a.matrix() * b.matrix())) <= 4.0 * bound);
        prop_assert!(close(&a.retract(&a.local(&b)), &b));
        prop_assert!(a.rotation_distance(&b) <= PI * (1.0 + 2.0 * EPS));
    }

    /// As for SE(3).
    #[test]
    fn se2_group_laws(a in planar_tangent(), b in planar_tangent(), c in planar_tangent(), p in vector3(100.0)) {
        let (a, b, c, p) = (Se2::exp(&a), Se2::exp(&b), Se2::exp(&c), p.xy());
        let bound = 300.0 * 48.0 * EPS;
        let close = |x: &Se2, y: &Se2| distance(&x.matrix(), &y.matrix()) <= 4.0 * bound;
        prop_assert!(close(&((a * b) * c), &(a * (b * c))));
        prop_assert!(close(&(a * a.inverse()), &Se2::identity()));
        prop_assert!(close(&(a.inverse() * a), &Se2::identity()));
        prop_assert!(((a * b).act(&p) - a.act(&b.act(&p))).norm() <= bound);
        prop_assert!((a.inverse_act(&p) - a.inverse().act(&p)).norm() <= bound);
        prop_assert!(distance(&(a * b).matrix(), &(a.matrix() * b.matrix())) <= 4.0 * bound);
        prop_assert!(close(&a.retract(&a.local(&b)), &b));
    }

    /// X·Exp(ξ)·X⁻¹ = Exp(Ad·ξ): coordinates reach 100·100 through the lever arm.
    #[test]
    fn adjoint_identity(a in pose(), xi in tangent()) {
        let left = a * Se3::exp(&xi) * a.inverse();
        let right = Se3::exp(&(a.adjoint() * xi));
        prop_assert!(distance(&left.matrix(), &right.matrix()) <= 4.0 * 1e4 * 48.0 * EPS);
        let planar = |xi: &Vector6<f64>| Vector3::new(xi[0], xi[1], xi[5]);
        let (a, xi) = (Se2::exp(&planar(&a.log())), planar(&xi));
        let left = a * Se2::exp(&xi) * a.inverse();
        let right = Se2::exp(&(a.adjoint() * xi));
        prop_assert!(distance(&left.matrix(), &right.matrix()) <= 4.0 * 1e4 * 48.0 * EPS);
    }

    /// Six roundings of numbers up to 1 make a matrix entry, as many take it back.
    #[test]
    fn matrices_and_angles_round_trip(a in pose()) {
        let back = Se3::from_matrix(&a.matrix()).unwrap();
        prop_assert!(a.rotation_distance(&back) <= 24.0 * EPS);
        prop_assert_eq!(back.translation, a.translation);
        let (roll, pitch, yaw) = a.rotation.roll_pitch_yaw();
        let again = So3::from_roll_pitch_yaw(roll, pitch, yaw);
        prop_assert!(a.rotation.local(&again).norm() <= 48.0 * EPS);
    }

    /// Reading what was written gives the same bits, and the deviation is what it says.
    #[test]
    fn quaternions_round_trip(phi in rotation_vector(), scale in 0.1..10.0f64) {
        let [x, y, z, w] = So3::exp(&phi).xyzw();
        let (r, deviation) = So3::from_xyzw([x * scale, y * scale, z * scale, w * scale]).unwrap();
        prop_assert!((deviation - (scale - 1.0).abs()).abs() <= 8.0 * EPS * scale);
        let (again, deviation) = So3::from_xyzw(r.xyzw()).unwrap();
        prop_assert_eq!(again.xyzw(), r.xyzw());
        prop_assert!(deviation <= 4.0 * EPS);
        prop_assert!(r.local(&So3::exp(&phi)).norm() <= 8.0 * EPS);
    }

    /// The nearest rotation to R·S with S symmetric positive definite is R: the polar factor.
    /// With a condition number up to 10 an error of 10 iterated roundings grows tenfold.
    #[test]
    fn nearest_rotation_is_the_polar_factor(a in pose(), b in pose(), d in prop::array::uniform3(0.2..2.0f64)) {
        let q = b.rotation.matrix();
        let s = q * Matrix3::from_diagonal(&Vector3::from(d)) * q.transpose();
        let nearest = So3::nearest(&(a.rotation.matrix() * s)).unwrap();
        prop_assert!(a.rotation.local(&nearest).norm() <= 300.0 * EPS);
    }
}

/// Against the matrix exponential of [[φ^, ρ], [0, 0]], which knows nothing of our formulas: it is
/// good to about 100ε of the matrix norm, at most e^π·5.
#[test]
fn exp_is_the_matrix_exponential() {
    for xi in tangents() {
        let mut generator = Matrix4::zeros();
        let phi = Vector3::new(xi[3], xi[4], xi[5]);
        generator.fixed_view_mut::<3, 3>(0, 0).copy_from(&hat(&phi));
        generator
            .fixed_view_mut::<3, 1>(0, 3)
            .copy_from(&xi.fixed_rows::<3>(0));
        let expected = generator.exp();
        assert!(distance(&Se3::exp(&xi).matrix(), &expected) < 100.0 * EPS * 23.0 * 5.0);

        let mut planar = Matrix3::zeros();
        planar[(0, 1)] = -xi[5];
        planar[(1, 0)] = xi[5];
        planar[(0, 2)] = xi[0];
        planar[(1, 2)] = xi[1];
        let found = Se2::exp(&Vector3::new(xi[0], xi[1], xi[5]));
        assert!(distance(&found.matrix(), &planar.exp()) < 100.0 * EPS * 23.0 * 5.0);
    }
}

/// By hand: a quarter turn to the left along an arc of radius 1, ξ = (π/2, 0, π/2), ends at (1, 1).
#[test]
fn se2_exp_by_hand() {
    let pose = Se2::exp(&Vector3::new(FRAC_PI_2, 0.0, FRAC_PI_2));
    assert!((pose.translation - Vector2::new(1.0, 1.0)).norm() < 4.0 * EPS);
    assert!((pose.act(&Vector2::new(2.0, 0.0)) - Vector2::new(1.0, 3.0)).norm() < 8.0 * EPS);
}

/// By hand: 120° about (1, 1, 1) permutes the axes x → y → z → x; its quaternion is (½, ½, ½, ½).
#[test]
fn so3_by_hand() {
    let third = So3::exp(&(Vector3::new(1.0, 1.0, 1.0).normalize() * (2.0 * FRAC_PI_3)));
    let expected = Matrix3::new(0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0);
    assert!(distance(&third.matrix(), &expected) < 8.0 * EPS);
    for part in third.xyzw() {
        assert!((part - 0.5).abs() < 2.0 * EPS);
    }
    assert!((third.act(&Vector3::x()) - Vector3::y()).norm() < 4.0 * EPS);
    // A screw: half a turn about z while rising by 3.
    let screw = Se3::exp(&Vector6::new(0.0, 0.0, 3.0, 0.0, 0.0, PI));
    let moved = screw.act(&Vector3::new(1.0, 2.0, 0.0));
    assert!((moved - Vector3::new(-1.0, -2.0, 3.0)).norm() < 8.0 * EPS);
}

/// R = Rz(yaw)·Ry(pitch)·Rx(roll) by its three factors, and the gimbal lock.
#[test]
fn roll_pitch_yaw_order() {
    let (roll, pitch, yaw) = (0.3, -0.7, 2.0);
    let about = |axis: Vector3<f64>, angle: f64| So3::exp(&(axis * angle));
    let expected =
        about(Vector3::z(), yaw) * about(Vector3::y(), pitch) * about(Vector3::x(), roll);
    let found = So3::from_roll_pitch_yaw(roll, pitch, yaw);
    assert!(expected.local(&found).norm() < 8.0 * EPS);
    let (r, p, y) = found.roll_pitch_yaw();
    assert!((r - roll).abs() + (p - pitch).abs() + (y - yaw).abs() < 32.0 * EPS);
    // Close to the lock: a matrix entry's rounding would be magnified by 1/cos(pitch).
    for gap in [1e-2, 1e-6, 1e-12] {
        let close = So3::from_roll_pitch_yaw(0.4, FRAC_PI_2 - gap, 1.0);
        let (r, p, y) = close.roll_pitch_yaw();
        assert!(close.local(&So3::from_roll_pitch_yaw(r, p, y)).norm() < 16.0 * EPS);
    }
    for pitch in [FRAC_PI_2, -FRAC_PI_2] {
        let locked = So3::from_roll_pitch_yaw(0.4, pitch, 1.0);
        let (r, p, y) = locked.roll_pitch_yaw();
        assert_eq!(r, 0.0);
        assert!((p - pitch).abs() < 16.0 * EPS);
        let again = So3::from_roll_pitch_yaw(r, p, y);
        assert!(locked.local(&again).norm() < 32.0 * EPS);
    }
}

/// Without renormalisation the norm of a million products drifts by about √10⁶·ε; with one Newton
/// step it stays within the rounding of one product.
#[test]
fn long_products_stay_unit() {
    let step = So3::exp(&Vector3::new(0.1, -0.2, 0.3));
    let turn = So2::exp(0.1);
    let (mut r, mut s) = (So3::identity(), So2::identity());
    for _ in 0..1_000_000 {
        r = r * step;
        s = s * turn;
    }
    let n2: f64 = r.xyzw().iter().map(|x| x * x).sum();
    assert!((n2 - 1.0).abs() <= 8.0 * EPS, "{n2}");
    let n2: f64 = s.cos() * s.cos() + s.sin() * s.sin();
    assert!((n2 - 1.0).abs() <= 8.0 * EPS, "{n2}");
}

#[test]
fn bad_numbers_give_no_pose() {
    assert!(So3::<f64>::from_xyzw([0.0; 4]).is_none());
    assert!(So3::from_xyzw([f64::NAN, 0.0, 0.0, 1.0]).is_none());
    assert!(So3::from_xyzw([0.0, f64::INFINITY, 0.0, 1.0]).is_none());
    assert!(So2::from_cos_sin(0.0, 0.0).is_none());
    assert!(So2::from_matrix(&Matrix2::new(1.0, 0.0, 0.0, -1.0)).is_none());
    assert!(So3::nearest(&Matrix3::from_element(f64::NAN)).is_none());
    assert!(Se3::from_storage(&[0.0, f64::NAN, 0.0, 0.0, 0.0, 0.0, 1.0]).is_none());
    assert!(Se2::from_storage(&[0.0, 0.0, f64::INFINITY]).is_none());
    assert!(<Se3 as PoseGroup<6, 3>>::from_slice(&[0.0; 6]).is_none());
    assert!(Se3::from_matrix(&Matrix4::from_element(f64::NAN)).is_none());
    // Squares that overflow or vanish are no reason to refuse.
    for scale in [1e-200, 1e200] {
        let (r, _) = So3::from_xyzw([0.0, 0.6 * scale, 0.0, 0.8 * scale]).unwrap();
        assert!((Vector2::new(r.xyzw()[1], r.xyzw()[3]) - Vector2::new(0.6, 0.8)).norm() < 1e-15);
    }
}

/// det < 0: the last singular direction is mirrored, diag(3, 2, −1) → I; a plane of rank two too.
#[test]
fn nearest_rotation_of_a_reflection() {
    for last in [-1.0, 0.0] {
        let m = Matrix3::from_diagonal(&Vector3::new(3.0, 2.0, last));
        assert!(So3::nearest(&m).unwrap().log().norm() < 8.0 * EPS);
    }
}

#[test]
fn storage_round_trip() {
    for xi in tangents() {
        let x = Se3::exp(&xi);
        let stored = x.to_storage();
        assert_eq!(stored.len(), <Se3 as PoseGroup<6, 3>>::STORAGE);
        // exp rounds to within 4ε of unit norm or is brought there, after which nothing moves.
        let once = Se3::from_storage(&stored).unwrap();
        assert!(x.local(&once).norm() < 64.0 * EPS);
        assert_eq!(once, Se3::from_storage(&once.to_storage()).unwrap());
        let planar = Se2::from_xy_theta(xi[0], xi[1], xi[5]);
        let again = <Se2 as PoseGroup<3, 2>>::from_slice(&planar.to_storage()).unwrap();
        assert!(planar.local(&again).norm() < 64.0 * EPS);
    }
}

/// The same code in f32, against f64 on the rounded input: 16 roundings of numbers up to 5·2 for
/// values, six entries a row for matrices.
#[test]
fn single_precision() {
    let eps = f64::from(f32::EPSILON);
    for angle in ANGLES.into_iter().filter(|a| PI - a > 1e-4) {
        for axis in directions() {
            let xi = Vector6::new(0.5, -1.0, 2.0, 0.0, 0.0, 0.0)
                + Vector6::new(0.0, 0.0, 0.0, axis.x, axis.y, axis.z) * angle;
            let single = xi.map(|x| x as f32);
            let exact = single.map(f64::from);
            let x = Se3::exp(&single);
            let error = distance(&x.matrix().map(f64::from), &Se3::exp(&exact).matrix());
            assert!(error < 6.0 * 16.0 * 3.0 * eps);
            let error = (x.log().map(f64::from) - exact).fixed_rows::<3>(3).norm();
            assert!(
                error <= 16.0 * eps * exact.fixed_rows::<3>(3).norm(),
                "{error:e}"
            );
            let found = Se3::right_jacobian_inverse(&single).map(f64::from);
            let expected = Se3::right_jacobian_inverse(&exact);
            assert!(distance(&found, &expected) < 6.0 * 16.0 * 10.0 * eps);
        }
    }
}

//! Camera models: values by hand, derivatives against central differences.

use core::f64::consts::PI;

use nalgebra::{Matrix2x3, Matrix2x6, Matrix3, SMatrix, SVector, Vector2, Vector3, Vector6};
use slam16_geometry::{
    BalCamera, CameraFrame, Linearization, Pinhole, Se3, So3, Stereo, bal_angle_axis_translation,
    bal_world_from_camera, central_difference,
};

use crate::common::{ANGLES, directions, distance};

const H: f64 = 1e-3;

/// Bound of `central_difference` with h = 1e-3, 3e-14·M₅ + 1.5e-12·M₀ per entry, six entries a
/// row. Points are at depth z ≥ 4, beside the axis by at most z, and f ≤ 800: M₀ ≤ 2·800 with the
/// distortion, and each derivative of 1/z brings a factor k/z at most, of a rotation 1, so
/// M₅ ≤ 2⁵·1600: 6·(1.6e-9 + 2.4e-9).
const TOLERANCE: f64 = 2.4e-8;

/// Poses that look at points about the world's origin from `side`·6 along their own z axis, at all
/// the critical rotations.
fn poses(side: f64) -> impl Iterator<Item = Se3> {
    ANGLES.into_iter().flat_map(move |angle| {
        directions().into_iter().map(move |axis| {
            let rotation = So3::exp(&(axis * angle));
            let center = -rotation.act(&Vector3::new(0.3, -0.2, side * 6.0));
            Se3::new(center, rotation)
        })
    })
}

fn points() -> [Vector3<f64>; 3] {
    [
        Vector3::zeros(),
        Vector3::new(1.0, -0.5, 0.7),
        Vector3::new(-0.9, 0.8, -1.1),
    ]
}

fn check<const N: usize>(
    pose: &Se3,
    point: &Vector3<f64>,
    found: &Linearization<f64, N>,
    pixel: impl Fn(&Se3, &Vector3<f64>) -> SVector<f64, N>,
) {
    let numeric: SMatrix<f64, N, 6> =
        central_difference(H, |d: &Vector6<f64>| pixel(&pose.retract(d), point));
    assert!(
        distance(&found.pose, &numeric) < TOLERANCE,
        "{} {numeric}",
        found.pose
    );
    let numeric: SMatrix<f64, N, 3> =
        central_difference(H, |d: &Vector3<f64>| pixel(pose, &(point + d)));
    assert!(
        distance(&found.point, &numeric) < TOLERANCE,
        "{} {numeric}",
        found.point
    );
    assert_eq!(found.projection.pixel, pixel(pose, point));
}

#[test]
fn bal_derivatives() {
    let camera = BalCamera {
        focal: 500.0,
        k1: -0.1,
        k2: 0.02,
    };
    // Both in front (−z) and behind: the formula holds for both.
    for pose in poses(-1.0).chain(poses(1.0)) {
        for point in points() {
            let frame = CameraFrame::new(&pose);
            let (found, intrinsics) = camera.project_with_jacobians(&frame, &point).unwrap();
            check(&pose, &point, &found, |pose, point| {
                camera
                    .project(&CameraFrame::new(pose), point)
                    .unwrap()
                    .pixel
            });
            let numeric: Matrix2x3<f64> = central_difference(H, |d: &Vector3<f64>| {
                let moved = BalCamera {
                    focal: camera.focal + d.x,
                    k1: camera.k1 + d.y,
                    k2: camera.k2 + d.z,
                };
                moved.project(&frame, &point).unwrap().pixel
            });
            assert!(distance(&intrinsics, &numeric) < TOLERANCE);
        }
    }
}

#[test]
fn pinhole_and_stereo_derivatives() {
    let pinhole = Pinhole {
        fx: 800.0,
        fy: 700.0,
        cx: 320.0,
        cy: 240.0,
    };
    let stereo = Stereo {
        fx: 800.0,
        fy: 700.0,
        cx: 320.0,
        cy: 240.0,
        baseline: 0.4,
    };
    for pose in poses(1.0) {
        for point in points() {
            let frame = CameraFrame::new(&pose);
            let found = pinhole.project_with_jacobians(&frame, &point).unwrap();
            assert!(found.projection.is_in_front());
            check(&pose, &point, &found, |pose, point| {
                pinhole
                    .project(&CameraFrame::new(pose), point)
                    .unwrap()
                    .pixel
            });
            let found = stereo.project_with_jacobians(&frame, &point).unwrap();
            check(&pose, &point, &found, |pose, point| {
                stereo
                    .project(&CameraFrame::new(pose), point)
                    .unwrap()
                    .pixel
            });
        }
    }
}

/// By hand: the camera sits at the origin, P = X = (1, 2, −2), p = (½, 1), r² = 1.25,
/// g = 1 + 0.1·1.25 + 0.01·1.5625 = 1.140625, u = 100·g·p = (57.03125, 114.0625). Intrinsics:
/// ∂u/∂f = g·p, ∂u/∂k₁ = f·r²·p = (62.5, 125), ∂u/∂k₂ = f·r⁴·p = (78.125, 156.25).
#[test]
fn bal_by_hand() {
    let camera = BalCamera {
        focal: 100.0,
        k1: 0.1,
        k2: 0.01,
    };
    let frame = CameraFrame::new(&Se3::identity());
    let (found, intrinsics) = camera
        .project_with_jacobians(&frame, &Vector3::new(1.0, 2.0, -2.0))
        .unwrap();
    let expected = Vector2::new(57.03125, 114.0625);
    assert!((found.projection.pixel - expected).norm() < 1e-13);
    assert_eq!(found.projection.depth, 2.0);
    let expected = Matrix2x3::new(0.5703125, 62.5, 78.125, 1.140625, 125.0, 156.25);
    assert!(distance(&intrinsics, &expected) < 1e-13);
    // The same direction from behind: p = −P.xy/P.z is the same for −P.
    let behind = camera
        .project(&frame, &Vector3::new(-1.0, -2.0, 2.0))
        .unwrap();
    assert_eq!(behind.pixel, found.projection.pixel);
    assert!(!behind.is_in_front());
}

/// By hand: P = (1, −2, 4), fx = 8, fy = 4, c = (10, 20), baseline ½:
/// u_l = 8/4 + 10 = 12, u_r = 8·(½)/4 + 10 = 11, v = −8/4 + 20 = 18.
/// G = [[fx/z, 0, −fx·x/z²], [0, fy/z, −fy·y/z²]] = [[2, 0, −½], [0, 1, ½]];
/// pose = [−G, G·[P]×], P^ = [[0, −4, −2], [4, 0, −1], [2, 1, 0]].
#[test]
fn pinhole_and_stereo_by_hand() {
    let point = Vector3::new(1.0, -2.0, 4.0);
    let frame = CameraFrame::new(&Se3::identity());
    let pinhole = Pinhole {
        fx: 8.0,
        fy: 4.0,
        cx: 10.0,
        cy: 20.0,
    };
    let found = pinhole.project_with_jacobians(&frame, &point).unwrap();
    assert_eq!(found.projection.pixel, Vector2::new(12.0, 18.0));
    #[rustfmt::skip]
    let pose = Matrix2x6::new(
        -2.0,  0.0,  0.5, -1.0, -8.5, -4.0,
         0.0, -1.0, -0.5,  5.0,  0.5, -1.0,
    );
    assert_eq!(found.pose, pose);
    assert_eq!(found.point, Matrix2x3::new(2.0, 0.0, -0.5, 0.0, 1.0, 0.5));
    let stereo = Stereo {
        fx: 8.0,
        fy: 4.0,
        cx: 10.0,
        cy: 20.0,
        baseline: 0.5,
    };
    let found = stereo.project_with_jacobians(&frame, &point).unwrap();
    assert_eq!(found.projection.pixel, Vector3::new(12.0, 11.0, 18.0));
    assert_eq!(
        found.point,
        Matrix3::new(2.0, 0.0, -0.5, 2.0, 0.0, -0.25, 0.0, 1.0, 0.5)
    );
}

/// By hand, the camera above: u − cx = 2, v − cy = −2, so P = (2/8·4, −2/4·4, 4) = (1, −2, 4); the
/// disparity 12 − 11 tells that depth, 8·½/1. And the way back of every projection: u has four
/// roundings of terms below 1600 pixels, its way back another three; half an ε each, over both
/// coordinates less than 8ε·1600, times P.z/f ≤ 8/700.
#[test]
fn stereo_at_depth_undoes_the_projection() {
    let by_hand = Stereo {
        fx: 8.0,
        fy: 4.0,
        cx: 10.0,
        cy: 20.0,
        baseline: 0.5,
    };
    let depth = by_hand.fx * by_hand.baseline / (12.0 - 11.0);
    let found = by_hand.at_depth(12.0, 18.0, depth);
    assert_eq!(found, Vector3::new(1.0, -2.0, 4.0));
    let camera = Stereo {
        fx: 800.0,
        fy: 700.0,
        cx: 320.0,
        cy: 240.0,
        baseline: 0.4,
    };
    let bound = 8.0 * f64::EPSILON * 1600.0 * 8.0 / 700.0;
    for pose in poses(1.0) {
        let frame = CameraFrame::new(&pose);
        for point in points() {
            let seen = camera.project(&frame, &point).unwrap();
            let found = camera.at_depth(seen.pixel.x, seen.pixel.z, seen.depth);
            let expected = frame.point_in_camera(&point);
            assert!((found - expected).norm() < bound, "{found} {expected}");
        }
    }
}

#[test]
fn points_behind_are_reported_and_points_without_image_refused() {
    let frame = CameraFrame::new(&Se3::identity());
    let pinhole = Pinhole {
        fx: 8.0,
        fy: 4.0,
        cx: 0.0,
        cy: 0.0,
    };
    let behind = pinhole
        .project(&frame, &Vector3::new(1.0, 1.0, -2.0))
        .unwrap();
    assert_eq!(behind.depth, -2.0);
    assert!(!behind.is_in_front());
    let bal = BalCamera {
        focal: 100.0,
        k1: 0.0,
        k2: 0.0,
    };
    let stereo = Stereo {
        fx: 8.0,
        fy: 4.0,
        cx: 0.0,
        cy: 0.0,
        baseline: 0.5,
    };
    for point in [
        Vector3::new(1.0, 1.0, 0.0),
        Vector3::new(0.0, 0.0, 0.0),
        Vector3::new(f64::NAN, 1.0, 1.0),
        Vector3::new(1.0, f64::INFINITY, 1.0),
        Vector3::new(1.0, 1.0, f64::NAN),
    ] {
        assert!(pinhole.project(&frame, &point).is_none(), "{point}");
        assert!(pinhole.project_with_jacobians(&frame, &point).is_none());
        assert!(stereo.project(&frame, &point).is_none());
        assert!(stereo.project_with_jacobians(&frame, &point).is_none());
        assert!(bal.project(&frame, &point).is_none());
        assert!(bal.project_with_jacobians(&frame, &point).is_none());
    }
}

/// Angle-axis to pose and back. The vector is good to 1e-15 relative to its length plus one
/// rounding of w near π (2ε absolute); the translation is turned twice, 8ε of its length each.
#[test]
fn bal_pose_round_trip() {
    for angle in ANGLES {
        for axis in directions() {
            let angle_axis = axis * angle;
            let translation = Vector3::new(-0.3, 4.0, 1.5);
            let pose = bal_world_from_camera(&angle_axis, &translation);
            // P = R·X + t with R by the textbook's formula.
            let k = slam16_geometry::hat(&axis);
            let r = Matrix3::identity() + k * angle.sin() + k * k * (1.0 - angle.cos());
            let x = Vector3::new(0.7, -1.0, 2.0);
            let expected = r * x + translation;
            assert!((pose.inverse().act(&x) - expected).norm() < 1e-14);
            let (back, t) = bal_angle_axis_translation(&pose);
            let error = (back - angle_axis).norm();
            if PI - angle > 1e-8 {
                assert!(error <= 1e-15 * angle.max(1e-3), "{angle}: {error:e}");
            } else {
                assert!(error.min((back + angle_axis).norm()) <= 1e-15 * PI);
            }
            assert!((t - translation).norm() < 16.0 * f64::EPSILON * 4.3);
        }
    }
}

/// In f32 the pixel of a point at 6 units with 500 pixels of focal length is good to
/// 16 roundings of 1000 pixels.
#[test]
fn single_precision() {
    let camera = BalCamera {
        focal: 500.0,
        k1: -0.1,
        k2: 0.02,
    };
    let single = BalCamera::<f32> {
        focal: 500.0,
        k1: -0.1,
        k2: 0.02,
    };
    for pose in poses(-1.0) {
        for point in points() {
            let exact = camera
                .project_with_jacobians(&CameraFrame::new(&pose), &point)
                .unwrap();
            let rounded = single
                .project_with_jacobians(
                    &CameraFrame::new(&pose.cast::<f32>()),
                    &point.map(|x| x as f32),
                )
                .unwrap();
            let bound = 16.0 * 1000.0 * f64::from(f32::EPSILON);
            let pixel = rounded.0.projection.pixel.map(f64::from);
            assert!((pixel - exact.0.projection.pixel).norm() < bound);
            assert!(distance(&rounded.0.pose.map(f64::from), &exact.0.pose) < 6.0 * bound);
            assert!(distance(&rounded.0.point.map(f64::from), &exact.0.point) < 6.0 * bound);
            assert!(distance(&rounded.1.map(f64::from), &exact.1) < 6.0 * bound);
        }
    }
}

//! One pose a line.

use nalgebra::{Matrix3, Vector3};
use slam16_geometry::{Se3, So3};
use slam16_problem::Trajectory;

use crate::error::ReadError;
use crate::graph::syntax::{NORM_MENTIONED, NORM_TOLERANCE, quaternion, scan_point};
use crate::scan::{Scan, Scanner, What};
use crate::warning::{WarningKind, Warnings};

/// `time tx ty tz qx qy qz qw`, seconds.
pub(super) fn read_tum(scanner: &mut Scanner<'_>) -> Scan<Trajectory> {
    let (mut stamps, mut poses) = (Vec::new(), Vec::new());
    while scanner.next_line()? {
        stamps.push(scanner.float(What::Name("a time in seconds"))?);
        let translation = scan_point(scanner)?;
        let mark = scanner.mark();
        let mut q = [0.0; 4];
        for (value, name) in q.iter_mut().zip(["qx", "qy", "qz", "qw"]) {
            *value = scanner.float(What::Name(name))?;
        }
        let rotation = quaternion(scanner, mark, q)?;
        poses.push(Se3::new(translation, rotation));
        scanner.end_line()?;
    }
    Ok(Trajectory::new(stamps, poses))
}

/// Commas; `time px py pz qw qx qy qz`, nanoseconds, and more that is not needed.
pub(super) fn read_euroc(scanner: &mut Scanner<'_>) -> Scan<Trajectory> {
    scanner.commas = true;
    let (mut stamps, mut poses) = (Vec::new(), Vec::new());
    while scanner.next_line()? {
        stamps.push(scanner.float(What::Name("a time in nanoseconds"))? / 1e9);
        let translation = scan_point(scanner)?;
        let mark = scanner.mark();
        let mut q = [0.0; 4];
        for (value, name) in q.iter_mut().zip(["qw", "qx", "qy", "qz"]) {
            *value = scanner.float(What::Name(name))?;
        }
        let [w, x, y, z] = q;
        let rotation = quaternion(scanner, mark, [x, y, z, w])?;
        poses.push(Se3::new(translation, rotation));
        scanner.skip_line();
    }
    Ok(Trajectory::new(stamps, poses))
}

/// The upper three rows of a 4×4 matrix, row by row.
pub(super) fn read_kitti(
    scanner: &mut Scanner<'_>,
    times: Option<Vec<f64>>,
    warnings: &mut Warnings,
) -> Scan<Trajectory> {
    let mut transforms = Vec::new();
    while scanner.next_line()? {
        let mark = scanner.mark();
        let mut matrix = Matrix3::zeros();
        let mut translation = Vector3::zeros();
        for k in 0..12 {
            let value = scanner.float(What::Entry("matrix entry", k, 12))?;
            match (k / 4, k % 4) {
                (i, 3) => translation[i] = value,
                (i, j) => matrix[(i, j)] = value,
            }
        }
        check_rotation(scanner, mark, &matrix, warnings)?;
        transforms.push((matrix, translation));
        scanner.end_line()?;
    }
    let stamps = match times {
        None => (0..transforms.len()).map(|k| k as f64).collect(),
        Some(times) if times.len() == transforms.len() => times,
        Some(times) => {
            return Err(Box::new(ReadError::Unexpected {
                at: scanner.place(),
                expected: format!("{} poses, as there are times", times.len()),
                found: format!("{} poses", transforms.len()),
            }));
        }
    };
    Trajectory::from_matrices(stamps, &transforms).map_err(|index| {
        Box::new(ReadError::Unexpected {
            at: scanner.place(),
            expected: format!("a rotation matrix for pose {index}"),
            found: "one that is not finite".into(),
        })
    })
}

fn check_rotation(
    scanner: &Scanner<'_>,
    mark: usize,
    matrix: &Matrix3<f64>,
    warnings: &mut Warnings,
) -> Scan<()> {
    let distance = So3::nearest(matrix).map_or(f64::INFINITY, |r| (r.matrix() - matrix).norm());
    if distance.is_nan() || distance > NORM_TOLERANCE {
        let at = scanner.place_at(mark);
        return Err(Box::new(ReadError::Rotation { at, distance }));
    }
    if distance > NORM_MENTIONED {
        let line = Some(scanner.line());
        warnings.add(WarningKind::NormalizedRotation, line, || {
            format!("off by {distance:.1e}")
        });
    }
    Ok(())
}

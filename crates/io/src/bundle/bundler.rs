//! Bundler v0.3 output.
//!
//! `# Bundle file v0.3`; `cameras points`; for each camera `f k1 k2`, R row by
//! row, t (P = R X + t, looking down −z: BAL's model); for each point its
//! position, its colour, and `n` views `camera key x y` with pixels from the
//! image centre, y up. A camera that could not be placed is all zeros.

use nalgebra::{Matrix3, Vector3};
use slam16_geometry::{Se3, So3};
use slam16_problem::{Bundle, Camera, CameraId, Lens, LensId, Observation, PointId};

use super::{Header, list_of, scan_count};
use crate::error::ReadError;
use crate::graph::syntax::{NORM_MENTIONED, NORM_TOLERANCE};
use crate::scan::{Scan, Scanner, What};
use crate::warning::{WarningKind, Warnings};
use crate::{Format, ReadOptions};

/// Reads Bundler v0.3.
pub(super) fn read(
    scanner: &mut Scanner<'_>,
    options: &ReadOptions,
    warnings: &mut Warnings,
) -> Scan<Bundle> {
    scanner.next_line()?;
    let mark = scanner.mark();
    let header = Header {
        line: scanner.line(),
        cameras: scan_count(scanner, Format::Bundler, "cameras")?,
        points: scan_count(scanner, Format::Bundler, "points")?,
        observations: None,
    };
    header.check(scanner, mark, [15, 7, 0], options)?;

    let mut cameras = list_of(header.cameras, scanner);
    for index in 0..header.cameras {
        cameras.push(
            read_camera(scanner, &header, index, warnings)
                .map_err(|e| e.of(format_args!("camera {index}")))?,
        );
    }
    let mut points = list_of(header.points, scanner);
    let mut observations = Vec::new();
    for index in 0..header.points {
        let element = |e: Box<ReadError>| e.of(format_args!("point {index}"));
        let point = read_three(scanner, &header, "coordinate").map_err(element)?;
        read_three(scanner, &header, "colour").map_err(element)?;
        let views = next_count(scanner, &header, "the number of views").map_err(element)?;
        for _ in 0..views {
            let view = read_view(scanner, &header, &cameras, PointId(index as u32));
            observations.push(view.map_err(|e| e.of(format_args!("a view of point {index}")))?);
        }
        points.push(Vector3::from(point));
    }
    if scanner.next_token()? {
        return Err(header.unfit(scanner, "more numbers after the last point"));
    }
    observations.shrink_to_fit();
    Bundle::from_parts(cameras, points, vec![Lens::Bal], observations).map_err(|source| {
        let path = scanner.path().to_owned();
        Box::new(ReadError::Problem { path, source })
    })
}

fn to_next(scanner: &mut Scanner<'_>, header: &Header, what: What) -> Scan<()> {
    if scanner.next_token()? {
        return Ok(());
    }
    Err(header.unfit(scanner, format!("the end of the file instead of {what}")))
}

fn read_three(scanner: &mut Scanner<'_>, header: &Header, what: &'static str) -> Scan<[f64; 3]> {
    let mut numbers = [0.0; 3];
    for (i, number) in numbers.iter_mut().enumerate() {
        let what = What::Entry(what, i, 3);
        to_next(scanner, header, what)?;
        *number = scanner.float(what)?;
    }
    Ok(numbers)
}

fn next_count(scanner: &mut Scanner<'_>, header: &Header, what: &'static str) -> Scan<u64> {
    to_next(scanner, header, What::Name(what))?;
    scanner.integer(What::Name(what))
}

fn read_camera(
    scanner: &mut Scanner<'_>,
    header: &Header,
    index: u64,
    warnings: &mut Warnings,
) -> Scan<Camera> {
    let intrinsics = read_three(scanner, header, "intrinsic parameter")?;
    to_next(scanner, header, What::Name("the rotation matrix"))?;
    let (line, at) = (scanner.line(), scanner.place());
    let mut matrix = Matrix3::zeros();
    for i in 0..3 {
        let row = read_three(scanner, header, "rotation entry")?;
        matrix.set_row(i, &Vector3::from(row).transpose());
    }
    let translation = Vector3::from(read_three(scanner, header, "translation coordinate")?);
    if matrix == Matrix3::zeros() {
        warnings.add(WarningKind::UnplacedCamera, Some(line), || {
            format!("camera {index}")
        });
        return Ok(Camera {
            world_from_camera: Se3::identity(),
            intrinsics,
            pose_fixed: true,
            intrinsics_fixed: true,
        });
    }
    let rotation = So3::nearest(&matrix);
    let distance = rotation.map_or(f64::INFINITY, |r| (r.matrix() - matrix).norm());
    let Some(rotation) = rotation.filter(|_| distance <= NORM_TOLERANCE) else {
        return Err(Box::new(ReadError::Rotation { at, distance }));
    };
    if distance > NORM_MENTIONED {
        warnings.add(WarningKind::NormalizedRotation, Some(line), || {
            format!("camera {index}")
        });
    }
    Ok(Camera {
        world_from_camera: Se3::new(translation, rotation).inverse(),
        intrinsics,
        pose_fixed: false,
        intrinsics_fixed: false,
    })
}

fn read_view(
    scanner: &mut Scanner<'_>,
    header: &Header,
    cameras: &[Camera],
    point: PointId,
) -> Scan<Observation> {
    to_next(scanner, header, What::Name("a camera index"))?;
    let mark = scanner.mark();
    let index = scanner.integer(What::Name("a camera index"))?;
    let Some(camera) = usize::try_from(index).ok().and_then(|i| cameras.get(i)) else {
        return Err(scanner.unexpected_at(
            mark,
            format!(
                "a camera index below {}, as the header says",
                header.cameras
            ),
            format!("'{index}'"),
        ));
    };
    if camera.pose_fixed {
        return Err(scanner.unexpected_at(
            mark,
            "a view by a camera with a pose",
            format!("one by camera {index}, which is all zeros"),
        ));
    }
    next_count(scanner, header, "a key index")?;
    let mut pixel = [0.0; 3];
    for (value, name) in pixel.iter_mut().zip(["x", "y"]) {
        to_next(scanner, header, What::Name(name))?;
        *value = scanner.float(What::Name(name))?;
    }
    Ok(Observation {
        camera: CameraId(index as u32),
        point,
        lens: LensId(0),
        pixel,
        weight: 1.0,
    })
}

//! Bundle Adjustment in the Large, and the key-frame files of J. Ortiz's
//! Gaussian belief propagation, which differ in little.
//!
//! BAL: `cameras points observations`; for each observation `camera point u v`;
//! for each camera nine numbers (angle-axis and translation of
//! `camera_from_world`, f, k1, k2), for each point three. Numbers are parted
//! by any white space.
//!
//! gbp: `#` comments; the same header; `fx fy cx cy`; observations; for each
//! camera six numbers (translation, then angle-axis of `camera_from_world`,
//! z forward); points.

use nalgebra::Vector3;
use slam16_geometry::{Pinhole, bal_world_from_camera};
use slam16_problem::{Bundle, Camera, CameraId, Lens, LensId, Observation, PointId};

use super::{Header, list_of, scan_count};
use crate::error::ReadError;
use crate::scan::{Scan, Scanner, What};
use crate::{Format, ReadOptions};

/// Reads BAL.
pub(super) fn read(scanner: &mut Scanner<'_>, options: &ReadOptions) -> Scan<Bundle> {
    let header = read_header(scanner, Format::Bal, 9, options)?;
    let observations = read_observations(scanner, &header)?;
    let cameras = read_cameras(scanner, &header, |n: [f64; 9]| Camera::from_bal(&n))?;
    finish(scanner, &header, cameras, Lens::Bal, observations)
}

/// Reads a gbp file. The lens is known, so intrinsics are held.
pub(super) fn read_gbp(scanner: &mut Scanner<'_>, options: &ReadOptions) -> Scan<Bundle> {
    let header = read_header(scanner, Format::Gbp, 6, options)?;
    let mut lens = [0.0; 4];
    for (value, name) in lens.iter_mut().zip(["fx", "fy", "cx", "cy"]) {
        *value = next_float(scanner, &header, What::Name(name))?;
    }
    let [fx, fy, cx, cy] = lens;
    let observations = read_observations(scanner, &header)?;
    let cameras = read_cameras(scanner, &header, |[tx, ty, tz, rx, ry, rz]: [f64; 6]| {
        Camera {
            world_from_camera: bal_world_from_camera(
                &Vector3::new(rx, ry, rz),
                &Vector3::new(tx, ty, tz),
            ),
            intrinsics: [0.0; 3],
            pose_fixed: false,
            intrinsics_fixed: true,
        }
    })?;
    let lens = Lens::Pinhole(Pinhole { fx, fy, cx, cy });
    finish(scanner, &header, cameras, lens, observations)
}

fn read_header(
    scanner: &mut Scanner<'_>,
    format: Format,
    numbers_per_camera: u64,
    options: &ReadOptions,
) -> Scan<Header> {
    scanner.next_line()?;
    let mark = scanner.mark();
    let cameras = scan_count(scanner, format, "cameras")?;
    let points = scan_count(scanner, format, "points")?;
    let observations = scan_count(scanner, format, "observations")?;
    let header = Header {
        line: scanner.line(),
        cameras,
        points,
        observations: Some(observations),
    };
    header.check(scanner, mark, [numbers_per_camera, 3, 4], options)?;
    Ok(header)
}

/// A number on this or a later line.
#[inline]
fn next_float(scanner: &mut Scanner<'_>, header: &Header, what: What) -> Scan<f64> {
    if scanner.next_token()? {
        scanner.float(what)
    } else {
        Err(header.unfit(scanner, format!("the end of the file instead of {what}")))
    }
}

#[inline]
fn next_index(
    scanner: &mut Scanner<'_>,
    header: &Header,
    count: u64,
    what: &'static str,
) -> Scan<u32> {
    if !scanner.next_token()? {
        return Err(header.unfit(scanner, format!("the end of the file instead of {what}")));
    }
    let mark = scanner.mark();
    match scanner.integer(What::Name(what)) {
        // The header was checked to keep counts below 2³².
        Ok(index) if index < count => Ok(index as u32),
        other => Err(no_index(scanner, header, mark, count, what, other)),
    }
}

#[cold]
fn no_index(
    scanner: &Scanner<'_>,
    header: &Header,
    mark: usize,
    count: u64,
    what: &'static str,
    read: Scan<u64>,
) -> Box<ReadError> {
    if let Some(error) = header.not_an_observation(scanner, mark) {
        return error;
    }
    match read {
        Ok(index) => scanner.unexpected_at(
            mark,
            format!("{what} below {count}, as the header says"),
            format!("'{index}'"),
        ),
        Err(error) => error,
    }
}

fn read_observations(scanner: &mut Scanner<'_>, header: &Header) -> Scan<Vec<Observation>> {
    let count = header.observations.unwrap_or(0);
    let mut observations = list_of(count, scanner);
    for _ in 0..count {
        let camera = next_index(scanner, header, header.cameras, "a camera index")?;
        let point = next_index(scanner, header, header.points, "a point index")?;
        let element = |e: Box<ReadError>| {
            e.of(format_args!(
                "the observation of point {point} by camera {camera}"
            ))
        };
        let u = next_float(scanner, header, What::Name("u")).map_err(element)?;
        let v = next_float(scanner, header, What::Name("v")).map_err(element)?;
        observations.push(Observation {
            camera: CameraId(camera),
            point: PointId(point),
            lens: LensId(0),
            pixel: [u, v, 0.0],
            weight: 1.0,
        });
    }
    Ok(observations)
}

fn read_cameras<const N: usize>(
    scanner: &mut Scanner<'_>,
    header: &Header,
    camera: impl Fn([f64; N]) -> Camera,
) -> Scan<Vec<Camera>> {
    let mut cameras = list_of(header.cameras, scanner);
    for index in 0..header.cameras {
        let mut numbers = [0.0; N];
        for (i, number) in numbers.iter_mut().enumerate() {
            *number = next_float(scanner, header, What::Entry("number", i, N))
                .map_err(|e| e.of(format_args!("camera {index}")))?;
        }
        cameras.push(camera(numbers));
    }
    Ok(cameras)
}

fn finish(
    scanner: &mut Scanner<'_>,
    header: &Header,
    cameras: Vec<Camera>,
    lens: Lens,
    observations: Vec<Observation>,
) -> Scan<Bundle> {
    let mut points = list_of(header.points, scanner);
    for index in 0..header.points {
        let mut point = Vector3::zeros();
        for (i, coordinate) in point.iter_mut().enumerate() {
            *coordinate = next_float(scanner, header, What::Entry("coordinate", i, 3))
                .map_err(|e| e.of(format_args!("point {index}")))?;
        }
        points.push(point);
    }
    if scanner.next_token()? {
        return Err(header.unfit(scanner, "more numbers after the last point"));
    }
    Bundle::from_parts(cameras, points, vec![lens], observations).map_err(|source| {
        let path = scanner.path().to_owned();
        Box::new(ReadError::Problem { path, source })
    })
}

//! How poses and information matrices are written.

use nalgebra::{SMatrix, SVector};
use slam16_geometry::{PoseGroup, Se2, Se3, So3};

use crate::error::ReadError;
use crate::scan::{Scan, Scanner, What};
use crate::{Format, IsamNoise};

/// Largest deviation from a unit quaternion or a rotation matrix that is taken for rounding.
pub(crate) const NORM_TOLERANCE: f64 = 1e-3;
/// Deviations of rotation matrices above this are mentioned: six printed digits stay below it.
pub(crate) const NORM_MENTIONED: f64 = 1e-5;

/// What differs between the graph formats.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Syntax {
    pub format: Format,
    pub noise: IsamNoise,
}

/// A pose group that files can hold.
pub(crate) trait FilePose<const D: usize, const P: usize>: PoseGroup<D, P> {
    /// Reads the numbers of a pose.
    fn scan(scanner: &mut Scanner<'_>, syntax: Syntax) -> Scan<Self>;
}

impl FilePose<3, 2> for Se2 {
    #[inline]
    fn scan(scanner: &mut Scanner<'_>, _: Syntax) -> Scan<Self> {
        let x = scanner.float(What::Name("x"))?;
        let y = scanner.float(What::Name("y"))?;
        let theta = scanner.float(What::Name("the angle"))?;
        Ok(Self::from_xy_theta(x, y, theta))
    }
}

impl FilePose<6, 3> for Se3 {
    #[inline]
    fn scan(scanner: &mut Scanner<'_>, syntax: Syntax) -> Scan<Self> {
        let translation = scan_point(scanner)?;
        let rotation = match syntax.format {
            Format::Toro | Format::Isam => {
                let roll = scanner.float(What::Name("roll"))?;
                let pitch = scanner.float(What::Name("pitch"))?;
                let yaw = scanner.float(What::Name("yaw"))?;
                So3::from_roll_pitch_yaw(roll, pitch, yaw)
            }
            _ => {
                let mark = scanner.mark();
                let x = scanner.float(What::Name("qx"))?;
                let y = scanner.float(What::Name("qy"))?;
                let z = scanner.float(What::Name("qz"))?;
                let w = scanner.float(What::Name("qw"))?;
                quaternion(scanner, mark, [x, y, z, w])?
            }
        };
        Ok(Self::new(translation, rotation))
    }
}

/// The rotation of a quaternion whose norm is 1 to within 1e-3: files print few digits.
pub(crate) fn quaternion(scanner: &Scanner<'_>, mark: usize, xyzw: [f64; 4]) -> Scan<So3> {
    match So3::from_xyzw(xyzw) {
        Some((rotation, off)) if off <= NORM_TOLERANCE => Ok(rotation),
        _ => Err(Box::new(ReadError::Quaternion {
            at: scanner.place_at(mark),
            what: "the quaternion".to_owned(),
            norm: xyzw.iter().fold(0.0, |n: f64, x| n.hypot(*x)),
        })),
    }
}

/// The coordinates of a point.
#[inline]
pub(crate) fn scan_point<const P: usize>(scanner: &mut Scanner<'_>) -> Scan<SVector<f64, P>> {
    const NAMES: [&str; 3] = ["x", "y", "z"];
    let mut point = SVector::<f64, P>::zeros();
    for (value, name) in point.iter_mut().zip(NAMES) {
        *value = scanner.float(What::Name(name))?;
    }
    Ok(point)
}

/// A symmetric matrix by its upper triangle, row by row; TORO orders that of
/// a planar pose differently.
#[inline]
pub(crate) fn scan_symmetric<const D: usize>(
    scanner: &mut Scanner<'_>,
    syntax: Syntax,
) -> Scan<SMatrix<f64, D, D>> {
    let mut matrix = SMatrix::zeros();
    let count = D * (D + 1) / 2;
    let mut index = 0;
    let mut entry = |scanner: &mut Scanner<'_>| {
        let value = scanner.float(What::Entry("information entry", index, count));
        index += 1;
        value
    };
    if D == 3 && syntax.format == Format::Toro {
        for (i, j) in [(0, 0), (0, 1), (1, 1), (2, 2), (0, 2), (1, 2)] {
            let value = entry(scanner)?;
            matrix[(i, j)] = value;
            matrix[(j, i)] = value;
        }
        return Ok(matrix);
    }
    for i in 0..D {
        for j in i..D {
            let value = entry(scanner)?;
            matrix[(i, j)] = value;
            matrix[(j, i)] = value;
        }
    }
    Ok(matrix)
}

/// What the noise numbers of an iSAM file are, judged from its first lines:
/// covariances if its ODOMETRY steps have first diagonals below 1 throughout
/// (as information that would be a standard deviation of a metre a step).
pub(crate) fn guess_noise(text: &[u8]) -> IsamNoise {
    let mut steps = text
        .split(|b| *b == b'\n')
        .filter_map(|line| line.trim_ascii_start().strip_prefix(b"ODOMETRY"))
        .filter_map(|line| {
            let mut tokens = line
                .split(u8::is_ascii_whitespace)
                .filter(|t| !t.is_empty());
            crate::number::parse_token(tokens.nth(5)?)
        })
        .peekable();
    if steps.peek().is_some() && steps.all(|first| first < 1.0) {
        IsamNoise::Covariance
    } else {
        IsamNoise::Information
    }
}

/// Turns noise numbers into an information matrix; `None` for a covariance
/// that has no inverse.
pub(crate) fn information_of<const D: usize>(
    noise: IsamNoise,
    given: SMatrix<f64, D, D>,
) -> Option<SMatrix<f64, D, D>> {
    match noise {
        IsamNoise::Auto | IsamNoise::Information => Some(given),
        IsamNoise::SquareRoot => {
            let root = given.upper_triangle();
            Some(root.transpose() * root)
        }
        IsamNoise::Covariance => invert(given),
    }
}

/// Inverse of a symmetric positive definite matrix by Gauss-Jordan without
/// pivoting, symmetric to the last bit.
fn invert<const D: usize>(given: SMatrix<f64, D, D>) -> Option<SMatrix<f64, D, D>> {
    let mut left = given;
    let mut right = SMatrix::<f64, D, D>::identity();
    for k in 0..D {
        let pivot = left[(k, k)];
        if pivot <= 0.0 || pivot.is_nan() {
            return None;
        }
        for j in 0..D {
            left[(k, j)] /= pivot;
            right[(k, j)] /= pivot;
        }
        for i in (0..D).filter(|i| *i != k) {
            let factor = left[(i, k)];
            for j in 0..D {
                left[(i, j)] -= factor * left[(k, j)];
                right[(i, j)] -= factor * right[(k, j)];
            }
        }
    }
    right.fill_lower_triangle_with_upper_triangle();
    Some(right)
}

//! Telling the format from the content.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::ReadError;
use crate::scan::{Scan, Scanner, show};

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Format {
    /// g2o: VERTEX_SE2, EDGE_SE3:QUAT and the like.
    G2o,
    /// TORO and HOG-Man: VERTEX2, EDGE3.
    Toro,
    /// iSAM: EDGE2, ODOMETRY, LANDMARK, no vertices.
    Isam,
    /// Bundle Adjustment in the Large.
    Bal,
    /// Bundler v0.3.
    Bundler,
    /// Key frames of J. Ortiz's Gaussian belief propagation.
    Gbp,
    /// slam16's own dump.
    Dump,
    /// Trajectory: time, position, quaternion.
    Tum,
    /// Trajectory: 3×4 matrices.
    Kitti,
    /// Trajectory: comma-separated, nanoseconds.
    Euroc,
}

impl Format {
    /// Whether it holds a trajectory, not a problem.
    pub fn is_trajectory(self) -> bool {
        matches!(self, Self::Tum | Self::Kitti | Self::Euroc)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::G2o => "g2o",
            Self::Toro => "TORO",
            Self::Isam => "iSAM",
            Self::Bal => "BAL",
            Self::Bundler => "Bundler",
            Self::Gbp => "gbp",
            Self::Dump => "slam16 dump",
            Self::Tum => "TUM",
            Self::Kitti => "KITTI",
            Self::Euroc => "EuRoC",
        })
    }
}

/// First lines of a text: comments apart, data lines as tokens.
struct Head<'t> {
    first_comment: Option<&'t [u8]>,
    line: u64,
    data: Vec<Vec<&'t [u8]>>,
    commas: bool,
}

fn head(text: &[u8]) -> Head<'_> {
    let mut head = Head {
        first_comment: None,
        line: 1,
        data: Vec::new(),
        commas: false,
    };
    for (index, line) in text.split(|b| *b == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        if line[0] == b'#' {
            head.first_comment.get_or_insert(line);
            continue;
        }
        if head.data.is_empty() {
            head.line = index as u64 + 1;
            head.commas = line.contains(&b',');
        }
        let parts = |b: &u8| b.is_ascii_whitespace() || *b == b',';
        let tokens = line.split(parts).filter(|t| !t.is_empty());
        // No line that tells formats apart is longer.
        head.data.push(tokens.take(40).collect());
        if head.data.len() == 2 {
            break;
        }
    }
    head
}

/// Tells the format of the text that a scanner is about to read.
pub(crate) fn sniff(scanner: &mut Scanner<'_>) -> Scan<Format> {
    let path = scanner.path().to_owned();
    let text = scanner.peek()?;
    let head = head(text);
    let Some(first) = head.data.first() else {
        return Err(Box::new(ReadError::Empty { path }));
    };
    if head
        .first_comment
        .is_some_and(|c| c.starts_with(b"# Bundle file"))
    {
        return Ok(Format::Bundler);
    }
    let token = first[0];
    if token[0] == b'{' {
        return Ok(Format::Dump);
    }
    if is_tag(token) {
        return Ok(tagged(text, token));
    }
    let unknown = |found: String| {
        let at = crate::error::Place {
            path: path.clone(),
            line: head.line,
            column: 1,
        };
        Err(Box::new(ReadError::UnknownFormat { at, found }))
    };
    if !token[0].is_ascii_digit() && !b"+-.".contains(&token[0]) {
        return unknown(show(token));
    }
    let second = head.data.get(1).map_or(&[][..], Vec::as_slice);
    match first.len() {
        _ if head.commas => Ok(Format::Euroc),
        3 if first.iter().all(|t| is_count(t)) => {
            // gbp's second line is fx fy cx cy; BAL's begins with two indices.
            let indices = second.len() < 2 || second[..2].iter().all(|t| is_count(t));
            let gbp = !indices || (head.first_comment.is_some() && second.len() == 4);
            Ok(if gbp { Format::Gbp } else { Format::Bal })
        }
        8 => Ok(Format::Tum),
        12 => Ok(Format::Kitti),
        n => unknown(format!("a line of {n} numbers ({} ...)", show(token))),
    }
}

fn is_count(token: &[u8]) -> bool {
    token.iter().all(u8::is_ascii_digit)
}

/// Tags are upper case words; a file may begin with one we do not know.
fn is_tag(token: &[u8]) -> bool {
    token.len() >= 3
        && token[0].is_ascii_uppercase()
        && token
            .iter()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b"_:".contains(b))
}

/// TORO and iSAM share EDGE2 and EDGE3 and order the entries of EDGE2's
/// information differently: other tags tell them apart, else the order that
/// makes the first EDGE2's matrix positive definite.
fn tagged(text: &[u8], first: &[u8]) -> Format {
    if !matches!(
        first,
        b"EDGE2"
            | b"EDGE3"
            | b"VERTEX2"
            | b"VERTEX3"
            | b"VERTEX"
            | b"EDGE"
            | b"EQUIV"
            | b"ODOMETRY"
            | b"LANDMARK"
            | b"POINT3"
    ) {
        return Format::G2o;
    }
    let mut first_edge2: Option<&[u8]> = None;
    for line in text.split(|b| *b == b'\n') {
        let line = line.trim_ascii_start();
        let end = line.iter().position(u8::is_ascii_whitespace);
        match &line[..end.unwrap_or(line.len())] {
            b"VERTEX2" | b"VERTEX3" | b"VERTEX" | b"EDGE" | b"EQUIV" => return Format::Toro,
            b"ODOMETRY" | b"LANDMARK" | b"POINT3" => return Format::Isam,
            b"EDGE2" => {
                first_edge2.get_or_insert(line);
            }
            _ => {}
        }
    }
    match first_edge2.and_then(information_numbers) {
        Some(n) if !definite([n[0], n[1], n[2], n[3], n[4], n[5]]) => {
            // TORO: I11 I12 I22 I33 I13 I23.
            if definite([n[0], n[1], n[4], n[2], n[5], n[3]]) {
                Format::Toro
            } else {
                Format::Isam
            }
        }
        _ => Format::Isam,
    }
}

fn information_numbers(line: &[u8]) -> Option<[f64; 6]> {
    let tokens = line
        .split(u8::is_ascii_whitespace)
        .filter(|t| !t.is_empty())
        .skip(6)
        .map(crate::number::parse_token);
    let numbers: Option<Vec<f64>> = tokens.take(6).collect();
    numbers?.try_into().ok()
}

/// Whether `I11 I12 I13 I22 I23 I33` is positive definite, by its minors.
fn definite([a, b, c, d, e, f]: [f64; 6]) -> bool {
    let minor = a * d - b * b;
    let determinant = a * (d * f - e * e) - b * (b * f - c * e) + c * (b * e - c * d);
    a > 0.0 && minor > 0.0 && determinant > 0.0
}

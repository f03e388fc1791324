//! Telling the format from the content.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Place, ReadError};
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

/// The tokens of the next data line of a text; no line that tells formats
/// apart has more than 40. Moves the text past the line.
fn data_line<'t>(text: &mut &'t [u8]) -> Vec<&'t [u8]> {
    while !text.is_empty() {
        let end = text.iter().position(|b| *b == b'\n');
        let (line, rest) = text.split_at(end.map_or(text.len(), |end| end + 1));
        *text = rest;
        let parts = |b: &u8| b.is_ascii_whitespace() || *b == b',';
        let tokens: Vec<_> = line
            .split(parts)
            .filter(|t| !t.is_empty())
            .take(40)
            .collect();
        if tokens.first().is_some_and(|t| t[0] != b'#') {
            return tokens;
        }
    }
    Vec::new()
}

/// Tells the format of the text that a scanner is about to read, and moves it
/// to the first data line.
pub(crate) fn sniff(scanner: &mut Scanner<'_>) -> Scan<Format> {
    let commented = scanner.peek()?.starts_with(b"#");
    let bundler = scanner.peek()?.starts_with(b"# Bundle file");
    if !scanner.next_line()? {
        let path = scanner.path().to_owned();
        return Err(Box::new(ReadError::Empty { path }));
    }
    if bundler {
        return Ok(Format::Bundler);
    }
    let at = scanner.place();
    let text = scanner.peek()?;
    let mut rest = text;
    let first = data_line(&mut rest);
    let commas = text[..text.len() - rest.len()].contains(&b',');
    let Some(token) = first.first() else {
        return unknown(at, show(&text[..1]));
    };
    match token[0] {
        b'{' => return Ok(Format::Dump),
        b'A'..=b'Z' if is_tag(token) => return Ok(tagged(text, token)),
        b'0'..=b'9' | b'+' | b'-' | b'.' => {}
        _ => return unknown(at, show(token)),
    }
    match first.len() {
        _ if commas => Ok(Format::Euroc),
        // Signed or too long, it is still meant as BAL, whose reader says what is wrong.
        3 if first.iter().all(|t| is_integer(t)) => {
            // BAL's second line begins with two indices, gbp's is fx fy cx cy.
            let second = data_line(&mut rest);
            let mut pairs = second.iter().zip(&first).take(2);
            let is_lens = second.len() == 4
                && pairs.any(|(token, count)| match count_of(token) {
                    None => true,
                    Some(index) => commented && Some(index) >= count_of(count),
                });
            Ok(if is_lens { Format::Gbp } else { Format::Bal })
        }
        8 => Ok(Format::Tum),
        12 => Ok(Format::Kitti),
        n => unknown(at, format!("a line of {n} numbers ({} ...)", show(token))),
    }
}

fn unknown(at: Place, found: String) -> Scan<Format> {
    Err(Box::new(ReadError::UnknownFormat { at, found }))
}

fn count_of(token: &[u8]) -> Option<u64> {
    let digits = token.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(token).ok().filter(|_| digits);
    text?.parse().ok()
}

fn is_integer(token: &[u8]) -> bool {
    let digits = token.strip_prefix(b"-").or(token.strip_prefix(b"+"));
    let digits = digits.unwrap_or(token);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// Tags are upper case words; a file may begin with one we do not know.
fn is_tag(token: &[u8]) -> bool {
    token.len() >= 3
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

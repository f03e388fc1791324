//! What is odd about a file that can be read all the same.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One kind of oddity: how often it occurred, and the first few cases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// What.
    pub kind: WarningKind,
    /// How often.
    pub count: u64,
    /// The first few, at most [`Warning::EXAMPLES`].
    pub examples: Vec<Example>,
}

/// One case of a [`Warning`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// Line in the file, where it is the matter of one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The vertex, edge or observation.
    pub element: String,
}

/// Kinds of [`Warning`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum WarningKind {
    /// The problem falls into parts; counted are the parts.
    SeveralComponents,
    /// A pose, camera or landmark that no factor touches.
    VertexWithoutFactors,
    /// Smallest eigenvalue of an information matrix below 1e-9 of the largest.
    NearlySingularInformation,
    /// An indefinite information matrix was projected.
    RepairedInformation,
    /// A rotation matrix off orthogonal by 1e-5 to 1e-3 was made orthogonal.
    NormalizedRotation,
    /// Another edge joins the same two poses.
    DuplicateEdge,
    /// An EQUIV line was ignored.
    IgnoredEquivalence,
    /// A point seen fewer than twice has no depth.
    PointSeenOnce,
    /// An observation whose point starts behind its camera.
    BehindCamera,
    /// A camera that Bundler listed without having placed it.
    UnplacedCamera,
    /// Landmark ids overlap pose ids, so they were taken as ids of their own
    /// and landmarks got labels after the last pose.
    LandmarkLabelsShifted,
    /// How the noise numbers of an iSAM file were taken.
    NoiseConvention,
}

impl WarningKind {
    /// What it means, and what becomes of it.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::SeveralComponents => {
                "connected components: each gets its first pose fixed unless one of its own is"
            }
            Self::VertexWithoutFactors => "vertices without any factor: held where they are",
            Self::NearlySingularInformation => {
                "nearly singular information matrices (eigenvalue ratio below 1e-9): some directions are hardly measured"
            }
            Self::RepairedInformation => {
                "indefinite information matrices projected onto the nearest semidefinite one"
            }
            Self::NormalizedRotation => {
                "rotation matrices off orthogonal by more than 1e-5: replaced by the nearest rotation"
            }
            Self::DuplicateEdge => "edges between poses already joined by an earlier one: all kept",
            Self::IgnoredEquivalence => "EQUIV lines: ignored",
            Self::PointSeenOnce => "points seen fewer than twice: held where they are",
            Self::BehindCamera => "observations of points that start behind their camera: kept",
            Self::UnplacedCamera => "cameras without a pose: kept at the origin, held",
            Self::LandmarkLabelsShifted => {
                "landmark ids overlap pose ids: taken as separate, labels shifted past the last pose"
            }
            Self::NoiseConvention => "assumption about the noise numbers",
        }
    }
}

impl Warning {
    /// Number of examples kept.
    pub const EXAMPLES: usize = 5;
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.count, self.kind.explanation())?;
        for (i, example) in self.examples.iter().enumerate() {
            f.write_str(if i == 0 { " (" } else { ", " })?;
            f.write_str(&example.element)?;
            if let Some(line) = example.line {
                write!(f, " on line {line}")?;
            }
        }
        match self.examples.len() {
            0 => Ok(()),
            n if (n as u64) < self.count => f.write_str(", ...)"),
            _ => f.write_str(")"),
        }
    }
}

/// Collects warnings, one entry per kind, in order of first occurrence.
#[derive(Debug, Default)]
pub(crate) struct Warnings(Vec<Warning>);

impl Warnings {
    pub fn add(&mut self, kind: WarningKind, line: Option<u64>, element: impl FnOnce() -> String) {
        let index = match self.0.iter().position(|w| w.kind == kind) {
            Some(index) => index,
            None => {
                self.0.push(Warning {
                    kind,
                    count: 0,
                    examples: Vec::new(),
                });
                self.0.len() - 1
            }
        };
        let warning = &mut self.0[index];
        warning.count += 1;
        if warning.examples.len() < Warning::EXAMPLES {
            let element = element();
            warning.examples.push(Example { line, element });
        }
    }

    pub fn into_vec(self) -> Vec<Warning> {
        self.0
    }
}

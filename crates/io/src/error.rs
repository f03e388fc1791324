//! What can be wrong with a file.

use std::fmt;
use std::path::{Path, PathBuf};

use slam16_problem::ProblemError;

use crate::Format;

/// Where in a file: lines and columns count from 1, columns in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, or the name given to bytes in memory.
    pub path: PathBuf,
    /// Line.
    pub line: u64,
    /// Column of the first byte that is wrong.
    pub column: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path.display(), self.line, self.column)
    }
}

/// A file that cannot be read as a problem or a trajectory.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// There is no such file.
    #[error("{}: no such file: check the path", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// The operating system or a decompressor gave up.
    #[error("{}: cannot be read: {source}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// Nothing but blank lines and comments.
    #[error("{}: the file holds no data: was it written completely?", path.display())]
    Empty {
        /// The path.
        path: PathBuf,
    },
    /// No known format begins like this.
    #[error(
        "{at}: unknown format, the file begins with {found}: expected g2o, TORO, iSAM, BAL, Bundler v0.3, gbp key frames, a slam16 dump, or a TUM, KITTI or EuRoC trajectory"
    )]
    UnknownFormat {
        /// First data line.
        at: Place,
        /// How it begins.
        found: String,
    },
    /// A file of another kind than the one asked for.
    #[error("{}: this is {found}, {expected} is needed here", path.display())]
    WrongKind {
        /// The path.
        path: PathBuf,
        /// What was asked for.
        expected: &'static str,
        /// What the file is.
        found: String,
    },
    /// A line that is cut short or holds something else than it should.
    #[error("{at}: expected {expected}, found {found}: correct or drop the line")]
    Unexpected {
        /// Where.
        at: Place,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A word, or nothing, in place of a number.
    #[error("{at}: expected {what}, {sort}, found {found}: correct or drop the line")]
    NotNumber {
        /// Where.
        at: Place,
        /// Which number, of which element.
        what: String,
        /// That it is a number, and which of how many.
        sort: String,
        /// What is there.
        found: String,
    },
    /// A tag that the format does not have or slam16 does not know.
    #[error("{at}: unknown tag {tag}: {advice}")]
    UnknownTag {
        /// Where.
        at: Place,
        /// The tag.
        tag: String,
        /// What to do.
        advice: String,
    },
    /// Tags of the plane and of space in one file.
    #[error(
        "{at}: {tag} does not fit {first_tag} on line {first_line}: a graph is either planar or spatial, split the file"
    )]
    MixedDimensions {
        /// Where.
        at: Place,
        /// The tag.
        tag: String,
        /// The tag that settled the dimension.
        first_tag: String,
        /// Its line.
        first_line: u64,
    },
    /// A factor or FIX names a vertex that the file does not define.
    #[error(
        "{at}: {factor} refers to vertex {label}, which the file does not define: add its vertex line or drop this one"
    )]
    UnknownVertex {
        /// Where.
        at: Place,
        /// The factor.
        factor: String,
        /// The missing label.
        label: u64,
    },
    /// A vertex is defined twice.
    #[error(
        "{at}: vertex {label} is already defined on line {first_line}: drop one of the two lines"
    )]
    DuplicateVertex {
        /// Where.
        at: Place,
        /// The label.
        label: u64,
        /// Line of the first definition.
        first_line: u64,
    },
    /// An edge from a vertex to itself.
    #[error("{at}: edge {label} -> {label} joins a vertex to itself: drop the line")]
    SelfEdge {
        /// Where.
        at: Place,
        /// The label.
        label: u64,
    },
    /// A NaN, an infinity, or a number beyond the range of 64-bit floats.
    #[error("{at}: {what} is not a finite number ({found}): correct it or drop the line")]
    NotFinite {
        /// Where.
        at: Place,
        /// Which number, of which element.
        what: String,
        /// Its text.
        found: String,
    },
    /// A quaternion that is no rotation.
    #[error(
        "{at}: {what} has norm {norm}, which differs from 1 by more than 0.001: normalise it (order x y z w)"
    )]
    Quaternion {
        /// Where it begins.
        at: Place,
        /// The quaternion, of which element.
        what: String,
        /// Its norm.
        norm: f64,
    },
    /// A matrix that should be a rotation and is not.
    #[error(
        "{at}: the matrix is not a rotation (its distance from the nearest one is {distance:.3e}): correct it"
    )]
    Rotation {
        /// Where it begins.
        at: Place,
        /// Frobenius distance to the nearest rotation.
        distance: f64,
    },
    /// An information matrix that is not positive semidefinite.
    #[error(
        "{at}: the information matrix of {factor} is not positive semidefinite (smallest eigenvalue {smallest_eigenvalue:.6e}): correct it, or pass --repair to project it onto the nearest one that is"
    )]
    Indefinite {
        /// Where its first number stands.
        at: Place,
        /// The factor.
        factor: String,
        /// Smallest eigenvalue.
        smallest_eigenvalue: f64,
    },
    /// A header that announces something else than the file holds.
    #[error(
        "{at}: the header announces {expected}, the file holds {found}: the file is cut short, or the header wrong"
    )]
    Header {
        /// Where the contradiction shows.
        at: Place,
        /// What the header says.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A header with something else than a count.
    #[error(
        "{at}: expected the number of {what} in the {format} header (a whole number from 0 to 4294967294), found {found}: correct the header"
    )]
    HeaderCount {
        /// Where.
        at: Place,
        /// The format.
        format: Format,
        /// What is counted.
        what: &'static str,
        /// What is there.
        found: String,
    },
    /// A bundle with fewer observations than its header promises.
    #[error(
        "{at}: line {header_line} promises {observations} observations, line {line} does not look like one (it reads as a camera or point number, {found}): correct the header or the body",
        line = at.line
    )]
    NotAnObservation {
        /// Where an observation should be.
        at: Place,
        /// Line of the header.
        header_line: u64,
        /// Observations that the header promises.
        observations: u64,
        /// What is there.
        found: String,
    },
    /// More than the limits in [`ReadOptions`](crate::ReadOptions) allow.
    #[error("{}: {what} takes {needed} bytes, more than the limit of {limit}: raise the limit if the file is sound", path.display())]
    TooLarge {
        /// The path.
        path: PathBuf,
        /// What is too large.
        what: &'static str,
        /// Bytes it takes, at least.
        needed: u64,
        /// The limit.
        limit: u64,
    },
    /// The parts of the file are sound and make no sound problem.
    #[error("{}: {source}", path.display())]
    Problem {
        /// The path.
        path: PathBuf,
        /// What is wrong.
        source: ProblemError,
    },
}

impl ReadError {
    /// The same error of a number, with the element that the number is part of.
    #[cold]
    pub(crate) fn of(mut self: Box<Self>, element: impl fmt::Display) -> Box<Self> {
        if let Self::NotNumber { what, .. }
        | Self::NotFinite { what, .. }
        | Self::Quaternion { what, .. }
        | Self::Header { found: what, .. } = &mut *self
        {
            what.push_str(&format!(" of {element}"));
        }
        self
    }

    /// Where in the file, if it is the fault of one line.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::UnknownFormat { at, .. }
            | Self::Unexpected { at, .. }
            | Self::NotNumber { at, .. }
            | Self::UnknownTag { at, .. }
            | Self::MixedDimensions { at, .. }
            | Self::UnknownVertex { at, .. }
            | Self::DuplicateVertex { at, .. }
            | Self::SelfEdge { at, .. }
            | Self::NotFinite { at, .. }
            | Self::Quaternion { at, .. }
            | Self::Rotation { at, .. }
            | Self::Indefinite { at, .. }
            | Self::Header { at, .. }
            | Self::HeaderCount { at, .. }
            | Self::NotAnObservation { at, .. } => Some(at),
            Self::Missing { .. }
            | Self::Io { .. }
            | Self::Empty { .. }
            | Self::WrongKind { .. }
            | Self::TooLarge { .. }
            | Self::Problem { .. } => None,
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        match self {
            Self::Missing { path }
            | Self::Io { path, .. }
            | Self::Empty { path }
            | Self::WrongKind { path, .. }
            | Self::TooLarge { path, .. }
            | Self::Problem { path, .. } => path,
            other => other.place().map_or(Path::new(""), |at| &at.path),
        }
    }

    /// The line, counted from 1.
    pub fn line(&self) -> Option<u64> {
        self.place().map(|at| at.line)
    }

    /// The column in bytes, counted from 1.
    pub fn column(&self) -> Option<u64> {
        self.place().map(|at| at.column)
    }
}

/// A file that could not be written; what was there before is untouched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The operating system gave up.
    #[error("{}: cannot be written: {source}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The format cannot hold this problem.
    #[error("{}: {format} cannot hold {what}: choose another format", path.display())]
    Unsupported {
        /// The path.
        path: PathBuf,
        /// Name of the format.
        format: &'static str,
        /// What it cannot hold.
        what: String,
    },
}

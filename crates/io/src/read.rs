//! Reading a problem from a file or from bytes.

use std::path::{Path, PathBuf};

use slam16_problem::{Bundle, PoseGraph2, PoseGraph3, ProblemKind};

use crate::bundle;
use crate::dump;
use crate::error::ReadError;
use crate::format::sniff;
use crate::graph::{self, Initial};
use crate::scan::{Scan, Scanner};
use crate::source::{self, Compression};
use crate::warning::{Warning, Warnings};
use crate::{Format, ReadOptions};

/// A problem of any of the three kinds.
#[derive(Clone, Debug)]
pub enum AnyProblem {
    /// Poses in the plane.
    Graph2(PoseGraph2),
    /// Poses in space.
    Graph3(PoseGraph3),
    /// Cameras and points.
    Bundle(Bundle),
}

impl AnyProblem {
    /// Which kind it is.
    pub fn kind(&self) -> ProblemKind {
        match self {
            Self::Graph2(_) => ProblemKind::PoseGraph2,
            Self::Graph3(_) => ProblemKind::PoseGraph3,
            Self::Bundle(_) => ProblemKind::Bundle,
        }
    }
}

/// A problem with what the file said about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The problem.
    pub problem: AnyProblem,
    /// The format, told from the content.
    pub format: Format,
    /// The compression, told from the first bytes.
    pub compression: Compression,
    /// Where poses, landmarks and points come from.
    pub initial: Initial,
    /// What is odd.
    pub warnings: Vec<Warning>,
    /// The file's ids of a graph's sensors, by `SensorId`, for writing them
    /// back; `None` for a sensor without an id.
    pub sensor_labels: Vec<Option<u64>>,
    /// The options that a dump holds beside the problem; `null` elsewhere.
    pub options: serde_json::Value,
}

/// Reads a problem, in whatever known format and compression it is.
///
/// # Errors
/// [`ReadError`] says what is wrong, and where.
pub fn read(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Loaded, ReadError> {
    let path = path.as_ref();
    source::open(path, options)
        .and_then(|(scanner, compression)| load(scanner, compression, options))
        .map_err(|error| *error)
}

/// Reads a problem from bytes; `name` stands for the path in errors.
///
/// # Errors
/// As for [`read`].
pub fn read_bytes(
    name: impl Into<PathBuf>,
    bytes: &[u8],
    options: &ReadOptions,
) -> Result<Loaded, ReadError> {
    let (scanner, compression) = source::over(&name.into(), bytes, options);
    load(scanner, compression, options).map_err(|error| *error)
}

fn load(mut scanner: Scanner<'_>, compression: Compression, options: &ReadOptions) -> Scan<Loaded> {
    let format = sniff(&mut scanner)?;
    if format.is_trajectory() {
        return Err(Box::new(ReadError::WrongKind {
            path: scanner.path().to_owned(),
            expected: "a pose graph or a bundle",
            found: format!("a {format} trajectory"),
        }));
    }
    load_problem(scanner, compression, format, options)
}

/// Loads a problem whose format is known.
pub(crate) fn load_problem(
    mut scanner: Scanner<'_>,
    compression: Compression,
    format: Format,
    options: &ReadOptions,
) -> Scan<Loaded> {
    let mut warnings = Warnings::default();
    let mut initial = Initial::File;
    let mut sensor_labels = Vec::new();
    let mut options_in_dump = serde_json::Value::Null;
    let scanner = &mut scanner;
    let problem = match format {
        Format::G2o | Format::Toro | Format::Isam => {
            let read = graph::read(scanner, format, options, &mut warnings)?;
            initial = read.initial;
            sensor_labels = read.sensor_labels;
            read.problem
        }
        Format::Dump => {
            let read = dump::read(scanner)?;
            sensor_labels = read.sensor_labels;
            options_in_dump = read.options;
            read.problem
        }
        _ => AnyProblem::Bundle(bundle::read(scanner, format, options, &mut warnings)?),
    };
    Ok(Loaded {
        problem,
        format,
        compression,
        initial,
        warnings: warnings.into_vec(),
        sensor_labels,
        options: options_in_dump,
    })
}

//! Problems as they are, for bug reports: whatever a session holds, with
//! losses, what is held, and the options it was solved with.
//!
//! The format is JSON: `{"slam16_dump": 1, "problem": {"pose-graph-2": {…}},
//! "options": …}` and likewise `pose-graph-3` and `bundle`. Numbers are the shortest that read back to the same bits; those that are
//! not finite are the strings `"NaN"`, `"inf"`, `"-inf"`. Arrays of vectors
//! and matrices are flat; matrices are upper triangles row by row.

mod bundle;
mod graph;
mod number;

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use slam16_problem::ProblemError;

use crate::error::{Place, ReadError, WriteError};
use crate::read::AnyProblem;
use crate::scan::{Scan, Scanner};
use crate::write::{ProblemRef, write_atomically};
use crate::{ReadOptions, source};

use bundle::BundleDump;
use graph::GraphDump;

/// Version of the format; readers refuse others.
const VERSION: u32 = 1;

/// What every version begins with.
#[derive(Deserialize)]
struct Version {
    slam16_dump: u32,
}

#[derive(Serialize, Deserialize)]
struct Dump {
    slam16_dump: u32,
    problem: ProblemDump,
    #[serde(default)]
    options: Value,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ProblemDump {
    #[serde(rename = "pose-graph-2")]
    Graph2(GraphDump),
    #[serde(rename = "pose-graph-3")]
    Graph3(GraphDump),
    Bundle(BundleDump),
}

/// Why a dump that is sound JSON is no problem.
enum Fault {
    Problem(ProblemError),
    /// A rotation whose numbers are not of unit norm.
    NotUnit {
        what: &'static str,
        index: usize,
    },
}

impl From<ProblemError> for Fault {
    fn from(error: ProblemError) -> Self {
        Self::Problem(error)
    }
}

/// A problem from a dump, with the options that were written beside it.
#[derive(Clone, Debug)]
pub struct Reloaded {
    /// The problem, equal to the one dumped bit for bit.
    pub problem: AnyProblem,
    /// The options, `null` if there were none.
    pub options: Value,
    /// The file's ids of a graph's sensors, by `SensorId`.
    pub sensor_labels: Vec<Option<u64>>,
}

/// Writes a problem to a file from which [`reload`] makes an equal one. Paths
/// that end in `.gz` or `.bz2` are compressed.
///
/// # Errors
/// [`WriteError`] when there is no way to write there.
pub fn dump<'p>(
    path: impl AsRef<Path>,
    problem: impl Into<ProblemRef<'p>>,
    options: &Value,
    sensor_labels: &[Option<u64>],
) -> Result<(), WriteError> {
    let problem = match problem.into() {
        ProblemRef::Graph2(graph) => ProblemDump::Graph2(GraphDump::of(graph, sensor_labels)),
        ProblemRef::Graph3(graph) => ProblemDump::Graph3(GraphDump::of(graph, sensor_labels)),
        ProblemRef::Bundle(bundle) => ProblemDump::Bundle(BundleDump::of(bundle)),
    };
    let dump = Dump {
        slam16_dump: VERSION,
        problem,
        options: options.clone(),
    };
    write_atomically(path.as_ref(), |out| {
        serde_json::to_writer(&mut *out, &dump)?;
        out.write_all(b"\n")
    })
}

/// Reads what [`dump`] wrote.
///
/// # Errors
/// [`ReadError`]: no dump, one of another version, or one that was changed
/// into something that is no problem.
pub fn reload(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Reloaded, ReadError> {
    source::open(path.as_ref(), options)
        .and_then(|(mut scanner, _)| read(&mut scanner))
        .map_err(|error| *error)
}

/// Reads a dump from a scanner that has not moved yet.
pub(crate) fn read(scanner: &mut Scanner<'_>) -> Scan<Reloaded> {
    let mut text = Vec::new();
    scanner.read_rest(&mut text)?;
    let path = scanner.path().to_owned();
    let place = |line: usize, column: usize| Place {
        path: path.clone(),
        line: line as u64,
        column: column as u64,
    };
    let garbled = |error: serde_json::Error| {
        Box::new(ReadError::Unexpected {
            at: place(error.line(), error.column()),
            expected: "a slam16 dump".into(),
            found: error.to_string(),
        })
    };
    let version: Version = serde_json::from_slice(&text).map_err(garbled)?;
    if version.slam16_dump != VERSION {
        return Err(Box::new(ReadError::WrongKind {
            path: path.clone(),
            expected: "a slam16 dump of version 1",
            found: format!("one of version {}", version.slam16_dump),
        }));
    }
    let dump: Dump = serde_json::from_slice(&text).map_err(garbled)?;
    drop(text);
    let unsound = |fault| {
        Box::new(match fault {
            Fault::Problem(source) => ReadError::Problem {
                path: path.clone(),
                source,
            },
            Fault::NotUnit { what, index } => ReadError::Unexpected {
                at: place(1, 1),
                expected: "rotations of unit norm".into(),
                found: format!("another in {what}, number {index}"),
            },
        })
    };
    let (problem, sensor_labels) = match dump.problem {
        ProblemDump::Graph2(graph) => {
            let (graph, labels) = graph.restore().map_err(unsound)?;
            (AnyProblem::Graph2(graph), labels)
        }
        ProblemDump::Graph3(graph) => {
            let (graph, labels) = graph.restore().map_err(unsound)?;
            (AnyProblem::Graph3(graph), labels)
        }
        ProblemDump::Bundle(bundle) => (
            AnyProblem::Bundle(bundle.restore().map_err(unsound)?),
            Vec::new(),
        ),
    };
    Ok(Reloaded {
        problem,
        options: dump.options,
        sensor_labels,
    })
}

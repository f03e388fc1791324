//! Reading pose graphs: g2o, TORO and iSAM, line by line.

mod builder;
pub(crate) mod check;
mod factor;
mod finish;
mod information;
mod initial;
pub(crate) mod syntax;
mod tags;

use slam16_geometry::{Se2, Se3};
use slam16_problem::{PoseGraph2, PoseGraph3};

pub use initial::Initial;

use builder::Builder;
use finish::{Finished, Fixed};
use syntax::{FilePose, Syntax, guess_noise};
use tags::{Dimension, Record};

use crate::error::ReadError;
use crate::read::AnyProblem;
use crate::scan::{Scan, Scanner, What, show};
use crate::warning::{WarningKind, Warnings};
use crate::{Format, IsamNoise, ReadOptions};

/// A graph with what only the file knows.
pub(crate) struct ReadGraph {
    pub problem: AnyProblem,
    pub initial: Initial,
    pub sensor_labels: Vec<Option<u64>>,
}

/// The lines so far; the first tag of a dimension settles it.
enum Lines {
    None,
    Plane(Box<Builder<Se2, 3, 2>>),
    Space(Box<Builder<Se3, 6, 3>>),
}

/// The tag that settled the dimension, and its line.
type Settled = (String, u64);

/// Reads a graph in one of the three tagged formats.
pub(crate) fn read(
    scanner: &mut Scanner<'_>,
    format: Format,
    options: &ReadOptions,
    warnings: &mut Warnings,
) -> Scan<ReadGraph> {
    let noise = noise_convention(scanner, format, options, warnings)?;
    let syntax = Syntax { format, noise };
    let mut lines = Lines::None;
    let mut settled: Option<Settled> = None;
    let mut fixed = Vec::new();

    while scanner.next_line()? {
        let mark = scanner.mark();
        let tag = scanner.token();
        let Some((record, space)) = tags::find(format, tag) else {
            let (tag, advice) = (show(tag), tags::advice(format, tag));
            return Err(Box::new(ReadError::UnknownTag {
                at: scanner.place_at(mark),
                tag,
                advice,
            }));
        };
        match (&mut lines, space) {
            (Lines::Plane(builder), Dimension::Two) => take(builder, record, scanner, warnings)?,
            (Lines::Space(builder), Dimension::Three) => take(builder, record, scanner, warnings)?,
            (_, Dimension::Either) if record == Record::Fix => fix_line(scanner, &mut fixed)?,
            (_, Dimension::Either) => equivalence_line(scanner, warnings),
            (Lines::None, Dimension::Two) => {
                settled = Some((show(tag), scanner.line()));
                let mut builder = Box::new(Builder::new(syntax, options));
                take(&mut builder, record, scanner, warnings)?;
                lines = Lines::Plane(builder);
            }
            (Lines::None, Dimension::Three) => {
                settled = Some((show(tag), scanner.line()));
                let mut builder = Box::new(Builder::new(syntax, options));
                take(&mut builder, record, scanner, warnings)?;
                lines = Lines::Space(builder);
            }
            (Lines::Plane(_), Dimension::Three) | (Lines::Space(_), Dimension::Two) => {
                let tag = show(tag);
                return Err(mixed(scanner, mark, tag, settled));
            }
        }
    }

    let path = scanner.path();
    match lines {
        Lines::None => Err(Box::new(ReadError::Empty {
            path: path.to_owned(),
        })),
        Lines::Plane(builder) => builder.finish(&fixed, path, warnings).map(ReadGraph::from),
        Lines::Space(builder) => builder.finish(&fixed, path, warnings).map(ReadGraph::from),
    }
}

impl From<Finished<Se2, 3, 2>> for ReadGraph {
    fn from(finished: Finished<Se2, 3, 2>) -> Self {
        let graph: PoseGraph2 = finished.graph;
        Self {
            problem: AnyProblem::Graph2(graph),
            initial: finished.initial,
            sensor_labels: finished.sensor_labels,
        }
    }
}

impl From<Finished<Se3, 6, 3>> for ReadGraph {
    fn from(finished: Finished<Se3, 6, 3>) -> Self {
        let graph: PoseGraph3 = finished.graph;
        Self {
            problem: AnyProblem::Graph3(graph),
            initial: finished.initial,
            sensor_labels: finished.sensor_labels,
        }
    }
}

#[inline(always)]
fn take<G: FilePose<D, P>, const D: usize, const P: usize>(
    builder: &mut Builder<G, D, P>,
    record: Record,
    scanner: &mut Scanner<'_>,
    warnings: &mut Warnings,
) -> Scan<()> {
    match record {
        Record::Between => builder.between_line(scanner, warnings),
        Record::Pose => builder.pose_line(scanner),
        Record::Landmark => builder.landmark_line(scanner),
        Record::Observation => builder.observation_line(scanner, warnings),
        Record::Prior => builder.prior_line(scanner, warnings),
        Record::Sensor => builder.sensor_line(scanner),
        // These two belong to no space and are taken by the caller.
        Record::Fix | Record::Equivalence => {
            scanner.skip_line();
            Ok(())
        }
    }
}

#[cold]
fn mixed(
    scanner: &Scanner<'_>,
    mark: usize,
    tag: String,
    settled: Option<Settled>,
) -> Box<ReadError> {
    let (first_tag, first_line) = settled.unwrap_or_default();
    Box::new(ReadError::MixedDimensions {
        at: scanner.place_at(mark),
        tag,
        first_tag,
        first_line,
    })
}

fn fix_line(scanner: &mut Scanner<'_>, fixed: &mut Vec<Fixed>) -> Scan<()> {
    loop {
        let mark = scanner.mark();
        let label = scanner.integer(What::Name("the id of a vertex to hold"))?;
        fixed.push(Fixed {
            label,
            line: scanner.line(),
            column: scanner.column(mark),
        });
        if !scanner.more_on_line() {
            return scanner.end_line();
        }
    }
}

fn equivalence_line(scanner: &mut Scanner<'_>, warnings: &mut Warnings) {
    let line = scanner.line();
    let mut names = Vec::new();
    while scanner.more_on_line() && names.len() < 2 {
        names.push(String::from_utf8_lossy(scanner.token()).into_owned());
    }
    warnings.add(WarningKind::IgnoredEquivalence, Some(line), || {
        format!("EQUIV {}", names.join(" "))
    });
    scanner.skip_line();
}

fn noise_convention(
    scanner: &mut Scanner<'_>,
    format: Format,
    options: &ReadOptions,
    warnings: &mut Warnings,
) -> Scan<IsamNoise> {
    if format != Format::Isam {
        return Ok(IsamNoise::Information);
    }
    let noise = match options.isam_noise {
        IsamNoise::Auto => guess_noise(scanner.peek()?),
        given => given,
    };
    let taken = match noise {
        IsamNoise::Auto | IsamNoise::Information => "taken as information matrices",
        IsamNoise::SquareRoot => "taken as square roots of information matrices",
        IsamNoise::Covariance => "taken as covariances",
    };
    warnings.add(WarningKind::NoiseConvention, None, || {
        format!("{taken}; the format does not say which they are")
    });
    Ok(noise)
}

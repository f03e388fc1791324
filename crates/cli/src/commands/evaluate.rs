//! `slam16 evaluate`: absolute and relative trajectory error.

use std::path::{Path, PathBuf};

use serde::Serialize;
use slam16::io::{self, Format, LoadedTrajectory};
use slam16_sim::metrics::{
    AbsoluteOptions, Alignment, Association, Delta, MetricsError, Relation, RelativeOptions,
    Statistics, absolute_error, associate, relative_error,
};

use crate::args::{EvaluateArgs, Fit};
use crate::failure::{Failure, Status};
use crate::format::{Rows, counted};
use crate::paths::{self, is_stdout};
use crate::terminal::print;

#[derive(Serialize)]
struct Figures {
    version: &'static str,
    estimate: String,
    reference: String,
    /// Poses that have a counterpart.
    pairs: usize,
    alignment: &'static str,
    /// Metres.
    ate: Numbers,
    /// Degrees.
    ate_rotation: Numbers,
    delta: f64,
    delta_unit: &'static str,
    all_pairs: bool,
    /// Metres.
    rpe: Numbers,
    /// Degrees.
    rpe_rotation: Numbers,
}

#[derive(Clone, Copy, Serialize)]
struct Numbers {
    count: usize,
    rmse: f64,
    mean: f64,
    median: f64,
    std: f64,
    min: f64,
    max: f64,
    sse: f64,
}

impl From<Statistics> for Numbers {
    fn from(s: Statistics) -> Self {
        Self {
            count: s.count,
            rmse: s.rmse,
            mean: s.mean,
            median: s.median,
            std: s.std,
            min: s.min,
            max: s.max,
            sse: s.sse,
        }
    }
}

pub fn run(args: &EvaluateArgs) -> Result<Status, Failure> {
    if let Some(report) = args.report.as_ref().filter(|r| !is_stdout(r)) {
        paths::Target::new("--report", report).check(std::slice::from_ref(&args.estimate))?;
        let inputs = [
            Some(&args.estimate),
            Some(&args.reference),
            args.times.as_ref(),
        ];
        let inputs: Vec<&Path> = inputs.into_iter().flatten().map(PathBuf::as_path).collect();
        paths::apart(&inputs, &[("--report", report, None)])?;
    }
    let figures = evaluate(args)?;
    let json = || {
        serde_json::to_string_pretty(&figures)
            .map(|text| text + "\n")
            .map_err(|e| Failure::usage(format!("the report cannot be written: {e}")))
    };
    match &args.report {
        Some(path) if is_stdout(path) => return print(&json()?).map(|()| Status::Done),
        Some(path) => io::write_bytes(path, json()?.as_bytes())?,
        None => {}
    }
    print(&table(&figures))?;
    Ok(Status::Done)
}

fn read(path: &Path, args: &EvaluateArgs) -> Result<LoadedTrajectory, Failure> {
    let options = io::ReadOptions::default();
    Ok(io::read_trajectory(path, args.times.as_deref(), &options)?)
}

fn evaluate(args: &EvaluateArgs) -> Result<Figures, Failure> {
    let (estimate, reference) = (read(&args.estimate, args)?, read(&args.reference, args)?);
    let kitti = |t: &LoadedTrajectory| t.format == Format::Kitti;
    if let Some(times) = &args.times
        && !kitti(&estimate)
        && !kitti(&reference)
    {
        return Err(Failure::usage(format!(
            "--times {}: neither file is of format KITTI, and others have moments of their own: leave it out",
            times.display()
        )));
    }
    let without_moments = |t: &LoadedTrajectory| kitti(t) && args.times.is_none();
    let association = if without_moments(&estimate) && without_moments(&reference) {
        Association::Order
    } else {
        Association::Time {
            tolerance: args.max_difference,
            offset: args.offset,
        }
    };
    let (estimate, reference) = (estimate.trajectory, reference.trajectory);
    let alignment = match (args.align, args.scale) {
        (_, true) | (Fit::Similarity, _) => Alignment::Similarity,
        (Fit::Rigid, _) => Alignment::Rigid,
        (Fit::None, _) => Alignment::None,
    };
    let failed = |error: MetricsError| {
        Failure::input(format!(
            "{} against {}: {error}",
            args.estimate.display(),
            args.reference.display()
        ))
    };
    let absolute = |relation| {
        let options = AbsoluteOptions {
            association,
            alignment,
            relation,
        };
        absolute_error(&reference, &estimate, &options)
            .map(|errors| Numbers::from(errors.statistics))
            .map_err(failed)
    };
    let relative = |relation| {
        let options = RelativeOptions {
            association,
            delta: args.delta.0,
            all_pairs: args.all_pairs,
            relation,
            alignment,
            ..RelativeOptions::default()
        };
        relative_error(&reference, &estimate, &options)
            .map(|errors| Numbers::from(errors.statistics))
            .map_err(failed)
    };
    let pairs = associate(&reference, &estimate, association).map_err(failed)?;
    let (delta, delta_unit) = match args.delta.0 {
        Delta::Frames(frames) => (frames as f64, "frames"),
        Delta::Metres(metres) => (metres, "m"),
    };
    Ok(Figures {
        version: env!("CARGO_PKG_VERSION"),
        estimate: args.estimate.display().to_string(),
        reference: args.reference.display().to_string(),
        pairs: pairs.0.len(),
        alignment: match alignment {
            Alignment::None => "none",
            Alignment::Rigid => "rigid",
            Alignment::Similarity => "similarity",
        },
        ate: absolute(Relation::Translation)?,
        ate_rotation: absolute(Relation::RotationAngle)?,
        delta,
        delta_unit,
        all_pairs: args.all_pairs,
        rpe: relative(Relation::Translation)?,
        rpe_rotation: relative(Relation::RotationAngle)?,
    })
}

fn table(figures: &Figures) -> String {
    let mut rows = Rows::default();
    rows.row("estimate", &figures.estimate);
    rows.row("reference", &figures.reference);
    rows.row(
        "compared",
        format_args!(
            "{}, alignment {}",
            counted(figures.pairs, "pair of poses", "pairs of poses"),
            figures.alignment
        ),
    );
    let steps = format!(
        "{} {}{}",
        figures.delta,
        figures.delta_unit,
        if figures.all_pairs { ", all pairs" } else { "" }
    );
    rows.row("relative over", steps);
    rows.line("");
    let head = ["rmse", "mean", "median", "std", "min", "max"].map(|h| format!("{h:>12}"));
    rows.row("", head.concat());
    for (name, n) in [
        ("ATE m", figures.ate),
        ("ATE deg", figures.ate_rotation),
        ("RPE m", figures.rpe),
        ("RPE deg", figures.rpe_rotation),
    ] {
        let numbers = [n.rmse, n.mean, n.median, n.std, n.min, n.max];
        rows.row(name, numbers.map(|x| format!("{x:>12.6}")).concat());
    }
    rows.finish()
}

//! The report of a solve: JSON with stable keys, and the table for people.

use std::path::{Path, PathBuf};

use serde::Serialize;
use slam16::Marginals;
use slam16::io::{AnyProblem, Compression, Format, Initial, Loaded, Warning};
use slam16::solver::Summary;

use super::picture;
use crate::args::{BackendChoice, Guess, SolveArgs};
use crate::failure::Failure;
use crate::format::Rows;

/// The report, in the order of its keys.
#[derive(Serialize)]
pub struct Report<'r> {
    #[serde(flatten)]
    pub summary: &'r Summary,
    pub input: Input<'r>,
    pub command: Asked,
    pub file_warnings: &'r [Warning],
    pub covariance: Vec<Block>,
    pub outputs: &'r [PathBuf],
}

/// The file that was read.
#[derive(Serialize)]
pub struct Input<'r> {
    path: &'r Path,
    format: Format,
    compression: Compression,
    poses: Initial,
}

impl<'r> Input<'r> {
    pub fn new(path: &'r Path, loaded: &Loaded) -> Self {
        Self {
            path,
            format: loaded.format,
            compression: loaded.compression,
            poses: loaded.initial,
        }
    }
}

/// What was asked for beside the options of the solver.
#[derive(Serialize)]
pub struct Asked {
    backend: &'static str,
    initial: &'static str,
    loss: Option<String>,
    repair: bool,
    /// Seconds of making the initial guess; part of neither `total` nor `io`.
    initial_seconds: f64,
}

impl Asked {
    pub fn new(args: &SolveArgs, initial_seconds: f64) -> Self {
        let backend = match args.tuning.backend.unwrap_or_default() {
            BackendChoice::Auto => "auto",
            BackendChoice::Cpu => "cpu",
            BackendChoice::Gpu => "gpu",
            BackendChoice::GpuElseCpu => "gpu-else-cpu",
        };
        let initial = match args.tuning.initial.unwrap_or_default() {
            Guess::File => "file",
            Guess::Odometry => "odometry",
            Guess::SpanningTree => "spanning-tree",
            Guess::Chordal => "chordal",
        };
        Self {
            backend,
            initial,
            loss: args.tuning.loss.map(|loss| loss.to_string()),
            repair: args.read.repair,
            initial_seconds,
        }
    }
}

/// Marginal covariance of one variable.
#[derive(Serialize)]
pub struct Block {
    id: u64,
    scale_held: bool,
    matrix: Vec<Vec<f64>>,
}

/// Covariances by the ids they were asked for.
pub fn blocks(ids: &[u64], marginals: Option<&Marginals>) -> Vec<Block> {
    let Some(marginals) = marginals else {
        return Vec::new();
    };
    ids.iter()
        .zip(&marginals.matrices)
        .map(|(&id, matrix)| Block {
            id,
            scale_held: marginals.scale_held,
            matrix: matrix
                .row_iter()
                .map(|row| row.iter().copied().collect())
                .collect(),
        })
        .collect()
}

impl Report<'_> {
    /// The whole report as text.
    pub fn json(&self) -> Result<String, Failure> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|e| Failure::usage(format!("the report cannot be written: {e}")))?;
        Ok(text + "\n")
    }
}

/// Standard deviations of the chosen variables.
pub fn deviations(
    rows: &mut Rows,
    problem: &AnyProblem,
    ids: &[u64],
    marginals: Option<&Marginals>,
) {
    let Some(marginals) = marginals else { return };
    for (&id, matrix) in ids.iter().zip(&marginals.matrices) {
        let sigmas: Vec<String> = matrix
            .diagonal()
            .iter()
            .map(|v| format!("{:.3e}", v.sqrt()))
            .collect();
        rows.row(
            "deviation",
            format_args!("{}: {}", picture::label(problem, id), sigmas.join(" ")),
        );
    }
    if marginals.scale_held {
        rows.row(
            "",
            "(nothing fixes the scale of the bundle: it was held for these)",
        );
    }
}

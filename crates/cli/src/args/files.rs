//! Commands that read, describe and write files.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use slam16::io::{IsamNoise, ReadOptions};

use super::TuningArgs;

/// How files are read.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "How it is read")]
pub struct ReadArgs {
    /// Project indefinite information matrices onto the nearest semidefinite
    /// one instead of refusing the file.
    #[arg(long)]
    pub repair: bool,

    /// What the noise numbers of an iSAM file are; no file says.
    #[arg(long, value_name = "KIND", value_enum, default_value_t)]
    pub isam_noise: Noise,
}

/// What the noise numbers of an iSAM file are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Noise {
    /// By their looks.
    #[default]
    Auto,
    /// Information matrices.
    Information,
    /// Upper triangular square roots of information matrices.
    SquareRoot,
    /// Covariances.
    Covariance,
}

impl ReadArgs {
    pub fn options(&self) -> ReadOptions {
        ReadOptions {
            repair: self.repair,
            isam_noise: match self.isam_noise {
                Noise::Auto => IsamNoise::Auto,
                Noise::Information => IsamNoise::Information,
                Noise::SquareRoot => IsamNoise::SquareRoot,
                Noise::Covariance => IsamNoise::Covariance,
            },
            ..ReadOptions::default()
        }
    }
}

/// Say what is wrong with files, and where.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Problems or trajectories.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// Treat warnings as errors.
    #[arg(long)]
    pub strict: bool,

    /// How the files are read.
    #[command(flatten)]
    pub read: ReadArgs,
}

/// Formats that can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// g2o: pose graphs.
    G2o,
    /// Bundle Adjustment in the Large: bundles.
    Bal,
    /// TUM: trajectories, quaternions.
    Tum,
    /// KITTI: trajectories, matrices.
    Kitti,
    /// slam16's own dump, JSON: everything a problem has.
    Dump,
}

/// Write a problem or a trajectory in another format.
#[derive(Debug, Args)]
pub struct ConvertArgs {
    /// What is read; the format is told from the content.
    #[arg(value_name = "IN")]
    pub input: PathBuf,

    /// What is written; the format is told from the extension: .g2o, .bal,
    /// .tum, .kitti, .json (dump), or .txt for a bundle (BAL); with .gz or .bz2
    /// behind it, compressed.
    #[arg(value_name = "OUT")]
    pub output: PathBuf,

    /// The format, whatever the extension.
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub to: Option<Target>,

    /// Moments of the poses of a KITTI file, one a line.
    #[arg(long, value_name = "FILE")]
    pub times: Option<PathBuf>,

    /// How the file is read.
    #[command(flatten)]
    pub read: ReadArgs,
}

/// Say which GPUs there are.
#[derive(Debug, Args)]
pub struct AdaptersArgs {
    /// Write the list as JSON to standard output.
    #[arg(long)]
    pub json: bool,
}

/// Say what a solve would take.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Problems.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// Write the plans as JSON to standard output.
    #[arg(long)]
    pub json: bool,

    /// How the problem is read.
    #[command(flatten)]
    pub read: ReadArgs,

    /// How it would be solved.
    #[command(flatten)]
    pub tuning: TuningArgs,
}

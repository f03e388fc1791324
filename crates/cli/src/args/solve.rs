//! `slam16 solve`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use slam16::gpu::AdapterChoice;
use slam16::problem::{InitialGuess, Loss};
use slam16::solver::{
    AlgorithmName, HalfArithmetic, LinearSolverKind, OptionsError, Ordering, Precision, TimeBudget,
};

use super::ReadArgs;

/// Where a solve runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum BackendChoice {
    /// The processor, as with cpu.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// A graphics card.
    Gpu,
    /// A graphics card, and the processor from where that gives up.
    GpuElseCpu,
}

/// Where a pose graph starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Guess {
    /// At the values of the file.
    #[default]
    File,
    /// Where composed odometry ends up.
    Odometry,
    /// Where measurements composed along a tree end up.
    SpanningTree,
    /// At the solution of a linear relaxation.
    Chordal,
}

impl From<Guess> for InitialGuess {
    fn from(guess: Guess) -> Self {
        match guess {
            Guess::File => Self::File,
            Guess::Odometry => Self::Odometry,
            Guess::SpanningTree => Self::SpanningTree,
            Guess::Chordal => Self::Chordal,
        }
    }
}

/// When a direct solver factors anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Refactor {
    /// At every linearisation and damping.
    Always,
    /// A factor serves several steps, corrected by conjugate gradients.
    Reuse,
}

/// Solve problems and report.
#[derive(Debug, Args)]
pub struct SolveArgs {
    /// Problems: g2o, TORO, iSAM, BAL, Bundler, gbp key frames or a dump,
    /// plain, .gz or .bz2; the format is told from the content.
    #[arg(value_name = "INPUT", required = true)]
    pub inputs: Vec<PathBuf>,

    /// Where the solved problem goes: .g2o or BAL by the kind of problem, a
    /// trajectory for .tum and .kitti. For several inputs a folder, or a name
    /// with {} for the input's.
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,

    /// Write the report, JSON; - writes it to standard output.
    #[arg(long, value_name = "FILE.json")]
    pub report: Option<PathBuf>,

    /// Draw the trajectory before and after, and the cost over time: .svg,
    /// .png or .html.
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,

    /// Write problem and options before the solve, to solve the same again or
    /// to attach to a bug report.
    #[arg(long, value_name = "FILE.json")]
    pub dump: Option<PathBuf>,

    /// Marginal covariances of these poses (ids of the file) or cameras
    /// (counted from 0).
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    pub covariance: Vec<u64>,

    /// Nothing but errors.
    #[arg(short, long)]
    pub quiet: bool,

    /// How the problem is read.
    #[command(flatten)]
    pub read: ReadArgs,

    /// How it is solved.
    #[command(flatten)]
    pub tuning: TuningArgs,
}

/// How a problem is solved; what is not given keeps its default, or the value
/// of a dump.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "How it is solved")]
pub struct TuningArgs {
    /// Where it runs; auto takes the CPU.
    #[arg(long, value_name = "NAME", value_enum)]
    pub backend: Option<BackendChoice>,

    /// The GPU: an index of slam16 adapters, a part of its name, vulkan, metal,
    /// dx12 or gl, or as in vulkan:nvidia.
    #[arg(long, value_name = "NAME")]
    pub adapter: Option<AdapterChoice>,

    /// mixed, f64, f32, naive-half, or custom:products=f16,triangular=….
    #[arg(long, value_name = "NAME")]
    pub precision: Option<Precision>,

    /// What is done in 16 bits: storage, products or accumulate.
    #[arg(long, value_name = "NAME")]
    pub half_arithmetic: Option<HalfArithmetic>,

    /// auto, cholesky, schur, cgnr, cgnr-ic or schur-pcg; with a form where
    /// there is a choice, as in schur:dense, cgnr:blocks or cgnr-ic:ic0.
    #[arg(long, value_name = "NAME")]
    pub linear_solver: Option<LinearSolverKind>,

    /// lm, gauss-newton or dogleg.
    #[arg(long, value_name = "NAME", value_parser = algorithm)]
    pub algorithm: Option<AlgorithmName>,

    /// auto, natural, amd, nested-dissection, rcm or multicolor.
    #[arg(long, value_name = "NAME")]
    pub ordering: Option<Ordering>,

    /// When a direct solver factors anew.
    #[arg(long, value_name = "WHEN", value_enum)]
    pub refactor: Option<Refactor>,

    /// Where a pose graph starts.
    #[arg(long, value_name = "NAME", value_enum)]
    pub initial: Option<Guess>,

    /// Robust loss on every factor: none, huber:D, pseudo-huber:D, cauchy:C,
    /// geman-mcclure:C, welsch:C, tukey:C, fair:C or dcs:PHI.
    #[arg(long, value_name = "NAME:SCALE")]
    pub loss: Option<Loss>,

    /// Steps tried at most.
    #[arg(long, value_name = "N")]
    pub max_iterations: Option<usize>,

    /// Wall time at most, as in 80ms, 2s or 1.5min.
    #[arg(long, value_name = "TIME")]
    pub time_budget: Option<TimeBudget>,

    /// Stop when a step lowers the cost by less than this, relative.
    #[arg(long, value_name = "X")]
    pub cost_tolerance: Option<f64>,

    /// Stop when no entry of the gradient is larger.
    #[arg(long, value_name = "X")]
    pub gradient_tolerance: Option<f64>,

    /// Stop when a step is shorter, relative to the state.
    #[arg(long, value_name = "X")]
    pub step_tolerance: Option<f64>,

    /// Threads; the result has the same bits for any number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// The algorithm by its name or its usual short form.
fn algorithm(text: &str) -> Result<AlgorithmName, OptionsError> {
    match text {
        "lm" => Ok(AlgorithmName::LevenbergMarquardt),
        "gn" => Ok(AlgorithmName::GaussNewton),
        _ => text.parse(),
    }
}

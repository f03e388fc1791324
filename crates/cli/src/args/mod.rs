//! The command line as users write it.

mod evaluate;
mod files;
mod simulate;
mod solve;

use clap::{Parser, Subcommand};

pub use evaluate::{EvaluateArgs, Fit};
pub use files::{AdaptersArgs, CheckArgs, ConvertArgs, PlanArgs, ReadArgs, Target};
pub use simulate::{Camera, Common, Files, Route, Simulate, SimulateArgs, Start};
pub use solve::{BackendChoice, Guess, Refactor, SolveArgs, TuningArgs};

const AFTER_HELP: &str = "\
Exit status: 0 solved; 1 ended without meeting a stop test; 2 bad usage;
3 bad input; 4 device.

Environment: RUST_LOG sets how much is logged (error, warn, info, debug, trace);
SLAM16_ADAPTER names the GPU where --adapter does not.";

/// Solves the least-squares problems of SLAM: pose graphs and bundles.
#[derive(Debug, Parser)]
#[command(name = "slam16", version, after_help = AFTER_HELP)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Solve problems and report.
    Solve(Box<SolveArgs>),
    /// Say what is wrong with files, and where.
    Check(CheckArgs),
    /// Write a problem or a trajectory in another format.
    Convert(ConvertArgs),
    /// Compare an estimated trajectory with a reference (ATE and RPE).
    Evaluate(EvaluateArgs),
    /// Say what a solve would take: structure, memory, work, path.
    Plan(PlanArgs),
    /// List the GPUs, try their half precision, say how each would be used.
    Adapters(AdaptersArgs),
    /// Make a problem from a seed.
    Simulate(SimulateArgs),
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_solve_takes_what_the_documentation_says() {
        let line = "slam16 solve a.g2o b.g2o -o out/ --backend gpu --adapter vulkan:llvmpipe --precision f32 \
            --linear-solver cgnr-ic:ic0 --initial chordal --loss huber:1.5 --max-iterations 7 \
            --time-budget 80ms --threads 2 --report r.json --plot p.svg --covariance 1,2 \
            --repair --algorithm lm --ordering amd -q";
        let Command::Solve(args) = Cli::try_parse_from(line.split_whitespace())
            .unwrap()
            .command
        else {
            unreachable!("solve was asked for")
        };
        assert_eq!(args.inputs.len(), 2);
        assert_eq!(args.covariance, [1, 2]);
        let budget = args.tuning.time_budget.unwrap();
        assert_eq!(budget.duration(), std::time::Duration::from_millis(80));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_advice() {
        for (line, advice) in [
            ("slam16 solve", "INPUT"),
            ("slam16 solve a --precision f8", "mixed, f64, f32"),
            ("slam16 solve a --loss l1", "huber"),
            ("slam16 solve a --loss huber", "huber:1"),
            ("slam16 solve a --time-budget 80", "80ms"),
            ("slam16 solve a --linear-solver qr", "cholesky"),
            ("slam16 solve a --threads 0", "1..=1024"),
            ("slam16 solve a --backend tpu", "auto"),
            ("slam16 evaluate a b --delta x", "10m"),
            ("slam16 evaluate a b --scale --align none", "cannot be used"),
            ("slam16 frobnicate", "unrecognized"),
        ] {
            let error = Cli::try_parse_from(line.split_whitespace()).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{line}");
            assert!(error.to_string().contains(advice), "{line}: {error}");
        }
    }
}

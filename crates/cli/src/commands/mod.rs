//! The commands.

mod adapters;
mod bounds;
mod check;
mod configure;
mod convert;
mod evaluate;
mod picture;
mod plan;
mod report;
mod simulate;
mod solve;
mod write;

use crate::args::Command;
use crate::failure::{Failure, Status};

/// Runs a command; the status is that of a run that could do its work.
pub fn run(command: Command) -> Result<Status, Failure> {
    match command {
        Command::Solve(args) => solve::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Convert(args) => convert::run(&args),
        Command::Evaluate(args) => evaluate::run(&args),
        Command::Plan(args) => plan::run(&args),
        Command::Adapters(args) => adapters::run(&args),
        Command::Simulate(args) => simulate::run(&args),
    }
}

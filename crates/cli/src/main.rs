//! The command `slam16`: SLAM problems from file to report.

mod args;
mod commands;
mod failure;
mod format;
mod paths;
mod plot;
mod progress;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    env_logger::try_init().ok();
    let cli = args::Cli::parse();
    let status = commands::run(cli.command).unwrap_or_else(|failure| {
        terminal::tell(&format!("error: {}", failure.message));
        failure.status
    });
    ExitCode::from(status as u8)
}

//! The command `slam16`: SLAM problems from file to report.

mod args;
mod commands;
mod failure;
mod format;
mod interrupt;
mod paths;
mod plot;
mod progress;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // Drivers that are not there are no error of ours; what matters comes back
    // as a result.
    let quiet = env_logger::Env::default().default_filter_or("error,wgpu_hal=off,wgpu_core=off");
    env_logger::Builder::from_env(quiet).try_init().ok();
    interrupt::clean_up();
    let cli = args::Cli::parse();
    let status = commands::run(cli.command).unwrap_or_else(|failure| {
        terminal::tell(&format!("error: {}", failure.message));
        failure.status
    });
    ExitCode::from(status as u8)
}

//! The command line that every driver has, and the result line it prints.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::files::Result;

#[derive(Debug, Default)]
pub struct Arguments {
    pub input: PathBuf,
    pub output: PathBuf,
    pub solver: String,
    pub threads: usize,
    pub max_iterations: usize,
    /// Relative cost decrease that ends the solve.
    pub tolerance: f64,
}

fn parse() -> Result<Option<Arguments>> {
    let mut a = Arguments {
        threads: 1,
        max_iterations: 100,
        tolerance: 1e-6,
        ..Default::default()
    };
    let mut words = std::env::args().skip(1);
    while let Some(key) = words.next() {
        if key == "--version" {
            return Ok(None);
        }
        let value = words.next().ok_or_else(|| format!("no value for {key}"))?;
        let bad = |_| format!("bad value for {key}: {value}");
        match key.as_str() {
            "--input" => a.input = value.into(),
            "--output" => a.output = value.into(),
            "--solver" => a.solver = value,
            "--threads" => a.threads = value.parse().map_err(bad)?,
            "--max-iterations" => a.max_iterations = value.parse().map_err(bad)?,
            "--tolerance" => {
                a.tolerance = value
                    .parse()
                    .map_err(|_| format!("bad tolerance {value}"))?
            }
            _ => return Err(format!("unknown argument {key}")),
        }
    }
    Ok(Some(a))
}

/// Processor time of this process, all threads, user and system.
fn cpu_time() -> Duration {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: getrusage fills the struct it is given; zeroed is a valid rusage should it fail.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init()
    };
    let of = |t: libc::timeval| Duration::new(t.tv_sec as u64, 1000 * t.tv_usec as u32);
    of(usage.ru_utime) + of(usage.ru_stime)
}

/// Runs the optimise call under both clocks and prints the line that the runner reads.
pub fn timed<T>(optimise: impl FnOnce() -> Result<(T, Option<usize>)>) -> Result<T> {
    let (wall, cpu) = (Instant::now(), cpu_time());
    let (value, iterations) = optimise()?;
    let (wall, cpu) = (wall.elapsed(), cpu_time() - cpu);
    println!(
        "{}",
        serde_json::json!({
            "seconds": wall.as_secs_f64(),
            "cpu_seconds": cpu.as_secs_f64(),
            "iterations": iterations,
        })
    );
    Ok(value)
}

/// A driver's main function: `version` answers --version, `solve` does the rest.
pub fn main(version: &str, solve: impl FnOnce(&Arguments) -> Result<()>) -> ExitCode {
    let outcome = parse().and_then(|arguments| match arguments {
        None => {
            println!("{version}");
            Ok(())
        }
        Some(arguments) => {
            rayon::ThreadPoolBuilder::new()
                .num_threads(arguments.threads)
                .build_global()
                .map_err(|e| e.to_string())?;
            solve(&arguments)
        }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{}: {e}", program());
            ExitCode::FAILURE
        }
    }
}

fn program() -> String {
    let path = std::env::args_os().next().unwrap_or_default();
    Path::new(&path)
        .file_name()
        .map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}

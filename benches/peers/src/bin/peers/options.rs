//! Command-line options of a run.

use std::path::{Path, PathBuf};
use std::time::Duration;

use slam16_peers::files::Result;

#[derive(Debug, Clone)]
pub struct Options {
    pub datasets: Vec<String>,
    pub only: Vec<String>,
    pub quick: bool,
    pub repetitions: usize,
    pub threads: Vec<usize>,
    pub timeout: Duration,
    pub data: PathBuf,
    pub out: PathBuf,
    /// None: the peers alone.
    pub slam16: Option<PathBuf>,
    pub slam16_arguments: Vec<String>,
}

/// The package's folder, benches/peers.
pub fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The repository's root.
pub fn repository() -> PathBuf {
    package().join("../..")
}

/// What install.sh made, and all that a run writes.
pub fn local() -> PathBuf {
    package().join(".local")
}

fn default_slam16() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| repository().join("target"), PathBuf::from);
    target.join("release/slam16")
}

pub fn parse(words: &[&str]) -> Result<Options> {
    let mut o = Options {
        datasets: vec![],
        only: vec![],
        quick: false,
        repetitions: 5,
        threads: vec![1, 2],
        timeout: Duration::from_secs(300),
        data: std::env::var_os("SLAM16_DATA")
            .map_or_else(|| repository().join("../shared/data"), PathBuf::from),
        out: local().join("results"),
        slam16: Some(default_slam16()),
        slam16_arguments: vec![],
    };
    let mut words = words.iter();
    while let Some(&key) = words.next() {
        match key {
            "--quick" => o.quick = true,
            "--without-slam16" => o.slam16 = None,
            _ => {
                let value = *words.next().ok_or_else(|| format!("no value for {key}"))?;
                let list = || value.split(',').map(str::to_string).collect::<Vec<_>>();
                let number = |v: &str| v.parse::<usize>().map_err(|e| format!("{key} {v}: {e}"));
                match key {
                    "--datasets" => o.datasets = list(),
                    "--only" => o.only = list(),
                    "--repetitions" => o.repetitions = number(value)?.max(1),
                    "--threads" => {
                        o.threads = value.split(',').map(number).collect::<Result<_>>()?
                    }
                    "--timeout" => o.timeout = Duration::from_secs(number(value)? as u64),
                    "--data" => o.data = value.into(),
                    "--out" => o.out = value.into(),
                    "--slam16" => o.slam16 = Some(value.into()),
                    "--slam16-arguments" => {
                        o.slam16_arguments =
                            value.split_ascii_whitespace().map(str::to_string).collect()
                    }
                    _ => return Err(format!("unknown option {key}")),
                }
            }
        }
    }
    Ok(o)
}

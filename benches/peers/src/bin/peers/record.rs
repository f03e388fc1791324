//! The raw log: a header line, then one line per run.

use std::path::Path;

use serde::{Deserialize, Serialize};
use slam16_peers::files::Result;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Header {
    pub date: String,
    pub command: String,
    pub machine: String,
    pub slam16: String,
    pub quick: bool,
    pub load_at_start: String,
    /// One line per contestant's program.
    pub versions: Vec<String>,
    pub blas: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Run {
    pub dataset: String,
    pub contestant: String,
    pub is_slam16: bool,
    pub threads: usize,
    pub repetition: usize,
    /// "ok", "timeout", or what went wrong.
    pub outcome: String,
    /// The optimise call alone.
    pub seconds: Option<f64>,
    /// Processor time of the optimise call, all threads.
    pub cpu_seconds: Option<f64>,
    pub iterations: Option<u64>,
    /// The referee's.
    pub cost: Option<f64>,
    pub process_seconds: f64,
    pub process_user_seconds: f64,
    pub peak_kib: u64,
    pub load: f64,
}

pub fn read(path: &Path) -> Result<(Header, Vec<Run>)> {
    let failed = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
    let text = std::fs::read_to_string(path).map_err(|e| failed(&e))?;
    let mut lines = text.lines();
    let header = serde_json::from_str(lines.next().unwrap_or_default()).map_err(|e| failed(&e))?;
    let runs = lines
        .map(|line| serde_json::from_str(line).map_err(|e| failed(&e)))
        .collect::<Result<_>>()?;
    Ok((header, runs))
}

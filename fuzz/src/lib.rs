//! What all targets do: read bytes in every way, and write back what loads.

use slam16_io::{AnyProblem, ReadOptions, read_bytes, read_trajectory_bytes, write_bal, write_g2o};

/// Reads `prefix` followed by `data`. Readers must neither panic nor hang nor
/// take memory without end; a problem that loads must be writable and, once
/// written, load again.
pub fn read(prefix: &str, data: &[u8]) {
    let mut bytes = prefix.as_bytes().to_vec();
    bytes.extend_from_slice(data);
    for repair in [false, true] {
        let options = ReadOptions {
            repair,
            max_decompressed: 1 << 22,
            max_memory: 1 << 26,
            ..ReadOptions::default()
        };
        match read_bytes("input", &bytes, &options) {
            Err(error) => assert!(!error.to_string().is_empty()),
            Ok(loaded) => write_and_read(&loaded.problem, &loaded.sensor_labels, &options),
        }
    }
}

/// As [`read`], for trajectories.
pub fn read_trajectory(prefix: &str, data: &[u8]) {
    let mut bytes = prefix.as_bytes().to_vec();
    bytes.extend_from_slice(data);
    if let Err(error) = read_trajectory_bytes("input", &bytes, &ReadOptions::default()) {
        assert!(!error.to_string().is_empty());
    }
}

fn write_and_read(problem: &AnyProblem, labels: &[Option<u64>], options: &ReadOptions) {
    // A file of the process's own: targets run side by side.
    let path = std::env::temp_dir().join(format!("slam16-fuzz-{}", std::process::id()));
    let written = match problem {
        AnyProblem::Bundle(_) => write_bal(&path, problem),
        _ => write_g2o(&path, problem, labels),
    };
    // Dumps may hold what the other formats cannot.
    if written.is_ok() {
        let text = std::fs::read(&path).unwrap_or_default();
        if let Err(error) = read_bytes("copy", &text, options) {
            panic!("{error}\n{}", String::from_utf8_lossy(&text));
        }
    }
}

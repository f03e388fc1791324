//! Running the binary and looking at what it left.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder that goes away with the test, and the binary run inside it.
pub struct Desk {
    folder: tempfile::TempDir,
}

/// What a run left behind.
pub struct Run {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Desk {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name))
            .unwrap_or_else(|error| panic!("{name} should be there: {error}"))
    }

    pub fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    /// Names of everything in the folder.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_slam16"));
        command
            .args(arguments.split_whitespace())
            .current_dir(self.folder.path())
            .env_remove("RUST_LOG")
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &str) -> Run {
        let Output {
            status,
            stdout,
            stderr,
        } = self.command(arguments).output().unwrap();
        let run = Run {
            status: status.code().expect("ended by a signal"),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        };
        assert!(!run.err.contains("panicked"), "{arguments}: {}", run.err);
        run
    }

    /// Runs what must succeed.
    pub fn good(&self, arguments: &str) -> Run {
        let run = self.run(arguments);
        assert_eq!(run.status, 0, "{arguments}: {}{}", run.out, run.err);
        run
    }
}

/// A small graph in the plane whose optimum is exact: cost 0.
pub const SQUARE: &str = "\
VERTEX_SE2 0 0 0 0
VERTEX_SE2 1 1.1 0.1 1.5
VERTEX_SE2 2 0.9 1.2 3.1
VERTEX_SE2 3 0.1 0.9 -1.6
EDGE_SE2 0 1 1 0 1.5707963267948966 10 0 0 10 0 10
EDGE_SE2 1 2 1 0 1.5707963267948966 10 0 0 10 0 10
EDGE_SE2 2 3 1 0 1.5707963267948966 10 0 0 10 0 10
EDGE_SE2 3 0 1 0 1.5707963267948966 10 0 0 10 0 10
";

/// A public data file; its absence fails the test by name.
pub fn data(name: &str) -> PathBuf {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let folder = std::env::var("SLAM16_DATA").unwrap_or_else(|_| default.to_owned());
    let path = Path::new(&folder).join(name);
    assert!(
        path.is_file(),
        "{} is missing: set SLAM16_DATA to the folder of the public data sets",
        path.display()
    );
    path.canonicalize().unwrap()
}

/// A file of the repository.
pub fn asset(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../assets")
        .join(name);
    path.canonicalize()
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The number after a name in a table.
pub fn number(text: &str, row: &str, place: usize) -> f64 {
    let line = text
        .lines()
        .find(|line| line.starts_with(row))
        .unwrap_or_else(|| panic!("no row {row} in {text}"));
    let words: Vec<&str> = line[row.len()..].split_whitespace().collect();
    words[place].parse().unwrap()
}

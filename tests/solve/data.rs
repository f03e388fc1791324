//! Where the public data lie, and how results are judged.

use std::path::{Path, PathBuf};

use slam16::io::{AnyProblem, ReadOptions, read};

/// A data file by its path below the data folder; a missing one is named.
pub fn path(name: &str) -> PathBuf {
    let root = std::env::var_os("SLAM16_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = root.join(name);
    assert!(
        path.is_file(),
        "this test needs {}: set SLAM16_DATA to the folder that holds {name}",
        path.display()
    );
    path
}

pub fn load(name: &str) -> AnyProblem {
    read(path(name), &ReadOptions::default())
        .unwrap_or_else(|e| panic!("{name}: {e}"))
        .problem
}

/// `true` when `cost` is no more than `relative` above the best known one. A
/// lower cost is a better optimum, not a failure.
pub fn reaches(cost: f64, best_known: f64, relative: f64) -> bool {
    cost.is_finite() && cost <= best_known * (1.0 + relative)
}

#[test]
fn the_judge_sees_a_worse_cost() {
    assert!(reaches(1.0, 1.0, 1e-6));
    assert!(reaches(1.0 + 0.9e-6, 1.0, 1e-6));
    assert!(!reaches(1.0 + 1.1e-6, 1.0, 1e-6));
    assert!(!reaches(f64::NAN, 1.0, 1e-6));
    assert!(!reaches(f64::INFINITY, f64::INFINITY, 1e-6));
}

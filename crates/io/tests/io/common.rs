use std::path::PathBuf;

use slam16_io::{AnyProblem, Loaded, Warning, WarningKind};

/// A public data file; missing ones fail by name.
pub fn data(name: &str) -> PathBuf {
    let root = std::env::var_os("SLAM16_DATA").map_or_else(
        || concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data").into(),
        PathBuf::from,
    );
    let path = root.join(name);
    assert!(
        path.exists(),
        "missing data file {}: set SLAM16_DATA to the folder of the public data",
        path.display()
    );
    path
}

/// The warning of a kind.
pub fn warning(warnings: &[Warning], kind: WarningKind) -> Option<&Warning> {
    warnings.iter().find(|w| w.kind == kind)
}

/// How often a kind was warned of.
pub fn count(loaded: &Loaded, kind: WarningKind) -> u64 {
    warning(&loaded.warnings, kind).map_or(0, |w| w.count)
}

/// Poses, between edges, landmarks, observations of a graph.
pub fn sizes(problem: &AnyProblem) -> [usize; 4] {
    match problem {
        AnyProblem::Graph2(g) => [
            g.poses().len(),
            g.between().len(),
            g.landmarks().len(),
            g.observations().len(),
        ],
        AnyProblem::Graph3(g) => [
            g.poses().len(),
            g.between().len(),
            g.landmarks().len(),
            g.observations().len(),
        ],
        AnyProblem::Bundle(_) => panic!("a bundle"),
    }
}

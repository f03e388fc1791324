use std::path::PathBuf;

use slam16_io::{AnyProblem, Loaded, ReadError, ReadOptions, Warning, WarningKind, read_bytes};
use slam16_problem::{Bundle, PoseGraph2, PoseGraph3};

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

/// Reads a text with the default options.
pub fn parse(text: &str) -> Result<Loaded, ReadError> {
    read_bytes("t", text.as_bytes(), &ReadOptions::default())
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

pub fn graph2(problem: AnyProblem) -> PoseGraph2 {
    match problem {
        AnyProblem::Graph2(graph) => graph,
        other => panic!("no planar graph but {:?}", other.kind()),
    }
}

pub fn graph3(problem: AnyProblem) -> PoseGraph3 {
    match problem {
        AnyProblem::Graph3(graph) => graph,
        other => panic!("no spatial graph but {:?}", other.kind()),
    }
}

pub fn bundle(problem: AnyProblem) -> Bundle {
    match problem {
        AnyProblem::Bundle(bundle) => bundle,
        other => panic!("no bundle but {:?}", other.kind()),
    }
}

/// Equality of everything a problem holds, by the text of its `Debug`, which
/// shows every bit of finite numbers and tells -0 from 0.
pub fn assert_same(a: &AnyProblem, b: &AnyProblem, context: &str) {
    match (a, b) {
        (AnyProblem::Graph2(a), AnyProblem::Graph2(b)) => assert_same_graph(a, b, context),
        (AnyProblem::Graph3(a), AnyProblem::Graph3(b)) => assert_same_graph(a, b, context),
        (AnyProblem::Bundle(a), AnyProblem::Bundle(b)) => {
            assert_lists(a.cameras(), b.cameras(), context);
            assert_lists(a.points(), b.points(), context);
            assert_lists(a.point_fixed(), b.point_fixed(), context);
            assert_lists(a.lenses(), b.lenses(), context);
            assert_lists(a.observations(), b.observations(), context);
            assert_eq!(a.loss(), b.loss(), "{context}");
        }
        _ => panic!("{context}: {:?} and {:?}", a.kind(), b.kind()),
    }
}

fn assert_lists<T: std::fmt::Debug>(a: &[T], b: &[T], context: &str) {
    assert_eq!(a.len(), b.len(), "{context}");
    for (i, (x, y)) in a.iter().zip(b).enumerate() {
        let (x, y) = (format!("{x:?}"), format!("{y:?}"));
        assert_eq!(x, y, "{context}, number {i}");
    }
}

fn assert_same_graph<G, const D: usize, const P: usize>(
    a: &slam16_problem::PoseGraph<G, D, P>,
    b: &slam16_problem::PoseGraph<G, D, P>,
    context: &str,
) where
    G: slam16_geometry::PoseGroup<D, P>,
{
    assert_lists(a.poses(), b.poses(), context);
    assert_lists(a.pose_labels(), b.pose_labels(), context);
    assert_lists(a.pose_fixed(), b.pose_fixed(), context);
    assert_lists(a.landmarks(), b.landmarks(), context);
    assert_lists(a.landmark_labels(), b.landmark_labels(), context);
    assert_lists(a.landmark_fixed(), b.landmark_fixed(), context);
    assert_lists(a.sensors(), b.sensors(), context);
    assert_lists(a.between(), b.between(), context);
    assert_lists(a.observations(), b.observations(), context);
    assert_lists(a.priors(), b.priors(), context);
    assert_eq!(a.losses(), b.losses(), "{context}");
}

/// The message of a text that must not load.
pub fn message(text: &str) -> String {
    match parse(text) {
        Ok(loaded) => panic!("loaded as {}: {text}", loaded.format),
        Err(error) => error.to_string(),
    }
}

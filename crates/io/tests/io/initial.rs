//! Poses of files without vertex lines.

use nalgebra::Vector2;
use slam16_geometry::Se2;
use slam16_io::Initial;

use crate::common::{count, graph2, parse};
use slam16_io::WarningKind;

/// Poses by label, and where they come from.
fn poses(text: &str) -> (Vec<(u64, Se2)>, Initial) {
    let loaded = parse(text).unwrap();
    let initial = loaded.initial;
    let graph = graph2(loaded.problem);
    let labels = graph.pose_labels().iter().copied();
    (labels.zip(graph.poses().iter().copied()).collect(), initial)
}

fn assert_near(found: Se2, expected: Se2) {
    // A handful of roundings of numbers around 1.
    assert!(
        found.local(&expected).norm() < 1e-14,
        "{found:?} {expected:?}"
    );
}

#[test]
fn odometry_takes_the_first_edge_either_way_and_labels_with_gaps() {
    let text = "\
EDGE_SE2 9 4 1 0 0.5 1 0 0 1 0 1
EDGE_SE2 2 4 1 0 0.25 1 0 0 1 0 1
EDGE_SE2 2 4 9 9 0 1 0 0 1 0 1
EDGE_SE2 2 9 9 9 0 1 0 0 1 0 1
";
    let (found, initial) = poses(text);
    assert_eq!(initial, Initial::Odometry);
    let labels: Vec<u64> = found.iter().map(|p| p.0).collect();
    assert_eq!(labels, [2, 4, 9]);
    let first = Se2::from_xy_theta(1.0, 0.0, 0.25);
    assert_near(found[0].1, Se2::identity());
    assert_near(found[1].1, first);
    assert_near(
        found[2].1,
        first * Se2::from_xy_theta(1.0, 0.0, 0.5).inverse(),
    );
}

#[test]
fn a_tree_where_a_step_lacks_breadth_first_in_file_order() {
    // 1 -> 2 lacks. 3 is reached from 0 before it could be from 1.
    let text = "\
EDGE_SE2 0 1 1 0 0.5 1 0 0 1 0 1
EDGE_SE2 1 3 9 9 0 1 0 0 1 0 1
EDGE_SE2 3 0 2 0 0.25 1 0 0 1 0 1
EDGE_SE2 3 2 1 1 0 1 0 0 1 0 1
EDGE_SE2 7 8 1 2 0 1 0 0 1 0 1
";
    let (found, initial) = poses(text);
    assert_eq!(initial, Initial::SpanningTree);
    let third = Se2::from_xy_theta(2.0, 0.0, 0.25).inverse();
    let expected = [
        (0, Se2::identity()),
        (1, Se2::from_xy_theta(1.0, 0.0, 0.5)),
        (2, third * Se2::from_xy_theta(1.0, 1.0, 0.0)),
        (3, third),
        (7, Se2::identity()),
        (8, Se2::from_xy_theta(1.0, 2.0, 0.0)),
    ];
    for ((label, pose), (expected_label, expected)) in found.into_iter().zip(expected) {
        assert_eq!(label, expected_label);
        assert_near(pose, expected);
    }
    assert_eq!(
        count(&parse(text).unwrap(), WarningKind::SeveralComponents),
        2
    );
}

#[test]
fn landmarks_start_where_they_were_first_seen() {
    let text = "\
EDGE_SE2 0 1 1 0 1.5707963267948966 1 0 0 1 0 1
EDGE_SE2_XY 1 7 2 1 5 1 6
EDGE_SE2_XY 0 7 9 9 5 1 6
";
    let graph = graph2(parse(text).unwrap().problem);
    assert!((graph.landmarks()[0] - Vector2::new(0.0, 2.0)).norm() < 1e-15);
}

#[test]
fn steps_too_large_for_a_double_do_not_spread() {
    let text = "\
EDGE_SE2 0 1 1e308 0 0 1 0 0 1 0 1
EDGE_SE2 1 2 1e308 0 0 1 0 0 1 0 1
EDGE_SE2_XY 1 7 1e308 1 5 1 6
";
    let graph = graph2(parse(text).unwrap().problem);
    assert_eq!(graph.poses()[2], Se2::identity());
    assert_eq!(graph.landmarks()[0], Vector2::zeros());
}

//! Every oddity that is only warned of, with its count and line.

use slam16_io::WarningKind::{self, *};
use slam16_io::{IsamNoise, ReadOptions, read_bytes, read_trajectory_bytes};

use crate::common::{bundle, count, graph2, graph3, parse, warning};

const TWO: &str = "VERTEX_SE2 0 0 0 0\nVERTEX_SE2 1 1 0 0\n";
const EDGE: &str = "EDGE_SE2 0 1 1 0 0 1 0 0 1 0 1\n";

/// Count, lines of the examples, and first example of a kind.
fn found(text: &str, kind: WarningKind) -> (u64, Vec<Option<u64>>, String) {
    let loaded = parse(text).unwrap();
    let warning = warning(&loaded.warnings, kind).unwrap_or_else(|| panic!("no {kind:?}"));
    let lines = warning.examples.iter().map(|e| e.line).collect();
    (warning.count, lines, warning.examples[0].element.clone())
}

#[test]
fn a_sound_file_has_none() {
    assert_eq!(parse(&format!("{TWO}{EDGE}")).unwrap().warnings, []);
}

#[test]
fn several_components() {
    let text = format!(
        "{TWO}{EDGE}VERTEX_SE2 5 0 0 0\nVERTEX_SE2 6 0 0 0\nEDGE_SE2 5 6 1 0 0 1 0 0 1 0 1\n"
    );
    assert_eq!(
        found(&text, SeveralComponents),
        (2, vec![None, None], "the one of vertex 0".into())
    );
}

#[test]
fn vertices_without_factors() {
    let text = format!("{TWO}{EDGE}VERTEX_SE2 5 0 0 0\nVERTEX_XY 6 0 0\n");
    assert_eq!(
        found(&text, VertexWithoutFactors),
        (2, vec![None, None], "vertex 5".into())
    );
    assert_eq!(count(&parse(&text).unwrap(), SeveralComponents), 0);
}

#[test]
fn nearly_singular_information() {
    let text =
        format!("{TWO}{EDGE}EDGE_SE2 0 1 1 0 0 1e10 0 0 1 0 1\nEDGE_SE2 0 1 1 0 0 1 0 0 1 0 0\n");
    assert_eq!(
        found(&text, NearlySingularInformation),
        (2, vec![Some(4), Some(5)], "edge 0 -> 1".into())
    );
}

#[test]
fn repaired_information() {
    let text = format!("{TWO}EDGE_SE2 0 1 1 0 0 1 2 0 1 0 1\nEDGE_SE2 0 1 1 0 0 1 2 0 1 0 1\n");
    let options = ReadOptions {
        repair: true,
        ..ReadOptions::default()
    };
    let loaded = read_bytes("t", text.as_bytes(), &options).unwrap();
    let warning = warning(&loaded.warnings, RepairedInformation).unwrap();
    assert_eq!(warning.count, 2);
    assert_eq!(warning.examples[1].line, Some(4));
    // Eigenvalues 3, -1, 1 become 3, 0, 1: the upper 2x2 block is 1.5 everywhere.
    let graph = graph2(loaded.problem);
    let matrix = graph.between()[0].information.matrix();
    for (i, j) in [(0, 0), (0, 1), (1, 1)] {
        assert!((matrix[(i, j)] - 1.5).abs() < 1e-14, "{matrix}");
    }
}

#[test]
fn quaternions_of_few_digits_are_normalised_in_silence() {
    let text = "VERTEX_SE3:QUAT 0 0 0 0 0 0 0 1.0005\nVERTEX_SE3:QUAT 1 0 0 0 0 0 0 0.9991\nEDGE_SE3:QUAT 0 1 0 0 0 0 0 0 1.0009 1 0 0 0 0 0 1 0 0 0 0 1 0 0 0 1 0 0 1 0 1\n";
    let loaded = parse(text).unwrap();
    assert_eq!(loaded.warnings, []);
    let graph = graph3(loaded.problem);
    for pose in graph.poses() {
        assert_eq!(pose.rotation.xyzw(), [0.0, 0.0, 0.0, 1.0]);
    }
    let measured = graph.between()[0].measurement.rotation.xyzw();
    assert_eq!(measured, [0.0, 0.0, 0.0, 1.0]);

    let tum = "0 1 2 3 0 0 0 1.0005\n";
    let loaded = read_trajectory_bytes("t", tum.as_bytes(), &ReadOptions::default()).unwrap();
    assert_eq!(loaded.warnings, []);
}

#[test]
fn normalized_rotations() {
    let text = "1 0 0 0 0 1 0 0 0 0 1.0001 0\n1 0 0 0 0 1 0 0 0 0 1.000001 0\n";
    let loaded = read_trajectory_bytes("t", text.as_bytes(), &ReadOptions::default()).unwrap();
    let warning = warning(&loaded.warnings, NormalizedRotation).unwrap();
    assert_eq!((warning.count, warning.examples[0].line), (1, Some(1)));
}

#[test]
fn duplicate_edges() {
    let text = format!("{TWO}{EDGE}{EDGE}EDGE_SE2 1 0 1 0 0 1 0 0 1 0 1\n");
    assert_eq!(
        found(&text, DuplicateEdge),
        (2, vec![None, None], "0 -> 1".into())
    );
}

#[test]
fn equivalences() {
    let text = "VERTEX2 0 0 0 0\nVERTEX2 1 1 0 0\nEDGE2 0 1 1 0 0 1 0 1 1 0 0\nEQUIV 1 0\n";
    assert_eq!(
        found(text, IgnoredEquivalence),
        (1, vec![Some(4)], "EQUIV 1 0".into())
    );
}

#[test]
fn points_seen_once_behind_cameras_and_cameras_without_views() {
    let camera = "0 0 0 0 0 0 500 0 0\n";
    // BAL looks down -z: the first point is behind, the second in front.
    let text = format!("3 2 3\n0 0 1 1\n0 1 1 1\n1 1 1 1\n{camera}{camera}{camera}0 0 1\n0 0 -1\n");
    assert_eq!(
        found(&text, PointSeenOnce),
        (1, vec![None], "point 0".into())
    );
    assert_eq!(
        found(&text, BehindCamera),
        (1, vec![None], "point 0 by camera 0".into())
    );
    assert_eq!(
        found(&text, VertexWithoutFactors),
        (1, vec![None], "camera 2".into())
    );
}

#[test]
fn bundles_in_parts() {
    let camera = "0 0 0 0 0 0 500 0 0\n";
    let text = format!("2 2 2\n0 0 1 1\n1 1 1 1\n{camera}{camera}0 0 -1\n0 0 -1\n");
    assert_eq!(
        found(&text, SeveralComponents),
        (2, vec![None, None], "the one of camera 0".into())
    );
}

#[test]
fn cameras_that_bundler_did_not_place() {
    let placed = "500 0 0\n1 0 0\n0 1 0\n0 0 1\n0 0 0\n";
    let unplaced = "0 0 0\n".repeat(5);
    let text = format!("# Bundle file v0.3\n2 1\n{placed}{unplaced}0 0 -1\n9 9 9\n1 0 0 3 4\n");
    assert_eq!(
        found(&text, UnplacedCamera),
        (1, vec![Some(9)], "camera 1".into())
    );
    let bundle = bundle(parse(&text).unwrap().problem);
    assert!(bundle.cameras()[1].pose_fixed && !bundle.cameras()[0].pose_fixed);
}

#[test]
fn landmark_ids_that_overlap_pose_ids() {
    let apart = "EDGE2 0 1 1 0 0 1 0 0 1 0 1\nLANDMARK 0 1 2 3 1 0 1\nLANDMARK 1 0 2 3 1 0 1\n";
    assert_eq!(
        found(apart, LandmarkLabelsShifted),
        (2, vec![None, None], "0 became 2".into())
    );
    let graph = graph2(parse(apart).unwrap().problem);
    assert_eq!(graph.landmark_labels(), [2, 3]);
    let shared = "EDGE2 0 2 1 0 0 1 0 0 1 0 1\nLANDMARK 0 1 2 3 1 0 1\n";
    let graph = graph2(parse(shared).unwrap().problem);
    assert_eq!(
        (graph.pose_labels(), graph.landmark_labels()),
        (&[0, 2][..], &[1][..])
    );
}

#[test]
fn noise_conventions() {
    let steps = "ODOMETRY 0 1 1 0 0 0.25 0 0 0.25 0 0.5\n";
    let (_, _, said) = found(steps, NoiseConvention);
    assert!(said.contains("covariances"), "{said}");
    let matrix = |noise, text: &str| {
        let options = ReadOptions {
            isam_noise: noise,
            ..ReadOptions::default()
        };
        let loaded = read_bytes("t", text.as_bytes(), &options).unwrap();
        *graph2(loaded.problem).between()[0].information.matrix()
    };
    let diagonal = |m: nalgebra::Matrix3<f64>| [m[(0, 0)], m[(1, 1)], m[(2, 2)]];
    assert_eq!(diagonal(matrix(IsamNoise::Auto, steps)), [4.0, 4.0, 2.0]);
    assert_eq!(
        diagonal(matrix(IsamNoise::Information, steps)),
        [0.25, 0.25, 0.5]
    );
    assert_eq!(
        diagonal(matrix(IsamNoise::SquareRoot, steps)),
        [0.0625, 0.0625, 0.25]
    );
    let strong = "ODOMETRY 0 1 1 0 0 50 0 0 50 0 100\n";
    assert_eq!(
        diagonal(matrix(IsamNoise::Auto, strong)),
        [50.0, 50.0, 100.0]
    );

    // A full covariance: its product with the information is the identity.
    let full = "EDGE2 0 1 1 0 0 2 0.5 0.25 3 -0.5 1\n";
    let covariance = nalgebra::Matrix3::new(2.0, 0.5, 0.25, 0.5, 3.0, -0.5, 0.25, -0.5, 1.0);
    let product = covariance * matrix(IsamNoise::Covariance, full);
    assert!(
        (product - nalgebra::Matrix3::identity()).norm() < 1e-14,
        "{product}"
    );
}

#[test]
fn only_the_first_few_are_listed_and_serde_keeps_all() {
    let lonely: String = (0..9).map(|i| format!("VERTEX_SE2 {i} 0 0 0\n")).collect();
    let loaded = parse(&lonely).unwrap();
    let warning = warning(&loaded.warnings, VertexWithoutFactors).unwrap();
    assert_eq!((warning.count, warning.examples.len()), (9, 5));
    assert_eq!(
        warning.to_string(),
        "9 vertices without any factor: held where they are (vertex 0, vertex 1, vertex 2, vertex 3, vertex 4, ...)"
    );
    let json = serde_json::to_string(warning).unwrap();
    assert!(
        json.starts_with(r#"{"kind":"vertex-without-factors","count":9,"#),
        "{json}"
    );
    assert_eq!(
        &serde_json::from_str::<slam16_io::Warning>(&json).unwrap(),
        warning
    );
}

//! Every way a file can be wrong, with its place and its advice.

use slam16_io::{ReadError, ReadOptions, read, read_bytes, read_trajectory_bytes};

use crate::common::{message, parse};

const TWO: &str = "VERTEX_SE2 0 0 0 0\nVERTEX_SE2 1 1 0 0\n";
const I3: &str = "1 0 0 1 0 1";
const I6: &str = "1 0 0 0 0 0 1 0 0 0 0 1 0 0 0 1 0 0 1 0 1";

#[test]
fn lines_that_are_cut_short_or_garbled() {
    let rows = [
        (
            format!("{TWO}EDGE_SE2 0 1 0.5 0.2\n{TWO}"),
            "t:3:21: expected the angle of edge 0 -> 1, a number, found the end of the line",
        ),
        (
            format!("{TWO}EDGE_SE2 0 1 1 0 0 1 0 0"),
            "t:3:25: expected information entry 4 of edge 0 -> 1, a number (4 of 6), found the end of the file",
        ),
        (
            format!("{TWO}EDGE_SE2 0 1 1 zero 0 {I3}\n"),
            "t:3:16: expected y of edge 0 -> 1, a number, found 'zero'",
        ),
        (
            format!("{TWO}EDGE_SE2 0 1 1 0 0 {I3} 7\n"),
            "t:3:32: expected the end of the line, found '7'",
        ),
        (
            "VERTEX_SE2 -1 0 0 0\n".into(),
            "t:1:12: expected the id of a pose (a whole number from 0 to 2^64 - 1), found '-1'",
        ),
        (
            "VERTEX_SE2 18446744073709551616 0 0 0\n".into(),
            "t:1:12: expected the id of a pose (a whole number from 0 to 2^64 - 1), found '18446744073709551616'",
        ),
        (
            "VERTEX_SE2 1.5 0 0 0\n".into(),
            "t:1:12: expected the id of a pose (a whole number from 0 to 2^64 - 1), found '1.5'",
        ),
        (
            "\n# comment\n  VERTEX_SE2 0 0,5 0 0 # more\n".into(),
            "t:3:16: expected x of vertex 0, a number, found '0,5'",
        ),
        (
            format!("VERTEX_SE2 0 {} 0 0\n", "x".repeat(100)),
            "t:1:14: expected x of vertex 0, a number, found 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...'",
        ),
        (
            format!("{TWO}FIX\n"),
            "t:3:4: expected the id of a vertex to hold",
        ),
    ];
    for (text, expected) in rows {
        let message = message(&text);
        assert!(message.starts_with(expected), "{message}");
    }
}

#[test]
fn tags_that_are_unknown_or_do_not_fit() {
    let rows = [
        (
            format!("{TWO}EDGE_SE22 0 1 1 0 0 {I3}\n"),
            "t:3:1: unknown tag 'EDGE_SE22': did you mean EDGE_SE2?",
        ),
        (
            "VERTEX_CAM 0 1 2 3\n".into(),
            "t:1:1: unknown tag 'VERTEX_CAM': drop these lines, or convert them to one of EDGE_SE2, EDGE_SE3:QUAT,",
        ),
        (
            format!("{TWO}EDGE2 0 1 1 0 0 {I3}\n"),
            "t:3:1: unknown tag 'EDGE2': it belongs to TORO files, and this file began as g2o: use one format",
        ),
        (
            format!("{TWO}VERTEX_SE3:QUAT 2 0 0 0 0 0 0 1\n"),
            "t:3:1: 'VERTEX_SE3:QUAT' does not fit 'VERTEX_SE2' on line 1: a graph is either planar or spatial",
        ),
        (
            format!("VERTEX3 0 0 0 0 0 0 0\nEDGE2 0 1 1 0 0 {I3}\n"),
            "t:2:1: 'EDGE2' does not fit 'VERTEX3' on line 1",
        ),
    ];
    for (text, expected) in rows {
        let message = message(&text);
        assert!(message.starts_with(expected), "{message}");
    }
}

#[test]
fn vertices_that_are_unknown_double_or_of_the_wrong_kind() {
    let rows = [
        (
            format!("{TWO}EDGE_SE2 0 7 1 0 0 {I3}\n"),
            "t:3:12: edge 0 -> 7 refers to vertex 7, which the file does not define",
        ),
        (
            format!("{TWO}EDGE_SE2_XY 0 7 1 0 1 0 1\n"),
            "t:3:15: observation 0 -> 7 refers to vertex 7, which the file does not define",
        ),
        (
            format!("{TWO}EDGE_PRIOR_SE2 9 1 0 0 {I3}\n"),
            "t:3:16: prior of vertex 9 refers to vertex 9, which the file does not define",
        ),
        (
            format!("{TWO}FIX 0 5\n"),
            "t:3:7: FIX refers to vertex 5, which the file does not define",
        ),
        (
            format!("{TWO}VERTEX_SE2 0 1 1 1\n"),
            "t:3:12: vertex 0 is already defined on line 1: drop one of the two lines",
        ),
        (
            format!("{TWO}VERTEX_XY 1 1 1\n"),
            "t:3:11: vertex 1 is already defined on line 2",
        ),
        (
            format!("{TWO}EDGE_SE2 1 1 1 0 0 {I3}\n"),
            "t:3:12: edge 1 -> 1 joins a vertex to itself",
        ),
        (
            format!("{TWO}VERTEX_XY 2 0 0\nEDGE_SE2 0 2 1 0 0 {I3}\n"),
            "t:4:12: expected the id of a pose, found 2, which is a landmark elsewhere in the file",
        ),
        (
            format!("{TWO}EDGE_SE2_XY 0 1 1 0 1 0 1\n"),
            "t:3:15: expected the id of a landmark, found 1, which is a pose elsewhere in the file",
        ),
        (
            format!("EDGE_SE2 0 1 1 0 0 {I3}\nVERTEX_XY 1 0 0\n"),
            "t:2:11: expected the id of a landmark, found 1, which is a pose elsewhere in the file",
        ),
        (
            "VERTEX_SE3:QUAT 0 0 0 0 0 0 0 1\nEDGE_SE3_TRACKXYZ 0 1 4 0 0 0 1 0 0 1 0 1\n".into(),
            "t:2:23: expected the id of a PARAMS_SE3OFFSET line above, found '4'",
        ),
        (
            "PARAMS_SE3OFFSET 0 0 0 0 0 0 0 1\nPARAMS_SE3OFFSET 0 0 0 0 0 0 0 1\n".into(),
            "t:2:18: expected an id that no PARAMS_SE3OFFSET line has used, found '0'",
        ),
    ];
    for (text, expected) in rows {
        let message = message(&text);
        assert!(message.starts_with(expected), "{message}");
    }
}

#[test]
fn files_that_are_missing_empty_or_of_no_known_format() {
    let missing = read("/no/such/file.g2o", &ReadOptions::default()).unwrap_err();
    assert!(matches!(missing, ReadError::Missing { .. }), "{missing}");
    assert_eq!(missing.path().to_str(), Some("/no/such/file.g2o"));
    assert_eq!(missing.line(), None);

    let folder = read(env!("CARGO_MANIFEST_DIR"), &ReadOptions::default()).unwrap_err();
    assert!(matches!(folder, ReadError::Io { .. }), "{folder}");

    for text in ["", "\n\n", "# only a comment\n", "\u{feff}"] {
        let message = message(text);
        assert_eq!(
            message, "t: the file holds no data: was it written completely?",
            "{text:?}"
        );
    }
    for text in ["FIX 3\n", "EQUIV 1 2\n"] {
        let error = parse(text).unwrap_err();
        assert!(matches!(error, ReadError::Empty { .. }), "{error}");
    }
    let rows = [
        (
            "hello world\n",
            "t:1:1: unknown format, the file begins with 'hello'",
        ),
        (
            "\n\n<xml>\n",
            "t:3:1: unknown format, the file begins with '<xml>'",
        ),
        (
            "\0\0\0",
            "t:1:1: unknown format, the file begins with '\\0\\0\\0'",
        ),
        (
            "1 2 3 4 5\n",
            "t:1:1: unknown format, the file begins with a line of 5 numbers",
        ),
    ];
    for (text, expected) in rows {
        let message = message(text);
        assert!(message.starts_with(expected), "{message}");
    }
    // Comments that fill more than one block come before the data.
    let long = format!("{}hello\n", "# nothing\n".repeat(40_000));
    assert!(message(&long).starts_with("t:40001:1: unknown format, the file begins with 'hello'"));
    let trajectory = message("0 1 2 3 0 0 0 1\n");
    assert_eq!(
        trajectory,
        "t: this is a TUM trajectory, a pose graph or a bundle is needed here"
    );
}

#[test]
fn compressed_files_that_are_cut_or_do_not_end() {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..20_000 {
        encoder
            .write_all(b"# nothing but a comment that repeats\n")
            .unwrap();
    }
    let bomb = encoder.finish().unwrap();
    let small = ReadOptions {
        max_decompressed: 100_000,
        ..ReadOptions::default()
    };
    let error = read_bytes("t", &bomb, &small).unwrap_err();
    assert!(
        matches!(error, ReadError::TooLarge { limit: 100_000, .. }),
        "{error}"
    );

    let error = read_bytes("t", &bomb[..bomb.len() / 2], &ReadOptions::default()).unwrap_err();
    assert!(matches!(error, ReadError::Io { .. }), "{error}");
    let error = read_bytes("t", b"BZh9nonsense", &ReadOptions::default()).unwrap_err();
    assert!(matches!(error, ReadError::Io { .. }), "{error}");
}

#[test]
fn trajectories_with_faults() {
    let rows = [
        (
            "0 1 2 3 0 0 0 1\n1 1 2 3 0 0 0\n",
            "t:2:14: expected qw, a number, found the end of the file",
        ),
        ("0 1 2 3 0 0 0 1.1\n", "t:1:9: the quaternion has norm 1.1"),
        (
            "1 0 0 0 0 1 0 0 0 0 2 0\n",
            "t:1:1: the matrix is not a rotation (its distance from the nearest one is 1.000e0)",
        ),
        (
            "1 0 0 0 0 1 0 0 0 0 1 0 0\n",
            "t:1:1: unknown format, the file begins with a line of 13 numbers",
        ),
        (
            "1,0,0,0,1,0,0,x\n",
            "t:1:15: expected qz, a number, found 'x'",
        ),
    ];
    for (text, expected) in rows {
        let error =
            read_trajectory_bytes("t", text.as_bytes(), &ReadOptions::default()).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

#[test]
fn places_and_parts_are_given_apart_from_the_message() {
    let text = format!("{TWO}EDGE_SE2 0 1 1 0 0 {I3}\nEDGE_SE2 0 1 1 0 0 {I6}\n");
    let error = parse(&text).unwrap_err();
    assert_eq!((error.line(), error.column()), (Some(4), Some(32)));
    assert_eq!(error.path().to_str(), Some("t"));
}

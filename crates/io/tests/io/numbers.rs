//! Numbers that are none, or no measurement: the message names the element.

use crate::common::message;

const TWO: &str = "VERTEX_SE2 0 0 0 0\nVERTEX_SE2 1 1 0 0\n";
const I6: &str = "1 0 0 0 0 0 1 0 0 0 0 1 0 0 0 1 0 0 1 0 1";

#[test]
fn numbers_that_are_no_measurements() {
    let rows = [
        (
            "VERTEX_SE2 0 nan 0 0\n".into(),
            "t:1:14: x of vertex 0 is not a finite number ('nan')",
        ),
        (
            "VERTEX_SE2 0 0 -inf 0\n".into(),
            "t:1:16: y of vertex 0 is not a finite number ('-inf')",
        ),
        (
            "VERTEX_SE2 0 0 0 1e999\n".into(),
            "t:1:18: the angle of vertex 0 is not a finite number ('1e999')",
        ),
        (
            "VERTEX_SE3:QUAT 0 0 0 0 0 0 0 1.002\n".into(),
            "t:1:25: the quaternion of vertex 0 has norm 1.002, which differs from 1 by more than 0.001",
        ),
        (
            "VERTEX_SE3:QUAT 0 0 0 0 0 0 0 0\n".into(),
            "t:1:25: the quaternion of vertex 0 has norm 0, which",
        ),
        (
            format!("{TWO}EDGE_SE2 0 1 1 0 0 1 2 0 1 0 1\n"),
            "t:3:20: the information matrix of edge 0 -> 1 is not positive semidefinite (smallest eigenvalue -1.000000e0)",
        ),
        (
            format!("{TWO}EDGE_SE2 0 1 1 0 0 -1 0 0 -1 0 -1\n"),
            "t:3:20: the information matrix of edge 0 -> 1 is not positive semidefinite (smallest eigenvalue -1.0",
        ),
        (
            format!("{TWO}VERTEX_XY 2 1 1\nEDGE_SE2_XY 0 2 1 0 -3 0 1\n"),
            "t:4:21: the information matrix of observation 0 -> 2 is not positive semidefinite (smallest eigenvalue -3.0",
        ),
        (
            "ODOMETRY 0 1 1 0 0 0.1 0 0 -0.1 0 0.1\n".into(),
            "t:1:20: the information matrix of edge 0 -> 1 is not positive semidefinite (smallest eigenvalue -1.0",
        ),
    ];
    for (text, expected) in rows {
        let message = message(&text);
        assert!(message.starts_with(expected), "{message}");
    }
    let repairable = message(&format!("{TWO}EDGE_SE2 0 1 1 0 0 1 2 0 1 0 1\n"));
    assert!(repairable.contains("--repair"), "{repairable}");
}

#[test]
fn numbers_are_named_with_their_element() {
    let two3 = "VERTEX_SE3:QUAT 3 0 0 0 0 0 0 1\nVERTEX_SE3:QUAT 4 0 0 0 0 0 0 1\n";
    let camera = "0 0 0 0 0 0 500 0 0\n";
    let rows = [
        (
            format!("{two3}EDGE_SE3:QUAT 3 4 0 0 0 0 0 0 2 {I6}\n"),
            "t:3:25: the quaternion of edge 3 -> 4 has norm 2, which",
        ),
        (
            "VERTEX_SE3:QUAT 7 0 0 0 0 0 3 4\n".into(),
            "t:1:25: the quaternion of vertex 7 has norm 5, which",
        ),
        (
            "VERTEX_SE2 3 nan 0 0\n".into(),
            "t:1:14: x of vertex 3 is not a finite number ('nan')",
        ),
        (
            format!("{TWO}EDGE_SE2 0 1 1 0 0 inf 0 0 1 0 1\n"),
            "t:3:20: information entry 1 of edge 0 -> 1 is not a finite number ('inf')",
        ),
        (
            "VERTEX_SE2 3 abc 0 0\n".into(),
            "t:1:14: expected x of vertex 3, a number, found 'abc': correct or drop the line",
        ),
        (
            format!("{TWO}VERTEX_XY 5 1 b\n"),
            "t:3:15: expected y of vertex 5, a number, found 'b'",
        ),
        (
            format!("{TWO}VERTEX_XY 5 1 1\nEDGE_SE2_XY 0 5 1 nan 1 0 1\n"),
            "t:4:19: y of observation 0 -> 5 is not a finite number",
        ),
        (
            format!("{TWO}EDGE_PRIOR_SE2 1 1 0 0 1 0 0 1 0 nan\n"),
            "t:3:34: information entry 6 of prior of vertex 1 is not a finite number",
        ),
        (
            "PARAMS_SE3OFFSET 2 0 0 0 0 0 0 0.5\n".into(),
            "t:1:26: the quaternion of PARAMS_SE3OFFSET 2 has norm 0.5",
        ),
        (
            "VERTEX3 8 0 0 0 0 nan 0\n".into(),
            "t:1:19: pitch of vertex 8 is not a finite number",
        ),
        (
            "EDGE2 1 2 1 0 0 1 0 nan 1 0 0\nVERTEX2 1 0 0 0\n".into(),
            "t:1:21: information entry 3 of edge 1 -> 2 is not a finite number",
        ),
        (
            "ODOMETRY 1 2 1 x 0 1 0 0 1 0 1\n".into(),
            "t:1:16: expected y of edge 1 -> 2, a number, found 'x'",
        ),
        (
            "LANDMARK 1 2 1 0 1 0 -inf\nODOMETRY 0 1 1 0 0 1 0 0 1 0 1\n".into(),
            "t:1:22: information entry 3 of observation 1 -> 2 is not a finite number",
        ),
        (
            format!("5 1 1\n0 0 1 1\n{}0 0 0 0 0 0 nan 0 0\n1 2 3\n", camera.repeat(4)),
            "t:7:13: number 7 of camera 4 is not a finite number ('nan')",
        ),
        (
            format!("2 1 1\n0 0 1 1\n{camera}0 0 0 0 0 0 f 0 0\n1 2 3\n"),
            "t:4:13: expected number 7 of camera 1, a number (7 of 9), found 'f'",
        ),
        (
            format!("1 2 1\n0 0 1 1\n{camera}1 2 3\n1 2 inf\n"),
            "t:5:5: coordinate 3 of point 1 is not a finite number",
        ),
        (
            "# Bundle file v0.3\n1 1\n500 0 0\n1 0 0\n0 1 0\n0 0 1\n0 nan 0\n1 2 3\n9 9 9\n0\n".into(),
            "t:7:3: translation coordinate 2 of camera 0 is not a finite number",
        ),
        (
            "# Bundle file v0.3\n1 1\n500 0 0\n1 0 0\n0 1 0\n0 0 1\n0 0 0\n1 2 3\n9 9 9\n1 0 0 1 z\n".into(),
            "t:10:9: expected y of a view of point 0, a number, found 'z'",
        ),
    ];
    for (text, expected) in rows {
        let message = message(&text);
        assert!(message.starts_with(expected), "{message}");
    }
}

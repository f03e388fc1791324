//! Headers of bundles that promise what the body does not hold.

use slam16_io::{ReadError, ReadOptions, read_bytes};

use crate::common::{message, parse};

#[test]
fn headers_that_do_not_fit_their_bodies() {
    let camera = "0\n".repeat(9);
    let rows = [
        (
            format!("1 1 2\n0 0 1 1\n0 0 1 1\n{camera}0\n0\n"),
            "t:15:1: the header announces 1 cameras, 1 points, 2 observations, the file holds the end of the file instead of coordinate 3 of point 0",
        ),
        (
            format!("1 1 1\n0 0 1 1\n{camera}0\n0\n0\n5\n"),
            "t:15:1: the header announces 1 cameras, 1 points, 1 observations, the file holds more numbers after the last point",
        ),
        (
            format!("1 1 1\n0 1 1 1\n{camera}0\n0\n0\n"),
            "t:2:3: expected a point index below 1, as the header says, found '1'",
        ),
        (
            format!("1 1 1\n2 0 1 1\n{camera}0\n0\n0\n"),
            "t:2:1: expected a camera index below 1, as the header says, found '2'",
        ),
        (
            "1000000000 1000000000 1000000000\n0 0 1 1\n".into(),
            "t:1:1: the header announces 1000000000 cameras, 1000000000 points, 1000000000 observations (at least 32000000000 bytes of text), the file holds at most 41 bytes",
        ),
        (
            "18446744073709551615 18446744073709551615 18446744073709551615\n0 0 1 1\n".into(),
            "t:1:1: the header announces 18446744073709551615 cameras",
        ),
        (
            format!("1 1 1\n0 0 1 inf\n{camera}0\n0\n0\n"),
            "t:2:7: v of the observation of point 0 by camera 0 is not a finite number ('inf')",
        ),
        (
            format!("1 1 1\n0 0 1 x\n{camera}0\n0\n0\n"),
            "t:2:7: expected v of the observation of point 0 by camera 0, a number, found 'x'",
        ),
        (
            "# Bundle file v0.3\n100 100\n0 0 0\n".into(),
            "t:2:1: the header announces 100 cameras, 100 points (at least 4400 bytes of text)",
        ),
    ];
    for (text, expected) in rows {
        let message = message(&text);
        assert!(message.starts_with(expected), "{message}");
    }
}

#[test]
fn a_wrong_number_of_observations_is_laid_to_the_header() {
    let observations: String = (0..6)
        .map(|k| format!("{} {} {k}.5 -{k}.25\n", k % 2, k / 2))
        .collect();
    let camera = "0.01\n-0.02\n0.03\n0\n0\n0\n500\n0\n0\n".repeat(2);
    let text = |header: &str| format!("{header}\n{observations}{camera}{}", "1\n2\n-3\n".repeat(3));
    assert!(parse(&text("2 3 6")).is_ok());
    assert_eq!(
        message(&text("2 3 7")),
        "t:8:1: line 1 promises 7 observations, line 8 does not look like one (it reads as a camera or point number, '0.01'): correct the header or the body"
    );
    // All numbers of a camera on one line, which begins like an observation.
    let rows = format!("1 1 2\n0 0 1 1\n7 0 0 0 0 0 500 0 0\n{}", "1\n".repeat(9));
    assert!(message(&rows).starts_with(
        "t:3:1: line 1 promises 2 observations, line 3 does not look like one (it reads as a camera or point number, '7')"
    ));
    // A line of four is an observation, if a wrong one.
    let wrong = text("2 3 6").replacen("\n1 0 ", "\n0.5 0 ", 1);
    assert!(message(&wrong).starts_with("t:3:1: expected a camera index ("));
    assert!(message(&text("2 3 5")).contains("the header announces 2 cameras, 3 points, 5"));
}

#[test]
fn headers_that_hold_no_counts() {
    let observations = "0 0 1 1\n";
    let rows = [
        (
            "-2 3 6\n",
            "t:1:1: expected the number of cameras in the BAL header (a whole number from 0 to 4294967294), found '-2': correct the header",
        ),
        (
            "99999999999999999999 3 6\n",
            "t:1:1: expected the number of cameras in the BAL header (a whole number from 0 to 4294967294), found '99999999999999999999'",
        ),
        (
            "2 3 -6\n",
            "t:1:5: expected the number of observations in the BAL header (a whole number from 0 to 4294967294), found '-6'",
        ),
        (
            "2 +3 6\n",
            "t:1:3: expected the number of points in the BAL header",
        ),
        (
            "# Bundle file v0.3\n2\n",
            "t:2:2: expected the number of points in the Bundler header (a whole number from 0 to 4294967294), found the end of the line",
        ),
        (
            "1 2.5 3\n",
            "t:1:1: unknown format, the file begins with a line of 3 numbers",
        ),
    ];
    for (header, expected) in rows {
        let message = message(&format!("{header}{observations}"));
        assert!(message.starts_with(expected), "{message}");
    }
}

#[test]
fn a_header_too_large_for_memory_is_refused_before_its_body_is_read() {
    // Nothing of a bzip2 stream's length bounds its text, so only the limit helps.
    use std::io::Write;
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(b"10 4000000000 10\n0 0 1 1\n").unwrap();
    let bytes = encoder.finish().unwrap();
    let error = read_bytes("t", &bytes, &ReadOptions::default()).unwrap_err();
    assert!(
        matches!(error, ReadError::TooLarge { needed, .. } if needed > 90_000_000_000),
        "{error}"
    );

    // Gzip bounds the length by a thousandfold, which vouches for nothing either.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = "0 0 1 1\n".repeat(1 << 17);
    write!(encoder, "10 10 1000000\n{zeros}").unwrap();
    let bytes = encoder.finish().unwrap();
    let error = read_bytes("t", &bytes, &ReadOptions::default()).unwrap_err();
    assert!(matches!(error, ReadError::Header { .. }), "{error}");

    // Within the limit it is read until it ends, without taking memory ahead.
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(b"10 400000000 10\n0 0 1 1\n").unwrap();
    let bytes = encoder.finish().unwrap();
    let error = read_bytes("t", &bytes, &ReadOptions::default()).unwrap_err();
    assert!(matches!(error, ReadError::Header { .. }), "{error}");
}

#[test]
fn bundler_files_with_impossible_cameras() {
    let camera = |r: &str| format!("500 0 0\n{r}\n0 0 0\n");
    let text = |camera: &str, view: &str| {
        format!("# Bundle file v0.3\n1 1\n{camera}1 2 3\n9 9 9\n1 {view}\n")
    };
    let good = camera("1 0 0 0 1 0 0 0 1");
    assert!(parse(&text(&good, "0 0 1 1")).is_ok());

    let stretched = text(&camera("2 0 0 0 1 0 0 0 1"), "0 0 1 1");
    assert_eq!(
        message(&stretched),
        "t:4:1: the matrix is not a rotation (its distance from the nearest one is 1.000e0): correct it"
    );
    assert!(
        message(&text(&good, "1 0 1 1"))
            .starts_with("t:8:3: expected a camera index below 1, as the header says, found '1'")
    );
    let unplaced = text(&camera("0 0 0 0 0 0 0 0 0"), "0 0 1 1");
    assert!(message(&unplaced).starts_with("t:8:3: expected a view by a camera with a pose"));
}

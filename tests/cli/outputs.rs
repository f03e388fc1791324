//! Files that a solve writes.

use crate::common::{Desk, SQUARE, asset};

#[test]
fn the_extension_tells_the_format() {
    let desk = Desk::new();
    desk.write("square.g2o", SQUARE);
    for (name, start) in [
        ("out.g2o", "VERTEX_SE2 0 0 0 0"),
        ("out.tum", "0 0 0 0 0 0 0 1"),
        ("out.kitti", "1 "),
        ("out.json", "{\"slam16_dump\":1"),
    ] {
        desk.good(&format!("solve square.g2o -q -o {name}"));
        let text = desk.read(name);
        assert!(text.starts_with(start), "{name}: {text}");
    }
    desk.good("solve square.g2o -q -o out.g2o.gz");
    let bytes = std::fs::read(desk.path("out.g2o.gz")).unwrap();
    assert_eq!(bytes[..2], [0x1f, 0x8b]);
    desk.good("check out.g2o.gz");
}

#[test]
fn a_solved_graph_keeps_every_vertex_and_edge() {
    let desk = Desk::new();
    let file = asset("sphere.g2o");
    desk.good(&format!("solve {} -q -o out.g2o", file.display()));
    let input = std::fs::read_to_string(file).unwrap();
    let output = desk.read("out.g2o");
    let edges = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|l| l.starts_with("EDGE"));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(edges(&input), edges(&output));
    let ids = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|l| l.starts_with("VERTEX"));
        let id = |l: &str| l.split_whitespace().nth(1).unwrap().to_owned();
        lines.map(id).collect()
    };
    assert_eq!(ids(&input), ids(&output));
}

#[test]
fn pictures_in_three_formats() {
    let desk = Desk::new();
    let file = asset("town.g2o");
    for (name, start) in [
        ("p.svg", &b"<svg "[..]),
        ("p.png", b"\x89PNG"),
        ("p.html", b"<!doctype html>"),
    ] {
        let run = desk.good(&format!("solve {} --plot {name}", file.display()));
        assert!(run.out.contains(name), "{}", run.out);
        let bytes = std::fs::read(desk.path(name)).unwrap();
        assert!(bytes.starts_with(start), "{name}");
        assert!(bytes.len() > 10_000, "{name}: {} bytes", bytes.len());
    }
    let page = desk.read("p.html");
    assert!(page.contains("converged") && page.contains("<svg "));
}

#[test]
fn a_place_that_cannot_be_written_fails_before_the_solve() {
    let desk = Desk::new();
    desk.write("square.g2o", SQUARE);
    desk.write("file", "");
    for arguments in [
        "solve square.g2o --report missing/r.json",
        "solve square.g2o --plot missing/p.svg",
        "solve square.g2o --dump missing/d.json",
        "convert square.g2o missing/out.tum",
        "simulate ring -o missing/ring.g2o",
    ] {
        let run = desk.run(arguments);
        assert_eq!(run.status, 2, "{arguments}");
        assert!(
            run.err.contains("make it first"),
            "{arguments}: {}",
            run.err
        );
        assert!(!run.err.contains("step"), "{arguments}: {}", run.err);
    }
    let run = desk.run("solve square.g2o -o file/out.g2o");
    assert_eq!(run.status, 2, "{}", run.err);
}

#[test]
fn no_temporary_file_stays() {
    let desk = Desk::new();
    desk.write("square.g2o", SQUARE);
    desk.good("solve square.g2o -o out.g2o --report r.json --plot p.png --dump d.json");
    assert_eq!(
        desk.names(),
        ["d.json", "out.g2o", "p.png", "r.json", "square.g2o"]
    );
}

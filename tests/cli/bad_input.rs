//! Every kind of bad input: exit status 3, the file, the line, the element,
//! and what to do; nothing is written.

use crate::common::{Desk, SQUARE, data};

/// File name, content, and what the message must hold.
type Case = (&'static str, String, &'static [&'static str]);

fn spoiled(replace: &str, by: &str) -> String {
    assert!(SQUARE.contains(replace));
    SQUARE.replacen(replace, by, 1)
}

fn with(line: &str) -> String {
    format!("{SQUARE}{line}\n")
}

fn cases() -> Vec<Case> {
    let unit = "10 0 0 10 0 10";
    let space = "10 0 0 0 0 0 10 0 0 0 0 10 0 0 0 10 0 0 10 0 10";
    vec![
        ("empty.g2o", String::new(), &["empty.g2o", "no data"]),
        (
            "comments.g2o",
            "# nothing\n\n".into(),
            &["comments.g2o", "no data"],
        ),
        (
            "truncated.g2o",
            with("EDGE_SE2 0 2 1 0"),
            &["truncated.g2o:9:17", "expected", "found the end"],
        ),
        (
            "garbage.g2o",
            spoiled("EDGE_SE2 0 1 1 0", "EDGE_SE2 0 1 one 0"),
            &["garbage.g2o:5:14", "'one'", "correct"],
        ),
        (
            "tag.g2o",
            with(&format!("EDGE_SE9 0 2 1 1 0 {unit}")),
            &["tag.g2o:9:1", "EDGE_SE9", "EDGE_SE2"],
        ),
        (
            "unknown-vertex.g2o",
            with(&format!("EDGE_SE2 2 77 1 0 0 {unit}")),
            &["unknown-vertex.g2o:9:12", "edge 2 -> 77", "vertex 77"],
        ),
        (
            "duplicate.g2o",
            spoiled("VERTEX_SE2 3 0.1", "VERTEX_SE2 1 0.1"),
            &["duplicate.g2o:4:12", "vertex 1", "line 2"],
        ),
        (
            "self-edge.g2o",
            with(&format!("EDGE_SE2 2 2 1 0 0 {unit}")),
            &["self-edge.g2o:9", "edge 2 -> 2"],
        ),
        (
            "nan.g2o",
            with(&format!("EDGE_SE2 0 2 nan 1 0 {unit}")),
            &["nan.g2o:9:14", "'nan'", "not a finite number"],
        ),
        (
            "infinite.g2o",
            spoiled("VERTEX_SE2 2 0.9", "VERTEX_SE2 2 -inf"),
            &["infinite.g2o:3:14", "'-inf'", "not a finite number"],
        ),
        (
            "quaternion.g2o",
            format!(
                "VERTEX_SE3:QUAT 0 0 0 0 0 0 0 1\nVERTEX_SE3:QUAT 1 1 0 0 0 0 0 0.5\nEDGE_SE3:QUAT 0 1 1 0 0 0 0 0 1 {space}\n"
            ),
            &["quaternion.g2o:2:25", "norm 0.5", "normalise"],
        ),
        (
            "indefinite.g2o",
            with("EDGE_SE2 0 2 1 1 0 10 0 0 10 0 -3"),
            &["indefinite.g2o:9:20", "edge 0 -> 2", "-3.0", "--repair"],
        ),
        (
            "mixed.g2o",
            with("VERTEX_SE3:QUAT 9 0 0 0 0 0 0 1"),
            &["mixed.g2o:9:1", "VERTEX_SE3:QUAT", "planar or spatial"],
        ),
        (
            "short-bundle.txt",
            "2 3 4\n0 0 1 2\n0 1 1 2\n".into(),
            &["short-bundle.txt:1:1", "4 observations", "cut short"],
        ),
        (
            "huge-bundle.txt",
            "2000000000 2000000000 2000000000\n0 0 1 2\n".into(),
            &["huge-bundle.txt:1:1", "2000000000 cameras", "header"],
        ),
        (
            "bundle-index.txt",
            format!("1 1 1\n5 0 1 2\n{}", "0\n".repeat(12)),
            &["bundle-index.txt:2:1", "camera", "'5'"],
        ),
        (
            "binary.dat",
            "\0\u{1}\u{2}hello\n".into(),
            &["binary.dat:1:1", "unknown format", "g2o"],
        ),
        (
            "dump.json",
            "{\"slam16_dump\": 1, \"problem\": {}}".into(),
            &["dump.json:1", "slam16 dump"],
        ),
    ]
}

#[test]
fn says_where_and_what_and_leaves_outputs_alone() {
    for (name, content, parts) in cases() {
        let desk = Desk::new();
        desk.write(name, &content);
        desk.write("out.g2o", "precious");
        desk.write("out.json", "precious");
        desk.write("out.svg", "precious");
        let run = desk.run(&format!(
            "solve {name} -o out.g2o --report out.json --plot out.svg"
        ));
        assert_eq!(run.status, 3, "{name}: {}", run.err);
        assert!(run.out.is_empty(), "{name}: {}", run.out);
        let message = run.err.lines().find(|l| l.starts_with("error: "));
        let message = message.unwrap_or_else(|| panic!("{name}: {}", run.err));
        for part in parts {
            assert!(message.contains(part), "{name}: no '{part}' in: {message}");
        }
        for kept in ["out.g2o", "out.json", "out.svg"] {
            assert_eq!(desk.read(kept), "precious", "{name}: {kept}");
        }
        assert_eq!(desk.names().len(), 4, "{name}: {:?}", desk.names());
        // The other readers of files say the same.
        for command in ["check", "plan"] {
            let other = desk.run(&format!("{command} {name}"));
            assert_eq!(other.status, 3, "{command} {name}");
            let text = format!("{}{}", other.out, other.err);
            assert!(text.contains(message), "{command} {name}: {text}");
        }
    }
}

#[test]
fn a_missing_file_is_named() {
    let desk = Desk::new();
    for command in [
        "solve nowhere/graph.g2o",
        "check nowhere/graph.g2o",
        "plan nowhere/graph.g2o",
        "convert nowhere/graph.g2o out.tum",
        "evaluate nowhere/graph.g2o nowhere/graph.g2o",
    ] {
        let run = desk.run(command);
        assert_eq!(run.status, 3, "{command}");
        let text = format!("{}{}", run.out, run.err);
        assert!(
            text.contains("error: nowhere/graph.g2o: no such file"),
            "{command}: {text}"
        );
    }
    assert!(desk.names().is_empty());
}

#[test]
fn a_folder_is_no_file() {
    let desk = Desk::new();
    let run = desk.run("solve .");
    assert_eq!(run.status, 3);
    assert!(run.err.contains("cannot be read"), "{}", run.err);
}

#[test]
fn repair_projects_what_is_indefinite() {
    let desk = Desk::new();
    desk.write(
        "graph.g2o",
        &with("EDGE_SE2 0 2 1 1 3.141592653589793 10 0 0 10 0 -3"),
    );
    assert_eq!(desk.run("solve graph.g2o").status, 3);
    let run = desk.good("solve graph.g2o --repair --report r.json");
    assert!(run.out.contains("projected"), "{}", run.out);
    let kinds = desk.json("r.json")["file_warnings"].to_string();
    assert!(kinds.contains("repaired-information"), "{kinds}");
    // Real data: 81 false loops of this graph are indefinite.
    let file = data("pgo/B25b_lc133_random_n1.g2o");
    let run = desk.run(&format!("check {}", file.display()));
    assert_eq!(run.status, 3);
    assert!(run.err.contains("smallest eigenvalue"), "{}", run.err);
    let run = desk.good(&format!("check --repair {}", file.display()));
    assert!(run.out.contains("81 indefinite"), "{}", run.out);
}

#[test]
fn oddities_are_counted_and_the_solve_goes_on() {
    let island = "VERTEX_SE2 10 0 0 0\nVERTEX_SE2 11 1 0 0.1\nEDGE_SE2 10 11 1 0 0 10 0 0 10 0 10";
    let bundle = "2 2 3\n0 0 1 2\n1 0 3 4\n0 1 5 6\n\
        0 0 0 0 0 0 500 0 0\n0 0 0 -1 0 0 500 0 0\n0.1 0.2 -5\n0.3 0.1 4\n";
    let cases: [(&str, String, &str, &str); 7] = [
        (
            "a.g2o",
            with(island),
            "several-components",
            "2 connected components",
        ),
        (
            "b.g2o",
            with("VERTEX_SE2 9 0 0 0"),
            "vertex-without-factors",
            "vertex 9",
        ),
        (
            "c.g2o",
            with("EDGE_SE2 0 2 1 1 3.1 10 0 0 10 0 1e-12"),
            "nearly-singular-information",
            "edge 0 -> 2 on line 9",
        ),
        (
            "d.g2o",
            with("EDGE_SE2 0 1 1 0 1.57 10 0 0 10 0 10"),
            "duplicate-edge",
            "0 -> 1",
        ),
        (
            "e.txt",
            bundle
                .replace(' ', "\n")
                .replace("\n", " ")
                .replacen("2 2 3 ", "2 2 3\n", 1),
            "point-seen-once",
            "point 1",
        ),
        (
            "f.txt",
            bundle.into(),
            "behind-camera",
            "behind their camera",
        ),
        (
            "g.g2o",
            SQUARE
                .replace("VERTEX_SE2 1", "FIX 0\nVERTEX_SE2 1")
                .replace(" 10 0 10\n", " 10 0 10 \n"),
            "",
            "",
        ),
    ];
    for (name, content, kind, words) in cases {
        let desk = Desk::new();
        desk.write(name, &content);
        let check = desk.good(&format!("check {name}"));
        assert!(check.out.contains(words), "{name}: {}", check.out);
        let strict = desk.run(&format!("check --strict {name}"));
        assert_eq!(strict.status, if kind.is_empty() { 0 } else { 3 }, "{name}");
        let solve = desk.run(&format!("solve {name} --report r.json"));
        assert!(solve.status <= 1, "{name}: {}", solve.err);
        assert!(solve.out.contains(words), "{name}: {}", solve.out);
        let kinds = desk.json("r.json")["file_warnings"].to_string();
        assert!(kinds.contains(kind), "{name}: {kinds}");
    }
}

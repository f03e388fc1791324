//! Files that a solve writes.

use std::time::{Duration, Instant};

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

/// The second edge weighs x alone: y and heading of vertex 2 are free.
const SINGULAR: &str = "\
VERTEX_SE2 0 0 0 0
VERTEX_SE2 1 1.1 0.1 0.1
VERTEX_SE2 2 2.3 0.1 0.2
EDGE_SE2 0 1 1 0 0 10 0 0 10 0 10
EDGE_SE2 1 2 1 0 0 10 0 0 0 0 0
";

#[test]
fn a_solution_is_written_although_its_covariance_is_not_to_be_had() {
    let desk = Desk::new();
    desk.write("sing.g2o", SINGULAR);
    let run = desk.run("solve sing.g2o --covariance 2 -o o.g2o --report r.json --plot p.svg");
    assert_eq!(run.status, 1, "{}", run.err);
    assert!(run.err.contains("error: --covariance"), "{}", run.err);
    assert!(run.out.contains("o.g2o"), "{}", run.out);
    assert!(desk.read("o.g2o").contains("VERTEX_SE2 1 1 "));
    assert!(desk.read("p.svg").starts_with("<svg "));
    let report = desk.json("r.json");
    assert!(report["robust_cost"].as_f64().unwrap() < 1e-12, "{report}");
    assert!(report["covariance"].as_array().unwrap().is_empty());
    let warnings = report["warnings"].to_string();
    assert!(warnings.contains("--covariance"), "{warnings}");
}

#[test]
fn the_best_state_is_written_when_the_numbers_give_no_result() {
    let desk = Desk::new();
    // Weights of 1e200 and 1e-200 have no normal equations that damping helps.
    let heavy = SINGULAR
        .replace("10 0 0 10 0 10", "1e200 0 0 1e200 0 1e200")
        .replace("10 0 0 0 0 0", "1e-200 0 0 0 0 0");
    desk.write("sing.g2o", &heavy);
    let run = desk.run("solve sing.g2o --precision f32 -o o.g2o");
    assert_eq!(run.status, 1, "{}{}", run.out, run.err);
    let error = run.err.lines().find(|l| l.starts_with("error: sing.g2o: "));
    let error = error.unwrap_or_else(|| panic!("{}", run.err));
    assert!(error.contains("best state so far is in o.g2o"), "{error}");
    assert_eq!(desk.read("o.g2o").matches("VERTEX_SE2").count(), 3);
    desk.good("check o.g2o");
    // Among several inputs the others are solved all the same.
    desk.write("square.g2o", SQUARE);
    let run = desk.run("solve sing.g2o square.g2o --precision f32 -o both/");
    assert_eq!(run.status, 1, "{}{}", run.out, run.err);
    desk.read("both/sing.g2o");
    desk.read("both/square.g2o");
}

#[test]
fn outputs_that_overwrite_inputs_or_each_other_are_refused() {
    let desk = Desk::new();
    desk.write("square.g2o", SQUARE);
    desk.write("other.g2o", SQUARE);
    desk.good("convert square.g2o case.json");
    desk.good("convert square.g2o path.tum");
    desk.write("times", "0\n1\n2\n3\n");
    desk.good("convert square.g2o path.kitti");
    let before = desk.names();
    let case = desk.read("case.json");
    for arguments in [
        "solve square.g2o -o s.g2o --report s.g2o",
        "solve square.g2o -o s.g2o --report ./s.g2o",
        "solve square.g2o --report square.g2o",
        "solve square.g2o --dump w.json --report w.json",
        "solve square.g2o --dump w.svg --plot w.svg",
        "solve case.json --dump case.json",
        "solve case.json -o . --report case.g2o",
        "solve square.g2o other.g2o -o x/ --report {}.g2o",
        "simulate ring -o rr.tum --truth rr.tum",
        "evaluate path.tum path.tum --report path.tum",
        "convert path.kitti times --to tum --times times",
    ] {
        let run = desk.run(arguments);
        assert_eq!(run.status, 2, "{arguments}: {}", run.err);
        assert!(
            run.err.contains("choose another"),
            "{arguments}: {}",
            run.err
        );
        assert!(!run.err.contains("step"), "{arguments}: {}", run.err);
    }
    std::fs::remove_dir(desk.path("x")).unwrap();
    assert_eq!(desk.names(), before);
    assert_eq!(desk.read("square.g2o"), SQUARE);
    assert_eq!(desk.read("case.json"), case);
    // In place is a choice.
    desk.good("solve square.g2o -o square.g2o");
    assert_ne!(desk.read("square.g2o"), SQUARE);
}

#[test]
fn folders_of_patterns_are_made() {
    let desk = Desk::new();
    desk.write("square.g2o", SQUARE);
    desk.good("solve square.g2o -o solved/ --plot pictures/{}.png --report reports/{}.json");
    desk.read("solved/square.g2o");
    assert!(desk.path("pictures/square.png").is_file());
    desk.read("reports/square.json");
}

/// In /proc nobody makes files, whatever the rights say.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_takes_no_file_is_named_before_the_solve() {
    let desk = Desk::new();
    desk.write("square.g2o", SQUARE);
    for arguments in [
        "solve square.g2o -o /proc/out.g2o",
        "solve square.g2o --report /proc/{}.json",
        "simulate ring -o /proc/out.g2o",
        "convert square.g2o /proc/out.tum",
    ] {
        let run = desk.run(arguments);
        assert_eq!(run.status, 2, "{arguments}: {}", run.err);
        assert!(
            run.err.contains("in the folder /proc "),
            "{arguments}: {}",
            run.err
        );
        assert!(!run.err.contains(".slam16-"), "{arguments}: {}", run.err);
        assert!(!run.err.contains("step"), "{arguments}: {}", run.err);
    }
    desk.good("solve square.g2o -q --report /dev/null");
}

#[test]
fn sizes_beyond_all_memory_are_refused() {
    let desk = Desk::new();
    for kind in [
        "sphere --rings 100000000 --per-ring 100000000",
        "torus --rings 18446744073709551615 --per-ring 18446744073709551615",
        "grid --size 1000000 1000000 1000000",
        "garage --levels 100000000",
        "manhattan --poses 10000000000",
        "ring --laps 100000000",
        "bundle --cameras 1000000 --points 1000000",
        "loops --frames 10000000000",
        "indoor --frames 10000000000",
        "town --cameras 10000000000",
        "window --frames 10000000000",
    ] {
        let run = desk.run(&format!("simulate {kind} -o out.json"));
        assert_eq!(run.status, 2, "{kind}: {}", run.err);
        assert!(run.err.contains("too many"), "{kind}: {}", run.err);
    }
    assert!(desk.names().is_empty());
}

#[cfg(unix)]
#[test]
fn an_interrupted_write_leaves_no_temporary_file() {
    // 128 and the number of the signal.
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let desk = Desk::new();
        let mut run = desk
            .command("simulate sphere --rings 200 --per-ring 200 -o out.g2o.bz2")
            .spawn()
            .unwrap();
        let written = || {
            let temporary = desk
                .names()
                .into_iter()
                .find(|n| n.starts_with(".slam16-"))?;
            let metadata = std::fs::metadata(desk.path(&temporary)).ok()?;
            (metadata.len() > 0).then_some(())
        };
        let start = Instant::now();
        while written().is_none() {
            assert!(run.try_wait().unwrap().is_none(), "ended before it wrote");
            assert!(start.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(1));
        }
        let kill = format!("kill -{signal} {}", run.id());
        let sent = std::process::Command::new("sh")
            .args(["-c", &kill])
            .status();
        assert!(sent.unwrap().success());
        assert_eq!(run.wait().unwrap().code(), Some(status), "{signal}");
        assert!(desk.names().is_empty(), "{signal}: {:?}", desk.names());
    }
}

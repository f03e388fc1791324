//! Solving: statuses, options, progress, several inputs, dumps, pipes.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::common::{Desk, SQUARE, asset, data, number};

fn square() -> Desk {
    let desk = Desk::new();
    desk.write("square.g2o", SQUARE);
    desk
}

#[test]
fn status_0_a_stop_test_was_met() {
    let desk = square();
    let run = desk.good("solve square.g2o");
    assert!(run.out.contains("converged"), "{}", run.out);
    assert!(number(&run.out, "cost", 2) < 1e-9, "{}", run.out);
    // Progress is no result.
    assert!(run.err.contains("step   1: cost"), "{}", run.err);
    assert!(!run.out.contains("step   1"), "{}", run.out);
}

#[test]
fn status_1_no_stop_test_was_met_and_the_best_state_is_written() {
    let desk = square();
    let file = asset("sphere.g2o");
    let command = format!("solve {} --max-iterations 2 -o out.g2o", file.display());
    let run = desk.run(&command);
    assert_eq!(run.status, 1, "{}", run.err);
    assert!(run.out.contains("iteration limit 2"), "{}", run.out);
    let before = desk.good(&format!("check {}", file.display())).out;
    let after = desk.good("check out.g2o").out;
    let start = |text: &str| {
        let line = text
            .lines()
            .find(|l| l.contains("cost at the start"))
            .unwrap()
            .to_owned();
        line.split_whitespace()
            .last()
            .unwrap()
            .parse::<f64>()
            .unwrap()
    };
    assert!(start(&after) < 0.1 * start(&before));
    let late = desk.run(&format!("solve {} --time-budget 1us", file.display()));
    assert_eq!(late.status, 1);
    assert!(late.out.contains("time budget"), "{}", late.out);
    // The cost is known even when there was no time for a step.
    assert!(number(&late.out, "cost", 0) > 1e5, "{}", late.out);
    assert_eq!(number(&late.out, "cost", 2), number(&late.out, "cost", 0));
}

#[test]
fn status_2_bad_usage() {
    let desk = square();
    for (arguments, words) in [
        ("", "Usage"),
        ("solve", "INPUT"),
        ("solve square.g2o --precision f8", "mixed"),
        ("solve square.g2o --loss huber", "huber:1"),
        ("solve square.g2o --max-iterations 0", "stop.max_iterations"),
        ("solve square.g2o --cost-tolerance 2", "stop.relative_cost"),
        ("solve square.g2o --covariance 99", "no vertex 99"),
        ("solve square.g2o --plot picture.bmp", ".svg, .png or .html"),
        ("solve square.g2o -o out.xyz", ".xyz"),
        ("solve square.g2o -o no/such/out.g2o", "no folder no/such"),
        ("solve square.g2o square.g2o -o out.g2o", "{}"),
        ("solve square.g2o --linear-solver schur-pcg", "use cholesky"),
        ("solve square.g2o --ordering multicolor", "multicolor"),
        ("convert square.g2o out.bal", "BAL"),
        ("simulate sphere --rings 0 -o s.g2o", "rings"),
    ] {
        let run = desk.run(arguments);
        assert_eq!(run.status, 2, "{arguments}: {}{}", run.out, run.err);
        assert!(run.err.contains(words), "{arguments}: {}", run.err);
    }
    assert_eq!(desk.names(), ["square.g2o"]);
}

#[test]
fn status_4_a_device_that_is_not_there() {
    let desk = square();
    for command in ["solve", "plan"] {
        let run = desk.run(&format!(
            "{command} square.g2o --backend gpu --adapter nowhere"
        ));
        assert_eq!(run.status, 4);
        assert!(
            run.err.contains("no GPU adapter answers to nowhere"),
            "{}",
            run.err
        );
        // Forgetting to ask for the GPU is no reason to fall back silently.
        let run = desk.run(&format!("{command} square.g2o --adapter nowhere"));
        assert_eq!(run.status, 2);
        assert!(run.err.contains("--backend gpu"), "{}", run.err);
    }
    // What is cheap to find out comes before a device is opened.
    let run = desk.run("solve square.g2o --backend gpu --adapter nowhere -o no/such.g2o");
    assert_eq!(run.status, 2, "{}", run.err);
    assert!(run.err.contains("make it first"), "{}", run.err);
    desk.good("solve square.g2o --backend auto");
    desk.good("solve square.g2o --backend cpu");
}

#[test]
fn quiet_is_silent() {
    let desk = square();
    let run = desk.good("solve square.g2o -q -o out.g2o");
    assert_eq!((run.out.as_str(), run.err.as_str()), ("", ""));
    assert!(desk.read("out.g2o").contains("VERTEX_SE2"));
    let bad = desk.run("solve missing.g2o -q");
    assert!(bad.err.starts_with("error: missing.g2o"), "{}", bad.err);
}

#[test]
fn every_choice_reaches_the_same_minimum() {
    let desk = Desk::new();
    let file = asset("sphere.g2o");
    let best = 1102.031968;
    for choice in [
        "--algorithm lm",
        "--algorithm gauss-newton",
        "--algorithm dogleg",
        "--linear-solver cholesky --refactor always",
        "--linear-solver cholesky --refactor reuse",
        "--ordering amd",
        "--ordering nested-dissection",
        "--precision f64",
        "--precision f32",
        "--threads 2",
        "--initial odometry",
        "--initial spanning-tree",
        "--initial chordal",
        "--loss none",
    ] {
        let run = desk.good(&format!("solve {} {choice}", file.display()));
        let cost = number(&run.out, "cost", 2);
        assert!((cost / best - 1.0).abs() < 1e-6, "{choice}: {cost}");
    }
    let run = desk.good(&format!("solve {} --loss cauchy:1", file.display()));
    assert!(run.out.contains("robust cost"), "{}", run.out);
    let robust = number(&run.out, "robust cost", 2);
    assert!(robust < best, "{robust}");
}

#[test]
fn guesses_are_for_graphs() {
    let desk = Desk::new();
    let file = asset("bundle.txt");
    let run = desk.run(&format!("solve {} --initial chordal", file.display()));
    assert_eq!(run.status, 2);
    assert!(run.err.contains("bundle"), "{}", run.err);
}

#[test]
fn several_inputs_are_solved_one_after_another() {
    let desk = square();
    desk.write("other.g2o", SQUARE);
    desk.write("broken.g2o", "VERTEX_SE2 0 zero 0 0\n");
    let run = desk.run(
        "solve square.g2o broken.g2o other.g2o -o solved/ --report {}.json --plot plots-{}.svg",
    );
    assert_eq!(run.status, 3, "the worst of the three");
    assert!(run.err.contains("broken.g2o:1:14"), "{}", run.err);
    for name in ["solved/square.g2o", "solved/other.g2o", "plots-other.svg"] {
        assert!(desk.path(name).is_file(), "{name}");
    }
    assert_eq!(desk.json("other.json")["input"]["path"], "other.g2o");
    assert!(!desk.path("solved/broken.g2o").exists());
    assert_eq!(run.out.matches("converged").count(), 2);
    let same = desk.run("solve square.g2o ./square.g2o -o solved/");
    assert_eq!(same.status, 2);
    assert!(same.err.contains("two inputs"), "{}", same.err);
}

#[test]
fn covariances_follow_the_ids_of_the_file() {
    let desk = Desk::new();
    let text = SQUARE
        .replace("SE2 3 ", "SE2 30 ")
        .replace("2 3 1", "2 30 1");
    desk.write("square.g2o", &text);
    let run = desk.good("solve square.g2o --covariance 30,0 --report r.json");
    assert!(run.out.contains("pose 30:"), "{}", run.out);
    let blocks = &desk.json("r.json")["covariance"];
    assert_eq!(blocks[0]["id"], 30);
    let variance = blocks[0]["matrix"][0][0].as_f64().unwrap();
    // A ring of four edges of variance 0.1: one step beside three in
    // parallel gives at least 0.075 along the step.
    assert!(variance > 0.05 && variance < 1.0, "{variance}");
    assert_eq!(blocks[1]["matrix"][2][2], 0.0, "the first pose is held");
    let free = "VERTEX_SE2 0 0 0 0\nVERTEX_SE2 1 1 0 0\nEDGE_SE2 0 1 1 0 0 1 0 0 0 0 0\n";
    desk.write("free.g2o", free);
    let run = desk.run("solve free.g2o --covariance 1");
    assert_eq!(run.status, 1, "{}", run.err);
    assert!(run.err.contains("id 1 free"), "{}", run.err);
}

#[test]
fn a_dump_solves_the_same_again() {
    let desk = Desk::new();
    let file = asset("town.g2o");
    let first = desk.good(&format!(
        "solve {} --loss huber:1.5 --cost-tolerance 1e-9 --dump case.json",
        file.display()
    ));
    let again = desk.good("solve case.json --report r.json");
    let cost = |text: &str| {
        let found = text.lines().find(|l| l.starts_with("cost"));
        found.unwrap().to_owned()
    };
    assert_eq!(cost(&first.out), cost(&again.out));
    let report = desk.json("r.json");
    assert_eq!(report["given"]["stop"]["relative_cost"], 1e-9);
    assert_eq!(report["input"]["format"], "dump");
    // The command line comes before the dump.
    desk.run("solve case.json --cost-tolerance 1e-3 --report r.json");
    assert_eq!(desk.json("r.json")["given"]["stop"]["relative_cost"], 1e-3);
    let text = desk.read("case.json");
    desk.write("bad.json", &text.replacen("\"stop\"", "\"stopp\"", 1));
    let run = desk.run("solve bad.json");
    assert_eq!(run.status, 3, "{}", run.err);
    assert!(run.err.contains("stopp"), "{}", run.err);
}

#[test]
fn a_reader_that_goes_away_is_no_reason_to_panic() {
    let desk = square();
    for arguments in [
        "solve square.g2o -o out.g2o",
        "check square.g2o square.g2o square.g2o",
        "plan square.g2o",
        "--help",
        "solve --help",
    ] {
        let mut child = desk
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let err = BufReader::new(child.stderr.take().unwrap());
        let lines: Vec<String> = err.lines().map(Result::unwrap).collect();
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(0), "{arguments}: {lines:?}");
        assert!(!lines.concat().contains("panicked"), "{lines:?}");
    }
    assert!(desk.path("out.g2o").is_file(), "the work was done");
    // Nor when nobody hears of the progress.
    let mut child = desk
        .command("solve square.g2o")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn two_runs_and_two_threads_give_the_same_file() {
    let desk = Desk::new();
    let file = asset("sphere.g2o");
    for (name, threads) in [("a.g2o", 1), ("b.g2o", 1), ("c.g2o", 2)] {
        desk.good(&format!(
            "solve {} -q -o {name} --threads {threads}",
            file.display()
        ));
    }
    assert_eq!(desk.read("a.g2o"), desk.read("b.g2o"));
    assert_eq!(desk.read("a.g2o"), desk.read("c.g2o"));
}

#[test]
fn compressed_public_data_is_solved_as_it_is() {
    let desk = Desk::new();
    let file = data("ba/problem-21-11315-pre.txt.bz2");
    let run = desk.good(&format!("solve {}", file.display()));
    let cost = number(&run.out, "cost", 2);
    assert!((cost / 30378.6358 - 1.0).abs() < 1e-6, "{cost}");
}

#[test]
fn the_log_is_silent_until_asked() {
    let desk = square();
    let run = |level: Option<&str>| {
        let mut command = desk.command("solve square.g2o -q -o out.g2o");
        if let Some(level) = level {
            command.env("RUST_LOG", level);
        }
        String::from_utf8(command.output().unwrap().stderr).unwrap()
    };
    assert_eq!(run(None), "");
    assert!(run(Some("info")).contains("writing out.g2o"));
    assert!(!run(Some("info")).contains("max_iterations"));
    assert!(run(Some("debug")).contains("max_iterations"));
}

#[test]
fn version_and_help_are_results() {
    let desk = Desk::new();
    let run = desk.good("--version");
    assert!(run.out.starts_with("slam16 "), "{}", run.out);
    let run = desk.good("--help");
    for command in ["solve", "check", "convert", "evaluate", "plan", "simulate"] {
        assert!(run.out.contains(command), "{command}: {}", run.out);
    }
    assert!(run.out.contains("Exit status"), "{}", run.out);
}

/// Without an adapter there is nothing to list, and that is said.
#[test]
fn adapters_are_listed_and_used() {
    let desk = square();
    let list = desk.good("adapters --json");
    let list: serde_json::Value = serde_json::from_str(&list.out).unwrap();
    let adapters = list.as_array().unwrap();
    let table = desk.good("adapters").out;
    if adapters.is_empty() {
        assert!(table.contains("no GPU adapter"), "{table}");
        return;
    }
    for adapter in adapters {
        assert!(table.contains(adapter["name"].as_str().unwrap()), "{table}");
        assert!(adapter["error"].is_null(), "{adapter}");
        for tried in adapter["canary"].as_array().unwrap() {
            assert_eq!(tried["sound"], true, "{adapter}");
        }
    }
    desk.good("solve square.g2o --backend gpu --adapter 0 --linear-solver cgnr --report r.json");
    let plan = desk.good("plan square.g2o --backend gpu --adapter 0 --linear-solver cgnr");
    assert!(plan.out.contains("factor blocks"), "{}", plan.out);
    let used = &desk.json("r.json")["used"];
    assert_eq!(used["backend"], "gpu");
    assert_eq!(used["linear_solver"], "cgnr:projected");
}

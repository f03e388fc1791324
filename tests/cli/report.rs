//! The JSON report: every documented key, and no other.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::common::{Desk, asset};

/// Keys with their path; elements of arrays under `[]`. What users name
/// themselves is not followed.
fn keys(value: &Value, path: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                into.insert(path.clone());
                if path != "given.algorithm" && path != "given.linear" {
                    keys(value, &path, into);
                }
            }
        }
        Value::Array(all) => {
            for value in all {
                keys(value, &format!("{path}[]"), into);
            }
        }
        _ => {}
    }
}

/// The keys in the tables of docs/report.md.
fn documented() -> BTreeSet<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/report.md");
    let text = std::fs::read_to_string(path).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let key = |line: &str| line[3..].split('`').next().unwrap().to_owned();
    rows.map(key).collect()
}

fn report(desk: &Desk, arguments: &str) -> Value {
    desk.good(&format!("{arguments} --report r.json"));
    desk.json("r.json")
}

#[test]
fn the_documentation_lists_what_there_is() {
    let desk = Desk::new();
    // A report with everything in it: notes, warnings, covariances.
    let text = std::fs::read_to_string(asset("sphere.g2o")).unwrap();
    let first = text.lines().find(|l| l.starts_with("EDGE")).unwrap();
    let measured: Vec<_> = first.split_whitespace().take(10).collect();
    let measured = measured.join(" ");
    let singular = "1 0 0 0 0 0 1 0 0 0 0 1 0 0 0 1 0 0 1 0 1e-12";
    desk.write(
        "odd.g2o",
        &format!("{text}{measured} {singular}\nVERTEX_SE3:QUAT 9999 0 0 0 0 0 0 1\n"),
    );
    let everything = report(
        &desk,
        "solve odd.g2o --covariance 5 --loss huber:3 -o out.g2o",
    );
    let bundle = format!("solve {}", asset("bundle.txt").display());
    let mut found = BTreeSet::new();
    keys(&everything, "", &mut found);
    keys(&report(&desk, &bundle), "", &mut found);
    let documented = documented();
    let missing: Vec<_> = found.difference(&documented).collect();
    assert!(missing.is_empty(), "not documented: {missing:?}");
    // Some keys need a fallback or a held point to appear.
    let rare = |key: &&String| !key.starts_with("used.fallbacks[]") && !key.starts_with("notes[].");
    let gone: Vec<_> = documented.difference(&found).filter(rare).collect();
    assert!(gone.is_empty(), "documented, but not there: {gone:?}");
}

#[test]
fn the_numbers_agree_with_each_other() {
    let desk = Desk::new();
    let r = report(&desk, &format!("solve {}", asset("sphere.g2o").display()));
    let number = |path: &str| r.pointer(path).unwrap().as_f64().unwrap();
    assert_eq!(r["problem"]["kind"], "pose-graph3");
    assert_eq!(number("/problem/variables"), 400.0);
    assert_eq!(number("/problem/factors"), 779.0);
    assert_eq!(number("/problem/dof"), 2394.0);
    assert_eq!(r["version"], env!("CARGO_PKG_VERSION"));
    let steps = r["iterations"].as_array().unwrap();
    let last = steps.last().unwrap()["cost"].as_f64().unwrap();
    assert_eq!(last, number("/final_cost"));
    assert_eq!(number("/final_cost"), number("/robust_cost"));
    assert!(number("/initial_cost") > 100.0 * number("/final_cost"));
    assert!(number("/stop/value") <= number("/stop/threshold"));
    let stages = ["setup", "linearize", "linear_solve", "update"];
    let sum: f64 = stages
        .iter()
        .map(|s| number(&format!("/seconds/{s}")))
        .sum();
    assert!(sum <= number("/seconds/total") * 1.001, "{sum}");
    let of_steps: f64 = steps
        .iter()
        .map(|s| s["seconds"]["total"].as_f64().unwrap())
        .sum();
    assert!(of_steps <= number("/seconds/total"));
    assert!(number("/seconds/io") > 0.0);
    assert!(number("/bytes/host") > 1e5);
    assert_eq!(r["used"]["backend"], "cpu");
    assert_eq!(r["used"]["linear_solver"], "cholesky");
    let ordering = r["used"]["ordering"].as_str().unwrap();
    assert!(
        ["amd", "nested-dissection"].contains(&ordering),
        "{ordering}"
    );
    assert_eq!(r["readbacks"], 0);
    assert_eq!(r["notes"][0]["kind"], "gauge-fixed");
}

#[test]
fn the_report_goes_to_standard_output_alone() {
    let desk = Desk::new();
    let run = desk.good(&format!("solve {} --report -", asset("town.g2o").display()));
    let report: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(report["problem"]["kind"], "pose-graph2");
    assert!(desk.names().is_empty());
}

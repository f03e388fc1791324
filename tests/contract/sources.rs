//! Habits that a reader relies on, checked over every source file.

use std::path::{Path, PathBuf};

fn sources() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    let mut pending = vec![root.join("crates"), root.join("tests")];
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.file_name().unwrap() != "target" {
                    pending.push(path);
                }
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(found.len() > 50, "the walk found too little");
    found
}

/// A rule of thumb made a bound: past this a file no longer reads in one go.
const MAX_LINES: usize = 550;

#[test]
fn files_stay_readable() {
    let long: Vec<String> = sources()
        .iter()
        .filter_map(|path| {
            let lines = std::fs::read_to_string(path).unwrap().lines().count();
            (lines > MAX_LINES).then(|| format!("{} ({lines} lines)", path.display()))
        })
        .collect();
    assert!(long.is_empty(), "too long: {long:#?}");
}

/// A crate root documents and re-exports; logic lives in modules.
fn logic_lines(text: &str) -> Vec<&str> {
    text.lines()
        .map(str::trim_start)
        .filter(|line| {
            [
                "fn ",
                "pub fn ",
                "impl",
                "struct ",
                "pub struct ",
                "pub trait ",
                "enum ",
            ]
            .iter()
            .any(|start| line.starts_with(start))
        })
        .collect()
}

#[test]
fn crate_roots_hold_no_logic() {
    for path in sources() {
        if path.ends_with("src/lib.rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let logic = logic_lines(&text);
            assert!(logic.is_empty(), "{}: {logic:?}", path.display());
        }
    }
}

#[test]
fn the_root_check_sees_logic() {
    assert_eq!(logic_lines("//! doc\nmod a;\npub fn f() {}\n").len(), 1);
}

//! Dependencies point down: each crate may use only the crates below it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Allowed edges, crate → crates it may depend on. An edge that is not here is an error.
const ALLOWED: &[(&str, &[&str])] = &[
    ("geometry", &[]),
    ("sparse", &[]),
    ("problem", &["geometry", "sparse"]),
    ("solver", &["problem", "sparse"]),
    ("cpu", &["solver", "problem", "sparse", "geometry"]),
    ("gpu", &["solver", "problem", "sparse"]),
    ("estimators", &["solver", "problem", "sparse", "geometry"]),
    ("io", &["problem", "geometry", "sparse"]),
    ("sim", &["problem", "geometry", "sparse"]),
    (
        "slam16",
        &[
            "estimators",
            "cpu",
            "gpu",
            "io",
            "solver",
            "problem",
            "sparse",
            "geometry",
        ],
    ),
    ("cli", &["slam16", "sim", "io"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// Edges among the project's own crates, from one manifest's normal and build dependencies.
fn own_dependencies(manifest: &str) -> BTreeSet<String> {
    let table: toml::Table = manifest.parse().unwrap();
    let mut edges = BTreeSet::new();
    for section in ["dependencies", "build-dependencies"] {
        let Some(dependencies) = table.get(section).and_then(toml::Value::as_table) else {
            continue;
        };
        for name in dependencies.keys() {
            if name == "slam16" {
                edges.insert("slam16".to_owned());
            } else if let Some(short) = name.strip_prefix("slam16-") {
                edges.insert(short.to_owned());
            }
        }
    }
    edges
}

/// Every edge of `found` that `ALLOWED` does not have.
fn forbidden(found: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, edges) in found {
        match ALLOWED.iter().find(|(n, _)| n == name) {
            None => wrong.push(format!("crate {name} is not in the table")),
            Some((_, allowed)) => wrong.extend(
                edges
                    .iter()
                    .filter(|e| !allowed.contains(&e.as_str()))
                    .map(|e| format!("{name} -> {e}")),
            ),
        }
    }
    wrong
}

#[test]
fn dependencies_point_down() {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let manifest = std::fs::read_to_string(path.join("Cargo.toml")).unwrap();
        found.insert(name, own_dependencies(&manifest));
    }
    assert_eq!(
        found.len(),
        ALLOWED.len(),
        "a crate is missing or not in the table"
    );
    let wrong = forbidden(&found);
    assert!(wrong.is_empty(), "forbidden edges: {wrong:?}");
}

#[test]
fn the_check_sees_an_upward_edge() {
    let manifest = "[dependencies]\nslam16-cpu.workspace = true\nnalgebra = \"1\"\n";
    let found = BTreeMap::from([("problem".to_owned(), own_dependencies(manifest))]);
    assert_eq!(forbidden(&found), vec!["problem -> cpu"]);
}

/// wgpu has one user, so that everything else builds without it.
#[test]
fn only_the_gpu_crate_names_wgpu() {
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        let path = entry.unwrap().path();
        let manifest = std::fs::read_to_string(path.join("Cargo.toml")).unwrap();
        let names = manifest.contains("wgpu");
        assert_eq!(names, path.ends_with("gpu"), "{}", path.display());
    }
}

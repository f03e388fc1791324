//! A kernel has four places with one stem, and its twin its arguments.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use slam16_gpu::kernels::ALL;
use slam16_gpu::shader::{Access, KernelSpec};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Stems of the files with an extension in a folder, but for some.
fn stems(folder: &str, extension: &str, but: &[&str]) -> BTreeSet<String> {
    std::fs::read_dir(root().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|stem| !but.contains(&stem.as_str()))
        .collect()
}

const PLACES: [(&str, &str, &[&str]); 4] = [
    ("shaders", "wgsl", &[]),
    ("crates/gpu/src/kernels", "rs", &["mod"]),
    (
        "crates/cpu/src/kernels",
        "rs",
        &[
            "camera",
            "loss",
            "maxima",
            "mod",
            "sums",
            "triangles",
            "triangular",
        ],
    ),
    (
        "tests/kernels",
        "rs",
        &[
            "bundle_chain",
            "census",
            "device",
            "factor",
            "main",
            "reflection",
            "translation",
        ],
    ),
];

#[test]
fn every_kernel_has_its_four_places() {
    let listed: BTreeSet<String> = ALL.iter().map(|spec| spec.name.to_owned()).collect();
    assert_eq!(listed.len(), ALL.len(), "a name is used twice");
    for (folder, extension, but) in PLACES {
        assert_eq!(stems(folder, extension, but), listed, "in {folder}");
    }
}

/// Names of the arguments of `pub fn NAME` in a source text.
fn arguments(text: &str, name: &str) -> Vec<String> {
    let start = text.find(&format!("pub fn {name}")).unwrap();
    let open = start + text[start..].find('(').unwrap();
    let end = open + text[open..].find(") {").unwrap();
    let (mut depth, mut pieces) = (0, vec![String::new()]);
    for letter in text[open + 1..end].chars() {
        match letter {
            '(' | '[' | '<' => depth += 1,
            ')' | ']' | '>' => depth -= 1,
            ',' if depth == 0 => pieces.push(String::new()),
            _ => {}
        }
        let last = pieces.len() - 1;
        pieces[last].push(letter);
    }
    let names = pieces.iter().filter_map(|piece| piece.split_once(':'));
    names
        .map(|(name, _)| name.trim_start_matches(',').trim().to_owned())
        .collect()
}

/// Buffers, then fields of the uniform structure.
fn wanted(spec: &KernelSpec) -> Vec<String> {
    let buffers = spec.bindings.iter().filter(|b| b.access != Access::Uniform);
    let buffers = buffers.map(|b| b.name);
    let fields = spec.fields.iter().map(|f| f.name);
    buffers.chain(fields).map(str::to_owned).collect()
}

#[test]
fn twins_take_what_their_kernels_take() {
    for spec in ALL {
        let path = format!("crates/cpu/src/kernels/{}.rs", spec.name);
        let text = std::fs::read_to_string(root().join(path)).unwrap();
        let found = arguments(&text, spec.name);
        let wanted = wanted(spec);
        assert!(
            found.ends_with(&wanted),
            "{}: {found:?}, not {wanted:?}",
            spec.name
        );
    }
}

#[test]
fn the_census_reads_signatures() {
    let text =
        "pub fn f<S>(\n    size: (usize, usize),\n    x: &[f32],\n    y: &mut [f32],\n) {\n}";
    assert_eq!(arguments(text, "f"), ["size", "x", "y"]);
    assert_eq!(
        arguments("pub fn g(a: u32, b: [u8; 2]) {}", "g"),
        ["a", "b"]
    );
}

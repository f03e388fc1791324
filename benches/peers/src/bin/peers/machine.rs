//! What the figures were measured on.

use std::process::Command;

use crate::options::repository;

fn first_line(program: &str, arguments: &[&str]) -> String {
    Command::new(program)
        .args(arguments)
        .output()
        .ok()
        .and_then(|o| {
            let text = String::from_utf8_lossy(&o.stdout).into_owned();
            text.lines().next().map(str::to_string)
        })
        .unwrap_or_default()
}

pub fn date() -> String {
    first_line("date", &["-u", "+%Y-%m-%d %H:%M UTC"])
}

fn after_colon(file: &str, key: &str) -> String {
    std::fs::read_to_string(file)
        .unwrap_or_default()
        .lines()
        .find(|l| l.starts_with(key))
        .and_then(|l| l.split_once([':', '=']))
        .map(|(_, v)| v.trim().trim_matches('"').to_string())
        .unwrap_or_default()
}

pub fn describe() -> String {
    let cpu = after_colon("/proc/cpuinfo", "model name");
    let flags = after_colon("/proc/cpuinfo", "flags");
    let has = |f: &str| flags.split(' ').any(|x| x == f);
    let simd: Vec<&str> = ["avx2", "fma", "avx512f"]
        .into_iter()
        .filter(|f| has(f))
        .collect();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = after_colon("/proc/meminfo", "MemTotal");
    let kib: f64 = memory
        .split(' ')
        .next()
        .and_then(|v| v.parse().ok())
        .unwrap_or(0.0);
    format!(
        "{cpu} ({}), {cores} cores, {:.0} GiB, {}, {}",
        simd.join(" "),
        kib / 1048576.0,
        after_colon("/etc/os-release", "PRETTY_NAME"),
        first_line("rustc", &["--version"]),
    )
}

/// Commit of the working tree, marked when files differ from it.
pub fn commit() -> String {
    let root = repository();
    let root = root.to_string_lossy();
    let commit = first_line("git", &["-C", &root, "rev-parse", "--short=12", "HEAD"]);
    match first_line("git", &["-C", &root, "status", "--porcelain"]).is_empty() {
        true => commit,
        false => format!("{commit} with changes"),
    }
}

pub fn blas() -> String {
    let path = first_line(
        "readlink",
        &["-f", "/usr/lib/x86_64-linux-gnu/libblas.so.3"],
    );
    let package = first_line("dpkg", &["-S", &path]);
    let name = package.split(':').next().unwrap_or_default().to_string();
    let version = first_line("dpkg-query", &["-W", "-f=${Version}", &name]);
    format!("{name} {version}")
}

/// One-minute load average.
pub fn load() -> f64 {
    std::fs::read_to_string("/proc/loadavg")
        .ok()
        .and_then(|t| t.split(' ').next().and_then(|v| v.parse().ok()))
        .unwrap_or(f64::NAN)
}

//! The run itself: repetitions outermost, so that drift of the machine hits every contestant alike.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use slam16_peers::files::Result;

use crate::contestants::{self, CONTESTANTS, Contestant, Paths, Program};
use crate::datasets::{self, DATASETS, Dataset};
use crate::machine;
use crate::options::{Options, local};
use crate::process;
use crate::record::{Header, Run};
use crate::table;

pub fn run(options: &Options) -> Result<()> {
    let datasets: Vec<&Dataset> = match options.datasets.is_empty() {
        true => DATASETS.iter().collect(),
        false => options
            .datasets
            .iter()
            .map(|name| datasets::find(name))
            .collect::<Result<_>>()?,
    };
    let takes_part = |p: Program| {
        CONTESTANTS
            .iter()
            .any(|c| c.program == p && datasets.iter().any(|d| c.enters(d, options)))
    };
    let header = Header {
        date: machine::date(),
        command: std::iter::once("benches/peers/run.sh".into())
            .chain(std::env::args().skip(2))
            .collect::<Vec<_>>()
            .join(" "),
        machine: machine::describe(),
        slam16: machine::commit(),
        quick: options.quick,
        load_at_start: format!("{:.2}", machine::load()),
        versions: contestants::versions(options, takes_part)?,
        blas: machine::blas(),
    };

    let out = &options.out;
    std::fs::create_dir_all(out).map_err(|e| format!("{}: {e}", out.display()))?;
    let log_path = out.join("peers.jsonl");
    let mut log = File::create(&log_path).map_err(|e| format!("{}: {e}", log_path.display()))?;
    append(&mut log, &header)?;

    let mut runs = Vec::new();
    for dataset in datasets {
        let input = dataset.unpacked(&options.data, &local().join("data"))?;
        run_dataset(options, dataset, &input, &mut |run| {
            eprintln!(
                "{:14} {:32} threads {} run {}: {} s, cost {}, {} MB, {}",
                run.dataset,
                run.contestant,
                run.threads,
                run.repetition,
                run.seconds.map_or("-".into(), |s| format!("{s:.4}")),
                run.cost.map_or("-".into(), |c| format!("{c:.8}")),
                run.peak_kib / 1024,
                run.outcome
            );
            append(&mut log, &run)?;
            runs.push(run);
            Ok(())
        })?;
    }
    let table_path = out.join("peers.md");
    std::fs::write(&table_path, table::render(&header, &runs))
        .map_err(|e| format!("{}: {e}", table_path.display()))?;
    eprintln!("{}\n{}", log_path.display(), table_path.display());
    Ok(())
}

fn append(log: &mut File, value: &impl serde::Serialize) -> Result<()> {
    let line = serde_json::to_string(value).map_err(|e| e.to_string())?;
    writeln!(log, "{line}").map_err(|e| e.to_string())
}

/// Repetitions that a combination gets, given how long its first run took.
fn repetitions(wanted: usize, first: f64) -> usize {
    match first {
        s if s > 30.0 => 1,
        s if s > 5.0 => wanted.min(3),
        _ => wanted,
    }
}

fn run_dataset(
    options: &Options,
    dataset: &Dataset,
    input: &Path,
    done: &mut impl FnMut(Run) -> Result<()>,
) -> Result<()> {
    let mut entries: Vec<(&Contestant, usize)> = Vec::new();
    for contestant in CONTESTANTS.iter().filter(|c| c.enters(dataset, options)) {
        for &threads in &options.threads {
            if threads == 1 || contestant.takes_threads() {
                entries.push((contestant, threads));
            }
        }
    }
    let mut first_seconds: HashMap<(String, usize), f64> = HashMap::new();
    for repetition in 1..=options.repetitions {
        for &(contestant, threads) in &entries {
            let key = (contestant.name(), threads);
            let first = first_seconds.get(&key).copied();
            if repetition > repetitions(options.repetitions, first.unwrap_or(0.0)) {
                continue;
            }
            let run = run_once(options, dataset, contestant, threads, repetition, input)?;
            first_seconds.entry(key).or_insert(run.process_seconds);
            done(run)?;
        }
    }
    Ok(())
}

fn run_once(
    options: &Options,
    dataset: &Dataset,
    contestant: &Contestant,
    threads: usize,
    repetition: usize,
    input: &Path,
) -> Result<Run> {
    let scratch = local().join("scratch");
    std::fs::create_dir_all(&scratch).map_err(|e| e.to_string())?;
    let paths = Paths {
        input: input.to_path_buf(),
        // slam16 takes the output's format from its name.
        output: scratch.join(match dataset.kind {
            datasets::Kind::PoseGraph => "estimate.g2o",
            datasets::Kind::Bundle => "estimate.bal",
        }),
        report: scratch.join("report.json"),
        stdout: scratch.join("stdout"),
    };
    for path in [&paths.output, &paths.report] {
        let _ = std::fs::remove_file(path);
    }
    let mut command = contestant.command(options, &paths, threads)?;
    let stderr = scratch.join("stderr");
    let load = machine::load();
    let finished = process::run(&mut command, &paths.stdout, &stderr, options.timeout)?;
    let mut run = Run {
        dataset: dataset.name.into(),
        contestant: contestant.name(),
        is_slam16: contestant.program == Program::Slam16,
        threads,
        repetition,
        outcome: "ok".into(),
        seconds: None,
        cpu_seconds: None,
        iterations: None,
        cost: None,
        process_seconds: finished.seconds,
        process_user_seconds: finished.user_seconds,
        peak_kib: finished.peak_kib,
        load,
    };
    // slam16 ends with 1 when no stop test was met; its estimate still counts.
    let ended = finished.success || (run.is_slam16 && finished.code == Some(1));
    if finished.timed_out {
        run.outcome = "timeout".into();
    } else if !ended {
        let text = std::fs::read_to_string(&stderr).unwrap_or_default();
        let reason = text
            .lines()
            .find(|l| !l.trim().is_empty())
            .unwrap_or("no message");
        run.outcome = format!("failed: {}", reason.trim());
    } else {
        match contestant.read_report(&paths) {
            Ok(report) => {
                run.seconds = report.seconds;
                run.cpu_seconds = report.cpu_seconds;
                run.iterations = report.iterations;
            }
            Err(e) => run.outcome = format!("failed: {e}"),
        }
        match score(&paths.input, &paths.output) {
            Ok(cost) => run.cost = Some(cost),
            Err(e) => run.outcome = format!("failed: {e}"),
        }
    }
    Ok(run)
}

/// The referee in a process of its own (see `process::Finished::peak_kib`).
fn score(problem: &Path, estimate: &Path) -> Result<f64> {
    let own = std::env::current_exe().map_err(|e| e.to_string())?;
    let output = Command::new(own)
        .arg("score")
        .args([problem, estimate])
        .output()
        .map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().map_err(|_| {
        format!(
            "referee: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )
    })
}

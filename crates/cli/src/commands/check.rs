//! `slam16 check`: what is wrong with a file, and where.

use std::path::Path;

use slam16::io::{self, AnyProblem, ReadError, ReadOptions};
use slam16::problem::{Cost, LeastSquares, Note};
use slam16::sparse::Threads;
use slam16::with_problem;

use crate::args::CheckArgs;
use crate::failure::{Failure, Status};
use crate::format::{counted, describe, notes, origin, warnings};
use crate::terminal::{print, tell};

/// What is known of a sound file.
struct Findings {
    /// What it is, in lines.
    about: Vec<String>,
    warnings: Vec<String>,
}

pub fn run(args: &CheckArgs) -> Result<Status, Failure> {
    let mut worst = Status::Done;
    for file in &args.files {
        let status = match examine(file, &args.read.options()) {
            Ok(findings) => {
                let strict = args.strict && !findings.warnings.is_empty();
                let status = if strict { Status::Input } else { Status::Done };
                print(&lines(file, &findings))?;
                status
            }
            Err(failure) => {
                tell(&format!("error: {}", failure.message));
                failure.status
            }
        };
        worst = worst.max(status);
    }
    Ok(worst)
}

fn lines(file: &Path, findings: &Findings) -> String {
    let verdict = match findings.warnings.len() {
        0 => "sound".to_owned(),
        n => format!("sound, with {}", counted(n, "warning", "warnings")),
    };
    let mut text = format!("{}: {verdict}\n", file.display());
    for line in &findings.about {
        text.push_str(&format!("  {line}\n"));
    }
    for warning in &findings.warnings {
        text.push_str(&format!("  warning: {warning}\n"));
    }
    text
}

fn examine(file: &Path, options: &ReadOptions) -> Result<Findings, Failure> {
    match io::read(file, options) {
        Ok(loaded) => {
            let mut about = vec![format!("{}, {}", loaded.format, describe(&loaded.problem))];
            if loaded.initial != io::Initial::File {
                about.push(origin(loaded.initial).to_owned());
            }
            let (cost, found) = evaluate(&loaded.problem, file)?;
            about.push(format!("cost at the start {:.9e}", cost.plain));
            about.extend(notes(&found, loaded.problem.kind()));
            Ok(Findings {
                about,
                warnings: warnings(&loaded.warnings),
            })
        }
        Err(ReadError::WrongKind { .. }) => {
            let loaded = io::read_trajectory(file, None, options)?;
            let stamps = loaded.trajectory.stamps();
            let span = match (stamps.first(), stamps.last()) {
                (Some(first), Some(last)) => format!(", from {first} s to {last} s"),
                _ => String::new(),
            };
            let count = counted(loaded.trajectory.len(), "pose", "poses");
            Ok(Findings {
                about: vec![format!("{} trajectory, {count}{span}", loaded.format)],
                warnings: warnings(&loaded.warnings),
            })
        }
        Err(error) => Err(error.into()),
    }
}

/// The cost at the file's state, and what setup finds.
fn evaluate(problem: &AnyProblem, file: &Path) -> Result<(Cost, Vec<Note>), Failure> {
    let both = with_problem!(problem, p => p.setup().and_then(|setup| {
        Ok((p.cost(&Threads::single())?, setup.notes))
    }));
    both.map_err(|error| Failure::input(format!("{}: {error}", file.display())))
}

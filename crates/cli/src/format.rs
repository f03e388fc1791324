//! Problems and numbers in words.

use std::fmt::Write;

use slam16::geometry::PoseGroup;
use slam16::io::{AnyProblem, Initial, Warning};
use slam16::problem::{Note, PoseGraph, ProblemKind};

/// `1 pose`, `2 poses`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A problem in one line.
pub fn describe(problem: &AnyProblem) -> String {
    match problem {
        AnyProblem::Graph2(graph) => format!("planar pose graph, {}", contents(graph)),
        AnyProblem::Graph3(graph) => format!("spatial pose graph, {}", contents(graph)),
        AnyProblem::Bundle(bundle) => format!(
            "bundle, {}, {}, {}",
            counted(bundle.cameras().len(), "camera", "cameras"),
            counted(bundle.points().len(), "point", "points"),
            counted(bundle.observations().len(), "observation", "observations"),
        ),
    }
}

fn contents<G: PoseGroup<D, P>, const D: usize, const P: usize>(
    graph: &PoseGraph<G, D, P>,
) -> String {
    let mut parts = vec![
        counted(graph.poses().len(), "pose", "poses"),
        counted(graph.between().len(), "edge", "edges"),
    ];
    let fixed = graph.pose_fixed().iter().filter(|f| **f).count();
    for (count, one, many) in [
        (graph.landmarks().len(), "landmark", "landmarks"),
        (graph.observations().len(), "observation", "observations"),
        (graph.priors().len(), "prior", "priors"),
        (fixed, "fixed pose", "fixed poses"),
    ] {
        if count > 0 {
            parts.push(counted(count, one, many));
        }
    }
    parts.join(", ")
}

/// Where the poses of a file come from.
pub fn origin(initial: Initial) -> &'static str {
    match initial {
        Initial::File => "poses of the file",
        Initial::Odometry => "the file has no poses: odometry composed",
        Initial::SpanningTree => "the file has no poses: edges composed along a spanning tree",
    }
}

/// What setup found, in words.
fn note(note: &Note, kind: ProblemKind) -> String {
    let what = match kind {
        ProblemKind::Bundle => "camera",
        _ => "vertex",
    };
    match note {
        Note::GaugeFixed {
            label,
            component_size,
            ..
        } => {
            format!("nothing fixed the gauge of {component_size} variables: {what} {label} is held")
        }
        Note::Unconstrained { label, .. } => {
            format!("no factor touches {what} {label}: it is held")
        }
        Note::PointHeld {
            point,
            observations,
        } => format!(
            "point {point} has {}: it is held",
            counted(*observations, "observation", "observations")
        ),
    }
}

/// Notes in words, the first few of each sort in full.
pub fn notes(notes: &[Note], kind: ProblemKind) -> Vec<String> {
    const LISTED: usize = 5;
    let mut lines: Vec<String> = notes.iter().take(LISTED).map(|n| note(n, kind)).collect();
    if notes.len() > LISTED {
        lines.push(format!("and {} more", notes.len() - LISTED));
    }
    lines
}

/// Warnings of a file as one line each.
pub fn warnings(warnings: &[Warning]) -> Vec<String> {
    warnings.iter().map(Warning::to_string).collect()
}

/// A time as people say it.
pub fn seconds(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{:.1} ms", 1e3 * seconds)
    } else {
        format!("{seconds:.2} s")
    }
}

/// A count of bytes as people say it.
pub fn bytes(bytes: usize) -> String {
    let mebi = bytes as f64 / (1024.0 * 1024.0);
    if mebi < 0.1 {
        format!("{:.1} KiB", bytes as f64 / 1024.0)
    } else if mebi < 1024.0 {
        format!("{mebi:.1} MiB")
    } else {
        format!("{:.2} GiB", mebi / 1024.0)
    }
}

/// A large number with its power of a thousand.
pub fn large(value: f64) -> String {
    for (unit, size) in [("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)] {
        if value >= size {
            return format!("{:.2} {unit}", value / size);
        }
    }
    format!("{value:.0} ")
}

/// Rows of a table: a name and what it stands for.
#[derive(Debug, Default)]
pub struct Rows(String);

impl Rows {
    pub fn row(&mut self, name: &str, value: impl std::fmt::Display) {
        // As wide as the names of the summary.
        writeln!(self.0, "{name:<15} {value}").ok();
    }

    pub fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    pub fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_units() {
        assert_eq!(seconds(0.01234), "12.3 ms");
        assert_eq!(seconds(2.5), "2.50 s");
        assert_eq!(bytes(2048), "2.0 KiB");
        assert_eq!(bytes(13 << 20), "13.0 MiB");
        assert_eq!(bytes(3 << 30), "3.00 GiB");
        assert_eq!(large(12.0), "12 ");
        assert_eq!(large(3.4e7), "34.00 M");
        assert_eq!(counted(1, "pose", "poses"), "1 pose");
        assert_eq!(counted(0, "pose", "poses"), "0 poses");
    }
}

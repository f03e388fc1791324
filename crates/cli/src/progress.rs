//! What happens while it happens: a live line on a terminal, plain lines in a
//! pipe, nothing when quiet. All of it on standard error.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use slam16::solver::IterationReport;

use crate::terminal::tell;

/// Where progress goes.
pub enum Progress {
    /// Nowhere.
    Quiet,
    /// A line per event.
    Lines,
    /// One line that changes.
    Live(ProgressBar),
}

impl Progress {
    pub fn new(quiet: bool) -> Self {
        if quiet {
            return Self::Quiet;
        }
        if !std::io::stderr().is_terminal() {
            return Self::Lines;
        }
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
            bar.set_style(style);
        }
        // Reading and setup give no steps to count.
        bar.enable_steady_tick(Duration::from_millis(100));
        Self::Live(bar)
    }

    /// Something that takes time begins.
    pub fn stage(&self, what: &str) {
        match self {
            Self::Quiet => {}
            Self::Lines => tell(what),
            Self::Live(bar) => bar.set_message(what.to_owned()),
        }
    }

    /// A line that stays.
    pub fn note(&self, line: &str) {
        match self {
            Self::Quiet => {}
            Self::Lines => tell(line),
            Self::Live(bar) => bar.suspend(|| tell(line)),
        }
    }

    /// A watcher of the steps of one solve.
    pub fn steps(&self) -> Steps<'_> {
        Steps {
            progress: self,
            count: 0,
            start: Instant::now(),
        }
    }

    /// Takes the live line away.
    pub fn clear(&self) {
        if let Self::Live(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// Tells of the steps of one solve.
pub struct Steps<'p> {
    progress: &'p Progress,
    count: usize,
    start: Instant,
}

impl Steps<'_> {
    pub fn tell(&mut self, report: &IterationReport) {
        self.count += 1;
        if matches!(self.progress, Progress::Quiet) {
            return;
        }
        let iterations = match report.linear_iterations {
            0 => String::new(),
            n => format!(", {n} linear iterations"),
        };
        let line = format!(
            "step {:>3}: cost {:.9e}, gradient {:.2e}, step {:.2e}, damping {:.1e}, {}{iterations}, {:.1} ms",
            self.count,
            report.cost,
            report.gradient_norm,
            report.step_norm,
            report.damping,
            if report.accepted {
                "accepted"
            } else {
                "rejected"
            },
            1e3 * self.start.elapsed().as_secs_f64(),
        );
        self.progress.stage(&line);
    }
}

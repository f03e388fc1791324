//! The loop, one step at a time.

use std::ops::ControlFlow;
use std::time::Instant;

use slam16_problem::Cost;

use super::advance::Leg;
use super::control::Control;
use super::error::SolveError;
use super::report::IterationReport;
use super::stop::Stop;
use super::stop_tests::StopTests;
use crate::summary::{Measured, ProblemDescription, Summary};
use crate::{Backend, Options, OptionsError};

/// A solve, one step at a time.
///
/// An iterator over the steps tried; it ends when a stop test is met. The
/// backend always holds a state that was evaluated; when the solve ends, fails
/// or is dropped, it holds the best one found.
///
/// ```
/// # use slam16_solver::{Backend, Iterations, Options, ProblemDescription, SolveError, Summary};
/// # fn example(backend: &mut dyn Backend, problem: ProblemDescription, options: &Options)
/// #     -> Result<Summary, SolveError> {
/// let mut iterations = Iterations::new(backend, problem, options)?;
/// for step in &mut iterations {
///     if step?.cost < 1e-3 {
///         break;
///     }
/// }
/// Ok(iterations.finish())
/// # }
/// ```
pub struct Iterations<B: Backend> {
    pub(super) backend: B,
    pub(super) problem: ProblemDescription,
    pub(super) options: Options,
    pub(super) control: Control,
    pub(super) tests: StopTests,
    pub(super) start: Instant,
    pub(super) initial_cost: Cost,
    pub(super) cost: Cost,
    pub(super) best: Cost,
    /// The backend holds the best state, so none is kept aside.
    pub(super) at_best: bool,
    pub(super) gradient_norm: f64,
    pub(super) linearized: bool,
    /// Decrease of the last step, if it was free and accepted.
    pub(super) free_decrease: Option<f64>,
    /// The Gauss-Newton leg of the dogleg at this linearisation.
    pub(super) leg: Option<Leg>,
    pub(super) history: Vec<IterationReport>,
    pub(super) singular_systems: usize,
    pub(super) stop: Option<Stop>,
    pub(super) failed: bool,
    pub(super) warnings: Vec<String>,
}

impl<B: Backend> Iterations<B> {
    /// Begins a solve; nothing is evaluated yet.
    ///
    /// # Errors
    /// An option that cannot be used.
    pub fn new(
        backend: B,
        problem: ProblemDescription,
        options: &Options,
    ) -> Result<Self, OptionsError> {
        options.validate()?;
        Ok(Self {
            backend,
            problem,
            options: *options,
            control: Control::new(&options.algorithm),
            tests: StopTests::new(options.stop),
            start: Instant::now(),
            initial_cost: Cost::default(),
            cost: Cost::default(),
            best: Cost::default(),
            at_best: true,
            gradient_norm: 0.0,
            linearized: false,
            free_decrease: None,
            leg: None,
            history: Vec::new(),
            singular_systems: 0,
            stop: None,
            failed: false,
            warnings: Vec::new(),
        })
    }

    /// Counts time from an earlier moment, so that setup is part of the time
    /// budget and of the total.
    #[must_use]
    pub fn since(mut self, start: Instant) -> Self {
        self.start = start;
        self
    }

    /// Changes options between steps. Another algorithm starts afresh.
    ///
    /// # Errors
    /// An option that cannot be used, or that is fixed at setup.
    pub fn set_options(&mut self, options: &Options) -> Result<(), OptionsError> {
        self.options.validate_as_update(options)?;
        if self.options.algorithm != options.algorithm {
            self.control = Control::new(&options.algorithm);
            self.leg = None;
        }
        self.options = *options;
        self.tests = StopTests::new(options.stop);
        self.tests.set_initial_cost(self.initial_cost.robust);
        Ok(())
    }

    /// The backend, at the current state.
    pub fn backend(&self) -> &B {
        &self.backend
    }

    /// Objective at the current state; 0 before the first step.
    pub fn cost(&self) -> Cost {
        self.cost
    }

    /// The steps tried so far.
    pub fn history(&self) -> &[IterationReport] {
        &self.history
    }

    /// Why the solve ended, once it has.
    pub fn stop(&self) -> Option<Stop> {
        self.stop
    }

    /// Steps until a stop test is met or the observer breaks.
    ///
    /// # Errors
    /// When there is no trustworthy result; the backend then holds the best
    /// state found.
    pub fn run(
        mut self,
        mut observer: impl FnMut(&IterationReport) -> ControlFlow<()>,
    ) -> Result<Summary, SolveError> {
        while let Some(report) = self.advance()? {
            if observer(&report).is_break() {
                break;
            }
        }
        Ok(self.finish())
    }

    /// Ends the solve and reports; the backend is left at the best state. A
    /// solve that had not ended was stopped on request.
    pub fn finish(&mut self) -> Summary {
        let stop = match self.stop {
            Some(stop) => stop,
            None => self.end(Stop::Requested {
                value: self.history.len() as f64,
                threshold: self.options.stop.max_iterations as f64,
            }),
        };
        let mut warnings = self.warnings.clone();
        if self.singular_systems > 0 {
            warnings.push(format!(
                "{} linear systems were singular; damping was raised to {:.0e}",
                self.singular_systems,
                self.control.damping()
            ));
        }
        if let Some(overrun) = stop.overrun().filter(|o| *o > 0.0) {
            warnings.push(format!(
                "the time budget was overrun by {:.3} ms",
                overrun * 1e3
            ));
        }
        Summary::new(
            self.problem.clone(),
            &self.options,
            self.backend.used(),
            Measured {
                initial_cost: self.initial_cost,
                final_cost: self.cost,
                iterations: self.history.clone(),
                stop,
                total: self.start.elapsed(),
                times: self.backend.times(),
                readbacks: self.backend.readbacks(),
                warnings,
            },
        )
    }
}

impl<B: Backend> Iterator for Iterations<B> {
    type Item = Result<IterationReport, SolveError>;

    /// The next step; an error ends the sequence.
    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}

impl<B: Backend> Drop for Iterations<B> {
    fn drop(&mut self) {
        self.go_to_best();
    }
}

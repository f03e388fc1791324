//! Solving: all at once, watched, or one step at a time.

use std::ops::ControlFlow;
use std::time::Instant;

use crate::io::AnyProblem;
use crate::solver::{
    HostBackend, IterationReport, Iterations, Options, OptionsError, ProblemDescription, Summary,
};
use crate::{Device, Error, Problem, with_problem};

/// Solves problems with one set of options.
///
/// The state found is left in the problem. When a solve ends without meeting
/// a stop test, or fails, the problem holds the best state found so far.
#[derive(Clone, Debug)]
pub struct Solver {
    options: Options,
    device: Device,
}

impl Solver {
    /// A solver with checked options.
    ///
    /// # Errors
    /// The first option that cannot be used, by its path.
    pub fn new(options: Options) -> Result<Self, OptionsError> {
        options.validate()?;
        Ok(Self {
            options,
            device: Device::Cpu,
        })
    }

    /// A solver with the options that suit a problem.
    pub fn for_problem(problem: &impl Problem) -> Self {
        Self {
            options: problem.default_options(),
            device: Device::Cpu,
        }
    }

    /// Solves linear systems on a device.
    ///
    /// ```no_run
    /// # use slam16::prelude::*;
    /// # fn example(bundle: &mut Bundle) -> Result<(), Error> {
    /// use slam16::Device;
    /// use slam16::gpu::{Gpu, GpuOptions};
    ///
    /// let gpu = Gpu::open(&GpuOptions::default())?;
    /// let solver = Solver::for_problem(bundle).on(Device::Gpu(gpu));
    /// println!("{}", solver.solve(bundle)?);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn on(mut self, device: Device) -> Self {
        self.device = device;
        self
    }

    /// The options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Solves a problem in place.
    ///
    /// # Errors
    /// When there is no trustworthy result. That a stop test was not met is
    /// no error: see [`Summary::converged`].
    pub fn solve<P: Problem>(&self, problem: &mut P) -> Result<Summary, Error> {
        self.solve_with(problem, |_| ControlFlow::Continue(()))
    }

    /// As [`Solver::solve`], with an observer that sees every step and may
    /// stop the solve.
    ///
    /// # Errors
    /// As for [`Solver::solve`].
    pub fn solve_with<P: Problem>(
        &self,
        problem: &mut P,
        mut observer: impl FnMut(&IterationReport) -> ControlFlow<()>,
    ) -> Result<Summary, Error> {
        let mut steps = self.iterate(problem)?;
        for report in steps.by_ref() {
            if observer(&report?).is_break() {
                break;
            }
        }
        Ok(steps.finish())
    }

    /// Begins a solve that the caller drives one step at a time.
    ///
    /// # Errors
    /// A problem without variables or factors, or options that do not fit it.
    pub fn iterate<'p, P: Problem>(&self, problem: &'p mut P) -> Result<Steps<'p, P>, Error> {
        let start = Instant::now();
        let backend = self.device.backend(problem, &self.options)?;
        let description = ProblemDescription::new(backend.problem().kind(), backend.setup());
        let iterations = Iterations::new(backend, description, &self.options)?.since(start);
        Ok(Steps { iterations })
    }

    /// As [`Solver::solve`] for a problem of any kind, as readers give it.
    ///
    /// # Errors
    /// As for [`Solver::solve`].
    pub fn solve_any(&self, problem: &mut AnyProblem) -> Result<Summary, Error> {
        with_problem!(problem, p => self.solve(p))
    }

    /// As [`Solver::solve_with`] for a problem of any kind.
    ///
    /// # Errors
    /// As for [`Solver::solve`].
    pub fn solve_any_with(
        &self,
        problem: &mut AnyProblem,
        observer: impl FnMut(&IterationReport) -> ControlFlow<()>,
    ) -> Result<Summary, Error> {
        with_problem!(problem, p => self.solve_with(p, observer))
    }
}

/// A solve in progress: an iterator over the steps tried, which ends when a
/// stop test is met. Dropped early, it leaves the best state found.
///
/// ```
/// # use slam16::prelude::*;
/// # fn example(graph: &mut PoseGraph2) -> Result<(), Error> {
/// let mut steps = Solver::for_problem(graph).iterate(graph)?;
/// while let Some(step) = steps.next() {
///     println!("{} after {} s", step?.cost, steps.seconds());
///     println!("first pose now {:?}", steps.problem().poses()[0]);
/// }
/// println!("{}", steps.finish());
/// # Ok(())
/// # }
/// ```
pub struct Steps<'p, P: Problem> {
    iterations: Iterations<HostBackend<'p, P>>,
}

impl<P: Problem> Steps<'_, P> {
    /// The problem at the current state.
    pub fn problem(&self) -> &P {
        self.iterations.backend().problem()
    }

    /// The steps tried so far.
    pub fn history(&self) -> &[IterationReport] {
        self.iterations.history()
    }

    /// Seconds in the steps tried so far.
    pub fn seconds(&self) -> f64 {
        self.history().iter().map(|step| step.seconds.total).sum()
    }

    /// Changes options between steps.
    ///
    /// # Errors
    /// An option that cannot be used, or that is fixed at setup.
    pub fn set_options(&mut self, options: &Options) -> Result<(), OptionsError> {
        self.iterations.set_options(options)
    }

    /// Ends the solve at the best state and reports.
    pub fn finish(mut self) -> Summary {
        let mut summary = self.iterations.finish();
        summary.g2o_chi2 = self.problem().g2o_chi2();
        summary
    }
}

impl<P: Problem> Iterator for Steps<'_, P> {
    type Item = Result<IterationReport, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.iterations.next()?.map_err(Error::from))
    }
}

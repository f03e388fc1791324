//! One step of the loop.

use std::time::{Duration, Instant};

use slam16_problem::{Cost, ProblemError};

use super::control::Trial;
use super::error::SolveError;
use super::iterations::Iterations;
use super::report::{IterationReport, IterationSeconds};
use super::stop::Stop;
use super::stop_tests::{Accepted, Proposal};
use crate::{Backend, BackendError, LinearOutcome, LinearRequest};

/// The full step of the linear model, from which every dogleg of one
/// linearisation is bent.
#[derive(Clone, Copy)]
pub(super) struct Leg {
    predicted: f64,
    outcome: LinearOutcome,
}

/// A step to be tried.
struct Proposed {
    outcome: LinearOutcome,
    /// The linear system was solved to rounding.
    exact: bool,
    /// What the model promises the step that nothing holds back.
    free: f64,
}

impl<B: Backend> Iterations<B> {
    /// Linearise where the state is new, solve, try, judge. `None` when the
    /// solve has ended.
    pub(super) fn advance(&mut self) -> Result<Option<IterationReport>, SolveError> {
        if self.stop.is_some() || self.failed {
            return Ok(None);
        }
        let result = self.try_advance();
        if result.is_err() {
            self.failed = true;
            self.go_to_best();
        }
        result
    }

    fn try_advance(&mut self) -> Result<Option<IterationReport>, SolveError> {
        let began = Instant::now();
        let times = self.backend.times();
        // The first linearisation is made in any case: it gives the cost at the
        // start, without which nothing can be reported.
        let first = self.history.is_empty() && !self.linearized;
        if !first && self.too_late_for_another() {
            return self.over(self.time_budget());
        }
        if !self.linearized {
            self.linearize()?;
            if let Some(stop) = self.tests.gradient(self.gradient_norm) {
                return self.over_or_back(stop);
            }
            if self.time_is_up() {
                return self.over(self.time_budget());
            }
        }
        let Some(proposed) = self.propose()? else {
            return self.over(self.time_budget());
        };
        let proposal = Proposal {
            cost: self.cost.robust,
            predicted: self.backend.predicted_decrease(),
            free: proposed.free,
            step_norm: self.backend.step_norm(),
            damping: self.control.damping(),
            exact: proposed.exact,
        };
        // A step cut short by the deadline says nothing about convergence.
        let judged = !proposed.outcome.interrupted;
        if let Some(stop) = self.tests.proposal(&proposal).filter(|_| judged) {
            return self.over_or_back(stop);
        }
        let (damping, radius) = (self.control.damping(), self.control.radius());
        let trial = Trial {
            cost: self.cost.robust,
            trial_cost: f64::NAN,
            predicted: proposal.predicted,
            scaled_norm: self.backend.scaled_step_norm(),
            best: self.best.robust,
        };
        // A step that the stop tests would end at is not worth a climb.
        let if_refused = self.tests.rejected(&proposal);
        let trust = judged && if_refused.is_none();
        let (trial, accepted) = self.attempt(trial, trust)?;
        let converged = if accepted {
            let outcome = Accepted {
                decrease: trial.cost - trial.trial_cost,
                state_norm: self.backend.state_norm(),
                before: self.free_decrease,
            };
            self.free_decrease = self.tests.carry(&proposal, &outcome);
            self.tests.accepted(&proposal, &outcome)
        } else {
            self.free_decrease = None;
            if_refused
        };
        let back = self
            .control
            .disappointed(&trial, accepted, converged.is_some());
        let accepted = accepted && !back;
        let converged = converged.filter(|_| !back);
        let exhausted = if accepted {
            self.control.accepted(&trial)
        } else {
            self.control.rejected(&trial)
        };
        if accepted {
            self.note_best();
        } else if back {
            self.go_back();
        }
        let report = IterationReport {
            cost: self.cost.robust,
            gradient_norm: self.gradient_norm,
            step_norm: proposal.step_norm,
            damping,
            radius,
            gain_ratio: trial.gain(),
            accepted,
            linear_iterations: proposed.outcome.iterations,
            precision: self.backend.precision(),
            seconds: IterationSeconds::between(&times, &self.backend.times(), began.elapsed()),
        };
        self.history.push(report);
        let late = self.time_is_up().then(|| self.time_budget());
        let stop = converged
            .filter(|_| judged)
            .or(late)
            .or(exhausted)
            .or_else(|| self.tests.iterations(self.history.len()));
        if let Some(stop) = stop {
            self.end(stop);
        }
        Ok(Some(report))
    }

    fn linearize(&mut self) -> Result<(), SolveError> {
        let first = self.history.is_empty();
        let model = self.backend.linearize()?;
        if first {
            // Later costs come from the trials: one sum, one rounding.
            finite("cost", model.cost.robust, 0)?;
            self.initial_cost = model.cost;
            self.cost = model.cost;
            self.best = model.cost;
            self.tests.set_initial_cost(model.cost.robust);
        }
        finite("gradient", model.gradient_norm, self.history.len())?;
        self.gradient_norm = model.gradient_norm;
        self.linearized = true;
        self.leg = None;
        Ok(())
    }

    /// A step of the linear model. `None` when the time is up.
    fn propose(&mut self) -> Result<Option<Proposed>, SolveError> {
        let leg = match self.leg {
            Some(leg) => leg,
            None => {
                let Some(outcome) = self.solve_linear()? else {
                    return Ok(None);
                };
                Leg {
                    predicted: self.backend.predicted_decrease(),
                    outcome,
                }
            }
        };
        let Some(radius) = self.control.radius() else {
            return Ok(Some(Proposed {
                outcome: leg.outcome,
                exact: leg.outcome.iterations == 0,
                free: self.control.free(leg.predicted),
            }));
        };
        // Another radius of the same linearisation costs no linear solve.
        let outcome = match self.leg.replace(leg) {
            None => leg.outcome,
            Some(_) => LinearOutcome {
                interrupted: leg.outcome.interrupted,
                ..LinearOutcome::default()
            },
        };
        self.backend.dogleg(radius)?;
        Ok(Some(Proposed {
            outcome,
            exact: leg.outcome.iterations == 0,
            free: leg.predicted,
        }))
    }

    /// Solves the linear system, with more damping while it is singular.
    fn solve_linear(&mut self) -> Result<Option<LinearOutcome>, SolveError> {
        loop {
            let request = LinearRequest {
                damping: self.control.damping(),
                tolerance: self.options.linear.cg.tolerance,
                deadline: self.deadline(),
            };
            match self.backend.solve(&request) {
                Ok(outcome) => return Ok(Some(outcome)),
                Err(BackendError::Numeric(error)) => {
                    self.singular_systems += 1;
                    if !self.control.singular() {
                        return Err(BackendError::Numeric(error).into());
                    }
                    if self.time_is_up() {
                        return Ok(None);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Tries the proposed step and moves there if the algorithm takes it.
    /// With `trust` also one that raises the cost may be taken.
    fn attempt(&mut self, mut trial: Trial, trust: bool) -> Result<(Trial, bool), SolveError> {
        if !trial.predicted.is_finite() {
            return Ok((trial, false));
        }
        let cost = match self.backend.step() {
            Ok(cost) => cost,
            Err(BackendError::Problem(ProblemError::NonFinite { .. })) => Cost {
                robust: f64::NAN,
                plain: f64::NAN,
            },
            Err(error) => {
                self.backend.reject();
                return Err(error.into());
            }
        };
        trial.trial_cost = cost.robust;
        let accepted = self.control.accepts(&trial) || (trust && self.control.climbs(&trial));
        if accepted {
            if self.at_best && cost.robust > self.best.robust {
                self.backend.keep();
                self.at_best = false;
            }
            self.backend.accept();
            self.cost = cost;
            self.linearized = false;
        } else {
            self.backend.reject();
        }
        Ok((trial, accepted))
    }

    fn note_best(&mut self) {
        if self.cost.robust <= self.best.robust {
            self.best = self.cost;
            self.at_best = true;
        }
    }

    /// Back to the best state, where a climb began.
    fn go_back(&mut self) {
        self.go_to_best();
        self.free_decrease = None;
    }

    /// Ends the solve, unless it has only come to rest above the best state.
    fn over_or_back(&mut self, stop: Stop) -> Result<Option<IterationReport>, SolveError> {
        if !self.control.give_up() {
            return self.over(stop);
        }
        self.go_back();
        self.try_advance()
    }

    fn over(&mut self, stop: Stop) -> Result<Option<IterationReport>, SolveError> {
        self.end(stop);
        Ok(None)
    }

    /// Ends the solve at the best state.
    pub(super) fn end(&mut self, stop: Stop) -> Stop {
        let excess = self.cost.robust / self.best.robust - 1.0;
        let tolerance = self.options.stop.relative_cost;
        // A minimum worse than a state passed on the way is not the answer.
        let stop = if stop.converged() && !self.at_best && excess > tolerance {
            Stop::Stagnation {
                value: excess,
                threshold: tolerance,
            }
        } else {
            stop
        };
        if !self.at_best && excess > tolerance {
            self.warnings.push(format!(
                "the solve ended at cost {:.6e}; the best state it passed, at {:.6e}, was restored",
                self.cost.robust, self.best.robust
            ));
        }
        self.go_to_best();
        self.stop = Some(stop);
        stop
    }

    pub(super) fn go_to_best(&mut self) {
        if !self.at_best {
            self.backend.restore();
            self.cost = self.best;
            self.at_best = true;
            self.linearized = false;
        }
    }

    fn budget(&self) -> Option<Duration> {
        self.options.stop.time_budget.map(|b| b.duration())
    }

    fn deadline(&self) -> Option<Instant> {
        self.budget().and_then(|b| self.start.checked_add(b))
    }

    fn time_is_up(&self) -> bool {
        self.deadline().is_some_and(|d| Instant::now() >= d)
    }

    /// A direct solve cannot be cut short, so it is not begun when even the
    /// fastest step so far would end too late.
    fn too_late_for_another(&self) -> bool {
        let Some(deadline) = self.deadline() else {
            return false;
        };
        let direct = self.history.iter().all(|r| r.linear_iterations == 0);
        let fastest = self.history.iter().map(|r| r.seconds.total);
        let needed = match fastest.reduce(f64::min) {
            Some(seconds) if direct => Duration::from_secs_f64(seconds),
            _ => Duration::ZERO,
        };
        deadline.saturating_duration_since(Instant::now()) <= needed
    }

    fn time_budget(&self) -> Stop {
        Stop::TimeBudget {
            value: self.start.elapsed().as_secs_f64(),
            threshold: self.budget().unwrap_or_default().as_secs_f64(),
        }
    }
}

fn finite(quantity: &'static str, value: f64, iteration: usize) -> Result<(), SolveError> {
    if value.is_finite() {
        Ok(())
    } else {
        Err(SolveError::NotFinite {
            quantity,
            iteration,
            value,
        })
    }
}

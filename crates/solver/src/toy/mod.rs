//! A dense backend for problems of a few unknowns, with faults on demand.
//! It checks that the loop keeps to the order of the verbs.

mod functions;

use std::time::{Duration, Instant};

pub(crate) use functions::*;

use slam16_problem::{Cost, ProblemError, ProblemKind};

use crate::{
    Backend, BackendError, LinearOutcome, LinearRequest, Linearized, NumericError,
    ProblemDescription, ProblemSummary, RolePrecisions, StageTimes, Used,
};

/// Residuals and rows of the Jacobian at a point.
pub(crate) type Function = fn(&[f64]) -> (Vec<f64>, Vec<Vec<f64>>);

/// What the toy gets wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    None,
    /// The step is zero.
    ZeroStep,
    /// The step goes uphill while the model promises a decrease.
    Uphill,
    /// Trial costs are too high by this.
    TrialNoise(f64),
    /// Costs are NaN without an error.
    SilentNan,
    /// The promise is NaN.
    NanPromise,
    /// `step` fails for a reason that has nothing to do with the trial.
    BrokenStep,
    /// `reject` forgets to go back.
    RejectStays,
    /// `restore` does nothing.
    RestoreStays,
    /// The promise is twice what it should be.
    PromiseDoubled,
    /// Every solve differs a little from the one before.
    Drifts,
    /// Damping is ignored.
    Undamped,
    /// The radius of the dogleg is ignored.
    RadiusIgnored,
    /// The gradient norm is too small by a factor.
    GradientShrunk,
    /// The report leaves out the linear solver.
    Anonymous,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Fresh,
    Linearized,
    Proposed,
    Tried,
}

pub(crate) struct Toy {
    pub x: Vec<f64>,
    function: Function,
    pub fault: Fault,
    /// Time a linear solve takes; an `iterative` one stops at the deadline.
    pub delay: Duration,
    pub iterative: bool,
    /// An iterative solve that does not look at the clock.
    pub deaf: bool,
    /// Broken rules of the protocol.
    pub violations: Vec<&'static str>,
    pub solves: usize,
    pub keeps: usize,
    phase: Phase,
    start: Vec<f64>,
    kept: Option<Vec<f64>>,
    residuals: Vec<f64>,
    rows: Vec<Vec<f64>>,
    gradient: Vec<f64>,
    scale: Vec<f64>,
    gauss_newton: Vec<f64>,
    delta: Vec<f64>,
}

impl Toy {
    pub(crate) fn new(function: Function, x: &[f64]) -> Self {
        Self {
            x: x.to_vec(),
            function,
            fault: Fault::None,
            delay: Duration::ZERO,
            iterative: false,
            deaf: false,
            violations: Vec::new(),
            solves: 0,
            keeps: 0,
            phase: Phase::Fresh,
            start: x.to_vec(),
            kept: None,
            residuals: Vec::new(),
            rows: Vec::new(),
            gradient: Vec::new(),
            scale: Vec::new(),
            gauss_newton: Vec::new(),
            delta: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, fault: Fault) -> Self {
        self.fault = fault;
        self
    }

    pub(crate) fn description() -> ProblemDescription {
        ProblemDescription {
            summary: ProblemSummary {
                kind: ProblemKind::PoseGraph2,
                variables: 1,
                factors: 1,
                dof: 2,
                residuals: 2,
            },
            notes: Vec::new(),
        }
    }

    /// `½ ‖r(x)‖²` at the current state.
    pub(crate) fn evaluate(&self) -> f64 {
        0.5 * square(&(self.function)(&self.x).0)
    }

    fn expect(&mut self, ok: bool, rule: &'static str) {
        if !ok {
            self.violations.push(rule);
        }
    }

    fn checked_cost(&self) -> Result<Cost, BackendError> {
        let value = self.evaluate();
        if self.fault == Fault::SilentNan {
            return Ok(Cost {
                robust: f64::NAN,
                plain: f64::NAN,
            });
        }
        if value.is_finite() {
            return Ok(Cost {
                robust: value,
                plain: value,
            });
        }
        Err(ProblemError::NonFinite {
            factor: "toy".to_owned(),
            set: 0,
            index: 0,
        }
        .into())
    }

    fn product(&self, direction: &[f64]) -> f64 {
        self.rows
            .iter()
            .map(|row| dot(row, direction).powi(2))
            .sum()
    }
}

impl Backend for Toy {
    fn cost(&mut self) -> Result<Cost, BackendError> {
        self.checked_cost()
    }

    fn linearize(&mut self) -> Result<Linearized, BackendError> {
        self.expect(self.phase != Phase::Tried, "linearize on a trial state");
        let cost = self.checked_cost()?;
        (self.residuals, self.rows) = (self.function)(&self.x);
        let n = self.x.len();
        let column = |c: usize| self.rows.iter().map(move |row| row[c]);
        self.gradient = (0..n)
            .map(|c| column(c).zip(&self.residuals).map(|(j, r)| j * r).sum())
            .collect();
        self.scale = (0..n).map(|c| column(c).map(|j| j * j).sum()).collect();
        self.phase = Phase::Linearized;
        let norm = self.gradient.iter().fold(0.0, |m: f64, g| m.max(g.abs()));
        let shrunk = self.fault == Fault::GradientShrunk;
        Ok(Linearized {
            cost,
            gradient_norm: if shrunk { 1e-3 * norm } else { norm },
        })
    }

    fn solve(&mut self, request: &LinearRequest) -> Result<LinearOutcome, BackendError> {
        self.expect(self.phase != Phase::Fresh, "solve without linearize");
        self.expect(self.phase != Phase::Tried, "solve on a trial state");
        self.solves += 1;
        let mut interrupted = false;
        if self.iterative {
            let end = Instant::now() + self.delay;
            let until = request.deadline.map_or(end, |d| d.min(end));
            std::thread::sleep(until.saturating_duration_since(Instant::now()));
            interrupted = until < end && !self.deaf;
        } else {
            std::thread::sleep(self.delay);
        }
        let damping = if self.fault == Fault::Undamped {
            0.0
        } else {
            request.damping
        };
        let n = self.x.len();
        let mut matrix = vec![vec![0.0; n]; n];
        for (i, line) in matrix.iter_mut().enumerate() {
            for (j, entry) in line.iter_mut().enumerate() {
                *entry = self.rows.iter().map(|row| row[i] * row[j]).sum();
            }
            line[i] += damping * self.scale[i];
        }
        let right: Vec<f64> = self.gradient.iter().map(|g| -g).collect();
        let mut delta = cholesky_solve(matrix, right)?;
        match self.fault {
            Fault::ZeroStep => delta.fill(0.0),
            Fault::Uphill => delta.iter_mut().for_each(|d| *d = -*d),
            Fault::Drifts => delta[0] *= 1.0 + 1e-6 * self.solves as f64,
            _ => {}
        }
        if interrupted {
            delta.iter_mut().for_each(|d| *d *= 0.5);
        }
        self.gauss_newton.clone_from(&delta);
        self.delta = delta;
        self.phase = Phase::Proposed;
        Ok(LinearOutcome {
            iterations: usize::from(self.iterative),
            factorizations: 1,
            interrupted,
        })
    }

    fn dogleg(&mut self, radius: f64) -> Result<f64, BackendError> {
        self.expect(self.phase == Phase::Proposed, "dogleg without solve");
        let metric = |v: &[f64]| weighted(&self.scale, v).sqrt();
        if self.fault == Fault::RadiusIgnored || metric(&self.gauss_newton) <= radius {
            self.delta.clone_from(&self.gauss_newton);
            return Ok(metric(&self.delta));
        }
        let mut cauchy: Vec<f64> = self
            .gradient
            .iter()
            .zip(&self.scale)
            .map(|(g, d)| if *d > 0.0 { -g / d } else { 0.0 })
            .collect();
        let length = -dot(&self.gradient, &cauchy) / self.product(&cauchy);
        cauchy.iter_mut().for_each(|c| *c *= length);
        let norm = metric(&cauchy);
        self.delta = if norm >= radius {
            cauchy.iter().map(|c| c * radius / norm).collect()
        } else {
            // Bisection on the leg: slow and plainly right.
            let at = |t: f64| -> Vec<f64> {
                cauchy
                    .iter()
                    .zip(&self.gauss_newton)
                    .map(|(c, g)| c + t * (g - c))
                    .collect()
            };
            let (mut low, mut high) = (0.0, 1.0);
            for _ in 0..60 {
                let middle = 0.5 * (low + high);
                if metric(&at(middle)) <= radius {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            at(low)
        };
        Ok(self.scaled_step_norm())
    }

    fn step(&mut self) -> Result<Cost, BackendError> {
        self.expect(self.phase == Phase::Proposed, "step without a proposal");
        self.phase = Phase::Tried;
        self.start.clone_from(&self.x);
        for (x, d) in self.x.iter_mut().zip(&self.delta) {
            *x += d;
        }
        if self.fault == Fault::BrokenStep {
            return Err(BackendError::Unsupported {
                option: "toy".to_owned(),
                reason: "broken".to_owned(),
            });
        }
        let mut cost = self.checked_cost()?;
        if let Fault::TrialNoise(noise) = self.fault {
            cost.robust += noise;
            cost.plain += noise;
        }
        Ok(cost)
    }

    fn predicted_decrease(&self) -> f64 {
        let exact = -dot(&self.gradient, &self.delta) - 0.5 * self.product(&self.delta);
        match self.fault {
            Fault::Uphill => {
                let turned: Vec<f64> = self.delta.iter().map(|d| -d).collect();
                -dot(&self.gradient, &turned) - 0.5 * self.product(&turned)
            }
            Fault::NanPromise => f64::NAN,
            Fault::PromiseDoubled => 2.0 * exact,
            _ => exact,
        }
    }

    fn step_norm(&self) -> f64 {
        square(&self.delta).sqrt()
    }

    fn scaled_step_norm(&self) -> f64 {
        weighted(&self.scale, &self.delta).sqrt()
    }

    fn state_norm(&self) -> f64 {
        square(&self.x).sqrt()
    }

    fn accept(&mut self) {
        self.expect(self.phase == Phase::Tried, "accept without step");
        self.phase = Phase::Fresh;
    }

    fn reject(&mut self) {
        self.expect(self.phase == Phase::Tried, "reject without step");
        if self.fault != Fault::RejectStays {
            self.x.clone_from(&self.start);
        }
        self.phase = Phase::Proposed;
    }

    fn keep(&mut self) {
        self.expect(self.phase == Phase::Tried, "keep without step");
        self.keeps += 1;
        self.kept = Some(self.start.clone());
    }

    fn restore(&mut self) {
        if let Some(kept) = self
            .kept
            .as_ref()
            .filter(|_| self.fault != Fault::RestoreStays)
        {
            self.x.clone_from(kept);
        }
        self.phase = Phase::Fresh;
    }

    fn times(&self) -> StageTimes {
        StageTimes {
            linear_solve: self.delay * self.solves as u32,
            ..StageTimes::default()
        }
    }

    fn used(&self) -> Used {
        let f64 = || "f64".to_owned();
        Used {
            backend: "toy".to_owned(),
            adapter: "test".to_owned(),
            precision: RolePrecisions {
                products: f64(),
                triangular: f64(),
                vectors: f64(),
                residual: f64(),
                update: f64(),
            },
            linear_solver: if self.fault == Fault::Anonymous {
                String::new()
            } else {
                "dense".to_owned()
            },
            factorizations: self.solves,
            threads: 1,
            host_bytes: 64,
            ..Used::default()
        }
    }
}

fn cholesky_solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Result<Vec<f64>, NumericError> {
    let n = b.len();
    for k in 0..n {
        let diagonal = a[k][k];
        let pivot = diagonal - (0..k).map(|j| a[k][j] * a[k][j]).sum::<f64>();
        if pivot.is_nan() || pivot <= 1e-14 * diagonal {
            return Err(NumericError::NotPositiveDefinite { variable: k, pivot });
        }
        a[k][k] = pivot.sqrt();
        for i in k + 1..n {
            let sum: f64 = (0..k).map(|j| a[i][j] * a[k][j]).sum();
            a[i][k] = (a[i][k] - sum) / a[k][k];
        }
    }
    for i in 0..n {
        let sum: f64 = (0..i).map(|j| a[i][j] * b[j]).sum();
        b[i] = (b[i] - sum) / a[i][i];
    }
    for i in (0..n).rev() {
        let sum: f64 = (i + 1..n).map(|j| a[j][i] * b[j]).sum();
        b[i] = (b[i] - sum) / a[i][i];
    }
    Ok(b)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn square(a: &[f64]) -> f64 {
    dot(a, a)
}

fn weighted(w: &[f64], x: &[f64]) -> f64 {
    w.iter().zip(x).map(|(w, x)| w * x * x).sum()
}

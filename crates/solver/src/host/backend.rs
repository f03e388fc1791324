//! A backend with fp64 state and fp64 residuals on the host.

use std::time::Instant;

use slam16_problem::{Cost, LeastSquares, ProblemKind, Setup};
use slam16_sparse::{Jacobian, Prediction, Threads, jacobian_mul, row_count};

use super::LinearSolver;
use super::dogleg::Dogleg;
use crate::{
    Backend, BackendError, LinearOutcome, LinearRequest, Linearized, NumericError, Options,
    ScalarType, StageTimes, Used,
};

/// A linear solver, why it was taken when the user left the choice open, and
/// the machine it runs on.
pub struct Choice {
    /// The solver.
    pub solver: Box<dyn LinearSolver>,
    /// Why that one; empty when it was asked for.
    pub why: String,
    /// `cpu` or `gpu`.
    pub backend: &'static str,
    /// The processor or the adapter.
    pub adapter: String,
    /// The adapter's driver; empty for a processor.
    pub driver: String,
}

/// Solves one problem in place: state, residuals and Jacobian in fp64 on the
/// host, linear systems by any [`LinearSolver`], wherever that runs.
///
/// The problem always holds the best state accepted so far, except between
/// [`Backend::step`] and the `accept` or `reject` that must follow it.
pub struct HostBackend<'p, P: LeastSquares> {
    problem: &'p mut P,
    setup: Setup,
    jacobian: Jacobian<f64>,
    saved: P::State,
    /// Made by the first [`Backend::keep`], which few solves need.
    kept: Option<P::State>,
    linear: Choice,
    gradient: Vec<f64>,
    scale: Vec<f64>,
    scale_floor: f64,
    step: Vec<f64>,
    /// `J δ`; allocated when first needed.
    product: Vec<f64>,
    dogleg: Dogleg,
    predicted: f64,
    factorizations: usize,
    threads: Threads,
    times: StageTimes,
}

impl<'p, P: LeastSquares> HostBackend<'p, P> {
    /// Prepares structure and memory for a problem; `choose` picks the linear
    /// solver.
    ///
    /// # Errors
    /// An empty problem, options that do not fit it, or what `choose` refuses.
    pub fn new(
        problem: &'p mut P,
        options: &Options,
        choose: impl FnOnce(&Setup, ProblemKind) -> Result<Choice, BackendError>,
    ) -> Result<Self, BackendError> {
        let start = Instant::now();
        let threads = Threads::new(options.threads).map_err(|e| BackendError::Unsupported {
            option: format!("threads {}", options.threads),
            reason: format!("{e}; use fewer"),
        })?;
        let setup = problem.setup()?;
        let kind = problem.kind();
        let linear = choose(&setup, kind)?;
        let scalars = setup.structure.layout.scalars();
        let jacobian = Jacobian::zeros(setup.structure.clone());
        let mut backend = Self {
            saved: problem.state(),
            kept: None,
            problem,
            jacobian,
            linear,
            gradient: vec![0.0; scalars],
            scale: vec![0.0; scalars],
            // Ceres clamps diag(JᵀJ) at 1e-6 before damping; graphs start with
            // next to no damping and need no floor.
            scale_floor: if kind == ProblemKind::Bundle {
                1e-6
            } else {
                0.0
            },
            step: vec![0.0; scalars],
            product: Vec::new(),
            dogleg: Dogleg::default(),
            predicted: 0.0,
            factorizations: 0,
            threads,
            times: StageTimes::default(),
            setup,
        };
        backend.times.setup = start.elapsed();
        Ok(backend)
    }

    /// The problem at the current state.
    pub fn problem(&self) -> &P {
        self.problem
    }

    /// Size and work of the direct factor; `None` for solvers without one.
    pub fn prediction(&self) -> Option<Prediction> {
        self.linear.solver.describe().prediction
    }

    /// What setup found: gauge, unconstrained variables, held points.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// `−gᵀδ − ½ ‖Jδ‖²`, by the Jacobian unless the step is known to be exact.
    fn predict(&mut self, damping: Option<f64>) -> f64 {
        let slope = dot(&self.gradient, &self.step);
        if let Some(damping) = damping {
            // (JᵀJ + λD) δ = −g gives ‖Jδ‖² = −gᵀδ − λ δᵀDδ.
            let damped = damping * weighted_square(&self.scale, &self.step);
            return 0.5 * (damped - slope);
        }
        -slope
            - 0.5 * square_of_product(&self.jacobian, &self.step, &mut self.product, &self.threads)
    }

    fn check_step(&self) -> Result<(), NumericError> {
        match self.step.iter().position(|x| !x.is_finite()) {
            None => Ok(()),
            Some(scalar) => {
                let offsets = self.setup.structure.layout.offsets();
                let variable = offsets.partition_point(|o| *o <= scalar) - 1;
                Err(NumericError::NonFiniteStep { variable })
            }
        }
    }
}

impl<P: LeastSquares> Backend for HostBackend<'_, P> {
    fn cost(&mut self) -> Result<Cost, BackendError> {
        let start = Instant::now();
        let cost = self.problem.cost(&self.threads);
        self.times.update += start.elapsed();
        Ok(cost?)
    }

    fn linearize(&mut self) -> Result<Linearized, BackendError> {
        let start = Instant::now();
        let cost = self
            .problem
            .linearize(&self.setup, &mut self.jacobian, &self.threads)?;
        self.times.linearize += start.elapsed();
        let start = Instant::now();
        self.linear.solver.update(
            &self.jacobian,
            &mut self.gradient,
            &mut self.scale,
            &self.threads,
        )?;
        for d in &mut self.scale {
            *d = d.clamp(self.scale_floor, 1e32);
        }
        self.times.linear_solve += start.elapsed();
        Ok(Linearized {
            cost,
            gradient_norm: self.gradient.iter().fold(0.0, |m: f64, g| m.max(g.abs())),
        })
    }

    fn solve(&mut self, request: &LinearRequest) -> Result<LinearOutcome, BackendError> {
        let start = Instant::now();
        let outcome = self.linear.solver.solve(
            &self.jacobian,
            &self.gradient,
            &self.scale,
            request,
            &mut self.step,
            &self.threads,
        );
        if let Ok(outcome) = &outcome {
            self.factorizations += outcome.factorizations;
            let exact = self.linear.solver.exact() && outcome.iterations == 0;
            self.predicted = self.predict(exact.then_some(request.damping));
            self.dogleg.forget();
        }
        self.times.linear_solve += start.elapsed();
        let outcome = outcome?;
        self.check_step()?;
        Ok(outcome)
    }

    fn dogleg(&mut self, radius: f64) -> Result<f64, BackendError> {
        let start = Instant::now();
        if !self.dogleg.ready() {
            let (jacobian, product, threads) = (&self.jacobian, &mut self.product, &self.threads);
            self.dogleg
                .prepare(&self.gradient, &self.scale, &self.step, |direction| {
                    square_of_product(jacobian, direction, product, threads)
                });
        }
        self.dogleg.step(radius, &self.scale, &mut self.step);
        self.predicted = self.predict(None);
        self.times.linear_solve += start.elapsed();
        self.check_step()?;
        Ok(self.scaled_step_norm())
    }

    fn step(&mut self) -> Result<Cost, BackendError> {
        let start = Instant::now();
        self.problem.save_state(&mut self.saved);
        self.problem.retract(&self.step);
        let cost = self.problem.cost(&self.threads);
        self.times.update += start.elapsed();
        Ok(cost?)
    }

    fn predicted_decrease(&self) -> f64 {
        self.predicted
    }

    fn step_norm(&self) -> f64 {
        dot(&self.step, &self.step).sqrt()
    }

    fn scaled_step_norm(&self) -> f64 {
        weighted_square(&self.scale, &self.step).sqrt()
    }

    fn state_norm(&self) -> f64 {
        self.problem.state_norm()
    }

    fn accept(&mut self) {}

    fn reject(&mut self) {
        self.problem.load_state(&self.saved);
    }

    fn keep(&mut self) {
        self.kept = Some(self.saved.clone());
    }

    fn restore(&mut self) {
        if let Some(kept) = &self.kept {
            self.problem.load_state(kept);
        }
    }

    fn times(&self) -> StageTimes {
        self.times
    }

    fn precision(&self) -> ScalarType {
        self.linear.solver.precision()
    }

    fn readbacks(&self) -> usize {
        self.linear.solver.readbacks()
    }

    fn used(&self) -> Used {
        let linear = self.linear.solver.describe();
        let vectors = 8 * (3 * self.gradient.len());
        Used {
            backend: self.linear.backend.to_owned(),
            adapter: self.linear.adapter.clone(),
            driver: self.linear.driver.clone(),
            precision: linear.precision,
            linear_solver: linear.name,
            linear_solver_why: self.linear.why.clone(),
            ordering: linear.ordering,
            factorizations: self.factorizations,
            fallbacks: linear.fallbacks,
            threads: self.threads.count(),
            host_bytes: self.jacobian.bytes() + linear.bytes + vectors,
            device_bytes: linear.device_bytes,
        }
    }
}

/// `‖J v‖²`.
fn square_of_product(
    jacobian: &Jacobian<f64>,
    v: &[f64],
    product: &mut Vec<f64>,
    threads: &Threads,
) -> f64 {
    product.resize(row_count(&jacobian.sets), 0.0);
    jacobian_mul(&jacobian.sets, jacobian.layout(), v, product, threads);
    let dense = jacobian.dense.as_ref();
    let dense = dense.map_or(0.0, |rows| {
        let y = rows.mul(jacobian.layout(), v);
        dot(&y, &y)
    });
    dot(product, product) + dense
}

/// Sum in index order: the same bits on any number of threads.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(super) fn weighted_square(weights: &[f64], x: &[f64]) -> f64 {
    weights.iter().zip(x).map(|(w, x)| w * x * x).sum()
}

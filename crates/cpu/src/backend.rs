//! The CPU backend: fp64 state, fp64 residuals, any linear solver.

use std::time::Instant;

use slam16_problem::{Cost, LeastSquares, ProblemKind, Setup};
use slam16_solver::{
    Backend, BackendError, LinearOutcome, LinearRequest, Linearized, NumericError, Options,
    StageTimes, Used,
};
use slam16_sparse::{Jacobian, Prediction, Threads, jacobian_mul, row_count};

use crate::dogleg::Dogleg;
use crate::linear::{self, LinearSolver};

/// Solves one problem on the CPU, in place.
///
/// The problem always holds the best state accepted so far, except between
/// [`Backend::step`] and the `accept` or `reject` that must follow it.
pub struct CpuBackend<'p, P: LeastSquares> {
    problem: &'p mut P,
    setup: Setup,
    jacobian: Jacobian<f64>,
    saved: P::State,
    /// Made by the first [`Backend::keep`], which few solves need.
    kept: Option<P::State>,
    linear: Box<dyn LinearSolver>,
    linear_why: String,
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

impl<'p, P: LeastSquares> CpuBackend<'p, P> {
    /// Prepares structure, ordering and memory for a problem.
    ///
    /// # Errors
    /// An empty problem, or options that do not fit it.
    pub fn new(problem: &'p mut P, options: &Options) -> Result<Self, BackendError> {
        let start = Instant::now();
        let threads = Threads::new(options.threads).map_err(|e| BackendError::Unsupported {
            option: format!("threads {}", options.threads),
            reason: format!("{e}; use fewer"),
        })?;
        let setup = problem.setup()?;
        let kind = problem.kind();
        let linear::Choice { solver, why } = linear::choose(&setup, kind, options)?;
        let scalars = setup.structure.layout.scalars();
        let jacobian = Jacobian::zeros(setup.structure.clone());
        let mut backend = Self {
            saved: problem.state(),
            kept: None,
            problem,
            jacobian,
            linear: solver,
            linear_why: why,
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
        self.linear.describe().prediction
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

impl<P: LeastSquares> Backend for CpuBackend<'_, P> {
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
        self.linear.update(
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
        let outcome = self.linear.solve(
            &self.jacobian,
            &self.gradient,
            &self.scale,
            request,
            &mut self.step,
            &self.threads,
        );
        if let Ok(outcome) = &outcome {
            self.factorizations += outcome.factorizations;
            let exact = self.linear.exact() && outcome.iterations == 0;
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

    fn used(&self) -> Used {
        let linear = self.linear.describe();
        let vectors = 8 * (3 * self.gradient.len());
        Used {
            backend: "cpu".to_owned(),
            adapter: format!("cpu, {}", std::env::consts::ARCH),
            driver: String::new(),
            precision: linear.precision,
            linear_solver: linear.name,
            linear_solver_why: self.linear_why.clone(),
            ordering: linear.ordering,
            factorizations: self.factorizations,
            fallbacks: linear.fallbacks,
            threads: self.threads.count(),
            host_bytes: self.jacobian.bytes() + linear.bytes + vectors,
            device_bytes: 0,
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
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(crate) fn weighted_square(weights: &[f64], x: &[f64]) -> f64 {
    weights.iter().zip(x).map(|(w, x)| w * x * x).sum()
}

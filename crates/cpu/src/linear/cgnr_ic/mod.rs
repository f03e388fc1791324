//! `cgnr-ic`: conjugate gradients on `J`, preconditioned by a static factor.
//!
//! The unknowns are whitened, `A = J R⁻¹` with `R_v` the Cholesky factor of
//! diagonal block `v` of `JᵀJ`; the factor of `AᵀA` is made in f64 and kept in
//! 16, 32 or 64 bits, as the whitening is, until it no longer serves.

mod factor;
#[cfg(test)]
mod tests;

use slam16_solver::{
    BackendError, CgBeta, CgOptions, CgOutcome, CgStop, Description, Fallback, Fill,
    HalfArithmetic, LinearOutcome, LinearRequest, LinearSolver, NumericError, Ordering,
    PreconditionerOptions, RefreshPolicy, RolePrecisions, Roles, ScalarType, normal_vectors,
};
use slam16_sparse::{
    ColumnScaling, Compute, Jacobian, JacobianStructure, NormalAssembly, Store, Threads,
    TriangularArithmetic, Whitening, scale_transposed, unscale,
};

use super::cg::{Damping, ScaledJacobian, System, VectorArithmetic, Workspace};
use factor::{FactorPlan, StaticFactor};

/// A rejected step calls for more precision when its model promised more than
/// this share of the cost; below, the cost's own rounding decides.
const MEANINGFUL: f64 = 1e-7;

/// What `cgnr-ic` is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CgnrIcSettings {
    pub fill: Fill,
    pub ordering: Ordering,
    pub cg: CgOptions,
    pub preconditioner: PreconditionerOptions,
    pub roles: Roles,
    pub half_arithmetic: HalfArithmetic,
}

impl CgnrIcSettings {
    /// The solver with `J` and the vectors stored as the roles say.
    pub(crate) fn build(self, structure: &JacobianStructure) -> Box<dyn LinearSolver> {
        use half::f16;
        match (self.roles.products, self.roles.vectors) {
            (ScalarType::F64, ScalarType::F64) => {
                Box::new(CgnrIc::<f64, f64>::new(structure, self))
            }
            (ScalarType::F32, ScalarType::F64) => {
                Box::new(CgnrIc::<f32, f64>::new(structure, self))
            }
            (ScalarType::F16, ScalarType::F64) => {
                Box::new(CgnrIc::<f16, f64>::new(structure, self))
            }
            (ScalarType::F16, _) => Box::new(CgnrIc::<f16, f32>::new(structure, self)),
            (_, _) => Box::new(CgnrIc::<f32, f32>::new(structure, self)),
        }
    }
}

pub(crate) struct CgnrIc<S: Store, V: Compute> {
    settings: CgnrIcSettings,
    vectors: VectorArithmetic,
    assembly: NormalAssembly,
    plan: FactorPlan,
    whitening: Whitening,
    factor: Option<StaticFactor>,
    /// Storage of the factor: as asked for, until it is raised.
    triangular: ScalarType,
    operator: ScaledJacobian<S, V>,
    damping: Damping<V>,
    b: Vec<V>,
    workspace: Option<Workspace<V>>,
    rows: Vec<f64>,
    /// `½ ‖r‖²` of the current linearisation.
    cost: f64,
    /// Iterations of the first solve with the present factor.
    first_iterations: Option<usize>,
    /// Make the factor anew at the next linearisation.
    stale: bool,
    /// The precision was raised: make the factor anew before the next solve.
    raised: bool,
    /// Solves since the last linearisation, and what the last one promised.
    solves: usize,
    promised: f64,
    /// Factorisations not reported yet.
    factorizations: usize,
    fallbacks: Vec<Fallback>,
}

impl<S: Store, V: Compute> CgnrIc<S, V> {
    pub(crate) fn new(structure: &JacobianStructure, settings: CgnrIcSettings) -> Self {
        let assembly = NormalAssembly::new(structure);
        let (fill, ordering) = (settings.fill, settings.ordering);
        let plan = FactorPlan::new(assembly.pattern(), &structure.layout, fill, ordering);
        let vectors = VectorArithmetic::of(settings.roles.vectors);
        Self {
            vectors,
            plan,
            whitening: Whitening::new(structure.layout.clone()),
            factor: None,
            triangular: settings.roles.triangular,
            operator: ScaledJacobian::new(structure, settings.half_arithmetic, vectors),
            damping: Damping::None,
            b: vec![V::default(); structure.layout.scalars()],
            workspace: None,
            rows: Vec::new(),
            cost: 0.0,
            first_iterations: None,
            stale: true,
            raised: false,
            solves: 0,
            promised: 0.0,
            factorizations: 0,
            fallbacks: Vec::new(),
            assembly,
            settings,
        }
    }

    /// Whitens and factors `JᵀJ`; writes gradient and diagonal on the way.
    fn refactor(
        &mut self,
        jacobian: &Jacobian<f64>,
        gradient: &mut [f64],
        scale: Option<&mut [f64]>,
        threads: &Threads,
    ) -> Result<(), NumericError> {
        let mut matrix = self.assembly.zeros();
        self.assembly
            .assemble(jacobian, &mut matrix, gradient, threads);
        if let Some(scale) = scale {
            matrix.copy_diagonal(scale);
        }
        self.whitening.set(|v| matrix.diagonal_block(v));
        let shift = self.settings.preconditioner.shift;
        self.factor = None;
        let (mut factor, report) =
            self.plan
                .factor(&matrix, &self.whitening, self.triangular, shift)?;
        if self.vectors == VectorArithmetic::NaiveHalf {
            factor.arithmetic = TriangularArithmetic::HalfSums;
        }
        if report.attempts > 1 {
            let note = Fallback {
                from: format!("{} without shift", self.plan.fill_name),
                to: format!("{} with shift {:.0e}", self.plan.fill_name, report.shift),
                why: "a pivot was too small".to_owned(),
            };
            if !self.fallbacks.contains(&note) {
                self.fallbacks.push(note);
            }
        }
        self.factor = Some(factor);
        self.factorizations += 1;
        self.first_iterations = None;
        self.stale = false;
        self.raised = false;
        Ok(())
    }

    /// Raises the factor's precision for good; `false` when it is raised already.
    fn raise(&mut self, why: &str) -> bool {
        if self.triangular != ScalarType::F16 || self.vectors == VectorArithmetic::NaiveHalf {
            return false;
        }
        self.triangular = ScalarType::F32;
        self.raised = true;
        self.fallbacks.push(Fallback {
            from: "f16 triangular solves".to_owned(),
            to: "f32 triangular solves".to_owned(),
            why: why.to_owned(),
        });
        true
    }

    /// Stores `A` and `b` for the whitening in use.
    fn rescale(&mut self, jacobian: &Jacobian<f64>, gradient: &[f64], threads: &Threads) {
        let scaling = ColumnScaling::Upper(&self.whitening.inverse);
        self.operator.set(jacobian, scaling, threads);
        if self.operator.overflows() > 0 {
            let from = format!("{} products", S::NAME);
            if !self.fallbacks.iter().any(|f| f.from == from) {
                self.fallbacks.push(Fallback {
                    from,
                    to: format!("{} products", V::NAME),
                    why: "an entry of the scaled Jacobian did not fit".to_owned(),
                });
            }
        }
        scale_transposed(scaling, jacobian.layout(), gradient, &mut self.b);
    }

    fn iterate(
        &mut self,
        jacobian: &Jacobian<f64>,
        request: &LinearRequest,
        threads: &Threads,
    ) -> Option<(CgOutcome, f64)> {
        let factor = self.factor.as_mut()?;
        let scaling = ColumnScaling::Upper(&self.whitening.inverse);
        let mut view = self.operator.view(jacobian, scaling, threads);
        let system = System {
            operator: &mut view,
            preconditioner: factor,
            b: &self.b,
            damping: &self.damping,
            layout: jacobian.layout(),
            vectors: self.vectors,
        };
        let (options, beta) = (&self.settings.cg, CgBeta::PolakRibiere);
        Some(system.solve(options, beta, request, &mut self.workspace, threads))
    }
}

impl<S: Store, V: Compute> LinearSolver for CgnrIc<S, V> {
    fn update(
        &mut self,
        jacobian: &Jacobian<f64>,
        gradient: &mut [f64],
        scale: &mut [f64],
        threads: &Threads,
    ) -> Result<(), BackendError> {
        self.solves = 0;
        let square: f64 = jacobian.residuals.iter().flatten().map(|r| r * r).sum();
        self.cost = 0.5 * square;
        let refresh = self.settings.preconditioner.refresh;
        if self.stale || self.raised || self.factor.is_none() || refresh == RefreshPolicy::EveryStep
        {
            self.refactor(jacobian, gradient, Some(scale), threads)?;
        } else {
            normal_vectors(jacobian, &mut self.rows, gradient, scale, threads);
        }
        self.rescale(jacobian, gradient, threads);
        Ok(())
    }

    fn solve(
        &mut self,
        jacobian: &Jacobian<f64>,
        gradient: &[f64],
        scale: &[f64],
        request: &LinearRequest,
        step: &mut [f64],
        threads: &Threads,
    ) -> Result<LinearOutcome, BackendError> {
        if self.solves > 0 && self.promised > MEANINGFUL * self.cost {
            self.raise("a step with a meaningful model was rejected");
        }
        self.solves += 1;
        let mut iterations = 0;
        let outcome = loop {
            if self.raised {
                let mut again = gradient.to_vec();
                self.refactor(jacobian, &mut again, None, threads)?;
                self.rescale(jacobian, gradient, threads);
            }
            let scaling = ColumnScaling::Upper(&self.whitening.inverse);
            let layout = jacobian.layout();
            self.damping.set(request.damping, scale, scaling, layout);
            let Some((outcome, decrease)) = self.iterate(jacobian, request, threads) else {
                return Err(BackendError::Numeric(NumericError::NotPositiveDefinite {
                    variable: 0,
                    pivot: 0.0,
                }));
            };
            iterations += outcome.iterations;
            self.promised = decrease;
            if outcome.stop == CgStop::Stagnation && self.raise("conjugate gradients broke down") {
                continue;
            }
            break outcome;
        };
        if outcome.stop == CgStop::Iterations {
            self.raise("conjugate gradients reached their limit");
        }
        let first = *self.first_iterations.get_or_insert(iterations.max(1));
        if let RefreshPolicy::Growth(growth) = self.settings.preconditioner.refresh
            && iterations as f64 > growth * first as f64
        {
            self.stale = true;
        }
        if let Some(work) = &self.workspace {
            let scaling = ColumnScaling::Upper(&self.whitening.inverse);
            unscale(scaling, jacobian.layout(), &work.x, step);
        }
        Ok(LinearOutcome {
            iterations,
            factorizations: std::mem::take(&mut self.factorizations),
            interrupted: outcome.stop == CgStop::Deadline,
        })
    }

    fn exact(&self) -> bool {
        false
    }

    fn precision(&self) -> ScalarType {
        let roles = &self.settings.roles;
        roles.products.min(roles.vectors).min(self.triangular)
    }

    fn describe(&self) -> Description {
        let triangular = format!("{}", self.triangular);
        Description {
            name: format!("cgnr-ic:{}", self.plan.fill_name),
            ordering: self.plan.ordering.to_owned(),
            precision: RolePrecisions {
                products: S::NAME.to_owned(),
                triangular,
                vectors: self.vectors.name::<V>().to_owned(),
                residual: "f64".to_owned(),
                update: "f64".to_owned(),
            },
            fallbacks: self.fallbacks.clone(),
            prediction: None,
            device_bytes: 0,
            bytes: self.assembly.bytes()
                + self.plan.permuted.bytes()
                + self.whitening.bytes()
                + self.factor.as_ref().map_or(0, StaticFactor::bytes)
                + self.operator.bytes()
                + self.damping.bytes()
                + size_of_val(self.rows.as_slice())
                + self.workspace.as_ref().map_or(0, Workspace::bytes)
                + size_of_val(self.b.as_slice()),
        }
    }
}

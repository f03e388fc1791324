//! `cgnr`: conjugate gradients on `J` with scaled columns; no Hessian is formed.

mod projected;
mod scaled;
#[cfg(test)]
mod tests;

use slam16_problem::Setup;
use slam16_solver::{
    BackendError, CgBeta, CgOptions, CgOutcome, CgStop, ColumnScaling, Description, Fallback,
    HalfArithmetic, LinearOutcome, LinearRequest, LinearSolver, RolePrecisions, Roles, ScalarType,
    normal_vectors,
};
use slam16_sparse::{Compute, Jacobian, Store, Threads};

use super::cg::{VectorArithmetic, Workspace};
use projected::ProjectedForm;
use scaled::{BlockForm, ColumnForm};

/// What `cgnr` is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CgnrSettings {
    pub scaling: ColumnScaling,
    pub cg: CgOptions,
    pub roles: Roles,
    pub half_arithmetic: HalfArithmetic,
}

impl CgnrSettings {
    /// The solver with `J` and the vectors stored as the roles say.
    pub(crate) fn build(self, setup: &Setup) -> Box<dyn LinearSolver> {
        use half::f16;
        match (self.roles.products, self.roles.vectors) {
            (ScalarType::F64, ScalarType::F64) => self.with::<f64, f64>(setup),
            (ScalarType::F32, ScalarType::F64) => self.with::<f32, f64>(setup),
            (ScalarType::F16, ScalarType::F64) => self.with::<f16, f64>(setup),
            (ScalarType::F16, _) => self.with::<f16, f32>(setup),
            (_, _) => self.with::<f32, f32>(setup),
        }
    }

    fn with<S: Store, V: Compute>(self, setup: &Setup) -> Box<dyn LinearSolver> {
        match self.scaling {
            ColumnScaling::Columns => Box::new(Cgnr::<S, V, _>::new(
                self,
                ColumnForm::<S, V>::new(&self, setup),
            )),
            ColumnScaling::Blocks => Box::new(Cgnr::<S, V, _>::new(
                self,
                BlockForm::<S, V>::new(&self, setup),
            )),
            ColumnScaling::Projected => Box::new(Cgnr::<S, V, _>::new(
                self,
                ProjectedForm::<S, V>::new(&self, setup),
            )),
        }
    }

    fn vectors(&self) -> VectorArithmetic {
        VectorArithmetic::of(self.roles.vectors)
    }
}

/// One way to scale the columns.
trait Form<V: Compute>: Send {
    /// Takes a linearisation.
    fn update(&mut self, jacobian: &Jacobian<f64>, threads: &Threads);

    /// Solves the damped equations into `step`.
    fn solve(
        &mut self,
        task: &Task<'_>,
        workspace: &mut Option<Workspace<V>>,
        step: &mut [f64],
    ) -> CgOutcome;

    /// Entries of the scaled Jacobian that did not fit the storage.
    fn overflows(&self) -> usize;

    /// Bytes held.
    fn bytes(&self) -> usize;
}

/// Guarded by checkpoints where products are rounded.
const BETA: CgBeta = CgBeta::FletcherReeves;

/// What one solve is given.
struct Task<'a> {
    jacobian: &'a Jacobian<f64>,
    gradient: &'a [f64],
    scale: &'a [f64],
    request: &'a LinearRequest,
    options: &'a CgOptions,
    vectors: VectorArithmetic,
    threads: &'a Threads,
}

struct Cgnr<S: Store, V: Compute, F: Form<V>> {
    settings: CgnrSettings,
    form: F,
    workspace: Option<Workspace<V>>,
    rows: Vec<f64>,
    /// Solves that had to raise the precision of products.
    raised: usize,
    overflowed: bool,
    storage: std::marker::PhantomData<S>,
}

impl<S: Store, V: Compute, F: Form<V>> Cgnr<S, V, F> {
    fn new(settings: CgnrSettings, form: F) -> Self {
        Self {
            settings,
            form,
            workspace: None,
            rows: Vec::new(),
            raised: 0,
            overflowed: false,
            storage: std::marker::PhantomData,
        }
    }
}

impl<S: Store, V: Compute, F: Form<V>> LinearSolver for Cgnr<S, V, F> {
    fn update(
        &mut self,
        jacobian: &Jacobian<f64>,
        gradient: &mut [f64],
        scale: &mut [f64],
        threads: &Threads,
    ) -> Result<(), BackendError> {
        normal_vectors(jacobian, &mut self.rows, gradient, scale, threads);
        self.form.update(jacobian, threads);
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
        let task = Task {
            jacobian,
            gradient,
            scale,
            request,
            options: &self.settings.cg,
            vectors: self.settings.vectors(),
            threads,
        };
        let outcome = self.form.solve(&task, &mut self.workspace, step);
        self.raised += usize::from(outcome.escalated_at.is_some());
        self.overflowed |= self.form.overflows() > 0;
        Ok(LinearOutcome {
            iterations: outcome.iterations,
            factorizations: 0,
            interrupted: outcome.stop == CgStop::Deadline,
        })
    }

    fn exact(&self) -> bool {
        false
    }

    fn precision(&self) -> ScalarType {
        self.settings
            .roles
            .products
            .min(self.settings.roles.vectors)
    }

    fn describe(&self) -> Description {
        let note = |why: String| Fallback {
            from: format!("{} products", S::NAME),
            to: format!("{} products", V::NAME),
            why,
        };
        let mut fallbacks = Vec::new();
        if self.raised > 0 {
            let why = "their rounding stopped the progress";
            fallbacks.push(note(format!("{why} in {} linear solves", self.raised)));
        }
        if self.overflowed {
            let why = "an entry of the scaled Jacobian did not fit";
            fallbacks.push(note(why.to_owned()));
        }
        let vector_bytes = self.workspace.as_ref().map_or(0, Workspace::bytes);
        Description {
            name: format!("cgnr:{}", self.settings.scaling),
            ordering: String::new(),
            precision: RolePrecisions {
                products: S::NAME.to_owned(),
                triangular: String::new(),
                vectors: self.settings.vectors().name::<V>().to_owned(),
                residual: "f64".to_owned(),
                update: "f64".to_owned(),
            },
            fallbacks,
            prediction: None,
            device_bytes: 0,
            bytes: self.form.bytes() + vector_bytes + size_of_val(self.rows.as_slice()),
        }
    }
}

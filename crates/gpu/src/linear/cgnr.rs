//! `cgnr:projected`: conjugate gradients on the landmark-projected Jacobian.

use half::f16;
use slam16_problem::Setup;
use slam16_solver::{
    BackendError, CgBeta, CgControl, CgOptions, CgStop, CgWorkspace, Description, Fallback,
    LinearOutcome, LinearRequest, LinearSolver, RolePrecisions, ScalarType, StopTests,
    conjugate_gradients, normal_vectors,
};
use slam16_sparse::{ColumnScaling, Jacobian, ProjectedSystem, Threads, scale_transposed, unscale};

use super::factor_set::DeviceStore;
use super::machine::{Machine, Scalar, Vector};
use super::projected::{BlockDamping, ProjectedOperator};
use super::seen::Seen;
use super::space::{GpuSpace, Operators, Origin};
use crate::shader::Storage;
use crate::{DeviceError, Gpu};

/// What `cgnr` is asked for.
#[derive(Clone, Debug)]
pub(super) struct CgnrSettings {
    pub cg: CgOptions,
    /// How blocks are kept.
    pub storage: Storage,
    /// What vectors are rounded to.
    pub keep: Storage,
    /// What the plan could not give.
    pub fallbacks: Vec<Fallback>,
}

impl CgnrSettings {
    pub(super) fn build(
        self,
        gpu: &Gpu,
        setup: &Setup,
    ) -> Result<Box<dyn LinearSolver>, DeviceError> {
        Ok(match self.storage {
            Storage::Half(_) => Box::new(Cgnr::<f16>::new(self, gpu, setup)?),
            Storage::Single => Box::new(Cgnr::<f32>::new(self, gpu, setup)?),
        })
    }

    /// Vectors are rounded to f16, to show what fails.
    fn naive(&self) -> bool {
        matches!(self.keep, Storage::Half(_))
    }
}

/// Fewest and most iterations between readings of the status: each reading
/// costs a round trip, and iterations after the end are wasted.
const READ_EVERY: (usize, usize) = (4, 16);

struct Cgnr<S: DeviceStore> {
    settings: CgnrSettings,
    machine: Machine,
    system: ProjectedSystem,
    operators: Operators<S>,
    damping: BlockDamping,
    b: Vector,
    damped: Vector,
    seen: Seen,
    workspace: Option<CgWorkspace<Vector, Vector, Scalar>>,
    /// Scratch of the host.
    reduced: Vec<f64>,
    short: Vec<f32>,
    rows: Vec<f64>,
    /// Solves that had to raise the precision of products.
    raised: usize,
    overflowed: bool,
    /// Iterations of the last solve.
    iterations: usize,
    /// Precision of the last solve.
    last: ScalarType,
}

impl<S: DeviceStore> Cgnr<S> {
    fn new(settings: CgnrSettings, gpu: &Gpu, setup: &Setup) -> Result<Self, DeviceError> {
        let system = ProjectedSystem::new(&setup.structure, setup.eliminable_from);
        let structure = system.structure();
        let layout = structure.kept_layout().clone();
        let mut machine = Machine::new(gpu, settings.keep)?;
        let (storage, round) = (settings.storage, settings.naive());
        let operators = Operators {
            stored: ProjectedOperator::new(gpu, structure, storage, round)?,
            wide: None,
            wide_ready: false,
            escalated: false,
        };
        Ok(Self {
            damping: BlockDamping::new(gpu, &layout)?,
            b: machine.vector("right-hand side", layout.scalars())?,
            damped: machine.vector("damped", layout.scalars())?,
            seen: Seen::new(
                machine.vector("true rows", structure.rows())?,
                machine.scalar(),
            ),
            workspace: None,
            reduced: Vec::new(),
            short: vec![0.0; layout.scalars()],
            rows: Vec::new(),
            raised: 0,
            overflowed: false,
            iterations: 8,
            last: ScalarType::F32,
            settings,
            machine,
            operators,
            system,
        })
    }

    fn stored_type(&self) -> ScalarType {
        match self.settings.storage {
            Storage::Half(_) => ScalarType::F16,
            Storage::Single => ScalarType::F32,
        }
    }

    /// Scaled system to the device.
    fn prepare(
        &mut self,
        jacobian: &Jacobian<f64>,
        gradient: &[f64],
        scale: &[f64],
        damping: f64,
        threads: &Threads,
    ) -> Result<(), DeviceError> {
        let gpu = self.machine.gpu.clone();
        let system = &mut self.system;
        system.factor(jacobian, scale, damping, threads);
        system.reduced_gradient(jacobian, gradient, &mut self.reduced, threads);
        let layout = system.structure().kept_layout();
        let scaling = ColumnScaling::Upper(&system.scaling().kept);
        scale_transposed(scaling, layout, &self.reduced, &mut self.short);
        gpu.write(&self.b.buffer, 0, &self.short)?;
        if damping > 0.0 {
            let inverse = &system.scaling().kept;
            let scale = &scale[..layout.scalars()];
            self.damping.update(&gpu, damping, scale, inverse, layout)?;
        }
        let operators = &mut self.operators;
        operators.wide_ready = false;
        operators.escalated = false;
        let scaling = self.system.scaling();
        let overflows = operators.stored.update(&gpu, jacobian, scaling, threads)?;
        self.overflowed |= overflows > 0;
        Ok(())
    }
}

impl<S: DeviceStore> LinearSolver for Cgnr<S> {
    fn update(
        &mut self,
        jacobian: &Jacobian<f64>,
        gradient: &mut [f64],
        scale: &mut [f64],
        threads: &Threads,
    ) -> Result<(), BackendError> {
        normal_vectors(jacobian, &mut self.rows, gradient, scale, threads);
        self.system.update(jacobian, threads);
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
        let overflowed = std::mem::take(&mut self.overflowed);
        self.prepare(jacobian, gradient, scale, request.damping, threads)?;
        let gpu = self.machine.gpu.clone();
        let stored = self.stored_type();
        let naive = self.settings.naive();
        let mut space = GpuSpace {
            gpu: &gpu,
            machine: &mut self.machine,
            operators: &mut self.operators,
            damping: (request.damping > 0.0).then_some(&self.damping),
            origin: Origin {
                jacobian,
                scaling: self.system.scaling(),
                threads,
            },
            b: &self.b,
            damped: &self.damped,
            guarded: stored == ScalarType::F16 && !naive,
            recorder: None,
            fresh: true,
            seen: &mut self.seen,
            error: None,
        };
        if self.overflowed {
            slam16_solver::Space::escalate(&mut space);
        }
        let cg = &self.settings.cg;
        let control = CgControl {
            tests: StopTests {
                tolerance: request.tolerance,
                model_tolerance: cg.model_tolerance,
            },
            beta: CgBeta::FletcherReeves,
            max_iterations: cg.max_iterations,
            checkpoint_every: cg.checkpoint_every,
            // Neighbouring solves take about as many iterations.
            read_every: (self.iterations + 1).clamp(READ_EVERY.0, READ_EVERY.1),
            deadline: request.deadline,
        };
        let work = self
            .workspace
            .get_or_insert_with(|| CgWorkspace::new(&mut space));
        let outcome = conjugate_gradients(&mut space, work, &control);
        space.solution(&work.x, &mut self.short)?;
        let wide = self.operators.escalated;
        self.iterations = outcome.iterations;
        self.raised += usize::from(outcome.escalated_at.is_some());
        self.overflowed |= overflowed;
        self.last = if wide { ScalarType::F32 } else { stored };
        let structure = self.system.structure().clone();
        let layout = structure.kept_layout();
        let scaling = ColumnScaling::Upper(&self.system.scaling().kept);
        unscale(scaling, layout, &self.short, &mut step[..layout.scalars()]);
        self.system
            .back_substitute(jacobian, gradient, step, threads);
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
        self.last
    }

    fn readbacks(&self) -> usize {
        self.machine.readbacks
    }

    fn describe(&self) -> Description {
        let stored = self.stored_type().to_string();
        let mut fallbacks = self.settings.fallbacks.clone();
        let mut note = |why: String| {
            fallbacks.push(Fallback {
                from: format!("{stored} products"),
                to: "f32 products".to_owned(),
                why,
            });
        };
        if self.raised > 0 {
            let why = "their rounding stopped the progress";
            note(format!("{why} in {} linear solves", self.raised));
        }
        if self.overflowed {
            note("an entry of the scaled Jacobian did not fit".to_owned());
        }
        let vectors = if self.settings.naive() { "f16" } else { "f32" };
        let wide = self.operators.wide.as_ref();
        Description {
            name: "cgnr:projected".to_owned(),
            ordering: String::new(),
            precision: RolePrecisions {
                products: stored.clone(),
                triangular: String::new(),
                vectors: vectors.to_owned(),
                residual: "f64".to_owned(),
                update: "f64".to_owned(),
            },
            fallbacks,
            prediction: None,
            bytes: self.system.bytes()
                + self.operators.stored.host_bytes()
                + wide.map_or(0, ProjectedOperator::host_bytes)
                + self.damping.host_bytes()
                + self.seen.host_bytes()
                + 8 * (self.rows.len() + self.reduced.len())
                + 4 * self.short.len(),
            device_bytes: self.machine.gpu.counters().bytes as usize,
        }
    }
}

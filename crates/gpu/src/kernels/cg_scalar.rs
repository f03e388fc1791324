//! What conjugate gradients do with scalars.

use crate::memory::{Buffer, Uniform};
use crate::run::Launch;
use crate::shader::{Binding, KernelSpec, Storage, uniform};
use crate::{DeviceError, Gpu};

uniform! {
    /// An operation and its slots.
    pub struct CgScalarParams {
        /// An [`Operation`].
        pub operation: u32,
        /// First operand.
        pub a: u32,
        /// Second operand.
        pub b: u32,
        /// Third operand.
        pub c: u32,
        /// Where the result goes.
        pub result: u32,
    }
}

/// An operation on slots; those it does not name are not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Operation {
    /// Begins a solve with the first gamma, `a`.
    Begin = 0,
    /// `result = a / b`, the step length for gamma and curvature; 0 once the
    /// state is not running. No positive curvature breaks the solve.
    StepLength = 1,
    /// `result = a / b`, or 0 where `b` is.
    FletcherReeves = 2,
    /// `result = max(0, (a − b) / c)`, or 0 where `c` is.
    PolakRibiere = 3,
    /// Ends an iteration with step length `a`, gamma `b` and the next gamma `c`.
    Judge = 4,
    /// Sets the state back to running.
    Resume = 5,
}

/// Slots of the status, before all others.
pub mod slot {
    /// 0 running, 1 residual test met, 2 model test met, 3 broken.
    pub const STATE: usize = 0;
    /// Iterations judged while running.
    pub const ITERATIONS: usize = 1;
    /// `√(γ / first γ)`.
    pub const RESIDUAL: usize = 2;
    /// `Σ ½ α γ`.
    pub const DECREASE: usize = 3;
    /// The first γ.
    pub const FIRST: usize = 4;
    /// The residual test's tolerance.
    pub const TOLERANCE: usize = 5;
    /// The model test's tolerance.
    pub const MODEL_TOLERANCE: usize = 6;
    /// First slot that is free for scalars.
    pub const FREE: usize = 8;
}

/// The kernel.
pub const SPEC: KernelSpec = KernelSpec {
    name: "cg_scalar",
    body: include_str!("../../../../shaders/cg_scalar.wgsl"),
    libraries: &[],
    bindings: &[Binding::write(1, 0, "scalars"), Binding::PARAMS],
    fields: CgScalarParams::FIELDS,
    uniform_bytes: size_of::<CgScalarParams>(),
    constants: &[],
    samples: &[&[]],
};

/// One operation on the scalars and the status of a solve.
#[derive(Clone, Copy, Debug)]
pub struct CgScalar<'a> {
    /// Status, then scalars by slot.
    pub scalars: &'a Buffer<f32>,
    /// Operation and slots.
    pub params: &'a Uniform<CgScalarParams>,
}

impl CgScalar<'_> {
    /// Makes it ready. With a half `storage` quotients are rounded to it.
    ///
    /// # Errors
    /// It does not compile here.
    pub fn launch(&self, gpu: &Gpu, storage: Storage) -> Result<Launch, DeviceError> {
        gpu.launch(
            &SPEC,
            storage,
            &[],
            &[("scalars", self.scalars), ("params", self.params)],
            [1, 1, 1],
        )
    }
}

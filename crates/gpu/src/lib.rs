//! GPU backend: device, shader composer, kernels, linear solvers.
//!
//! The only crate that names wgpu. A [`Gpu`] is an open device; a kernel is
//! made ready once as a [`Launch`] and dispatched through a [`Recorder`], which
//! puts all launches of a solve into one compute pass. Every failure is a
//! [`DeviceError`].
//!
//! Half storage has the same bytes on every rung of the ladder ([`Rung`]): two
//! halves in a word. [`Plan::choose`] takes the best rung that an adapter
//! offers; a canary tries it first.
//!
//! `docs/gpu.md` says how to add a kernel.

mod device;
mod error;
pub mod kernels;
mod linear;
mod memory;
mod plan;
mod run;
pub mod shader;
mod triangular;

pub use device::{
    AdapterChoice, AdapterList, AdapterSummary, BufferUse, CanaryReport, Capabilities, Counters,
    Gpu, GpuOptions, GraphicsApi, Verdict, adapters,
};
pub use error::DeviceError;
pub use linear::{backend, choose};
pub use memory::{Buffer, Data, Reading, Uniform};
pub use plan::{Plan, Rung};
pub use run::{Launch, Recorder, Submission};
pub use triangular::{TriangularForm, TriangularOptions, TriangularSolver};

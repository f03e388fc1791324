//! Adapters, what they can do, and the device in use.

mod adapters;
mod canary;
mod capabilities;
mod counters;
mod gpu;
mod options;
mod scope;

pub use adapters::{AdapterChoice, AdapterList, AdapterSummary, GraphicsApi, adapters};
pub use canary::{CanaryReport, Verdict};
pub use capabilities::Capabilities;
pub(crate) use counters::Counting;
pub use counters::{BufferUse, Counters};
pub use gpu::Gpu;
pub use options::GpuOptions;

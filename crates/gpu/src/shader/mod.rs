//! From kernel bodies and a storage to WGSL.

mod compose;
mod spec;

pub use compose::{HalfAccess, Storage, Variant};
pub use spec::{Access, Binding, Field, KernelSpec, Library};

pub(crate) use spec::uniform;

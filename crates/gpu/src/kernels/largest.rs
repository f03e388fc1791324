//! The largest magnitude of a vector, down to one per workgroup.

pub use super::dot::groups;
use crate::memory::{Buffer, Uniform};
use crate::run::Launch;
use crate::shader::{Binding, KernelSpec, Library, Storage, uniform};
use crate::{DeviceError, Gpu};

uniform! {
    /// Sizes.
    pub struct LargestParams {
        /// Numbers in `x`.
        pub count: u32,
        /// Place of the first partial result.
        pub first: u32,
    }
}

/// The kernel.
pub const SPEC: KernelSpec = KernelSpec {
    name: "largest",
    body: include_str!("../../../../shaders/largest.wgsl"),
    libraries: &[Library::Maxima],
    bindings: &[
        Binding::read(1, 0, "x"),
        Binding::write(1, 1, "partials"),
        Binding::PARAMS,
    ],
    fields: LargestParams::FIELDS,
    uniform_bytes: size_of::<LargestParams>(),
    constants: &[],
    samples: &[&[]],
};

/// `partials[first + g] = max |x_i|` over the numbers of workgroup `g`, shared
/// out as for [`super::dot`]. A NaN may go unseen: this is for scaling, not for
/// finding faults.
#[derive(Clone, Copy, Debug)]
pub struct Largest<'a> {
    /// The vector.
    pub x: &'a Buffer<f32>,
    /// [`groups`] partial results.
    pub partials: &'a Buffer<f32>,
    /// Sizes.
    pub params: &'a Uniform<LargestParams>,
    /// Numbers, as in `params`.
    pub count: usize,
}

impl Largest<'_> {
    /// Makes it ready. It rounds nothing, whatever the `storage`.
    ///
    /// # Errors
    /// It does not compile here.
    pub fn launch(&self, gpu: &Gpu, storage: Storage) -> Result<Launch, DeviceError> {
        let groups = groups(self.count, gpu.workgroup() as usize);
        gpu.launch(
            &SPEC,
            storage,
            &[],
            &[
                ("x", self.x),
                ("partials", self.partials),
                ("params", self.params),
            ],
            [groups as u32, 1, 1],
        )
    }
}

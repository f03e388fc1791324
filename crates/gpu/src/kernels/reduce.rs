//! Partial sums to one scalar on the device.

use crate::memory::{Buffer, Uniform};
use crate::run::Launch;
use crate::shader::{Binding, KernelSpec, Library, Storage, uniform};
use crate::{DeviceError, Gpu};

uniform! {
    /// Sizes and places.
    pub struct ReduceParams {
        /// Place of the first partial sum.
        pub first: u32,
        /// Partial sums.
        pub count: u32,
        /// Slot of the result.
        pub slot: u32,
        /// 1 to add to what is in the slot.
        pub add: u32,
        /// Factor of the sum.
        pub scale: f32,
    }
}

/// The kernel.
pub const SPEC: KernelSpec = KernelSpec {
    name: "reduce",
    body: include_str!("../../../../shaders/reduce.wgsl"),
    libraries: &[Library::Sums],
    bindings: &[
        Binding::read(1, 0, "partials"),
        Binding::write(1, 1, "scalars"),
        Binding::PARAMS,
    ],
    fields: ReduceParams::FIELDS,
    uniform_bytes: size_of::<ReduceParams>(),
    constants: &[],
    samples: &[&[]],
};

/// `scalars[slot] = scale · Σ partials`, plus what was there if `add` is 1.
#[derive(Clone, Copy, Debug)]
pub struct Reduce<'a> {
    /// Partial sums.
    pub partials: &'a Buffer<f32>,
    /// Scalars by slot.
    pub scalars: &'a Buffer<f32>,
    /// Sizes and places.
    pub params: &'a Uniform<ReduceParams>,
}

impl Reduce<'_> {
    /// Makes it ready. With a half `storage` every operation is rounded to it.
    ///
    /// # Errors
    /// It does not compile here.
    pub fn launch(&self, gpu: &Gpu, storage: Storage) -> Result<Launch, DeviceError> {
        gpu.launch(
            &SPEC,
            storage,
            &[],
            &[
                ("partials", self.partials),
                ("scalars", self.scalars),
                ("params", self.params),
            ],
            [1, 1, 1],
        )
    }
}

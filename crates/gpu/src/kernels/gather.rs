//! A vector in another order, scaled.

use crate::memory::{Buffer, Uniform};
use crate::run::{Launch, grid};
use crate::shader::{Binding, KernelSpec, Storage, uniform};
use crate::{DeviceError, Gpu};

uniform! {
    /// Sizes and places.
    pub struct GatherParams {
        /// Numbers in `y`.
        pub count: u32,
        /// Slot of the factor, or [`super::NONE`].
        pub slot: u32,
    }
}

/// The kernel.
pub const SPEC: KernelSpec = KernelSpec {
    name: "gather",
    body: include_str!("../../../../shaders/gather.wgsl"),
    libraries: &[],
    bindings: &[
        Binding::read(0, 0, "index"),
        Binding::read(1, 0, "scalars"),
        Binding::read(1, 1, "x"),
        Binding::write(1, 2, "y"),
        Binding::PARAMS,
    ],
    fields: GatherParams::FIELDS,
    uniform_bytes: size_of::<GatherParams>(),
    constants: &[],
    samples: &[&[]],
};

/// `y_i = a x_index(i)`, where `a` is a scalar on the device, or 1; 0 where the
/// index is [`super::NONE`].
#[derive(Clone, Copy, Debug)]
pub struct Gather<'a> {
    /// Place in `x` of each number of `y`.
    pub index: &'a Buffer<u32>,
    /// Scalars by slot.
    pub scalars: &'a Buffer<f32>,
    /// Read vector.
    pub x: &'a Buffer<f32>,
    /// Written vector.
    pub y: &'a Buffer<f32>,
    /// Sizes and places.
    pub params: &'a Uniform<GatherParams>,
    /// Numbers, as in `params`.
    pub count: usize,
}

impl Gather<'_> {
    /// Makes it ready. With a half `storage` the numbers are rounded to it.
    ///
    /// # Errors
    /// It does not compile here.
    pub fn launch(&self, gpu: &Gpu, storage: Storage) -> Result<Launch, DeviceError> {
        gpu.launch(
            &SPEC,
            storage,
            &[],
            &[
                ("index", self.index),
                ("scalars", self.scalars),
                ("x", self.x),
                ("y", self.y),
                ("params", self.params),
            ],
            grid(gpu, self.count, gpu.workgroup() as usize),
        )
    }
}

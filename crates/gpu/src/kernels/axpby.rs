//! `y = a x + b y` with scalars on the device.

use crate::memory::{Buffer, Uniform};
use crate::run::{Launch, grid};
use crate::shader::{Binding, KernelSpec, Storage, uniform};
use crate::{DeviceError, Gpu};

uniform! {
    /// Sizes and factors.
    pub struct AxpbyParams {
        /// Numbers in `x` and `y`.
        pub count: u32,
        /// Slot of the scalar that multiplies `alpha`, or [`super::NONE`].
        pub alpha_slot: u32,
        /// Slot of the scalar that multiplies `beta`, or [`super::NONE`].
        pub beta_slot: u32,
        /// Factor of `x`.
        pub alpha: f32,
        /// Factor of `y`.
        pub beta: f32,
    }
}

/// The kernel.
pub const SPEC: KernelSpec = KernelSpec {
    name: "axpby",
    body: include_str!("../../../../shaders/axpby.wgsl"),
    libraries: &[],
    bindings: &[
        Binding::read(1, 0, "scalars"),
        Binding::read(1, 1, "x"),
        Binding::write(1, 2, "y"),
        Binding::PARAMS,
    ],
    fields: AxpbyParams::FIELDS,
    uniform_bytes: size_of::<AxpbyParams>(),
    constants: &[],
    samples: &[&[]],
};

/// `y = a x + b y`, where `a = alpha · scalars[alpha_slot]` and likewise `b`.
/// With `b = 0` it is `y = a x` and `y` is not read; with `a = 0`, `x` is not.
#[derive(Clone, Copy, Debug)]
pub struct Axpby<'a> {
    /// Scalars by slot.
    pub scalars: &'a Buffer<f32>,
    /// Added vector.
    pub x: &'a Buffer<f32>,
    /// Changed vector.
    pub y: &'a Buffer<f32>,
    /// Sizes and factors.
    pub params: &'a Uniform<AxpbyParams>,
    /// Numbers, as in `params`.
    pub count: usize,
}

impl Axpby<'_> {
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
                ("scalars", self.scalars),
                ("x", self.x),
                ("y", self.y),
                ("params", self.params),
            ],
            grid(gpu, self.count, gpu.workgroup() as usize),
        )
    }
}

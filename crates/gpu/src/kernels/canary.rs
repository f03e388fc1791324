//! Known halves and floats through every conversion.

use crate::memory::{Buffer, Uniform};
use crate::run::{Launch, grid};
use crate::shader::{Binding, KernelSpec, Storage, uniform};
use crate::{DeviceError, Gpu};

uniform! {
    /// Sizes.
    pub struct CanaryParams {
        /// Pairs of halves.
        pub pairs: u32,
    }
}

/// The kernel.
pub const SPEC: KernelSpec = KernelSpec {
    name: "canary",
    body: include_str!("../../../../shaders/canary.wgsl"),
    libraries: &[],
    bindings: &[
        Binding::read(0, 0, "halves"),
        Binding::read(0, 1, "floats"),
        Binding::write(1, 0, "widened"),
        Binding::write(1, 1, "rounded"),
        Binding::write(1, 2, "sums"),
        Binding::write(1, 3, "products"),
        Binding::PARAMS,
    ],
    fields: CanaryParams::FIELDS,
    uniform_bytes: size_of::<CanaryParams>(),
    constants: &[],
    samples: &[&[]],
};

/// `widened = f32(halves)`, `rounded = f16(floats)`, and sums and products of
/// every pair of halves with the next one, the last with the first.
#[derive(Clone, Copy, Debug)]
pub struct Canary<'a> {
    /// Halves, two in a word.
    pub halves: &'a Buffer<u32>,
    /// Floats, as many as halves.
    pub floats: &'a Buffer<f32>,
    /// The halves as floats.
    pub widened: &'a Buffer<f32>,
    /// The floats as halves.
    pub rounded: &'a Buffer<u32>,
    /// Sums of pairs.
    pub sums: &'a Buffer<u32>,
    /// Products of pairs.
    pub products: &'a Buffer<u32>,
    /// Sizes.
    pub params: &'a Uniform<CanaryParams>,
    /// Pairs, as in `params`.
    pub pairs: usize,
}

impl Canary<'_> {
    /// Makes it ready. `storage` is a half storage.
    ///
    /// # Errors
    /// It does not compile here.
    pub fn launch(&self, gpu: &Gpu, storage: Storage) -> Result<Launch, DeviceError> {
        gpu.launch(
            &SPEC,
            storage,
            &[],
            &[
                ("halves", self.halves),
                ("floats", self.floats),
                ("widened", self.widened),
                ("rounded", self.rounded),
                ("sums", self.sums),
                ("products", self.products),
                ("params", self.params),
            ],
            grid(gpu, self.pairs, gpu.workgroup() as usize),
        )
    }
}

//! The power of two that brings a vector into the range of half.

use crate::memory::{Buffer, Uniform};
use crate::run::Launch;
use crate::shader::{Binding, KernelSpec, Library, Storage, uniform};
use crate::{DeviceError, Gpu};

uniform! {
    /// Sizes and places.
    pub struct PowerOfTwoParams {
        /// Place of the first partial result.
        pub first: u32,
        /// Partial results.
        pub count: u32,
        /// Slot of the factor.
        pub slot: u32,
        /// Slot of what undoes it.
        pub undo: u32,
        /// Slot of what undoes an earlier factor as well, or [`super::NONE`].
        pub earlier: u32,
    }
}

/// The kernel.
pub const SPEC: KernelSpec = KernelSpec {
    name: "power_of_two",
    body: include_str!("../../../../shaders/power_of_two.wgsl"),
    libraries: &[Library::Maxima],
    bindings: &[
        Binding::read(1, 0, "partials"),
        Binding::write(1, 1, "scalars"),
        Binding::PARAMS,
    ],
    fields: PowerOfTwoParams::FIELDS,
    uniform_bytes: size_of::<PowerOfTwoParams>(),
    constants: &[],
    samples: &[&[]],
};

/// `scalars[slot] = 2⁻ᵉ` with the largest of `partials` in `[½, 1)` times `2ᵉ`,
/// and `scalars[undo] = 2ᵉ`, times the scalar of an earlier undoing. Both are 1
/// where the largest is 0, subnormal or not finite.
#[derive(Clone, Copy, Debug)]
pub struct PowerOfTwo<'a> {
    /// Largest magnitudes, from [`super::largest`].
    pub partials: &'a Buffer<f32>,
    /// Scalars by slot.
    pub scalars: &'a Buffer<f32>,
    /// Sizes and places.
    pub params: &'a Uniform<PowerOfTwoParams>,
}

impl PowerOfTwo<'_> {
    /// Makes it ready. It rounds nothing, whatever the `storage`.
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

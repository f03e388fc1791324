//! Powers of two that bring columns to about unit norm.

use crate::memory::{Buffer, Uniform};
use crate::run::{Launch, grid};
use crate::shader::{Binding, KernelSpec, Storage, uniform};
use crate::{DeviceError, Gpu};

uniform! {
    /// Sizes.
    pub struct ColumnScaleParams {
        /// Columns.
        pub count: u32,
    }
}

/// The kernel.
pub const SPEC: KernelSpec = KernelSpec {
    name: "column_scale",
    body: include_str!("../../../../shaders/column_scale.wgsl"),
    libraries: &[],
    bindings: &[
        Binding::read(1, 0, "norms"),
        Binding::write(1, 1, "scale"),
        Binding::PARAMS,
    ],
    fields: ColumnScaleParams::FIELDS,
    uniform_bytes: size_of::<ColumnScaleParams>(),
    constants: &[],
    samples: &[&[]],
};

/// `scale[i] = 2^k` with `√norms[i] · 2^k` in `[1/√2, √2)`: scaling by it is
/// exact, and no number of a column is beyond half any more.
///
/// 0 for a column of norm zero (held), or below `1.1e-19`. A norm that is not
/// finite stays, so that [`super::scale_encode`] counts its column.
#[derive(Clone, Copy, Debug)]
pub struct ColumnScale<'a> {
    /// Squared norms of the columns.
    pub norms: &'a Buffer<f32>,
    /// Factors of the columns.
    pub scale: &'a Buffer<f32>,
    /// Sizes.
    pub params: &'a Uniform<ColumnScaleParams>,
    /// Columns, as in `params`.
    pub count: usize,
}

impl ColumnScale<'_> {
    /// Makes it ready. Always in f32.
    ///
    /// # Errors
    /// It does not compile here.
    pub fn launch(&self, gpu: &Gpu) -> Result<Launch, DeviceError> {
        gpu.launch(
            &SPEC,
            Storage::Single,
            &[],
            &[
                ("norms", self.norms),
                ("scale", self.scale),
                ("params", self.params),
            ],
            grid(gpu, self.count, gpu.workgroup() as usize),
        )
    }
}

//! The columns of one factor set scaled and rounded to storage.

use slam16_sparse::EdgeShape;

use super::TILE;
pub use super::linearize::groups;
use crate::memory::{Buffer, Uniform};
use crate::run::{Launch, grid};
use crate::shader::{Binding, KernelSpec, Library, Storage, uniform};
use crate::{DeviceError, Gpu};

uniform! {
    /// Sizes and places.
    pub struct ScaleEncodeParams {
        /// Factors of the set.
        pub factors: u32,
        /// Pairs before the blocks of the second variables.
        pub second: u32,
        /// Place of the first count of faults.
        pub first: u32,
    }
}

/// The kernel.
pub const SPEC: KernelSpec = KernelSpec {
    name: "scale_encode",
    body: include_str!("../../../../shaders/scale_encode.wgsl"),
    libraries: &[Library::Tiles, Library::Sums],
    bindings: &[
        Binding::read(0, 0, "columns"),
        Binding::read(1, 0, "scale"),
        Binding::read(1, 1, "blocks"),
        Binding::write(1, 2, "encoded"),
        Binding::write(1, 3, "partials"),
        Binding::PARAMS,
    ],
    fields: ScaleEncodeParams::FIELDS,
    uniform_bytes: size_of::<ScaleEncodeParams>(),
    constants: &["R", "A", "B", "TILE"],
    samples: &[
        &[2, 9, 3, 32],
        &[2, 6, 0, 32],
        &[3, 6, 3, 32],
        &[6, 6, 6, 32],
        &[1, 2, 2, 1],
    ],
};

/// `encoded = blocks` with every column times its factor, rounded to storage.
///
/// Factors with a number that is not finite once it is stored, because it is
/// beyond half or was not finite before, are counted in `partials`: whole
/// numbers, which [`super::reduce`] adds up.
#[derive(Clone, Copy, Debug)]
pub struct ScaleEncode<'a> {
    /// First column of each factor's variables: two a factor, or one in a
    /// unary set.
    pub columns: &'a Buffer<u32>,
    /// Factors of the columns, laid out like the unknowns.
    pub scale: &'a Buffer<f32>,
    /// Blocks in words of single storage, as for [`super::jacobian_mul`].
    pub blocks: &'a Buffer<u32>,
    /// Blocks in storage words, in the same places. Those of no factor are
    /// left alone.
    pub encoded: &'a Buffer<u32>,
    /// [`groups`] counts of faults.
    pub partials: &'a Buffer<f32>,
    /// Sizes and places.
    pub params: &'a Uniform<ScaleEncodeParams>,
    /// Block sizes of the set.
    pub shape: EdgeShape,
    /// Factors, as in `params`.
    pub factors: usize,
}

impl ScaleEncode<'_> {
    /// Makes it ready, encoded blocks kept in `storage`.
    ///
    /// # Errors
    /// It does not compile here.
    pub fn launch(&self, gpu: &Gpu, storage: Storage) -> Result<Launch, DeviceError> {
        let EdgeShape {
            rows,
            cols_a,
            cols_b,
        } = self.shape;
        gpu.launch(
            &SPEC,
            storage,
            &[rows as u32, cols_a as u32, cols_b as u32, TILE as u32],
            &[
                ("columns", self.columns),
                ("scale", self.scale),
                ("blocks", self.blocks),
                ("encoded", self.encoded),
                ("partials", self.partials),
                ("params", self.params),
            ],
            grid(gpu, self.factors, gpu.workgroup() as usize),
        )
    }
}

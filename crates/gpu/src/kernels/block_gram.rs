//! Diagonal blocks of `JᵀJ` of one factor set.

use super::TILE;
use crate::memory::{Buffer, Uniform};
use crate::run::{Launch, grid};
use crate::shader::{Binding, KernelSpec, Library, Storage, uniform};
use crate::{DeviceError, Gpu};

uniform! {
    /// Sizes and places.
    pub struct BlockGramParams {
        /// Variables listed.
        pub variables: u32,
        /// Pairs before block 0.
        pub base: u32,
        /// 1 to add to what is there.
        pub add: u32,
    }
}

/// The kernel.
pub const SPEC: KernelSpec = KernelSpec {
    name: "block_gram",
    body: include_str!("../../../../shaders/block_gram.wgsl"),
    libraries: &[Library::Tiles, Library::Triangles],
    bindings: &[
        Binding::read(0, 0, "blocks"),
        Binding::read(0, 1, "starts"),
        Binding::read(0, 2, "items"),
        Binding::write(1, 0, "gram"),
        Binding::PARAMS,
    ],
    fields: BlockGramParams::FIELDS,
    uniform_bytes: size_of::<BlockGramParams>(),
    constants: &["R", "C", "LANES", "TILE"],
    samples: &[&[2, 9, 32, 32], &[3, 6, 8, 32], &[3, 3, 1, 32]],
};

/// Numbers that the triangles of `variables` blocks of `cols` columns take:
/// column by column, padded to pairs, in tiles of [`TILE`], as
/// [`slam16_sparse::TiledLayout`] says for blocks of `cols (cols + 1)/2`.
pub fn triangle_numbers(cols: usize, variables: usize) -> usize {
    slam16_sparse::TiledLayout::new(TILE, cols * (cols + 1) / 2).len(variables)
}

/// `gram_v = Σ_f J_{f,v}ᵀ J_{f,v}`, upper triangles, for every variable listed,
/// plus what was there if `add` is 1: one set after another. Lanes share a
/// variable as in [`super::jacobian_transpose_mul`].
#[derive(Clone, Copy, Debug)]
pub struct BlockGram<'a> {
    /// Blocks in storage words, as for [`super::jacobian_mul`].
    pub blocks: &'a Buffer<u32>,
    /// First item of each variable, and the end.
    pub starts: &'a Buffer<u32>,
    /// Block numbers by variable.
    pub items: &'a Buffer<u32>,
    /// [`triangle_numbers`] numbers. Places of no variable are left alone.
    pub gram: &'a Buffer<f32>,
    /// Sizes and places.
    pub params: &'a Uniform<BlockGramParams>,
    /// Rows and columns of a block.
    pub size: (usize, usize),
    /// Lanes that share a variable: a power of two, at most the workgroup.
    pub lanes: usize,
    /// Variables, as in `params`.
    pub variables: usize,
}

impl BlockGram<'_> {
    /// Makes it ready for blocks in `storage`; sums are in f32.
    ///
    /// # Errors
    /// It does not compile here.
    pub fn launch(&self, gpu: &Gpu, storage: Storage) -> Result<Launch, DeviceError> {
        let (rows, cols) = self.size;
        let lanes = self.lanes.next_power_of_two().min(gpu.workgroup() as usize);
        gpu.launch(
            &SPEC,
            storage,
            &[rows as u32, cols as u32, lanes as u32, TILE as u32],
            &[
                ("blocks", self.blocks),
                ("starts", self.starts),
                ("items", self.items),
                ("gram", self.gram),
                ("params", self.params),
            ],
            grid(gpu, self.variables, gpu.workgroup() as usize / lanes),
        )
    }
}

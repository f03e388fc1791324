//! `z = α Jᵀ y + β z` for one factor set.

use super::TILE;
use crate::memory::{Buffer, Uniform};
use crate::run::{Launch, grid};
use crate::shader::{Binding, KernelSpec, Library, Storage, uniform};
use crate::{DeviceError, Gpu};

uniform! {
    /// Sizes, places and factors.
    pub struct JacobianTransposeMulParams {
        /// Variables listed.
        pub variables: u32,
        /// Pairs before block 0.
        pub base: u32,
        /// Blocks of first variables, whole tiles: block `n` from there on
        /// belongs to factor `n − split`.
        pub split: u32,
        /// Row of `y` where the set begins.
        pub row: u32,
        /// Factor of the product.
        pub alpha: f32,
        /// Factor of `z`; with 0, `z` is not read.
        pub beta: f32,
    }
}

/// The kernel.
pub const SPEC: KernelSpec = KernelSpec {
    name: "jacobian_transpose_mul",
    body: include_str!("../../../../shaders/jacobian_transpose_mul.wgsl"),
    libraries: &[Library::Tiles],
    bindings: &[
        Binding::read(0, 0, "blocks"),
        Binding::read(0, 1, "starts"),
        Binding::read(0, 2, "items"),
        Binding::read(0, 3, "columns"),
        Binding::read(1, 0, "y"),
        Binding::write(1, 1, "z"),
        Binding::PARAMS,
    ],
    fields: JacobianTransposeMulParams::FIELDS,
    uniform_bytes: size_of::<JacobianTransposeMulParams>(),
    constants: &["R", "C", "LANES", "TILE", "ROUND"],
    samples: &[
        &[2, 9, 1, 32, 0],
        &[2, 6, 32, 32, 0],
        &[3, 6, 8, 32, 1],
        &[6, 6, 4, 32, 0],
        &[3, 3, 1, 32, 0],
        &[1, 2, 2, 1, 1],
    ],
};

/// Lanes that share a variable with `items` items on average: a power of two
/// up to 32, so that each has about four.
pub fn lanes(items: usize, variables: usize) -> usize {
    let mean = items / variables.max(1);
    (mean / 4).clamp(1, 32).next_power_of_two()
}

/// `z_v = α Σ_f J_{f,v}ᵀ y_f + β z_v` for every variable listed, which all have
/// `cols` columns. Lane `l` of those that share a variable adds items `l`,
/// `l + LANES` and so on; a fixed tree adds the lanes.
#[derive(Clone, Copy, Debug)]
pub struct JacobianTransposeMul<'a> {
    /// Blocks in storage words, as for [`super::jacobian_mul`].
    pub blocks: &'a Buffer<u32>,
    /// First item of each variable, and the end.
    pub starts: &'a Buffer<u32>,
    /// Block numbers by variable.
    pub items: &'a Buffer<u32>,
    /// First column of each variable in `z`.
    pub columns: &'a Buffer<u32>,
    /// Rows of all sets.
    pub y: &'a Buffer<f32>,
    /// Unknowns.
    pub z: &'a Buffer<f32>,
    /// Sizes, places and factors.
    pub params: &'a Uniform<JacobianTransposeMulParams>,
    /// Rows and columns of a block.
    pub size: (usize, usize),
    /// Lanes that share a variable: a power of two, at most the workgroup.
    pub lanes: usize,
    /// Variables, as in `params`.
    pub variables: usize,
    /// Rounds the results to `storage`.
    pub round: bool,
}

impl JacobianTransposeMul<'_> {
    /// Makes it ready for blocks in `storage`.
    ///
    /// # Errors
    /// It does not compile here.
    pub fn launch(&self, gpu: &Gpu, storage: Storage) -> Result<Launch, DeviceError> {
        let (rows, cols) = self.size;
        let lanes = self.lanes.next_power_of_two().min(gpu.workgroup() as usize);
        gpu.launch(
            &SPEC,
            storage,
            &[
                rows as u32,
                cols as u32,
                lanes as u32,
                TILE as u32,
                u32::from(self.round),
            ],
            &[
                ("blocks", self.blocks),
                ("starts", self.starts),
                ("items", self.items),
                ("columns", self.columns),
                ("y", self.y),
                ("z", self.z),
                ("params", self.params),
            ],
            grid(gpu, self.variables, gpu.workgroup() as usize / lanes),
        )
    }
}

//! `y = α J x + β y` for one factor set.

use slam16_sparse::EdgeShape;

use super::TILE;
use crate::memory::{Buffer, Uniform};
use crate::run::{Launch, grid};
use crate::shader::{Binding, KernelSpec, Library, Storage, uniform};
use crate::{DeviceError, Gpu};

uniform! {
    /// Sizes, places and factors.
    pub struct JacobianMulParams {
        /// Factors of the set.
        pub factors: u32,
        /// Pairs before the blocks of the second variables.
        pub second: u32,
        /// Row of `y` where the set begins.
        pub row: u32,
        /// Factor of the product.
        pub alpha: f32,
        /// Factor of `y`; with 0, `y` is not read.
        pub beta: f32,
    }
}

/// The kernel.
pub const SPEC: KernelSpec = KernelSpec {
    name: "jacobian_mul",
    body: include_str!("../../../../shaders/jacobian_mul.wgsl"),
    libraries: &[Library::Tiles],
    bindings: &[
        Binding::read(0, 0, "blocks"),
        Binding::read(0, 1, "columns"),
        Binding::read(1, 0, "x"),
        Binding::write(1, 1, "y"),
        Binding::PARAMS,
    ],
    fields: JacobianMulParams::FIELDS,
    uniform_bytes: size_of::<JacobianMulParams>(),
    constants: &["R", "A", "B", "TILE", "ROUND"],
    samples: &[
        &[2, 9, 3, 32, 0],
        &[2, 6, 0, 32, 0],
        &[3, 6, 3, 32, 1],
        &[6, 6, 6, 32, 0],
        &[3, 3, 0, 32, 0],
        &[1, 2, 2, 1, 1],
    ],
};

/// `y_f = α (A_f x_a + B_f x_b) + β y_f` for every factor `f` of one set.
///
/// Blocks lie in tiles of [`TILE`] as [`slam16_sparse::TiledLayout`] says, the
/// second ones after the first.
#[derive(Clone, Copy, Debug)]
pub struct JacobianMul<'a> {
    /// Blocks in storage words.
    pub blocks: &'a Buffer<u32>,
    /// First column in `x` of each factor's variables: two a factor, or one in
    /// a unary set.
    pub columns: &'a Buffer<u32>,
    /// Unknowns.
    pub x: &'a Buffer<f32>,
    /// Rows of all sets, `rows` per factor.
    pub y: &'a Buffer<f32>,
    /// Sizes, places and factors.
    pub params: &'a Uniform<JacobianMulParams>,
    /// Block sizes of the set.
    pub shape: EdgeShape,
    /// Factors, as in `params`.
    pub factors: usize,
    /// Rounds the results to `storage`.
    pub round: bool,
}

impl JacobianMul<'_> {
    /// Makes it ready for blocks in `storage`.
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
            &[
                rows as u32,
                cols_a as u32,
                cols_b as u32,
                TILE as u32,
                u32::from(self.round),
            ],
            &[
                ("blocks", self.blocks),
                ("columns", self.columns),
                ("x", self.x),
                ("y", self.y),
                ("params", self.params),
            ],
            grid(gpu, self.factors, gpu.workgroup() as usize),
        )
    }
}

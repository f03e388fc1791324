//! Both triangular solves of a preconditioner in one dispatch.

use slam16_sparse::TriangularArithmetic;

use super::TILE;
use super::triangular_solve::{SAMPLES, rounding};
use crate::memory::{Buffer, Uniform};
use crate::run::Launch;
use crate::shader::{Binding, KernelSpec, Library, Storage, uniform};
use crate::{DeviceError, Gpu};

uniform! {
    /// Where both solves' numbers lie, and their steps.
    pub struct TriangularResidentParams {
        /// Numbers in the vector.
        pub scalars: u32,
        /// Place in the tables of the unknown of each, or [`super::NONE`].
        pub index: u32,
        /// Pairs before the blocks of the forward solve.
        pub below: u32,
        /// Pairs before its inverse diagonal blocks.
        pub diagonal: u32,
        /// Place in the tables of each row's first block, and the end.
        pub starts: u32,
        /// Place in the tables of the row that each block multiplies.
        pub neighbours: u32,
        /// Place in the tables of the first step.
        pub first: u32,
        /// Steps, of at most `workgroup / lanes` rows each.
        pub steps: u32,
        /// The same of the backward solve.
        pub below_back: u32,
        /// Inverse diagonal blocks, transposed.
        pub diagonal_back: u32,
        /// First blocks of rows.
        pub starts_back: u32,
        /// Rows that blocks multiply.
        pub neighbours_back: u32,
        /// First step.
        pub first_back: u32,
        /// Steps.
        pub steps_back: u32,
    }
}

/// The kernel.
pub const SPEC: KernelSpec = KernelSpec {
    name: "triangular_resident",
    body: include_str!("../../../../shaders/triangular_resident.wgsl"),
    libraries: &[Library::Tiles, Library::Maxima, Library::Triangular],
    bindings: &[
        Binding::read(0, 0, "blocks"),
        Binding::read(0, 1, "tables"),
        Binding::read(1, 0, "rhs"),
        Binding::write(1, 1, "vector"),
        Binding::write(1, 2, "result"),
        Binding::PARAMS,
    ],
    fields: TriangularResidentParams::FIELDS,
    uniform_bytes: size_of::<TriangularResidentParams>(),
    constants: &["D", "LANES", "TILE", "ROUNDING"],
    samples: SAMPLES,
};

/// `result = Pᵀ L⁻ᵀ L⁻¹ P rhs` by one workgroup: as
/// [`super::triangular_solve`] in both directions, with the vector scaled by a
/// power of two before each where it is rounded.
#[derive(Clone, Copy, Debug)]
pub struct TriangularResident<'a> {
    /// Blocks of both solves in storage words.
    pub blocks: &'a Buffer<u32>,
    /// Their tables, and the unknowns in elimination order.
    pub tables: &'a Buffer<u32>,
    /// Right-hand side, in the order of the unknowns.
    pub rhs: &'a Buffer<f32>,
    /// Room for the vector in elimination order.
    pub vector: &'a Buffer<f32>,
    /// Result, in the order of the unknowns.
    pub result: &'a Buffer<f32>,
    /// Places and steps.
    pub params: &'a Uniform<TriangularResidentParams>,
    /// Scalars of a block's side.
    pub dim: usize,
    /// Lanes that share a row: a power of two, at most a workgroup.
    pub lanes: usize,
    /// What is rounded to storage.
    pub arithmetic: TriangularArithmetic,
}

impl TriangularResident<'_> {
    /// Makes it ready, blocks kept in `storage`.
    ///
    /// # Errors
    /// It does not compile here.
    pub fn launch(&self, gpu: &Gpu, storage: Storage) -> Result<Launch, DeviceError> {
        gpu.launch(
            &SPEC,
            storage,
            &[
                self.dim as u32,
                self.lanes as u32,
                TILE as u32,
                rounding(self.arithmetic),
            ],
            &[
                ("blocks", self.blocks),
                ("tables", self.tables),
                ("rhs", self.rhs),
                ("vector", self.vector),
                ("result", self.result),
                ("params", self.params),
            ],
            [1, 1, 1],
        )
    }
}

//! Steps of a triangular solve by blocks, in place.

use slam16_sparse::TriangularArithmetic;

use super::TILE;
use crate::memory::{Buffer, Uniform};
use crate::run::{Launch, grid};
use crate::shader::{Binding, KernelSpec, Library, Storage, uniform};
use crate::{DeviceError, Gpu};

uniform! {
    /// Where a solve's numbers lie, and its steps.
    pub struct TriangularSolveParams {
        /// Pairs before the blocks.
        pub below: u32,
        /// Pairs before the inverse diagonal blocks.
        pub diagonal: u32,
        /// Place in the tables of each row's first block, and the end.
        pub starts: u32,
        /// Place in the tables of the row that each block multiplies.
        pub neighbours: u32,
        /// Place in the tables of the first step.
        pub first: u32,
        /// Steps.
        pub steps: u32,
    }
}

/// The kernel.
pub const SPEC: KernelSpec = KernelSpec {
    name: "triangular_solve",
    body: include_str!("../../../../shaders/triangular_solve.wgsl"),
    libraries: &[Library::Tiles, Library::Triangular],
    bindings: &[
        Binding::read(0, 0, "blocks"),
        Binding::read(0, 1, "tables"),
        Binding::write(1, 0, "vector"),
        Binding::PARAMS,
    ],
    fields: TriangularSolveParams::FIELDS,
    uniform_bytes: size_of::<TriangularSolveParams>(),
    constants: &["D", "LANES", "TILE", "ROUNDING"],
    samples: SAMPLES,
};

pub(super) const SAMPLES: &[&[u32]] = &[
    &[6, 8, 32, 0],
    &[6, 4, 32, 2],
    &[3, 1, 32, 1],
    &[3, 32, 32, 2],
    &[1, 2, 1, 0],
];

/// `x_i = D_i (x_i - Σ B_ij x_j)` for the rows of some steps, `D_i` the inverse
/// diagonal blocks. Rows of a step need only rows of earlier steps and are
/// solved side by side, each by `lanes` lanes that add in a fixed tree.
///
/// With one workgroup it takes any number of steps, of at most `workgroup /
/// lanes` rows each; a single step takes as many workgroups as it has rows for.
/// The forward solve has the rows of `L`, the backward solve those of `Lᵀ`.
#[derive(Clone, Copy, Debug)]
pub struct TriangularSolve<'a> {
    /// Blocks in storage words, row by row, then inverse diagonal blocks: in
    /// tiles, `dim` columns of `dim` numbers padded to whole pairs.
    pub blocks: &'a Buffer<u32>,
    /// First blocks of rows, rows that blocks multiply, steps: the first row
    /// of each and its end.
    pub tables: &'a Buffer<u32>,
    /// Right-hand side, then solution: `dim` numbers a row.
    pub vector: &'a Buffer<f32>,
    /// Places and steps.
    pub params: &'a Uniform<TriangularSolveParams>,
    /// Scalars of a block's side.
    pub dim: usize,
    /// Lanes that share a row: a power of two, at most a workgroup.
    pub lanes: usize,
    /// What is rounded to storage.
    pub arithmetic: TriangularArithmetic,
    /// Rows of a single step, or of the widest of several.
    pub rows: usize,
}

/// The constant `ROUNDING` of the solves.
pub(super) fn rounding(arithmetic: TriangularArithmetic) -> u32 {
    match arithmetic {
        TriangularArithmetic::Wide => 0,
        TriangularArithmetic::HalfVector => 1,
        TriangularArithmetic::HalfSums => 2,
    }
}

impl TriangularSolve<'_> {
    /// Makes it ready, blocks kept in `storage`.
    ///
    /// # Errors
    /// It does not compile here.
    pub fn launch(&self, gpu: &Gpu, storage: Storage) -> Result<Launch, DeviceError> {
        let per_group = gpu.workgroup() as usize / self.lanes.max(1);
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
                ("vector", self.vector),
                ("params", self.params),
            ],
            grid(gpu, self.rows, per_group),
        )
    }
}

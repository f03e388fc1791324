//! Residuals and Jacobian blocks of observations.

use slam16_problem::{LocalCamera, LocalLens, LocalObservation};
use slam16_sparse::EdgeShape;

use super::TILE;
use crate::memory::{Buffer, Uniform};
use crate::run::{Launch, grid};
use crate::shader::{Binding, KernelSpec, Library, Storage, uniform};
use crate::{DeviceError, Gpu};

uniform! {
    /// Sizes, places and the loss.
    pub struct LinearizeParams {
        /// Observations of the set.
        pub factors: u32,
        /// Pairs before the blocks of the points.
        pub second: u32,
        /// Row of the residuals where the set begins.
        pub row: u32,
        /// Column of the first point.
        pub point_column: u32,
        /// Place of the first count of faults.
        pub first: u32,
        /// Number of the loss, [`slam16_problem::Loss::code`].
        pub loss: u32,
        /// Its scale.
        pub loss_scale: f32,
    }
}

/// The kernel.
pub const SPEC: KernelSpec = KernelSpec {
    name: "linearize",
    body: include_str!("../../../../shaders/linearize.wgsl"),
    libraries: &[
        Library::Tiles,
        Library::Sums,
        Library::Camera,
        Library::Loss,
    ],
    bindings: &[
        Binding::read(0, 0, "observations"),
        Binding::read(0, 1, "lenses"),
        Binding::read(0, 2, "scale"),
        Binding::read(1, 0, "cameras"),
        Binding::read(1, 1, "points"),
        Binding::write(1, 2, "blocks"),
        Binding::write(1, 3, "residuals"),
        Binding::write(1, 4, "partials"),
        Binding::PARAMS,
    ],
    fields: LinearizeParams::FIELDS,
    uniform_bytes: size_of::<LinearizeParams>(),
    constants: &["R", "A", "TILE"],
    samples: &[&[2, 9, 32], &[2, 6, 32], &[3, 6, 32], &[3, 9, 1]],
};

/// Counts of faults, one a workgroup, for `factors` observations.
pub fn groups(factors: usize, workgroup: usize) -> usize {
    factors.div_ceil(workgroup.max(1))
}

/// Residuals and Jacobian blocks of one set of observations, in f32 from
/// positions relative to an anchor ([`slam16_problem::LocalBundle`]).
///
/// Columns are by a perturbation on the right, `X ← X Exp([ρ, φ])`, then
/// `f, k1, k2` where a camera has nine. Everything is multiplied with
/// `√(w ρ')` of the robust loss, columns with `scale`: 0 for a held unknown, 1
/// for a plain Jacobian, a power of two where blocks are kept in half.
///
/// A point behind its camera gives what the formula gives. Observations
/// without a finite residual, and blocks that do not fit `storage`, are
/// counted in `partials`: whole numbers, which [`super::reduce`] adds up.
#[derive(Clone, Copy, Debug)]
pub struct Linearize<'a> {
    /// Observations of the set.
    pub observations: &'a Buffer<LocalObservation>,
    /// All lenses.
    pub lenses: &'a Buffer<LocalLens>,
    /// Factors of the columns, laid out like the unknowns.
    pub scale: &'a Buffer<f32>,
    /// All cameras.
    pub cameras: &'a Buffer<LocalCamera>,
    /// All points, three numbers each.
    pub points: &'a Buffer<f32>,
    /// Blocks in storage words, as for [`super::jacobian_mul`]. Places of no
    /// observation are left alone.
    pub blocks: &'a Buffer<u32>,
    /// Residuals of all sets.
    pub residuals: &'a Buffer<f32>,
    /// [`groups`] counts of faults.
    pub partials: &'a Buffer<f32>,
    /// Sizes, places and the loss.
    pub params: &'a Uniform<LinearizeParams>,
    /// Block sizes of the set: 2 or 3 rows, 6 or 9 columns of a camera, 3 of
    /// a point.
    pub shape: EdgeShape,
    /// Observations, as in `params`.
    pub factors: usize,
}

impl Linearize<'_> {
    /// Makes it ready, blocks kept in `storage`.
    ///
    /// # Errors
    /// It does not compile here.
    pub fn launch(&self, gpu: &Gpu, storage: Storage) -> Result<Launch, DeviceError> {
        let EdgeShape { rows, cols_a, .. } = self.shape;
        gpu.launch(
            &SPEC,
            storage,
            &[rows as u32, cols_a as u32, TILE as u32],
            &[
                ("observations", self.observations),
                ("lenses", self.lenses),
                ("scale", self.scale),
                ("cameras", self.cameras),
                ("points", self.points),
                ("blocks", self.blocks),
                ("residuals", self.residuals),
                ("partials", self.partials),
                ("params", self.params),
            ],
            grid(gpu, self.factors, gpu.workgroup() as usize),
        )
    }
}

//! Inverse factors of damped diagonal blocks.

use super::TILE;
pub use super::linearize::groups;
use crate::memory::{Buffer, Uniform};
use crate::run::{Launch, grid};
use crate::shader::{Binding, KernelSpec, Library, Storage, uniform};
use crate::{DeviceError, Gpu};

uniform! {
    /// Sizes, places and damping.
    pub struct BlockJacobiBuildParams {
        /// Variables listed.
        pub variables: u32,
        /// Place of the first count of faults.
        pub first: u32,
        /// Factor of the damping.
        pub lambda: f32,
        /// First ridge, relative to the diagonal; 0 for none.
        pub ridge: f32,
    }
}

/// The kernel.
pub const SPEC: KernelSpec = KernelSpec {
    name: "block_jacobi_build",
    body: include_str!("../../../../shaders/block_jacobi_build.wgsl"),
    libraries: &[Library::Tiles, Library::Sums, Library::Triangles],
    bindings: &[
        Binding::read(0, 0, "columns"),
        Binding::read(1, 0, "gram"),
        Binding::read(1, 1, "damping"),
        Binding::write(1, 2, "inverse"),
        Binding::write(1, 3, "partials"),
        Binding::PARAMS,
    ],
    fields: BlockJacobiBuildParams::FIELDS,
    uniform_bytes: size_of::<BlockJacobiBuildParams>(),
    constants: &["C", "TILE"],
    samples: &[&[9, 32], &[6, 32], &[3, 32]],
};

/// `inverse_v = R⁻¹` with `RᵀR = gram_v + λ diag(damping_v)`, upper triangles,
/// by Cholesky in f32, for every variable listed. A column of zeros is held
/// and counts as 1.
///
/// A block that f32 cannot factor gets a ridge relative to its diagonal, ten
/// times as much at each attempt, up to 1e-2; one that has no factor then keeps
/// its diagonal. Such blocks, and those not finite once stored, are counted in
/// `partials`: whole numbers, which [`super::reduce`] adds up.
#[derive(Clone, Copy, Debug)]
pub struct BlockJacobiBuild<'a> {
    /// First column of each variable in `damping`.
    pub columns: &'a Buffer<u32>,
    /// What [`super::block_gram`] left.
    pub gram: &'a Buffer<f32>,
    /// `D`, laid out like the unknowns.
    pub damping: &'a Buffer<f32>,
    /// [`super::block_gram::triangle_numbers`] numbers in storage words.
    pub inverse: &'a Buffer<u32>,
    /// [`groups`] counts of faults.
    pub partials: &'a Buffer<f32>,
    /// Sizes, places and damping.
    pub params: &'a Uniform<BlockJacobiBuildParams>,
    /// Columns of a variable.
    pub cols: usize,
    /// Variables, as in `params`.
    pub variables: usize,
}

impl BlockJacobiBuild<'_> {
    /// Makes it ready, factors kept in `storage`.
    ///
    /// # Errors
    /// It does not compile here.
    pub fn launch(&self, gpu: &Gpu, storage: Storage) -> Result<Launch, DeviceError> {
        gpu.launch(
            &SPEC,
            storage,
            &[self.cols as u32, TILE as u32],
            &[
                ("columns", self.columns),
                ("gram", self.gram),
                ("damping", self.damping),
                ("inverse", self.inverse),
                ("partials", self.partials),
                ("params", self.params),
            ],
            grid(gpu, self.variables, gpu.workgroup() as usize),
        )
    }
}

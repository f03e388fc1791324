//! The block-Jacobi preconditioner.

use super::TILE;
use crate::memory::{Buffer, Uniform};
use crate::run::{Launch, grid};
use crate::shader::{Binding, KernelSpec, Library, Storage, uniform};
use crate::{DeviceError, Gpu};

uniform! {
    /// Sizes.
    pub struct BlockJacobiApplyParams {
        /// Variables listed.
        pub variables: u32,
    }
}

/// The kernel.
pub const SPEC: KernelSpec = KernelSpec {
    name: "block_jacobi_apply",
    body: include_str!("../../../../shaders/block_jacobi_apply.wgsl"),
    libraries: &[Library::Tiles, Library::Triangles],
    bindings: &[
        Binding::read(0, 0, "inverse"),
        Binding::read(0, 1, "columns"),
        Binding::read(1, 0, "r"),
        Binding::write(1, 1, "z"),
        Binding::PARAMS,
    ],
    fields: BlockJacobiApplyParams::FIELDS,
    uniform_bytes: size_of::<BlockJacobiApplyParams>(),
    constants: &["C", "TILE"],
    samples: &[&[9, 32], &[6, 32], &[3, 32]],
};

/// `z_v = R⁻¹ R⁻ᵀ r_v` for every variable listed.
#[derive(Clone, Copy, Debug)]
pub struct BlockJacobiApply<'a> {
    /// What [`super::block_jacobi_build`] left.
    pub inverse: &'a Buffer<u32>,
    /// First column of each variable in `r` and `z`.
    pub columns: &'a Buffer<u32>,
    /// A vector like the unknowns.
    pub r: &'a Buffer<f32>,
    /// The result.
    pub z: &'a Buffer<f32>,
    /// Sizes.
    pub params: &'a Uniform<BlockJacobiApplyParams>,
    /// Columns of a variable.
    pub cols: usize,
    /// Variables, as in `params`.
    pub variables: usize,
}

impl BlockJacobiApply<'_> {
    /// Makes it ready for factors in `storage`.
    ///
    /// # Errors
    /// It does not compile here.
    pub fn launch(&self, gpu: &Gpu, storage: Storage) -> Result<Launch, DeviceError> {
        gpu.launch(
            &SPEC,
            storage,
            &[self.cols as u32, TILE as u32],
            &[
                ("inverse", self.inverse),
                ("columns", self.columns),
                ("r", self.r),
                ("z", self.z),
                ("params", self.params),
            ],
            grid(gpu, self.variables, gpu.workgroup() as usize),
        )
    }
}

//! The objective of observations, down to partial sums.

use slam16_problem::{LocalCamera, LocalLens, LocalObservation};

pub use super::dot::groups;
use crate::memory::{Buffer, Uniform};
use crate::run::Launch;
use crate::shader::{Binding, KernelSpec, Library, Storage, uniform};
use crate::{DeviceError, Gpu};

uniform! {
    /// Sizes, places and the loss.
    pub struct CostParams {
        /// Observations of the set.
        pub factors: u32,
        /// Place of the first partial sum of the robust objective.
        pub robust: u32,
        /// Place of the first partial sum without the loss.
        pub plain: u32,
        /// Number of the loss, [`slam16_problem::Loss::code`].
        pub loss: u32,
        /// Its scale.
        pub loss_scale: f32,
    }
}

/// The kernel.
pub const SPEC: KernelSpec = KernelSpec {
    name: "cost",
    body: include_str!("../../../../shaders/cost.wgsl"),
    libraries: &[Library::Sums, Library::Camera, Library::Loss],
    bindings: &[
        Binding::read(0, 0, "observations"),
        Binding::read(0, 1, "lenses"),
        Binding::read(1, 0, "cameras"),
        Binding::read(1, 1, "points"),
        Binding::write(1, 2, "partials"),
        Binding::PARAMS,
    ],
    fields: CostParams::FIELDS,
    uniform_bytes: size_of::<CostParams>(),
    constants: &["R"],
    samples: &[&[2], &[3]],
};

/// `½ Σ ρ(w ‖r‖²)` and `½ Σ w ‖r‖²` of one set of observations, down to
/// [`groups`] partial sums each, which [`super::reduce`] adds up in f32.
///
/// Infinite or not a number where a residual is: look at the plain sum, as
/// bounded losses hide it.
#[derive(Clone, Copy, Debug)]
pub struct EvaluateCost<'a> {
    /// Observations of the set.
    pub observations: &'a Buffer<LocalObservation>,
    /// All lenses.
    pub lenses: &'a Buffer<LocalLens>,
    /// All cameras.
    pub cameras: &'a Buffer<LocalCamera>,
    /// All points, three numbers each.
    pub points: &'a Buffer<f32>,
    /// Partial sums of both kinds.
    pub partials: &'a Buffer<f32>,
    /// Sizes, places and the loss.
    pub params: &'a Uniform<CostParams>,
    /// Rows of an observation, 2 or 3.
    pub rows: usize,
    /// Observations, as in `params`.
    pub factors: usize,
}

impl EvaluateCost<'_> {
    /// Makes it ready. Always in f32.
    ///
    /// # Errors
    /// It does not compile here.
    pub fn launch(&self, gpu: &Gpu) -> Result<Launch, DeviceError> {
        let groups = groups(self.factors, gpu.workgroup() as usize);
        gpu.launch(
            &SPEC,
            Storage::Single,
            &[self.rows as u32],
            &[
                ("observations", self.observations),
                ("lenses", self.lenses),
                ("cameras", self.cameras),
                ("points", self.points),
                ("partials", self.partials),
                ("params", self.params),
            ],
            [groups as u32, 1, 1],
        )
    }
}

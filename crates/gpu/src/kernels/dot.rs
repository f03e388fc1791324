//! `aᵀ b` in fixed order, down to one partial sum per workgroup.

use crate::memory::{Buffer, Uniform};
use crate::run::Launch;
use crate::shader::{Binding, KernelSpec, Library, Storage, uniform};
use crate::{DeviceError, Gpu};

uniform! {
    /// Sizes.
    pub struct DotParams {
        /// Numbers in `a` and `b`.
        pub count: u32,
        /// Place of the first partial sum.
        pub first: u32,
    }
}

/// The kernel.
pub const SPEC: KernelSpec = KernelSpec {
    name: "dot",
    body: include_str!("../../../../shaders/dot.wgsl"),
    libraries: &[Library::Sums],
    bindings: &[
        Binding::read(1, 0, "a"),
        Binding::read(1, 1, "b"),
        Binding::write(1, 2, "partials"),
        Binding::PARAMS,
    ],
    fields: DotParams::FIELDS,
    uniform_bytes: size_of::<DotParams>(),
    constants: &[],
    samples: &[&[]],
};

/// Most workgroups, and so partial sums, of one dot product.
pub const MOST_GROUPS: usize = 256;

/// Numbers that one lane adds before another workgroup is worth it.
const PER_LANE: usize = 4;

/// Workgroups, and partial sums, for a dot product of `count` numbers by
/// workgroups of `workgroup` lanes: at least 1.
pub fn groups(count: usize, workgroup: usize) -> usize {
    count.div_ceil(workgroup * PER_LANE).clamp(1, MOST_GROUPS)
}

/// `partials[first + g] = Σ a_i b_i` over the numbers of workgroup `g`: lane
/// `l` of `G` workgroups adds those at `g W + l`, `g W + l + G W`, and so on.
#[derive(Clone, Copy, Debug)]
pub struct Dot<'a> {
    /// One vector.
    pub a: &'a Buffer<f32>,
    /// The other; may be the same.
    pub b: &'a Buffer<f32>,
    /// [`groups`] partial sums.
    pub partials: &'a Buffer<f32>,
    /// Sizes.
    pub params: &'a Uniform<DotParams>,
    /// Numbers, as in `params`.
    pub count: usize,
}

impl Dot<'_> {
    /// Makes it ready. With a half `storage` every operation is rounded to it.
    ///
    /// # Errors
    /// It does not compile here.
    pub fn launch(&self, gpu: &Gpu, storage: Storage) -> Result<Launch, DeviceError> {
        let groups = groups(self.count, gpu.workgroup() as usize);
        gpu.launch(
            &SPEC,
            storage,
            &[],
            &[
                ("a", self.a),
                ("b", self.b),
                ("partials", self.partials),
                ("params", self.params),
            ],
            [groups as u32, 1, 1],
        )
    }
}

//! What the host knows about a kernel.

/// Text that kernels share; each is a file of `shaders/lib/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    /// Blocks in tiles: `pair_at`.
    Tiles,
    /// Fixed-order sums of a workgroup: `workgroup_sum`.
    Sums,
    /// Cameras, lenses and observations: `in_camera`, `project`.
    Camera,
    /// Robust losses: `loss_slope`, `loss_value`.
    Loss,
    /// Largest magnitudes: `workgroup_max`, `powers_of_two`.
    Maxima,
    /// Rows of triangular solves: `solve_row`.
    Triangular,
    /// Upper triangles: `upper`, `TRIANGLE_PAIRS`.
    Triangles,
}

impl Library {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Tiles => include_str!("../../../../shaders/lib/tiles.wgsl"),
            Self::Sums => include_str!("../../../../shaders/lib/sums.wgsl"),
            Self::Camera => include_str!("../../../../shaders/lib/camera.wgsl"),
            Self::Loss => include_str!("../../../../shaders/lib/loss.wgsl"),
            Self::Maxima => include_str!("../../../../shaders/lib/maxima.wgsl"),
            Self::Triangular => include_str!("../../../../shaders/lib/triangular.wgsl"),
            Self::Triangles => include_str!("../../../../shaders/lib/triangles.wgsl"),
        }
    }
}

/// What a kernel does with a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// A storage buffer it reads.
    Read,
    /// A storage buffer it reads and writes.
    ReadWrite,
    /// The uniform structure.
    Uniform,
}

/// One binding by name. Group 0 holds what stays during a solve, group 1 the
/// state, group 2 the uniform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Group.
    pub group: u32,
    /// Number in the group.
    pub binding: u32,
    /// Name of the variable in the body.
    pub name: &'static str,
    /// What is done with it.
    pub access: Access,
}

impl Binding {
    /// A storage buffer that the kernel reads.
    pub const fn read(group: u32, binding: u32, name: &'static str) -> Self {
        Self {
            group,
            binding,
            name,
            access: Access::Read,
        }
    }

    /// A storage buffer that the kernel writes.
    pub const fn write(group: u32, binding: u32, name: &'static str) -> Self {
        Self {
            group,
            binding,
            name,
            access: Access::ReadWrite,
        }
    }

    /// The uniform structure, `params`.
    pub const PARAMS: Self = Self {
        group: 2,
        binding: 0,
        name: "params",
        access: Access::Uniform,
    };
}

/// A field of a uniform structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, the same on both sides.
    pub name: &'static str,
    /// Its offset in bytes.
    pub offset: usize,
}

/// Everything about a kernel but its values.
#[derive(Debug)]
pub struct KernelSpec {
    /// Stem of its four files.
    pub name: &'static str,
    /// Text of `shaders/NAME.wgsl`.
    pub body: &'static str,
    /// What it shares with others.
    pub libraries: &'static [Library],
    /// Bindings, in the order in which a launch takes buffers.
    pub bindings: &'static [Binding],
    /// Fields of the uniform structure.
    pub fields: &'static [Field],
    /// Bytes of the uniform structure.
    pub uniform_bytes: usize,
    /// Names of the constants that the composer defines before the body.
    pub constants: &'static [&'static str],
    /// Values of the constants that tests compile it with.
    pub samples: &'static [&'static [u32]],
}

/// Defines a uniform structure whose layout a test compares with the WGSL.
macro_rules! uniform {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$doc:meta])* pub $field:ident : $type:ty,)* }) => {
        $(#[$meta])*
        #[repr(C)]
        #[derive(Clone, Copy, Debug, Default, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
        pub struct $name { $($(#[$doc])* pub $field: $type,)* }

        impl $name {
            /// Names and offsets of the fields.
            pub const FIELDS: &'static [$crate::shader::Field] = &[
                $($crate::shader::Field {
                    name: stringify!($field),
                    offset: std::mem::offset_of!($name, $field),
                },)*
            ];
        }
    };
}
pub(crate) use uniform;

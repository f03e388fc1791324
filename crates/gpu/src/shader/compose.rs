//! The composer: a generated prelude, shared text, the body.

use std::fmt::Write;

use super::KernelSpec;

/// How a kernel reads half storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HalfAccess {
    /// As 16-bit floats.
    Native,
    /// As words, by `unpack2x16float`.
    Packed,
    /// As words, by integer operations.
    Integer,
}

/// How the blocks that a kernel reads are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Storage {
    /// Two halves in a word.
    Half(HalfAccess),
    /// Two f32 in two words.
    Single,
}

impl Storage {
    /// Every storage, by rung.
    pub const ALL: [Self; 4] = [
        Self::Half(HalfAccess::Native),
        Self::Half(HalfAccess::Packed),
        Self::Half(HalfAccess::Integer),
        Self::Single,
    ];

    /// Words of 32 bits that a pair of numbers takes.
    pub fn words_per_pair(self) -> usize {
        match self {
            Self::Half(_) => 1,
            Self::Single => 2,
        }
    }
}

/// A kernel made definite: what a pipeline is compiled from.
#[derive(Clone, Debug)]
pub struct Variant {
    /// The kernel.
    pub spec: &'static KernelSpec,
    /// How its blocks are kept.
    pub storage: Storage,
    /// Values of [`KernelSpec::constants`].
    pub constants: Vec<u32>,
}

impl Variant {
    /// The whole WGSL module.
    ///
    /// Its prelude gives bodies, whatever the storage: `Pair`, the type of two
    /// stored numbers; `up(Pair) -> vec2<f32>` and `dn(vec2<f32>) -> Pair`;
    /// `keep(f32) -> f32`, there and back; `half_add` and `half_mul` on pairs,
    /// rounded; `finite`; `group_index`; `NONE`, an index or a slot that stands for
    /// nothing; the constants; and `override W`, the lanes of a workgroup.
    pub fn compose(&self) -> String {
        let mut text = String::new();
        text.push_str(match self.storage {
            Storage::Half(HalfAccess::Native) => NATIVE,
            Storage::Half(HalfAccess::Packed) => PACKED,
            Storage::Half(HalfAccess::Integer) => INTEGER,
            Storage::Single => SINGLE,
        });
        text.push_str(COMMON);
        for (name, value) in self.spec.constants.iter().zip(&self.constants) {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "const {name}: u32 = {value}u;");
        }
        for library in self.spec.libraries {
            text.push_str(library.text());
        }
        text.push_str(self.spec.body);
        text
    }
}

const NATIVE: &str = "enable f16;
alias Pair = vec2<f16>;
fn up(v: Pair) -> vec2<f32> { return vec2<f32>(v); }
fn dn(v: vec2<f32>) -> Pair { return vec2<f16>(v); }
fn half_add(a: Pair, b: Pair) -> Pair { return a + b; }
fn half_mul(a: Pair, b: Pair) -> Pair { return a * b; }
";

const PACKED: &str = "alias Pair = u32;
fn up(v: Pair) -> vec2<f32> { return unpack2x16float(v); }
fn dn(v: vec2<f32>) -> Pair { return pack2x16float(v); }
// Exact or rounded twice from 24 to 11 bits: the same as rounded once.
fn half_add(a: Pair, b: Pair) -> Pair { return dn(up(a) + up(b)); }
fn half_mul(a: Pair, b: Pair) -> Pair { return dn(up(a) * up(b)); }
";

// After F. Giesen's half_to_float and float_to_half_fast3_rtne; the same
// arithmetic as the host's.
const INTEGER: &str = "alias Pair = u32;
fn widen_half(bits: u32) -> f32 {
    let shifted = (bits & 0x7fffu) << 13u;
    let exponent = shifted & 0x0f800000u;
    let normal = shifted + 0x38000000u;
    let subnormal = bitcast<u32>(bitcast<f32>(normal + 0x00800000u) - bitcast<f32>(0x38800000u));
    var magnitude = select(normal, normal + 0x38000000u, exponent == 0x0f800000u);
    magnitude = select(magnitude, subnormal, exponent == 0u);
    return bitcast<f32>(magnitude | ((bits & 0x8000u) << 16u));
}
fn round_half(value: f32) -> u32 {
    let bits = bitcast<u32>(value);
    let magnitude = bits & 0x7fffffffu;
    let special = select(0x7c00u, 0x7e00u, magnitude > 0x7f800000u);
    let subnormal = bitcast<u32>(bitcast<f32>(magnitude) + 0.5) - 0x3f000000u;
    let normal = (magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13u) & 1u)) >> 13u;
    var half = select(normal, subnormal, magnitude < 0x38800000u);
    half = select(half, special, magnitude >= 0x47800000u);
    return half | ((bits >> 16u) & 0x8000u);
}
fn up(v: Pair) -> vec2<f32> { return vec2<f32>(widen_half(v & 0xffffu), widen_half(v >> 16u)); }
fn dn(v: vec2<f32>) -> Pair { return round_half(v.x) | (round_half(v.y) << 16u); }
fn half_add(a: Pair, b: Pair) -> Pair { return dn(up(a) + up(b)); }
fn half_mul(a: Pair, b: Pair) -> Pair { return dn(up(a) * up(b)); }
";

const SINGLE: &str = "alias Pair = vec2<f32>;
fn up(v: Pair) -> vec2<f32> { return v; }
fn dn(v: vec2<f32>) -> Pair { return v; }
fn half_add(a: Pair, b: Pair) -> Pair { return a + b; }
fn half_mul(a: Pair, b: Pair) -> Pair { return a * b; }
";

// One dimension of a dispatch holds 65535 workgroups: more become rows.
const COMMON: &str = "override W: u32 = 64u;
// An index or a slot that stands for nothing.
const NONE: u32 = 0xffffffffu;
fn group_index(group: vec3<u32>, groups: vec3<u32>) -> u32 { return group.y * groups.x + group.x; }
// Rounds to the storage's precision and back.
fn keep(v: f32) -> f32 { return up(dn(vec2<f32>(v, 0.0))).x; }
// NaN and infinity by their exponent: comparisons may assume neither exists.
fn finite(v: f32) -> bool { return (bitcast<u32>(v) & 0x7f800000u) != 0x7f800000u; }
";

//! Vector registers of whatever width the machine has, for `f32` and `f64`.

use pulp::Simd;

/// Proof that the processor can spread consecutive lanes over a mask.
#[cfg(target_arch = "x86_64")]
pub(crate) type Spreader = pulp::x86::V4;

/// No processor of this architecture can.
#[cfg(not(target_arch = "x86_64"))]
#[derive(Clone, Copy)]
pub(crate) enum Spreader {}

/// The [`Spreader`] of code compiled for `S`, if it has one.
#[inline(always)]
pub(crate) fn spreader<S: Simd>() -> Option<Spreader> {
    #[cfg(target_arch = "x86_64")]
    if std::any::TypeId::of::<S>() == std::any::TypeId::of::<pulp::x86::V4>() {
        return pulp::x86::V4::try_new();
    }
    None
}

/// Arithmetic on one register full of `Self`.
///
/// Only for code that runs inside [`pulp::Arch::dispatch`].
pub trait Lanes: bytemuck::Pod {
    /// A register.
    type Vector<S: Simd>: Copy;
    /// Nothing.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// Scalars in a register.
    fn width<S: Simd>() -> usize;
    /// The whole registers at the front of a slice.
    fn vectors<S: Simd>(slice: &[Self]) -> &[Self::Vector<S>];
    /// The whole registers at the front of a slice, to be written.
    fn vectors_mut<S: Simd>(slice: &mut [Self]) -> &mut [Self::Vector<S>];
    /// The same value in every lane.
    fn broadcast<S: Simd>(simd: S, value: Self) -> Self::Vector<S>;
    /// A register from a slice no longer than it; lanes past the end are zero.
    fn load_partial<S: Simd>(simd: S, slice: &[Self]) -> Self::Vector<S>;
    /// Writes the first lanes of a register to a slice no longer than it.
    fn store_partial<S: Simd>(simd: S, slice: &mut [Self], value: Self::Vector<S>);
    /// `a + b`.
    fn plus<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// Sum of all lanes.
    fn lane_sum<S: Simd>(simd: S, a: Self::Vector<S>) -> Self;
    /// `a * b`.
    fn times<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// `c - a * b`, rounded once where the machine can.
    fn sub_mul<S: Simd>(
        simd: S,
        c: Self::Vector<S>,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
    ) -> Self::Vector<S>;
    /// Adds consecutive entries of `source` to the entries of `target` whose
    /// bit is set in `mask`; both slices are one cache line long.
    fn spread_add(spreader: Spreader, mask: u32, source: &[Self], target: &mut [Self]);
}

macro_rules! lanes {
    ($t:ident, $v:ident, $count:ident, $as:ident, $as_mut:ident, $partial:ident, $partial_store:ident, $splat:ident, $add:ident, $mul:ident, $sub_mul:ident, $sum:ident, $spread:ident, $mask:ident) => {
        impl Lanes for $t {
            type Vector<S: Simd> = S::$v;
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            #[inline(always)]
            fn width<S: Simd>() -> usize {
                S::$count
            }
            #[inline(always)]
            fn vectors<S: Simd>(slice: &[Self]) -> &[S::$v] {
                S::$as(slice).0
            }
            #[inline(always)]
            fn vectors_mut<S: Simd>(slice: &mut [Self]) -> &mut [S::$v] {
                S::$as_mut(slice).0
            }
            #[inline(always)]
            fn broadcast<S: Simd>(simd: S, value: Self) -> S::$v {
                simd.$splat(value)
            }
            #[inline(always)]
            fn load_partial<S: Simd>(simd: S, slice: &[Self]) -> S::$v {
                simd.$partial(slice)
            }
            #[inline(always)]
            fn store_partial<S: Simd>(simd: S, slice: &mut [Self], value: S::$v) {
                simd.$partial_store(slice, value);
            }
            #[inline(always)]
            fn lane_sum<S: Simd>(simd: S, a: S::$v) -> Self {
                simd.$sum(a)
            }
            #[inline(always)]
            fn plus<S: Simd>(simd: S, a: S::$v, b: S::$v) -> S::$v {
                simd.$add(a, b)
            }
            #[inline(always)]
            fn times<S: Simd>(simd: S, a: S::$v, b: S::$v) -> S::$v {
                simd.$mul(a, b)
            }
            #[inline(always)]
            fn sub_mul<S: Simd>(simd: S, c: S::$v, a: S::$v, b: S::$v) -> S::$v {
                simd.$sub_mul(a, b, c)
            }
            #[inline(always)]
            #[cfg(target_arch = "x86_64")]
            fn spread_add(spreader: Spreader, mask: u32, source: &[Self], target: &mut [Self]) {
                let simd = spreader.avx512f;
                let source = <pulp::x86::V4 as Simd>::$as(source).0[0];
                let target = &mut <pulp::x86::V4 as Simd>::$as_mut(target).0[0];
                let spread = simd.$spread(mask as $mask, pulp::cast(source));
                *target = spreader.$add(*target, pulp::cast(spread));
            }
            #[inline(always)]
            #[cfg(not(target_arch = "x86_64"))]
            fn spread_add(spreader: Spreader, _: u32, _: &[Self], _: &mut [Self]) {
                match spreader {}
            }
        }
    };
}
lanes!(
    f64,
    f64s,
    F64_LANES,
    as_simd_f64s,
    as_mut_simd_f64s,
    partial_load_f64s,
    partial_store_f64s,
    splat_f64s,
    add_f64s,
    mul_f64s,
    negate_mul_add_f64s,
    reduce_sum_f64s,
    _mm512_maskz_expand_pd,
    u8
);
lanes!(
    f32,
    f32s,
    F32_LANES,
    as_simd_f32s,
    as_mut_simd_f32s,
    partial_load_f32s,
    partial_store_f32s,
    splat_f32s,
    add_f32s,
    mul_f32s,
    negate_mul_add_f32s,
    reduce_sum_f32s,
    _mm512_maskz_expand_ps,
    u16
);

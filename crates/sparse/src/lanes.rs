//! Vector registers of whatever width the machine has, for `f32` and `f64`.

use pulp::Simd;

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
}

macro_rules! lanes {
    ($t:ident, $v:ident, $count:ident, $as:ident, $as_mut:ident, $partial:ident, $partial_store:ident, $splat:ident, $add:ident, $mul:ident, $sub_mul:ident, $sum:ident) => {
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
    reduce_sum_f64s
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
    reduce_sum_f32s
);

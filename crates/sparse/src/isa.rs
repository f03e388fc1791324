//! Choosing the instruction set once per kernel call.

use std::any::TypeId;

use half::f16;
use num_traits::Float;

use crate::Store;

/// What the processor can do, as a type: kernels are compiled once per `Isa`
/// and inlined into a function that has its instructions enabled.
pub(crate) trait Isa: Copy {
    /// Whether a fused multiply-add is one instruction.
    const FUSED: bool;
    /// Four f64, in one register where there is one.
    type Quad: Copy;

    /// Four numbers.
    fn quad(self, values: [f64; 4]) -> Self::Quad;
    /// One number four times.
    fn quad_splat(self, value: f64) -> Self::Quad;
    /// `a b + c` per lane.
    fn quad_madd(self, a: Self::Quad, b: Self::Quad, c: Self::Quad) -> Self::Quad;
    /// The four numbers.
    fn quad_values(self, quad: Self::Quad) -> [f64; 4];

    /// Widens binary16 bits to binary32, exactly; slices of equal length.
    #[inline(always)]
    fn widen_halves(self, from: &[u16], to: &mut [f32]) {
        for (to, &from) in to.iter_mut().zip(from) {
            *to = f16::from_bits(from).load();
        }
    }

    /// Rounds binary32 to binary16 bits, to nearest even; slices of equal length.
    #[inline(always)]
    fn round_halves(self, from: &[f32], to: &mut [u16]) {
        for (to, &from) in to.iter_mut().zip(from) {
            *to = f16::store(from).to_bits();
        }
    }
}

/// What every processor of the target has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Baseline;

impl Isa for Baseline {
    const FUSED: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));
    type Quad = [f64; 4];

    #[inline(always)]
    fn quad(self, values: [f64; 4]) -> [f64; 4] {
        values
    }
    #[inline(always)]
    fn quad_splat(self, value: f64) -> [f64; 4] {
        [value; 4]
    }
    #[inline(always)]
    fn quad_madd(self, a: [f64; 4], b: [f64; 4], c: [f64; 4]) -> [f64; 4] {
        std::array::from_fn(|i| madd::<Self, _>(a[i], b[i], c[i]))
    }
    #[inline(always)]
    fn quad_values(self, quad: [f64; 4]) -> [f64; 4] {
        quad
    }
}

/// A computation to be compiled for each instruction set.
pub(crate) trait Kernel {
    /// Its result.
    type Output;
    /// Its text; must be `#[inline(always)]`, and so must all it calls.
    fn run<I: Isa>(self, isa: I) -> Self::Output;
}

/// Runs a kernel with the best instructions this processor has.
#[inline]
pub(crate) fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = x86::Avx2::try_new() {
        return avx2.vectorize(x86::With { avx2, kernel });
    }
    kernel.run(Baseline)
}

/// `a b + c`, with one rounding where that is one instruction. Without
/// hardware support `mul_add` is a slow library call, hence the choice.
#[inline(always)]
pub(crate) fn madd<I: Isa, T: Float>(a: T, b: T, c: T) -> T {
    if I::FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// Loads stored values into the compute precision; slices of equal length.
#[inline(always)]
pub(crate) fn load_into<I: Isa, S: Store>(isa: I, from: &[S], to: &mut [S::Compute]) {
    if TypeId::of::<S>() == TypeId::of::<f16>() {
        isa.widen_halves(bytemuck::cast_slice(from), bytemuck::cast_slice_mut(to));
    } else {
        for (to, from) in to.iter_mut().zip(from) {
            *to = from.load();
        }
    }
}

/// Rounds f64 to storage, to binary16 by way of binary32; slices of equal
/// length. Returns how many values overflowed: finite before, not after.
#[inline(always)]
pub(crate) fn round_into<I: Isa, S: Store>(isa: I, from: &[f64], to: &mut [S]) -> usize {
    if TypeId::of::<S>() == TypeId::of::<f16>() {
        let to: &mut [u16] = bytemuck::cast_slice_mut(to);
        let mut overflows = 0;
        for (from, to) in from.chunks(64).zip(to.chunks_mut(64)) {
            let mut single = [0.0; 64];
            let single = &mut single[..from.len()];
            for (single, from) in single.iter_mut().zip(from) {
                *single = *from as f32;
            }
            isa.round_halves(single, to);
            for (from, to) in from.iter().zip(to) {
                overflows += usize::from(from.is_finite() && *to & 0x7c00 == 0x7c00);
            }
        }
        return overflows;
    }
    let mut overflows = 0;
    for (to, from) in to.iter_mut().zip(from) {
        *to = S::encode(*from);
        overflows += usize::from(from.is_finite() && !to.widen().is_finite());
    }
    overflows
}

/// Loads a column-major block of `R` rows and `C` columns.
#[inline(always)]
pub(crate) fn load_block<I: Isa, S: Store, const R: usize, const C: usize>(
    isa: I,
    from: &[S],
) -> [[S::Compute; R]; C] {
    let mut block = [[S::Compute::default(); R]; C];
    load_into(isa, &from[..R * C], block.as_flattened_mut());
    block
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m256d, _MM_FROUND_TO_NEAREST_INT, _mm_cvtph_ps, _mm_cvtps_ph, _mm256_cvtph_ps,
        _mm256_cvtps_ph,
    };

    use super::{Isa, Kernel};

    pulp::simd_type!({
        /// AVX2 with fused multiply-add and binary16 conversion. A value of
        /// this type exists only where the processor has all of them.
        pub(super) struct Avx2 {
            sse: f!("sse"),
            sse2: f!("sse2"),
            sse3: f!("sse3"),
            ssse3: f!("ssse3"),
            sse4_1: f!("sse4.1"),
            sse4_2: f!("sse4.2"),
            popcnt: f!("popcnt"),
            avx: f!("avx"),
            avx2: f!("avx2"),
            bmi1: f!("bmi1"),
            bmi2: f!("bmi2"),
            fma: f!("fma"),
            lzcnt: f!("lzcnt"),
            f16c: f!("f16c"),
        }
    });

    pub(super) struct With<K> {
        pub(super) avx2: Avx2,
        pub(super) kernel: K,
    }

    impl<K: Kernel> pulp::NullaryFnOnce for With<K> {
        type Output = K::Output;
        #[inline(always)]
        fn call(self) -> K::Output {
            self.kernel.run(self.avx2)
        }
    }

    #[inline]
    #[target_feature(enable = "avx,f16c")]
    fn widen_8(from: [u16; 8]) -> [f32; 8] {
        bytemuck::cast(_mm256_cvtph_ps(bytemuck::cast(from)))
    }

    #[inline]
    #[target_feature(enable = "avx,f16c")]
    fn widen_4(from: [u16; 4]) -> [f32; 4] {
        bytemuck::cast(_mm_cvtph_ps(bytemuck::cast([from, [0; 4]])))
    }

    #[inline]
    #[target_feature(enable = "avx,f16c")]
    fn round_8(from: [f32; 8]) -> [u16; 8] {
        bytemuck::cast(_mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(
            bytemuck::cast(from),
        ))
    }

    #[inline]
    #[target_feature(enable = "avx,f16c")]
    fn round_4(from: [f32; 4]) -> [u16; 4] {
        let rounded: [[u16; 4]; 2] = bytemuck::cast(_mm_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(
            bytemuck::cast(from),
        ));
        rounded[0]
    }

    /// Applies `eight` and `four` to the whole slice, the tail padded with zeros.
    #[inline(always)]
    fn convert<F: Copy + Default, T: Copy + Default>(
        from: &[F],
        to: &mut [T],
        eight: impl Fn([F; 8]) -> [T; 8],
        four: impl Fn([F; 4]) -> [T; 4],
    ) {
        let (from_8, mut from) = from.as_chunks::<8>();
        let (to_8, mut to) = to.as_chunks_mut::<8>();
        for (to, from) in to_8.iter_mut().zip(from_8) {
            *to = eight(*from);
        }
        while !from.is_empty() {
            let n = from.len().min(4);
            let mut padded = [F::default(); 4];
            padded[..n].copy_from_slice(&from[..n]);
            let (head, tail) = std::mem::take(&mut to).split_at_mut(n);
            head.copy_from_slice(&four(padded)[..n]);
            from = &from[n..];
            to = tail;
        }
    }

    // The intrinsics' own functions carry the feature they need; only the call
    // from generic code is outside the compiler's sight. Without them a loop
    // over binary16 runs five times slower.
    #[allow(unsafe_code)]
    impl Isa for Avx2 {
        const FUSED: bool = true;
        type Quad = __m256d;

        #[inline(always)]
        fn quad(self, [a, b, c, d]: [f64; 4]) -> __m256d {
            self.avx._mm256_setr_pd(a, b, c, d)
        }
        #[inline(always)]
        fn quad_splat(self, value: f64) -> __m256d {
            self.avx._mm256_set1_pd(value)
        }
        #[inline(always)]
        fn quad_madd(self, a: __m256d, b: __m256d, c: __m256d) -> __m256d {
            self.fma._mm256_fmadd_pd(a, b, c)
        }
        #[inline(always)]
        fn quad_values(self, quad: __m256d) -> [f64; 4] {
            bytemuck::cast(quad)
        }

        #[inline(always)]
        fn widen_halves(self, from: &[u16], to: &mut [f32]) {
            convert(
                from,
                to,
                // SAFETY: `self` exists, so the processor has AVX and F16C.
                |v| unsafe { widen_8(v) },
                // SAFETY: as above.
                |v| unsafe { widen_4(v) },
            );
        }

        #[inline(always)]
        fn round_halves(self, from: &[f32], to: &mut [u16]) {
            convert(
                from,
                to,
                // SAFETY: `self` exists, so the processor has AVX and F16C.
                |v| unsafe { round_8(v) },
                // SAFETY: as above.
                |v| unsafe { round_4(v) },
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Widen(Vec<u16>);
    impl Kernel for Widen {
        type Output = Vec<f32>;
        #[inline(always)]
        fn run<I: Isa>(self, isa: I) -> Vec<f32> {
            let mut out = vec![f32::NAN; self.0.len()];
            isa.widen_halves(&self.0, &mut out);
            out
        }
    }

    struct Round(Vec<f32>);
    impl Kernel for Round {
        type Output = Vec<u16>;
        #[inline(always)]
        fn run<I: Isa>(self, isa: I) -> Vec<u16> {
            let mut out = vec![0x7e00; self.0.len()];
            isa.round_halves(&self.0, &mut out);
            out
        }
    }

    #[test]
    fn conversions_are_the_same_on_every_instruction_set() {
        for len in [0, 1, 3, 4, 7, 8, 9, 12, 13, 36, 63, 64, 65] {
            for start in (0..0x7bc0)
                .step_by(311)
                .chain((0x8000..0xfbc0).step_by(307))
            {
                let bits: Vec<u16> = (0..len).map(|i| start + i).collect();
                let wide = Widen(bits.clone()).run(Baseline);
                assert_eq!(dispatch(Widen(bits.clone())), wide);
                // Off by a little over half a unit: rounds away from `bits`.
                let odd: Vec<f32> = wide.iter().map(|v| v * 1.000_37).collect();
                assert_eq!(dispatch(Round(wide.clone())), Round(wide).run(Baseline));
                assert_eq!(dispatch(Round(odd.clone())), Round(odd).run(Baseline));
            }
        }
    }
}

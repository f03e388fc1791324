//! The precision a number is stored in, and the one it is computed in.

use half::f16;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f64 {}
    impl Sealed for f32 {}
    impl Sealed for half::f16 {}
}

/// Arithmetic that kernels run in: `f32` or `f64`.
pub trait Compute:
    Store<Compute = Self>
    + num_traits::Float
    + nalgebra::RealField
    + core::iter::Sum
    + crate::lanes::Lanes
{
}
impl Compute for f32 {}
impl Compute for f64 {}

/// Bytes at rest: `f64`, `f32` or `half::f16`.
///
/// A kernel loads with [`Store::load`] and computes in [`Store::Compute`], so
/// precision is a type parameter and never a second copy of the text.
/// Rounding is to nearest, ties to even; out of range gives an infinity,
/// which callers count as overflow.
pub trait Store:
    sealed::Sealed + Copy + Default + bytemuck::Pod + Send + Sync + core::fmt::Debug + 'static
{
    /// Precision of arithmetic on loaded values: `f64` for `f64`, else `f32`.
    type Compute: Compute;
    /// Name as users write it: `f64`, `f32` or `f16`.
    const NAME: &'static str;
    /// Largest finite value.
    const MAX: f64;
    /// Rounds to storage.
    fn encode(value: f64) -> Self;
    /// Widens exactly to the compute precision.
    fn load(self) -> Self::Compute;
    /// Rounds a computed value to storage.
    fn store(value: Self::Compute) -> Self;
    /// Widens exactly to `f64`.
    fn widen(self) -> f64;
}

macro_rules! native {
    ($t:ident) => {
        impl Store for $t {
            type Compute = $t;
            const NAME: &'static str = stringify!($t);
            const MAX: f64 = $t::MAX as f64;
            #[inline(always)]
            fn encode(value: f64) -> Self {
                value as $t
            }
            #[inline(always)]
            fn load(self) -> $t {
                self
            }
            #[inline(always)]
            fn store(value: $t) -> Self {
                value
            }
            #[inline(always)]
            fn widen(self) -> f64 {
                self as f64
            }
        }
    };
}
native!(f32);
native!(f64);

impl Store for f16 {
    type Compute = f32;
    const NAME: &'static str = "f16";
    const MAX: f64 = 65504.0;
    #[inline(always)]
    fn encode(value: f64) -> Self {
        f16::from_f64(value)
    }
    #[inline(always)]
    fn load(self) -> f32 {
        widen_half(self.to_bits())
    }
    #[inline(always)]
    fn store(value: f32) -> Self {
        f16::from_bits(round_to_half(value))
    }
    #[inline(always)]
    fn widen(self) -> f64 {
        self.to_f64()
    }
}

/// binary16 to binary32, exact. Integer arithmetic and selects only: unlike a
/// conversion instruction behind a run-time check it inlines into any loop and
/// vectorises there. After F. Giesen's `half_to_float`.
#[inline(always)]
fn widen_half(bits: u16) -> f32 {
    const EXPONENT: u32 = 0x7c00 << 13;
    let shifted = u32::from(bits & 0x7fff) << 13;
    let exponent = shifted & EXPONENT;
    let normal = shifted + ((127 - 15) << 23);
    let special = normal + ((128 - 16) << 23);
    let tiny = f32::from_bits(113 << 23);
    let subnormal = (f32::from_bits(normal + (1 << 23)) - tiny).to_bits();
    let magnitude = if exponent == EXPONENT {
        special
    } else if exponent == 0 {
        subnormal
    } else {
        normal
    };
    f32::from_bits(magnitude | (u32::from(bits & 0x8000) << 16))
}

/// binary32 to binary16, to nearest, ties to even; every NaN becomes the quiet
/// one. After F. Giesen's `float_to_half_fast3_rtne`.
#[inline(always)]
fn round_to_half(value: f32) -> u16 {
    const HALF_OVERFLOW: u32 = (127 + 16) << 23;
    const HALF_NORMAL: u32 = 113 << 23;
    let subnormal_shift = f32::from_bits(((127 - 15) + (23 - 10) + 1) << 23);
    let bits = value.to_bits();
    let magnitude = bits & 0x7fff_ffff;
    let special = if magnitude > 0x7f80_0000 {
        0x7e00
    } else {
        0x7c00
    };
    let subnormal = (f32::from_bits(magnitude) + subnormal_shift)
        .to_bits()
        .wrapping_sub(subnormal_shift.to_bits());
    let odd = (magnitude >> 13) & 1;
    let normal = magnitude
        .wrapping_sub((127 - 15) << 23)
        .wrapping_add(0xfff + odd)
        >> 13;
    let half = if magnitude >= HALF_OVERFLOW {
        special
    } else if magnitude < HALF_NORMAL {
        subnormal
    } else {
        normal
    };
    (half as u16) | ((bits >> 16) as u16 & 0x8000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions_agree_with_the_half_crate() {
        for bits in 0..=u16::MAX {
            let half = f16::from_bits(bits);
            if half.is_nan() {
                assert!(half.load().is_nan());
                assert!(f16::store(half.load()).is_nan());
                continue;
            }
            assert_eq!(half.load().to_bits(), half.to_f32().to_bits());
            // Around every half, and around every midpoint between two.
            let exact = half.to_f32().to_bits();
            let middle = exact.wrapping_add(1 << 12);
            for around in [exact, middle] {
                for step in -2..=2_i32 {
                    let value = f32::from_bits(around.wrapping_add_signed(step));
                    if !value.is_nan() {
                        let got = f16::store(value).to_bits();
                        assert_eq!(got, f16::from_f32(value).to_bits(), "{value:e}");
                    }
                }
            }
        }
        // Every exponent of binary32, subnormals included, with a few mantissas.
        for exponent in 0..255_u32 {
            for mantissa in [0, 1, 0xfff, 0x1000, 0x1001, 0x2fff, 0x3000, 0x7f_ffff] {
                for sign in [0, 1 << 31] {
                    let value = f32::from_bits(sign | (exponent << 23) | mantissa);
                    let got = f16::store(value).to_bits();
                    assert_eq!(got, f16::from_f32(value).to_bits(), "{value:e}");
                }
            }
        }
    }

    #[test]
    fn every_half_survives_a_round_trip() {
        for bits in 0..=u16::MAX {
            let value = f16::from_bits(bits);
            if value.is_nan() {
                continue;
            }
            assert_eq!(f16::store(value.load()).to_bits(), bits);
            assert_eq!(f16::encode(value.widen()).to_bits(), bits);
        }
        assert!(f16::encode(65520.0).is_infinite());
        assert_eq!(f16::encode(65519.0).widen(), f16::MAX.to_f64());
    }
}

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
    Store<Compute = Self> + num_traits::Float + nalgebra::RealField + core::iter::Sum
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
        self.to_f32()
    }
    #[inline(always)]
    fn store(value: f32) -> Self {
        f16::from_f32(value)
    }
    #[inline(always)]
    fn widen(self) -> f64 {
        self.to_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

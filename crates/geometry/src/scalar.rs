use nalgebra::RealField;

/// A real scalar of the geometry types: `f64` or `f32`.
pub trait Scalar: RealField + Copy {
    /// The constant `value`, rounded to this type.
    #[inline(always)]
    fn lit(value: f64) -> Self {
        nalgebra::convert(value)
    }

    /// This value as `f64` (exact for `f32` and `f64`).
    #[inline(always)]
    fn as_f64(self) -> f64 {
        self.to_subset_unchecked()
    }
}

impl<T: RealField + Copy> Scalar for T {}

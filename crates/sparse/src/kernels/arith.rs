//! Choosing the instruction set and the block sizes, once per call.

use num_traits::Float;
use pulp::{Simd, WithSimd};

use crate::EdgeShape;

/// `a b + c`, with one rounding when `FUSED`.
///
/// Without hardware support `mul_add` is a slow library call, hence the choice.
#[inline(always)]
pub(crate) fn madd<const FUSED: bool, T: Float>(a: T, b: T, c: T) -> T {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// A kernel over the factors or variables of one set, with its block sizes
/// known at compile time (`run`) or not (`run_any`).
pub(crate) trait ShapeKernel: Sized {
    /// Body for `R` rows, `A` columns of the first and `B` of the second block.
    fn run<const FUSED: bool, const R: usize, const A: usize, const B: usize>(self);
    /// Body for any other sizes.
    fn run_any<const FUSED: bool>(self);
}

struct Shaped<K> {
    shape: EdgeShape,
    kernel: K,
}

impl<K: ShapeKernel> WithSimd for Shaped<K> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        if S::IS_SCALAR || cfg!(target_arch = "wasm32") {
            pick::<K, false>(self.shape, self.kernel);
        } else {
            pick::<K, true>(self.shape, self.kernel);
        }
    }
}

#[inline(always)]
fn pick<K: ShapeKernel, const FUSED: bool>(shape: EdgeShape, kernel: K) {
    match (shape.rows, shape.cols_a, shape.cols_b) {
        (6, 6, 6) => kernel.run::<FUSED, 6, 6, 6>(),
        (3, 3, 3) => kernel.run::<FUSED, 3, 3, 3>(),
        (2, 9, 3) => kernel.run::<FUSED, 2, 9, 3>(),
        (2, 6, 3) => kernel.run::<FUSED, 2, 6, 3>(),
        (3, 6, 3) => kernel.run::<FUSED, 3, 6, 3>(),
        (3, 9, 3) => kernel.run::<FUSED, 3, 9, 3>(),
        (2, 3, 2) => kernel.run::<FUSED, 2, 3, 2>(),
        (6, 6, 0) => kernel.run::<FUSED, 6, 6, 0>(),
        (3, 3, 0) => kernel.run::<FUSED, 3, 3, 0>(),
        _ => kernel.run_any::<FUSED>(),
    }
}

/// Runs a kernel with the best instructions this processor has.
pub(crate) fn dispatch<K: ShapeKernel>(shape: EdgeShape, kernel: K) {
    pulp::Arch::new().dispatch(Shaped { shape, kernel });
}

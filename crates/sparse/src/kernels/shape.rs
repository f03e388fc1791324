//! Choosing the block sizes, once per call.

use crate::EdgeShape;
use crate::isa::{Isa, Kernel, dispatch};

/// A kernel over the factors or variables of one set, with its block sizes
/// known at compile time (`run`) or not (`run_any`).
pub(crate) trait ShapeKernel: Sized {
    /// Body for `R` rows, `A` columns of the first and `B` of the second block.
    fn run<I: Isa, const R: usize, const A: usize, const B: usize>(self, isa: I);
    /// Body for any other sizes.
    fn run_any<I: Isa>(self, isa: I);
}

struct Shaped<K> {
    shape: EdgeShape,
    kernel: K,
}

impl<K: ShapeKernel> Kernel for Shaped<K> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let kernel = self.kernel;
        match (self.shape.rows, self.shape.cols_a, self.shape.cols_b) {
            (6, 6, 6) => kernel.run::<I, 6, 6, 6>(isa),
            (3, 3, 3) => kernel.run::<I, 3, 3, 3>(isa),
            (2, 9, 3) => kernel.run::<I, 2, 9, 3>(isa),
            (2, 6, 3) => kernel.run::<I, 2, 6, 3>(isa),
            (3, 6, 3) => kernel.run::<I, 3, 6, 3>(isa),
            (3, 9, 3) => kernel.run::<I, 3, 9, 3>(isa),
            (2, 3, 2) => kernel.run::<I, 2, 3, 2>(isa),
            (2, 9, 0) => kernel.run::<I, 2, 9, 0>(isa),
            (2, 6, 0) => kernel.run::<I, 2, 6, 0>(isa),
            (6, 6, 0) => kernel.run::<I, 6, 6, 0>(isa),
            (3, 3, 0) => kernel.run::<I, 3, 3, 0>(isa),
            _ => kernel.run_any(isa),
        }
    }
}

/// Runs a kernel with the best instructions this processor has, for this shape.
pub(crate) fn dispatch_shape<K: ShapeKernel>(shape: EdgeShape, kernel: K) {
    dispatch(Shaped { shape, kernel });
}

//! Conversions between f16 and f32.

use half::f16;
use slam16_sparse::Store;

/// Widens `halves`, rounds `floats`, and adds and multiplies every pair of
/// halves with the next pair, the last of `pairs` with the first.
pub fn canary(
    halves: &[f16],
    floats: &[f32],
    widened: &mut [f32],
    rounded: &mut [f16],
    sums: &mut [f16],
    products: &mut [f16],
    pairs: usize,
) {
    for k in 0..2 * pairs {
        let (a, b) = (halves[k].load(), halves[(k + 2) % (2 * pairs)].load());
        widened[k] = a;
        rounded[k] = f16::store(floats[k]);
        sums[k] = f16::store(a + b);
        products[k] = f16::store(a * b);
    }
}

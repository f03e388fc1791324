//! Adapters, guarded buffers, random sets, comparisons.

mod bounded;
pub mod chain;
mod compare;
mod devices;
mod guarded;
pub mod linearization;
pub mod losses;
mod random;
pub mod scenes;
mod sets;
pub mod triangles;
pub mod triangular;

pub use bounded::Bounded;
pub use compare::{close, same_bits, same_in_half, twice};
pub use devices::{for_each, gpus, open, storages};
pub use guarded::{Guarded, POISON};
pub use random::Random;
pub use sets::Set;

/// Sizes around a workgroup's.
pub const SIZES: [usize; 6] = [0, 1, 63, 64, 65, 1000];

/// Unit roundoff of f32.
pub const UNIT: f64 = f32::EPSILON as f64 / 2.0;

/// Bound on the error of a sum of `n` products in f32, `n u / (1 − n u) Σ|ab|`
/// (Higham, Accuracy and Stability, 3.1), whatever is fused; doubled, for the
/// oracle and numbers below the normal ones.
pub fn sum_bound(n: usize, magnitude: f64) -> f64 {
    let nu = n as f64 * UNIT;
    2.0 * nu / (1.0 - nu) * magnitude + f64::from(f32::MIN_POSITIVE)
}

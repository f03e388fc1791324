//! Static preconditioners: incomplete Cholesky factors of the normal matrix,
//! from IC(0) to complete, made in f64 and kept in any storage precision.
//!
//! The matrix is first whitened, `A = R⁻ᵀ H R⁻¹` with `R_v` the Cholesky factor
//! of diagonal block `v`, so that its diagonal blocks are identities, every row
//! of `L` has norm at most 1 and none overflows binary16; then factored by
//! blocks, `P A Pᵀ ≈ L Lᵀ`. A pivot that is too small raises the diagonal and
//! starts over (T. Manteuffel, Math. Comp. 34 (1980) 473).

mod block;
mod column;
mod multicolor;
mod numeric;
mod pattern;
mod permuted;
mod schedule;
mod solve;
mod symbolic;
mod triangular;
mod whitening;

pub use multicolor::multicolor_order;
pub use numeric::{BlockFactor, Breakdown, FactorReport, FillRule, PivotRule};
pub use pattern::FactorPattern;
pub use permuted::PermutedPattern;
pub use schedule::LevelSchedule;
pub use solve::{SolveScratch, TriangularArithmetic};
pub use triangular::TriangularFactor;
pub use whitening::Whitening;

pub(crate) use block::cholesky_upper;
pub(crate) use whitening::invert_upper;

#[cfg(test)]
mod tests;

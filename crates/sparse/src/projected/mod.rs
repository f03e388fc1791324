//! The Jacobian with the eliminable variables projected out.
//!
//! Variables from `eliminable_from` on (the points of a bundle) share no factor
//! with each other. For each of them let `R_jᵀ R_j = J_jᵀ J_j + Λ_j` and
//! `Q_j = [J_j; √Λ_j] R_j⁻¹`, whose columns are orthonormal. Then
//! `(I − Q Qᵀ) [J_c; 0]` has the Schur complement as its normal matrix, and
//! products with it need nothing but small blocks: the same multiplications as
//! with `J`, no Hessian, and a fifth of the CG iterations. (Square-root
//! elimination as in N. Demmel et al., Square Root Bundle Adjustment, CVPR
//! 2021, here by normal equations of 3 × 3 blocks instead of Householder.)

mod blocks;
mod multiply;
mod scaling;
mod structure;
mod system;

pub use blocks::ProjectedBlocks;
pub use scaling::ProjectedScaling;
pub use structure::{MixedSet, ProjectedStructure};
pub use system::ProjectedSystem;

#[cfg(test)]
mod tests;

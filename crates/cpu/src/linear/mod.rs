//! Linear solvers of the damped normal equations `(JᵀJ + λ D) δ = −Jᵀ r`.

mod cg;
mod cgnr;
mod cgnr_ic;
mod cholesky;
mod choose;
mod schur;

#[cfg(test)]
mod test_problems;

pub use choose::choose;

/// Sum in index order: the same bits on any number of threads.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

//! The triangular factors of eliminated and kept variables, in f64.

use super::ProjectedStructure;
use super::structure::{MixedSet, Side};
use crate::incomplete::{cholesky_upper, invert_upper};
use crate::{DiagonalBlocks, Jacobian, Threads};

/// First relative ridge on a block that cannot be factored, times ten until it
/// can; beyond the last one only the diagonal is kept.
const RIDGE: f64 = 1e-9;
const LAST_RIDGE: f64 = 1e-2;
/// Relative ridge on the blocks of kept variables, which differences made.
const KEPT_RIDGE: f64 = 1e-6;

/// `R_j⁻¹` of the eliminated variables, `√Λ_j`, and `R_i⁻¹` of the kept ones,
/// `R_iᵀ R_i` being diagonal block `i` of the damped Schur complement.
#[derive(Clone, Debug)]
pub struct ProjectedScaling {
    /// `R_j⁻¹`, upper triangular, by eliminated variable.
    pub eliminated: DiagonalBlocks,
    /// `R_i⁻¹`, upper triangular, by kept variable.
    pub kept: DiagonalBlocks,
    /// `√Λ` of the eliminated unknowns.
    pub root_damping: Vec<f64>,
}

impl ProjectedScaling {
    /// All zero.
    pub fn new(structure: &ProjectedStructure) -> Self {
        Self {
            eliminated: DiagonalBlocks::zeros(structure.eliminated_layout.clone()),
            kept: DiagonalBlocks::zeros(structure.kept_layout.clone()),
            root_damping: vec![0.0; structure.eliminated_layout.scalars()],
        }
    }

    /// Factors for a linearisation and a damping `Λ = λ D`.
    ///
    /// `gram` has the diagonal blocks of `JᵀJ`, `scale` is `D`, both for all
    /// variables. A held scalar counts as 1.
    pub fn set(
        &mut self,
        structure: &ProjectedStructure,
        jacobian: &Jacobian<f64>,
        gram: &DiagonalBlocks,
        scale: &[f64],
        damping: f64,
        threads: &Threads,
    ) {
        self.set_eliminated(structure, gram, scale, damping);
        self.set_kept(structure, jacobian, gram, scale, damping, threads);
    }

    fn set_eliminated(
        &mut self,
        structure: &ProjectedStructure,
        gram: &DiagonalBlocks,
        scale: &[f64],
        damping: f64,
    ) {
        let layout = &structure.eliminated_layout;
        let first = structure.kept_layout.variables();
        let offset = structure.kept_layout.scalars();
        let mut factor = Vec::new();
        for v in 0..layout.variables() {
            let dim = layout.dim(v);
            let source = gram.block(first + v);
            let damped = &scale[offset + layout.offset(v)..][..dim];
            let roots = &mut self.root_damping[layout.range(v)];
            let mut ridge = 0.0;
            loop {
                factor.clear();
                factor.extend_from_slice(source);
                for (k, root) in roots.iter_mut().enumerate() {
                    let d = &mut factor[k * (dim + 1)];
                    let shift = damping * damped[k] + ridge * *d;
                    // Held: the column is zero, so is its part of Q.
                    *root = if *d == 0.0 { 0.0 } else { shift.sqrt() };
                    *d = if *d == 0.0 { 1.0 } else { *d + shift };
                }
                if ridge > LAST_RIDGE {
                    for (k, value) in factor.iter_mut().enumerate() {
                        if k % (dim + 1) != 0 {
                            *value = 0.0;
                        }
                    }
                }
                if cholesky_upper(&mut factor, dim) || ridge > LAST_RIDGE {
                    break;
                }
                ridge = if ridge == 0.0 { RIDGE } else { 10.0 * ridge };
            }
            invert_upper(&factor, dim, self.eliminated.block_mut(v));
        }
    }

    /// `R_iᵀ R_i = S_ii + λ D_i + ε diag`, where
    /// `S_ii = Σ_f J_cᵀ J_c − (Q_fᵀ J_c)ᵀ (Q_fᵀ J_c)`.
    fn set_kept(
        &mut self,
        structure: &ProjectedStructure,
        jacobian: &Jacobian<f64>,
        gram: &DiagonalBlocks,
        scale: &[f64],
        damping: f64,
        threads: &Threads,
    ) {
        let layout = &structure.kept_layout;
        let eliminated = &self.eliminated;
        let factors = threads.map_ranges(layout.variables(), 1, |range| {
            let v = range.start;
            let dim = layout.dim(v);
            let mut complement = gram.block(v).to_vec();
            for set in &structure.mixed {
                if set.shape.cols_a == dim {
                    subtract_projection(set, jacobian, eliminated, v, &mut complement);
                }
            }
            let scale = &scale[layout.range(v)];
            for (k, d) in complement.iter_mut().step_by(dim + 1).enumerate() {
                // Held, or left without information by the elimination.
                let usable = *d + damping * scale[k] > 0.0;
                *d = if usable {
                    (*d + damping * scale[k]) * (1.0 + KEPT_RIDGE)
                } else {
                    1.0
                };
            }
            let diagonal: Vec<f64> = complement.iter().step_by(dim + 1).copied().collect();
            if !cholesky_upper(&mut complement, dim) {
                complement.fill(0.0);
                for (k, d) in diagonal.into_iter().enumerate() {
                    complement[k * (dim + 1)] = d.sqrt();
                }
            }
            let mut inverse = vec![0.0; dim * dim];
            invert_upper(&complement, dim, &mut inverse);
            inverse
        });
        for (v, inverse) in factors.into_iter().enumerate() {
            self.kept.block_mut(v).copy_from_slice(&inverse);
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.eliminated.bytes() + self.kept.bytes() + 8 * self.root_damping.len()
    }
}

/// `complement −= Σ_f P_fᵀ P_f` over the factors of kept variable `v`, where
/// `P_f = Q_fᵀ J_c` and `Q_f = J_p R⁻¹`.
fn subtract_projection(
    set: &MixedSet,
    jacobian: &Jacobian<f64>,
    eliminated: &DiagonalBlocks,
    v: usize,
    complement: &mut [f64],
) {
    let (rows, kept, gone) = (set.shape.rows, set.shape.cols_a, set.shape.cols_b);
    let blocks = &jacobian.sets[set.source];
    let (mut q, mut p) = (vec![0.0; rows * gone], vec![0.0; kept * gone]);
    for &item in set.kept.incidence_items(v) {
        let place = item as usize >> 1;
        let f = set.order.get(place).map_or(place, |f| *f as usize);
        let (j_c, j_p) = match set.eliminated_side {
            Side::A => (blocks.block_b(f), blocks.block_a(f)),
            Side::B => (blocks.block_a(f), blocks.block_b(f)),
        };
        let inverse = eliminated.block(set.eliminated[place] as usize);
        q.fill(0.0);
        for (j, q) in q.chunks_exact_mut(rows).enumerate() {
            for (i, j_p) in j_p.chunks_exact(rows).take(j + 1).enumerate() {
                let factor = inverse[j * gone + i];
                q.iter_mut().zip(j_p).for_each(|(q, j)| *q += j * factor);
            }
        }
        for (k, q) in q.chunks_exact(rows).enumerate() {
            for (c, j_c) in j_c.chunks_exact(rows).enumerate() {
                p[k * kept + c] = q.iter().zip(j_c).map(|(q, j)| q * j).sum();
            }
        }
        for p in p.chunks_exact(kept) {
            for (c, column) in complement.chunks_exact_mut(kept).enumerate() {
                let factor = p[c];
                column.iter_mut().zip(p).for_each(|(s, p)| *s -= p * factor);
            }
        }
    }
}

//! The system that the kept unknowns see, in f64.

use std::sync::Arc;

use super::{ProjectedScaling, ProjectedStructure};
use crate::{
    DiagonalBlocks, Jacobian, JacobianStructure, Threads, jacobian_mul, jacobian_transpose_mul,
    row_count,
};

/// Elimination and back-substitution around a solve for the kept unknowns, all
/// in f64: factors, reduced gradient, step of the eliminated unknowns.
#[derive(Clone, Debug)]
pub struct ProjectedSystem {
    structure: Arc<ProjectedStructure>,
    gram: DiagonalBlocks,
    scaling: ProjectedScaling,
    /// Scratch: all unknowns twice, and all rows.
    unknowns: Vec<f64>,
    gathered: Vec<f64>,
    rows: Vec<f64>,
}

impl ProjectedSystem {
    /// For a problem's structure, split as by [`ProjectedStructure::new`].
    pub fn new(structure: &JacobianStructure, eliminable_from: usize) -> Self {
        let projected = Arc::new(ProjectedStructure::new(structure, eliminable_from));
        let scalars = structure.layout.scalars();
        Self {
            gram: DiagonalBlocks::zeros(structure.layout.clone()),
            scaling: ProjectedScaling::new(&projected),
            unknowns: vec![0.0; scalars],
            gathered: vec![0.0; scalars],
            rows: vec![0.0; structure.rows()],
            structure: projected,
        }
    }

    /// Kept and eliminated variables.
    pub fn structure(&self) -> &Arc<ProjectedStructure> {
        &self.structure
    }

    /// The factors of the last [`ProjectedSystem::factor`].
    pub fn scaling(&self) -> &ProjectedScaling {
        &self.scaling
    }

    /// Takes a linearisation.
    pub fn update(&mut self, jacobian: &Jacobian<f64>, threads: &Threads) {
        self.gram.fill_with_gram(&jacobian.sets, threads);
    }

    /// Factors the blocks for a damping `λ D`, `scale` being `D`.
    pub fn factor(
        &mut self,
        jacobian: &Jacobian<f64>,
        scale: &[f64],
        damping: f64,
        threads: &Threads,
    ) {
        let structure = &self.structure;
        self.scaling
            .set(structure, jacobian, &self.gram, scale, damping, threads);
    }

    /// `gathered = Jᵀ J unknowns`.
    fn normal_product(&mut self, jacobian: &Jacobian<f64>, threads: &Threads) {
        debug_assert_eq!(self.rows.len(), row_count(&jacobian.sets));
        let (sets, layout) = (&jacobian.sets, jacobian.layout());
        jacobian_mul(sets, layout, &self.unknowns, &mut self.rows, threads);
        jacobian_transpose_mul(sets, layout, &self.rows, &mut self.gathered, threads);
    }

    /// `v = H_pp⁻¹ v` for the eliminated unknowns, damped: `R⁻¹ R⁻ᵀ v`.
    fn solve_eliminated(&mut self) {
        let layout = self.structure.eliminated_layout();
        let offset = self.structure.kept_layout().scalars();
        let mut half = Vec::new();
        for j in 0..layout.variables() {
            let (dim, inverse) = (layout.dim(j), self.scaling.eliminated.block(j));
            let v = &mut self.unknowns[offset..][layout.range(j)];
            half.clear();
            half.extend(
                (0..dim).map(|c| (0..=c).map(|k| inverse[c * dim + k] * v[k]).sum::<f64>()),
            );
            for (r, v) in v.iter_mut().enumerate() {
                *v = (r..dim).map(|c| inverse[c * dim + r] * half[c]).sum();
            }
        }
    }

    /// `g_c − H_cp H_pp⁻¹ g_p`, the gradient that the kept unknowns see, into
    /// `reduced`; `gradient` is `g` of all unknowns.
    pub fn reduced_gradient(
        &mut self,
        jacobian: &Jacobian<f64>,
        gradient: &[f64],
        reduced: &mut Vec<f64>,
        threads: &Threads,
    ) {
        let kept = self.structure.kept_layout().scalars();
        self.unknowns[kept..].copy_from_slice(&gradient[kept..]);
        self.unknowns[..kept].fill(0.0);
        self.solve_eliminated();
        self.normal_product(jacobian, threads);
        let pairs = gradient[..kept].iter().zip(&self.gathered);
        reduced.clear();
        reduced.extend(pairs.map(|(g, p)| g - p));
    }

    /// `δ_p = −H_pp⁻¹ (g_p + H_pc δ_c)`: `step` holds the kept unknowns' part
    /// and gets the rest.
    pub fn back_substitute(
        &mut self,
        jacobian: &Jacobian<f64>,
        gradient: &[f64],
        step: &mut [f64],
        threads: &Threads,
    ) {
        let kept = self.structure.kept_layout().scalars();
        self.unknowns[..kept].copy_from_slice(&step[..kept]);
        self.unknowns[kept..].fill(0.0);
        self.normal_product(jacobian, threads);
        let parts = gradient.iter().zip(&self.gathered).skip(kept);
        for (v, (g, p)) in self.unknowns[kept..].iter_mut().zip(parts) {
            *v = -(g + p);
        }
        self.solve_eliminated();
        step[kept..].copy_from_slice(&self.unknowns[kept..]);
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.structure.bytes()
            + self.gram.bytes()
            + self.scaling.bytes()
            + 8 * (self.unknowns.len() + self.gathered.len() + self.rows.len())
    }
}

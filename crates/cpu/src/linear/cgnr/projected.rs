//! The landmark-projected Jacobian: square-root Schur.

use std::sync::Arc;

use slam16_problem::Setup;
use slam16_solver::CgOutcome;
use slam16_sparse::{
    ColumnScaling, Compute, DiagonalBlocks, Jacobian, ProjectedScaling, ProjectedStructure, Store,
    Threads, jacobian_mul, jacobian_transpose_mul, row_count,
};

use super::{CgnrSettings, Form, Task};
use crate::linear::cg::{
    Damping, Identity, ProjectedJacobian, System, Workspace, scale_transposed, unscale,
};

pub(super) struct ProjectedForm<S: Store, V: Compute> {
    structure: Arc<ProjectedStructure>,
    gram: DiagonalBlocks,
    scaling: ProjectedScaling,
    operator: ProjectedJacobian<S, V>,
    damping: Damping<V>,
    b: Vec<V>,
    /// f64 scratch: all unknowns twice, and all rows.
    unknowns: Vec<f64>,
    gathered: Vec<f64>,
    rows: Vec<f64>,
}

impl<S: Store, V: Compute> ProjectedForm<S, V> {
    pub(super) fn new(settings: &CgnrSettings, setup: &Setup) -> Self {
        let from = setup.eliminable_from;
        let structure = Arc::new(ProjectedStructure::new(&setup.structure, from));
        let layout = &setup.structure.layout;
        let operator = ProjectedJacobian::new(
            structure.clone(),
            settings.half_arithmetic,
            settings.vectors(),
        );
        Self {
            gram: DiagonalBlocks::zeros(layout.clone()),
            scaling: ProjectedScaling::new(&structure),
            operator,
            damping: Damping::None,
            b: vec![V::default(); structure.kept_layout().scalars()],
            unknowns: vec![0.0; layout.scalars()],
            gathered: vec![0.0; layout.scalars()],
            rows: vec![0.0; setup.structure.rows()],
            structure,
        }
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

    /// `g_c − H_cp H_pp⁻¹ g_p`, the gradient that the kept unknowns see, in f64.
    fn reduced_gradient(&mut self, task: &Task<'_>) -> Vec<f64> {
        let kept = self.structure.kept_layout().scalars();
        self.unknowns[kept..].copy_from_slice(&task.gradient[kept..]);
        self.unknowns[..kept].fill(0.0);
        self.solve_eliminated();
        self.normal_product(task.jacobian, task.threads);
        let pairs = task.gradient[..kept].iter().zip(&self.gathered);
        pairs.map(|(g, p)| g - p).collect()
    }

    /// `δ_p = −H_pp⁻¹ (g_p + H_pc δ_c)` in f64.
    fn back_substitute(&mut self, task: &Task<'_>, step: &mut [f64]) {
        let kept = self.structure.kept_layout().scalars();
        self.unknowns[..kept].copy_from_slice(&step[..kept]);
        self.unknowns[kept..].fill(0.0);
        self.normal_product(task.jacobian, task.threads);
        let parts = task.gradient.iter().zip(&self.gathered).skip(kept);
        for (v, (g, p)) in self.unknowns[kept..].iter_mut().zip(parts) {
            *v = -(g + p);
        }
        self.solve_eliminated();
        step[kept..].copy_from_slice(&self.unknowns[kept..]);
    }
}

impl<S: Store, V: Compute> Form<V> for ProjectedForm<S, V> {
    fn update(&mut self, jacobian: &Jacobian<f64>, threads: &Threads) {
        self.gram.fill_with_gram(&jacobian.sets, threads);
    }

    fn solve(
        &mut self,
        task: &Task<'_>,
        workspace: &mut Option<Workspace<V>>,
        step: &mut [f64],
    ) -> CgOutcome {
        let damping = task.request.damping;
        self.scaling.set(
            &self.structure,
            task.jacobian,
            &self.gram,
            task.scale,
            damping,
            task.threads,
        );
        let reduced = self.reduced_gradient(task);
        let structure = self.structure.clone();
        let layout = structure.kept_layout();
        let kept = layout.scalars();
        let scaling = ColumnScaling::Upper(&self.scaling.kept);
        scale_transposed(scaling, layout, &reduced, &mut self.b);
        self.damping
            .set(damping, &task.scale[..kept], scaling, layout);
        let mut view = self
            .operator
            .view(task.jacobian, &self.scaling, task.threads);
        let system = System {
            operator: &mut view,
            preconditioner: &mut Identity,
            b: &self.b,
            damping: &self.damping,
            layout,
            vectors: task.vectors,
        };
        let (outcome, _) = system.solve(
            task.options,
            task.beta,
            task.request,
            workspace,
            task.threads,
        );
        if let Some(work) = workspace {
            unscale(scaling, layout, &work.x, &mut step[..kept]);
        }
        self.back_substitute(task, step);
        outcome
    }

    fn overflows(&self) -> usize {
        self.operator.overflows()
    }

    fn bytes(&self) -> usize {
        self.structure.bytes()
            + self.gram.bytes()
            + self.scaling.bytes()
            + self.operator.bytes()
            + self.damping.bytes()
            + size_of_val(self.b.as_slice())
            + 8 * (self.unknowns.len() + self.gathered.len() + self.rows.len())
    }
}

//! The landmark-projected Jacobian: square-root Schur.

use slam16_problem::Setup;
use slam16_solver::CgOutcome;
use slam16_sparse::{
    ColumnScaling, Compute, Jacobian, ProjectedSystem, Store, Threads, scale_transposed, unscale,
};

use super::{CgnrSettings, Form, Task};
use crate::linear::cg::{Damping, Identity, ProjectedJacobian, System, Workspace};

pub(super) struct ProjectedForm<S: Store, V: Compute> {
    projected: ProjectedSystem,
    operator: ProjectedJacobian<S, V>,
    damping: Damping<V>,
    reduced: Vec<f64>,
    b: Vec<V>,
}

impl<S: Store, V: Compute> ProjectedForm<S, V> {
    pub(super) fn new(settings: &CgnrSettings, setup: &Setup) -> Self {
        let projected = ProjectedSystem::new(&setup.structure, setup.eliminable_from);
        let structure = projected.structure();
        Self {
            operator: ProjectedJacobian::new(
                structure.clone(),
                settings.half_arithmetic,
                settings.vectors(),
            ),
            damping: Damping::None,
            reduced: Vec::new(),
            b: vec![V::default(); structure.kept_layout().scalars()],
            projected,
        }
    }
}

impl<S: Store, V: Compute> Form<V> for ProjectedForm<S, V> {
    fn update(&mut self, jacobian: &Jacobian<f64>, threads: &Threads) {
        self.projected.update(jacobian, threads);
    }

    fn solve(
        &mut self,
        task: &Task<'_>,
        workspace: &mut Option<Workspace<V>>,
        step: &mut [f64],
    ) -> CgOutcome {
        let (jacobian, gradient, threads) = (task.jacobian, task.gradient, task.threads);
        let damping = task.request.damping;
        let projected = &mut self.projected;
        projected.factor(jacobian, task.scale, damping, threads);
        projected.reduced_gradient(jacobian, gradient, &mut self.reduced, threads);
        let structure = projected.structure().clone();
        let layout = structure.kept_layout();
        let kept = layout.scalars();
        let scaling = ColumnScaling::Upper(&projected.scaling().kept);
        scale_transposed(scaling, layout, &self.reduced, &mut self.b);
        self.damping
            .set(damping, &task.scale[..kept], scaling, layout);
        let mut view = self.operator.view(jacobian, projected.scaling(), threads);
        let system = System {
            operator: &mut view,
            preconditioner: &mut Identity,
            b: &self.b,
            damping: &self.damping,
            layout,
            vectors: task.vectors,
        };
        let (outcome, _) =
            system.solve(task.options, super::BETA, task.request, workspace, threads);
        if let Some(work) = workspace {
            unscale(scaling, layout, &work.x, &mut step[..kept]);
        }
        projected.back_substitute(jacobian, gradient, step, threads);
        outcome
    }

    fn overflows(&self) -> usize {
        self.operator.overflows()
    }

    fn bytes(&self) -> usize {
        self.projected.bytes()
            + self.operator.bytes()
            + self.damping.bytes()
            + 8 * self.reduced.len()
            + size_of_val(self.b.as_slice())
    }
}

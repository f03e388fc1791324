//! Columns scaled one by one, or orthonormalised by blocks.

use slam16_problem::Setup;
use slam16_solver::CgOutcome;
use slam16_sparse::{
    ColumnScaling, Compute, DiagonalBlocks, Jacobian, Store, Threads, Whitening, scale_transposed,
    unscale,
};

use super::{CgnrSettings, Form, Task};
use crate::linear::cg::{Damping, Identity, ScaledJacobian, System, Workspace};

/// The parts both forms have.
struct Scaled<S: Store, V: Compute> {
    operator: ScaledJacobian<S, V>,
    damping: Damping<V>,
    b: Vec<V>,
}

impl<S: Store, V: Compute> Scaled<S, V> {
    fn new(settings: &CgnrSettings, setup: &Setup) -> Self {
        let structure = &setup.structure;
        Self {
            operator: ScaledJacobian::new(structure, settings.half_arithmetic, settings.vectors()),
            damping: Damping::None,
            b: vec![V::default(); structure.layout.scalars()],
        }
    }

    fn solve(
        &mut self,
        task: &Task<'_>,
        scaling: ColumnScaling<'_>,
        workspace: &mut Option<Workspace<V>>,
        step: &mut [f64],
    ) -> CgOutcome {
        let layout = task.jacobian.layout();
        self.damping
            .set(task.request.damping, task.scale, scaling, layout);
        scale_transposed(scaling, layout, task.gradient, &mut self.b);
        let mut view = self.operator.view(task.jacobian, scaling, task.threads);
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
            super::BETA,
            task.request,
            workspace,
            task.threads,
        );
        if let Some(work) = workspace {
            unscale(scaling, layout, &work.x, step);
        }
        outcome
    }

    fn bytes(&self) -> usize {
        self.operator.bytes() + self.damping.bytes() + size_of_val(self.b.as_slice())
    }
}

/// Each column divided by its norm.
pub(super) struct ColumnForm<S: Store, V: Compute> {
    scaled: Scaled<S, V>,
    scale: Vec<f64>,
}

impl<S: Store, V: Compute> ColumnForm<S, V> {
    pub(super) fn new(settings: &CgnrSettings, setup: &Setup) -> Self {
        Self {
            scaled: Scaled::new(settings, setup),
            scale: vec![0.0; setup.structure.layout.scalars()],
        }
    }
}

impl<S: Store, V: Compute> Form<V> for ColumnForm<S, V> {
    fn update(&mut self, jacobian: &Jacobian<f64>, threads: &Threads) {
        let scale = &mut self.scale;
        slam16_sparse::column_norms(&jacobian.sets, jacobian.layout(), scale, threads);
        for s in scale.iter_mut() {
            *s = if *s > 0.0 { 1.0 / s.sqrt() } else { 1.0 };
        }
        let scaling = ColumnScaling::Scalars(scale);
        self.scaled.operator.set(jacobian, scaling, threads);
    }

    fn solve(
        &mut self,
        task: &Task<'_>,
        workspace: &mut Option<Workspace<V>>,
        step: &mut [f64],
    ) -> CgOutcome {
        let scaling = ColumnScaling::Scalars(&self.scale);
        self.scaled.solve(task, scaling, workspace, step)
    }

    fn overflows(&self) -> usize {
        self.scaled.operator.overflows()
    }

    fn bytes(&self) -> usize {
        self.scaled.bytes() + size_of_val(self.scale.as_slice())
    }
}

/// The columns of each variable made orthonormal: `J_v R_v⁻¹`.
pub(super) struct BlockForm<S: Store, V: Compute> {
    scaled: Scaled<S, V>,
    gram: DiagonalBlocks,
    whitening: Whitening,
}

impl<S: Store, V: Compute> BlockForm<S, V> {
    pub(super) fn new(settings: &CgnrSettings, setup: &Setup) -> Self {
        let layout = &setup.structure.layout;
        Self {
            scaled: Scaled::new(settings, setup),
            gram: DiagonalBlocks::zeros(layout.clone()),
            whitening: Whitening::new(layout.clone()),
        }
    }
}

impl<S: Store, V: Compute> Form<V> for BlockForm<S, V> {
    fn update(&mut self, jacobian: &Jacobian<f64>, threads: &Threads) {
        self.gram.fill_with_gram(&jacobian.sets, threads);
        self.whitening.set(|v| self.gram.block(v));
        let scaling = ColumnScaling::Upper(&self.whitening.inverse);
        self.scaled.operator.set(jacobian, scaling, threads);
    }

    fn solve(
        &mut self,
        task: &Task<'_>,
        workspace: &mut Option<Workspace<V>>,
        step: &mut [f64],
    ) -> CgOutcome {
        let scaling = ColumnScaling::Upper(&self.whitening.inverse);
        self.scaled.solve(task, scaling, workspace, step)
    }

    fn overflows(&self) -> usize {
        self.scaled.operator.overflows()
    }

    fn bytes(&self) -> usize {
        self.scaled.bytes() + self.gram.bytes() + self.whitening.bytes()
    }
}

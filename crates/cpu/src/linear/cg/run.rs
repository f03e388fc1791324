//! One solve.

use slam16_solver::{
    CgBeta, CgControl, CgOptions, CgOutcome, CgStatus, CgWorkspace, LinearRequest, StopTests,
    conjugate_gradients,
};
use slam16_sparse::{BlockLayout, Compute, Threads};

use super::{CpuSpace, Damping, Operator, Preconditioner, VectorArithmetic};

/// Vectors of the iteration, kept between solves.
pub(crate) type Workspace<V> = CgWorkspace<Vec<V>, Vec<V>, f64>;

/// The system of one solve, `(AᵀA + Λ) x = b`.
pub(crate) struct System<'a, V: Compute> {
    pub operator: &'a mut dyn Operator<V>,
    pub preconditioner: &'a mut dyn Preconditioner<V>,
    pub b: &'a [V],
    pub damping: &'a Damping<V>,
    pub layout: &'a BlockLayout,
    pub vectors: VectorArithmetic,
}

impl<V: Compute> System<'_, V> {
    /// Solves into the workspace's `x`; also returns by how much the model
    /// fell.
    pub(crate) fn solve(
        self,
        options: &CgOptions,
        beta: CgBeta,
        request: &LinearRequest,
        workspace: &mut Option<Workspace<V>>,
        threads: &Threads,
    ) -> (CgOutcome, f64) {
        let tests = StopTests {
            tolerance: request.tolerance,
            model_tolerance: options.model_tolerance,
        };
        let mut space = CpuSpace {
            operator: self.operator,
            preconditioner: self.preconditioner,
            b: self.b,
            damping: self.damping,
            layout: self.layout,
            threads,
            vectors: self.vectors,
            tests,
            first: 0.0,
            status: CgStatus::default(),
        };
        let work = workspace.get_or_insert_with(|| CgWorkspace::new(&mut space));
        let control = CgControl {
            tests,
            beta,
            max_iterations: options.max_iterations,
            checkpoint_every: options.checkpoint_every,
            read_every: 1,
            deadline: request.deadline,
        };
        let outcome = conjugate_gradients(&mut space, work, &control);
        (outcome, space.status.decrease)
    }
}

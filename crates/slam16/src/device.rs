//! Where linear systems are solved.

use crate::cpu;
use crate::gpu::{self, Gpu};
use crate::problem::LeastSquares;
use crate::solver::{BackendError, HostBackend, Options};

/// Where linear systems are solved; state, residuals and their update are on
/// the host, in fp64, either way.
#[derive(Clone, Debug, Default)]
pub enum Device {
    /// On the processor.
    #[default]
    Cpu,
    /// On an open GPU; it may serve several solvers.
    Gpu(Gpu),
}

impl Device {
    pub(crate) fn backend<'p, P: LeastSquares>(
        &self,
        problem: &'p mut P,
        options: &Options,
    ) -> Result<HostBackend<'p, P>, BackendError> {
        match self {
            Self::Cpu => cpu::backend(problem, options),
            Self::Gpu(gpu) => gpu::backend(gpu, problem, options),
        }
    }
}

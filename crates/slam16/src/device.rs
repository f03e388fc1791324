//! Where linear systems are solved.

mod else_cpu;

use crate::cpu;
use crate::gpu::{self, Gpu};
use crate::problem::LeastSquares;
use crate::solver::{BackendError, HostBackend, Options};
use else_cpu::ElseCpu;

/// Where linear systems are solved; state, residuals and their update are on
/// the host, in fp64, either way.
#[derive(Clone, Debug, Default)]
pub enum Device {
    /// On the processor.
    #[default]
    Cpu,
    /// On an open GPU; it may serve several solvers. A solve ends with an error
    /// when it gives up.
    Gpu(Gpu),
    /// On an open GPU, and on the processor from where that gives up, which
    /// the summary then says.
    GpuElseCpu(Gpu),
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
            Self::GpuElseCpu(gpu) => HostBackend::new(problem, options, |setup, kind| {
                let mut choice = gpu::choose(gpu, setup, kind, options)?;
                choice.solver = Box::new(ElseCpu::new(choice.solver, setup, kind, options));
                Ok(choice)
            }),
        }
    }
}

//! A linear solver on a device, and one on the processor for when it is lost.

use crate::cpu;
use crate::problem::{ProblemKind, Setup};
use crate::solver::{
    BackendError, Description, Fallback, LinearOutcome, LinearRequest, LinearSolver, Options,
    ScalarType,
};
use crate::sparse::{Jacobian, Threads};

/// Asks the device until it gives up, then the processor for good.
pub(super) struct ElseCpu {
    device: Box<dyn LinearSolver>,
    setup: Setup,
    kind: ProblemKind,
    options: Options,
    spare: Option<Spare>,
}

struct Spare {
    solver: Box<dyn LinearSolver>,
    why: String,
    /// It has taken the current linearisation.
    ready: bool,
}

impl ElseCpu {
    pub(super) fn new(
        device: Box<dyn LinearSolver>,
        setup: &Setup,
        kind: ProblemKind,
        options: &Options,
    ) -> Self {
        Self {
            device,
            setup: setup.clone(),
            kind,
            options: *options,
            spare: None,
        }
    }

    /// What is asked now.
    fn current(&self) -> &dyn LinearSolver {
        let spare = self.spare.as_ref();
        spare.map_or(&*self.device, |spare| &*spare.solver)
    }

    /// The processor's solver after an error of the device; other errors stay.
    fn replace(&mut self, error: BackendError) -> Result<&mut Spare, BackendError> {
        let BackendError::Device { reason } = error else {
            return Err(error);
        };
        log::warn!("going on with the CPU: {reason}");
        let choice = cpu::choose(&self.setup, self.kind, &self.options)?;
        Ok(self.spare.insert(Spare {
            solver: choice.solver,
            why: reason,
            ready: false,
        }))
    }
}

impl LinearSolver for ElseCpu {
    fn update(
        &mut self,
        jacobian: &Jacobian<f64>,
        gradient: &mut [f64],
        scale: &mut [f64],
        threads: &Threads,
    ) -> Result<(), BackendError> {
        if self.spare.is_none() {
            match self.device.update(jacobian, gradient, scale, threads) {
                Ok(()) => return Ok(()),
                Err(error) => self.replace(error)?,
            };
        }
        if let Some(spare) = &mut self.spare {
            spare.ready = true;
            spare.solver.update(jacobian, gradient, scale, threads)?;
        }
        Ok(())
    }

    fn solve(
        &mut self,
        jacobian: &Jacobian<f64>,
        gradient: &[f64],
        scale: &[f64],
        request: &LinearRequest,
        step: &mut [f64],
        threads: &Threads,
    ) -> Result<LinearOutcome, BackendError> {
        if self.spare.is_none() {
            let solved = self
                .device
                .solve(jacobian, gradient, scale, request, step, threads);
            match solved {
                Ok(outcome) => return Ok(outcome),
                Err(error) => self.replace(error)?,
            };
        }
        let Some(spare) = &mut self.spare else {
            return Err(BackendError::Device {
                reason: "no solver is left".to_owned(),
            });
        };
        if !spare.ready {
            // The outer loop has gradient and diagonal already.
            let (mut own_gradient, mut own_scale) = (gradient.to_vec(), scale.to_vec());
            spare
                .solver
                .update(jacobian, &mut own_gradient, &mut own_scale, threads)?;
            spare.ready = true;
        }
        spare
            .solver
            .solve(jacobian, gradient, scale, request, step, threads)
    }

    fn exact(&self) -> bool {
        self.current().exact()
    }

    fn precision(&self) -> ScalarType {
        self.current().precision()
    }

    fn readbacks(&self) -> usize {
        self.device.readbacks()
    }

    fn describe(&self) -> Description {
        let mut now = self.current().describe();
        let Some(spare) = &self.spare else {
            return now;
        };
        let before = self.device.describe();
        let mut fallbacks = before.fallbacks;
        fallbacks.push(Fallback {
            from: format!("{} on the device", before.name),
            to: format!("{} on the CPU", now.name),
            why: spare.why.clone(),
        });
        fallbacks.append(&mut now.fallbacks);
        Description { fallbacks, ..now }
    }
}

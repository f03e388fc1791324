//! The iteration.

use std::time::Instant;

use super::{CgState, Space, StopTests};

/// How the next direction is conjugated to the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CgBeta {
    /// Fletcher-Reeves, `γ' / γ`: one dot product less, but diverges under
    /// rounded products unless it is guarded by checkpoints.
    FletcherReeves,
    /// Polak-Ribière, `max(0, (γ' − zᵀw') / γ)`: never diverges and allows for
    /// a preconditioner that varies a little (rounding makes it so).
    #[default]
    PolakRibiere,
}

/// What one solve may spend and how exact it must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CgControl {
    /// When to stop.
    pub tests: StopTests,
    /// Which beta.
    pub beta: CgBeta,
    /// Most iterations.
    pub max_iterations: usize,
    /// Iterations between checkpoints with the true residual, in a space whose
    /// products are rounded.
    pub checkpoint_every: usize,
    /// Iterations between readings of the status: 1 on a CPU, more on a device.
    pub read_every: usize,
    /// Stop with the best solution so far when this moment has passed.
    pub deadline: Option<Instant>,
}

/// Why a solve ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CgStop {
    /// The residual test is met.
    Residual,
    /// The model test is met.
    Model,
    /// The iterations are used up.
    Iterations,
    /// The deadline has passed.
    Deadline,
    /// No more progress in this precision, and none wider to go to; the
    /// solution is the best one seen.
    Stagnation,
}

/// How a solve went.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CgOutcome {
    /// Iterations made.
    pub iterations: usize,
    /// Why it ended.
    pub stop: CgStop,
    /// `√(zᵀM⁻¹z)` at the end relative to the beginning, as the recurrence has it.
    pub residual: f64,
    /// Iteration after which the precision was raised, if it was.
    pub escalated_at: Option<usize>,
}

/// Vectors and scalars of the iteration, kept between solves.
#[derive(Debug)]
pub struct CgWorkspace<Unknowns, Rows, Scalar> {
    /// The solution.
    pub x: Unknowns,
    saved: Unknowns,
    z: Unknowns,
    z_next: Unknowns,
    w: Unknowns,
    p: Unknowns,
    r: Rows,
    y: Rows,
    gamma: Scalar,
    gamma_next: Scalar,
    curvature: Scalar,
    mixed: Scalar,
    alpha: Scalar,
    beta: Scalar,
    model: Scalar,
}

/// The workspace that fits a space.
pub type WorkspaceOf<S> =
    CgWorkspace<<S as Space>::Unknowns, <S as Space>::Rows, <S as Space>::Scalar>;

impl<V, T> CgWorkspace<Vec<V>, Vec<V>, T> {
    /// Bytes of its vectors.
    pub fn bytes(&self) -> usize {
        size_of::<V>() * (6 * self.x.len() + 2 * self.r.len())
    }
}

impl<U, R, T> CgWorkspace<U, R, T> {
    /// Allocates in a space.
    pub fn new(space: &mut impl Space<Unknowns = U, Rows = R, Scalar = T>) -> Self {
        Self {
            x: space.unknowns(),
            saved: space.unknowns(),
            z: space.unknowns(),
            z_next: space.unknowns(),
            w: space.unknowns(),
            p: space.unknowns(),
            r: space.rows(),
            y: space.rows(),
            gamma: space.scalar(),
            gamma_next: space.scalar(),
            curvature: space.scalar(),
            mixed: space.scalar(),
            alpha: space.scalar(),
            beta: space.scalar(),
            model: space.scalar(),
        }
    }

    /// One iteration, recorded or run.
    fn iterate(
        &mut self,
        space: &mut impl Space<Unknowns = U, Rows = R, Scalar = T>,
        beta: CgBeta,
        iteration: usize,
    ) {
        space.multiply(&self.p, &mut self.y);
        space.curvature(&self.y, &self.p, &mut self.curvature);
        space.step_length(&self.gamma, &self.curvature, &mut self.alpha);
        space.advance(&self.alpha, &self.p, &self.y, &mut self.x, &mut self.r);
        space.residual(&self.r, &self.x, &mut self.z_next);
        space.precondition(&self.z_next, &mut self.w);
        space.dot(&self.z_next, &self.w, &mut self.gamma_next);
        match beta {
            CgBeta::FletcherReeves => {
                space.fletcher_reeves(&self.gamma_next, &self.gamma, &mut self.beta);
            }
            CgBeta::PolakRibiere => {
                space.dot(&self.z, &self.w, &mut self.mixed);
                space.polak_ribiere(&self.gamma_next, &self.mixed, &self.gamma, &mut self.beta);
            }
        }
        space.judge(iteration, &self.alpha, &self.gamma, &self.gamma_next);
        space.direction(&self.w, &self.beta, &mut self.p);
        std::mem::swap(&mut self.z, &mut self.z_next);
        std::mem::swap(&mut self.gamma, &mut self.gamma_next);
    }

    /// Replaces `r` by the true `−A x`, and what follows from it; keeps `p`.
    /// (Restarting the direction instead costs 1.4 to 3.8 times the iterations.)
    /// Returns the model's true value.
    fn replace_residual(
        &mut self,
        space: &mut impl Space<Unknowns = U, Rows = R, Scalar = T>,
    ) -> f64 {
        space.true_rows(&self.x, &mut self.r);
        self.follow_residual(space);
        space.model(&self.r, &self.x, &mut self.model);
        space.read(&self.model)
    }

    fn follow_residual(&mut self, space: &mut impl Space<Unknowns = U, Rows = R, Scalar = T>) {
        space.residual(&self.r, &self.x, &mut self.z);
        space.precondition(&self.z, &mut self.w);
        space.dot(&self.z, &self.w, &mut self.gamma);
    }
}

/// Solves `(AᵀA + Λ) x = b` from `x = 0` into `work.x`.
///
/// In a space whose products are rounded, the true residual is computed every
/// [`CgControl::checkpoint_every`] iterations and at the end. Where the model
/// has risen since the last checkpoint, by more than a part in 10⁶, or is not
/// finite, the solution goes back to that checkpoint and the precision is
/// raised; with none to raise, the solve ends there. A step is therefore never
/// worse than an earlier one, whatever the products lose.
pub fn conjugate_gradients<S: Space>(
    space: &mut S,
    work: &mut WorkspaceOf<S>,
    control: &CgControl,
) -> CgOutcome {
    space.clear(&mut work.x);
    space.clear_rows(&mut work.r);
    space.right_hand_side(&mut work.z);
    space.precondition(&work.z, &mut work.w);
    space.copy(&work.w, &mut work.p);
    space.dot(&work.z, &work.w, &mut work.gamma);
    space.begin(control.tests, &work.gamma);

    let mut guard = Guard::default();
    let mut iteration = 0;
    if space.rounded() {
        space.copy(&work.x, &mut work.saved);
    }
    loop {
        let status = space.status();
        let reached = match status.state {
            CgState::Residual => Some(CgStop::Residual),
            CgState::Model => Some(CgStop::Model),
            CgState::Broken => Some(CgStop::Stagnation),
            CgState::Running if iteration >= control.max_iterations => Some(CgStop::Iterations),
            CgState::Running if control.deadline.is_some_and(|d| Instant::now() >= d) => {
                Some(CgStop::Deadline)
            }
            CgState::Running => None,
        };
        let broken = status.state == CgState::Broken;
        let checkpoint = iteration > guard.iteration
            && (reached.is_some() || iteration - guard.iteration >= control.checkpoint_every);
        let intact = if broken {
            guard.intact(work, space, f64::NAN)
        } else if checkpoint && space.rounded() {
            let model = work.replace_residual(space);
            guard.iteration = iteration;
            guard.intact(work, space, model)
        } else {
            true
        };
        let mut ended = reached;
        if !intact {
            // Out of iterations or time, there is no use for more precision.
            let over = matches!(reached, Some(CgStop::Iterations | CgStop::Deadline));
            if !over && guard.escalated_at.is_none() && space.escalate() {
                guard.escalated_at = Some(iteration);
                guard.restart(work, space);
                space.resume();
                ended = None;
            } else if !over {
                ended = Some(CgStop::Stagnation);
            }
        }
        if let Some(stop) = ended {
            let running = status.state == CgState::Running;
            return CgOutcome {
                iterations: if running { iteration } else { status.iteration },
                stop,
                residual: status.residual,
                escalated_at: guard.escalated_at,
            };
        }
        let mut next = iteration + control.read_every.max(1);
        if space.rounded() {
            next = next.min(guard.iteration + control.checkpoint_every.max(1));
        }
        let next = next.min(control.max_iterations);
        while iteration < next {
            iteration += 1;
            work.iterate(space, control.beta, iteration);
        }
    }
}

/// The last checkpoint.
#[derive(Debug, Default)]
struct Guard {
    /// Iteration of the last checkpoint.
    iteration: usize,
    /// The model there; 0 at the beginning, where `x = 0`.
    model: f64,
    escalated_at: Option<usize>,
}

impl Guard {
    /// Keeps the solution as the new checkpoint unless the model rose, else
    /// goes back to the last one.
    fn intact<S: Space>(&mut self, work: &mut WorkspaceOf<S>, space: &mut S, model: f64) -> bool {
        if model.is_finite() && model <= self.model + 1e-6 * self.model.abs() {
            self.model = model;
            space.copy(&work.x, &mut work.saved);
            return true;
        }
        if space.rounded() {
            space.copy(&work.saved, &mut work.x);
        }
        false
    }

    /// Begins again from the solution at hand with the steepest direction.
    fn restart<S: Space>(&self, work: &mut WorkspaceOf<S>, space: &mut S) {
        space.true_rows(&work.x, &mut work.r);
        work.follow_residual(space);
        space.copy(&work.w, &mut work.p);
    }
}

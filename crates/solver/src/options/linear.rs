//! How the damped normal equations are solved.

use serde::{Deserialize, Serialize};
use slam16_problem::ProblemKind;

use super::error::{OptionsError, at_least_one, in_range};
use super::solver_kind::{Fill, LinearSolverKind};
use crate::text::words;

/// The linear solver and its settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinearOptions {
    /// Which solver. Fixed at setup.
    pub solver: LinearSolverKind,
    /// Elimination ordering of factors. Fixed at setup.
    pub ordering: Ordering,
    /// When a direct solver factors anew.
    pub refactor: RefactorPolicy,
    /// Limits of conjugate gradients.
    pub cg: CgOptions,
    /// The static preconditioner of `cgnr-ic`.
    pub preconditioner: PreconditionerOptions,
}

impl LinearOptions {
    /// Defaults for a kind of problem. Pose graphs let one factor serve several
    /// steps near the optimum, where it saves a third of the time on
    /// sphere2500; bundles factor a small reduced system and gain nothing.
    pub fn for_kind(kind: ProblemKind) -> Self {
        Self {
            solver: LinearSolverKind::Auto,
            ordering: Ordering::Auto,
            refactor: match kind {
                ProblemKind::Bundle => RefactorPolicy::Always,
                ProblemKind::PoseGraph2 | ProblemKind::PoseGraph3 => {
                    RefactorPolicy::Reuse(ReuseOptions::default())
                }
            },
            cg: CgOptions::for_kind(kind),
            preconditioner: PreconditionerOptions::default(),
        }
    }

    pub(super) fn validate(&self) -> Result<(), OptionsError> {
        if let LinearSolverKind::CgnrIc(Fill::Threshold(drop)) = self.solver {
            let path = "linear.solver";
            in_range(path, drop, "a drop tolerance above 0 and below 1", |v| {
                v > 0.0 && v < 1.0
            })?;
        }
        if let RefactorPolicy::Reuse(reuse) = self.refactor {
            at_least_one("linear.refactor.max_iterations", reuse.max_iterations)?;
            at_least_one("linear.refactor.max_steps", reuse.max_steps)?;
            let path = "linear.refactor.tolerance";
            in_range(path, reuse.tolerance, BETWEEN, |v| v > 0.0 && v < 1.0)?;
        }
        self.cg.validate()?;
        self.preconditioner.validate()
    }
}

const BETWEEN: &str = "a number above 0 and below 1";

/// Order in which a factorisation eliminates variables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Ordering {
    /// The one with the least predicted work.
    #[default]
    Auto,
    /// As the variables come.
    Natural,
    /// Approximate minimum degree.
    Amd,
    /// Nested dissection.
    NestedDissection,
    /// Reverse Cuthill-McKee: few iterations of an incomplete factor.
    Rcm,
    /// By colours: few levels in an incomplete factor's triangular solves.
    Multicolor,
}

words!(Ordering, "ordering", "auto, natural, amd, nested-dissection, rcm or multicolor", {
    Auto => "auto",
    Natural => "natural",
    Amd => "amd",
    NestedDissection => "nested-dissection",
    Rcm => "rcm",
    Multicolor => "multicolor",
});

/// When a direct solver factors anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefactorPolicy {
    /// At every linearisation and damping.
    #[default]
    Always,
    /// One factorisation serves several steps, each corrected by conjugate
    /// gradients that it preconditions.
    Reuse(ReuseOptions),
}

/// Limits of reusing a factorisation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReuseOptions {
    /// A solve that needs more iterations than this factors anew.
    pub max_iterations: usize,
    /// Steps after which it factors anew in any case.
    pub max_steps: usize,
    /// `η` of the correcting iterations.
    pub tolerance: f64,
}

impl Default for ReuseOptions {
    fn default() -> Self {
        Self {
            max_iterations: 8,
            max_steps: 8,
            tolerance: 1e-2,
        }
    }
}

/// Limits of conjugate gradients. A threshold of 0 switches its test off.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CgOptions {
    /// `η`: stops at `‖z‖ ≤ η ‖z₀‖` in the preconditioner's norm.
    pub tolerance: f64,
    /// Stops when iteration `k` lowers the model `Q` by `k ΔQ < q Q`
    /// (Nash and Sofer 1990).
    pub model_tolerance: f64,
    /// Most iterations of one solve.
    pub max_iterations: usize,
    /// Iterations between checkpoints with the true residual in f32 or better,
    /// where products are rounded.
    pub checkpoint_every: usize,
}

impl CgOptions {
    /// Bundles: `η = 0.1`, model test 0.05, at most 100. Pose graphs: 0.05,
    /// 0.01 and 300.
    pub fn for_kind(kind: ProblemKind) -> Self {
        match kind {
            ProblemKind::Bundle => Self {
                tolerance: 0.1,
                model_tolerance: 0.05,
                max_iterations: 100,
                checkpoint_every: 16,
            },
            ProblemKind::PoseGraph2 | ProblemKind::PoseGraph3 => Self {
                tolerance: 0.05,
                model_tolerance: 0.01,
                max_iterations: 300,
                checkpoint_every: 16,
            },
        }
    }

    fn validate(&self) -> Result<(), OptionsError> {
        let from_zero = "a number from 0 to below 1";
        for (path, value) in [
            ("linear.cg.tolerance", self.tolerance),
            ("linear.cg.model_tolerance", self.model_tolerance),
        ] {
            in_range(path, value, from_zero, |v| (0.0..1.0).contains(&v))?;
        }
        at_least_one("linear.cg.max_iterations", self.max_iterations)?;
        at_least_one("linear.cg.checkpoint_every", self.checkpoint_every)
    }
}

/// The static factor that preconditions `cgnr-ic`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreconditionerOptions {
    /// The diagonal is multiplied by `1 + shift` before factoring: without it
    /// a factor rounded to f16 failed on 8 of 60 graphs. 1e-5; 1e-4 from a
    /// poor initial guess.
    pub shift: f64,
    /// When it is made anew.
    pub refresh: RefreshPolicy,
}

impl Default for PreconditionerOptions {
    fn default() -> Self {
        Self {
            shift: 1e-5,
            refresh: RefreshPolicy::Growth(2.0),
        }
    }
}

impl PreconditionerOptions {
    fn validate(&self) -> Result<(), OptionsError> {
        let path = "linear.preconditioner.shift";
        let range = "a number from 0 to below 1";
        in_range(path, self.shift, range, |v| (0.0..1.0).contains(&v))?;
        if let RefreshPolicy::Growth(growth) = self.refresh {
            let path = "linear.preconditioner.refresh.growth";
            in_range(path, growth, "a finite number, 1 or above", |v| v >= 1.0)?;
        }
        Ok(())
    }
}

/// When a static preconditioner is made anew.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefreshPolicy {
    /// Never.
    Static,
    /// At every linearisation.
    EveryStep,
    /// When a solve takes more than this many times the iterations of the
    /// first one after the last factorisation.
    Growth(f64),
}

//! The one interface through which a backend sees a problem.

use slam16_sparse::{Jacobian, JacobianStructure, Threads};

use crate::ProblemError;

/// Value of the objective, in f64.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Cost {
    /// `½ Σ ρ(‖r‖²)`: what is minimised.
    pub robust: f64,
    /// `½ Σ ‖r‖²`: the same residuals without robust losses.
    pub plain: f64,
}

impl std::ops::AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.robust += other.robust;
        self.plain += other.plain;
    }
}

/// Which family a problem belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// Poses in the plane.
    PoseGraph2,
    /// Poses in space.
    PoseGraph3,
    /// Cameras and points.
    Bundle,
}

/// What is settled once, before the first linearisation.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Variables, factor sets and their incidence.
    pub structure: JacobianStructure,
    /// Per scalar unknown: held at its value. Its column is zero, its step exactly zero.
    pub held: Vec<bool>,
    /// What the user should know: gauge fixed, disconnected parts, unseen variables.
    pub notes: Vec<Note>,
    /// First of the variables that share no factor with each other (the
    /// points of a bundle, the landmarks of a graph): all variables from here
    /// on may be eliminated one by one. Equals the number of variables when
    /// there are none.
    pub eliminable_from: usize,
}

/// Something found at setup that does not stop the solve.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Note {
    /// No variable of this connected component was fixed or had a prior, so
    /// its first pose is held.
    GaugeFixed {
        /// Index of the held pose or camera.
        variable: usize,
        /// Its label in the file.
        label: u64,
        /// Number of variables in the component.
        component_size: usize,
    },
    /// No factor touches this variable; it is held.
    Unconstrained {
        /// Index among the problem's variables.
        variable: usize,
        /// Its label in the file.
        label: u64,
    },
    /// A point seen by fewer than two rays has no depth; it is held.
    PointHeld {
        /// Index of the point.
        point: usize,
        /// Number of observations.
        observations: usize,
    },
}

/// A nonlinear least-squares problem `min ½ Σ ρ(‖r_f(x)‖²)` whose factors
/// touch one or two variables each.
///
/// All methods are deterministic and give the same bits on any number of threads.
pub trait LeastSquares: Send + Sync {
    /// The unknowns alone, for saving and restoring.
    type State: Clone + Send + Sync;

    /// The family, for reports.
    fn kind(&self) -> ProblemKind;

    /// Structure, held scalars and notes. Call again after variables or
    /// factors were added.
    ///
    /// # Errors
    /// When the problem has no variables or no factors.
    fn setup(&self) -> Result<Setup, ProblemError>;

    /// The objective at the current state.
    ///
    /// # Errors
    /// [`ProblemError::NonFinite`] names the first factor whose residual is not finite.
    fn cost(&self, threads: &Threads) -> Result<Cost, ProblemError>;

    /// Weighted residuals and Jacobian blocks at the current state, columns of
    /// held scalars zero, and the objective there.
    ///
    /// The weight is `√Ω √ρ'`: whitened by the information's square root and
    /// scaled by the robust weight (iteratively reweighted least squares).
    /// Columns are with respect to a perturbation on the right,
    /// `X ← X · Exp(δ)`.
    ///
    /// # Errors
    /// As for [`LeastSquares::cost`].
    fn linearize(
        &self,
        setup: &Setup,
        jacobian: &mut Jacobian<f64>,
        threads: &Threads,
    ) -> Result<Cost, ProblemError>;

    /// A copy of the unknowns.
    fn state(&self) -> Self::State;

    /// Copies the unknowns into an existing copy, without allocating.
    fn save_state(&self, into: &mut Self::State);

    /// Puts saved unknowns back.
    fn load_state(&mut self, from: &Self::State);

    /// `X ← X · Exp(δ)` for every variable, in f64; `step` is laid out as
    /// [`Setup::structure`] says.
    fn retract(&mut self, step: &[f64]);

    /// Euclidean norm of the unknowns, the yardstick of the step test.
    fn state_norm(&self) -> f64;
}

//! What conjugate gradients ask of a backend.

/// When an iteration stops; judged where the scalars are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StopTests {
    /// `η`: stop at `√(zᵀM⁻¹z) ≤ η √(z₀ᵀM⁻¹z₀)`. 0 switches the test off.
    pub tolerance: f64,
    /// `q`: stop when iteration `k` lowers the model by `k ΔQ < q Q` (S. Nash,
    /// A. Sofer, Oper. Res. Lett. 9 (1990) 219). 0 switches the test off.
    pub model_tolerance: f64,
}

/// Whether the iteration goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CgState {
    /// It does.
    #[default]
    Running,
    /// The residual test is met.
    Residual,
    /// The model test is met.
    Model,
    /// A scalar is not finite, or a curvature `pᵀ(AᵀA + Λ)p` is not positive.
    Broken,
}

/// What the host learns when it reads the status.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CgStatus {
    /// Whether the iteration goes on.
    pub state: CgState,
    /// The iteration that decided it; the last one while running.
    pub iteration: usize,
    /// `√(zᵀM⁻¹z) / √(z₀ᵀM⁻¹z₀)` after that iteration.
    pub residual: f64,
    /// `Σ ΔQ = Σ ½ α γ`, by which the model has fallen.
    pub decrease: f64,
}

/// What [`Space::begin`], [`Space::step_length`] and [`Space::judge`] do where
/// the scalars are the host's own.
impl CgStatus {
    /// At the start of a solve with `z₀ᵀ M⁻¹ z₀ = first`.
    pub fn begin(first: f64) -> Self {
        let state = if first == 0.0 {
            CgState::Residual
        } else if first > 0.0 && first.is_finite() {
            CgState::Running
        } else {
            CgState::Broken
        };
        Self {
            state,
            residual: 1.0,
            ..Self::default()
        }
    }

    /// `alpha = quotient`, which is `gamma / curvature`; see
    /// [`Space::step_length`].
    pub fn step_length(&mut self, quotient: f64, curvature: f64) -> f64 {
        if self.state != CgState::Running {
            return 0.0;
        }
        if curvature > 0.0 && quotient.is_finite() {
            return quotient;
        }
        self.state = CgState::Broken;
        0.0
    }

    /// After an iteration that lowered the model by `fall = ½ α γ` and left
    /// `zᵀ M⁻¹ z = next`.
    pub fn judge(&mut self, tests: &StopTests, first: f64, iteration: usize, fall: f64, next: f64) {
        if self.state != CgState::Running {
            return;
        }
        self.iteration = iteration;
        self.decrease += fall;
        self.residual = (next / first).max(0.0).sqrt();
        if !next.is_finite() || next < 0.0 {
            self.state = CgState::Broken;
        } else if self.residual <= tests.tolerance {
            self.state = CgState::Residual;
        } else if iteration as f64 * fall < tests.model_tolerance * self.decrease {
            self.state = CgState::Model;
        }
    }
}

/// Vectors, scalars and the system `(AᵀA + Λ) x = b` in one precision.
///
/// No method but [`Space::status`] and [`Space::read`] lets the host see a
/// number: on a device those two wait for it, all others only record work.
/// They are to be counted ([`crate::Backend::readbacks`]).
pub trait Space {
    /// A vector of unknowns.
    type Unknowns;
    /// A vector with the rows of `A`.
    type Rows;
    /// A number that stays where the vectors are.
    type Scalar;

    /// A vector of unknowns, contents undefined.
    fn unknowns(&mut self) -> Self::Unknowns;
    /// A vector of rows, contents undefined.
    fn rows(&mut self) -> Self::Rows;
    /// A scalar, contents undefined.
    fn scalar(&mut self) -> Self::Scalar;

    /// `x = 0`.
    fn clear(&mut self, x: &mut Self::Unknowns);
    /// `r = 0`.
    fn clear_rows(&mut self, r: &mut Self::Rows);
    /// `to = from`.
    fn copy(&mut self, from: &Self::Unknowns, to: &mut Self::Unknowns);

    /// `z = b`.
    fn right_hand_side(&mut self, z: &mut Self::Unknowns);
    /// `y = A x`.
    fn multiply(&mut self, x: &Self::Unknowns, y: &mut Self::Rows);
    /// `z = b + Aᵀ r − Λ x`: the residual of the system where `r = −A x`.
    fn residual(&mut self, r: &Self::Rows, x: &Self::Unknowns, z: &mut Self::Unknowns);
    /// `w = M⁻¹ z`.
    fn precondition(&mut self, z: &Self::Unknowns, w: &mut Self::Unknowns);

    /// `out = aᵀ b`.
    fn dot(&mut self, a: &Self::Unknowns, b: &Self::Unknowns, out: &mut Self::Scalar);
    /// `out = yᵀ y + pᵀ Λ p`, where `y = A p`.
    fn curvature(&mut self, y: &Self::Rows, p: &Self::Unknowns, out: &mut Self::Scalar);
    /// `Q(x) = ½ rᵀ r − bᵀ x + ½ xᵀ Λ x`, where `r = −A x`.
    fn model(&mut self, r: &Self::Rows, x: &Self::Unknowns, out: &mut Self::Scalar);

    /// `x += alpha p` and `r −= alpha y`.
    fn advance(
        &mut self,
        alpha: &Self::Scalar,
        p: &Self::Unknowns,
        y: &Self::Rows,
        x: &mut Self::Unknowns,
        r: &mut Self::Rows,
    );
    /// `p = w + beta p`.
    fn direction(&mut self, w: &Self::Unknowns, beta: &Self::Scalar, p: &mut Self::Unknowns);

    /// `alpha = gamma / curvature`, or 0 once the state is not running, so
    /// that iterations recorded after the end change nothing. A curvature that
    /// is not positive, or a quotient that is not finite, makes the state
    /// [`CgState::Broken`] and `alpha` 0.
    fn step_length(
        &mut self,
        gamma: &Self::Scalar,
        curvature: &Self::Scalar,
        alpha: &mut Self::Scalar,
    );
    /// `beta = new / old`; 0 where `old` is 0.
    fn fletcher_reeves(&mut self, new: &Self::Scalar, old: &Self::Scalar, beta: &mut Self::Scalar);
    /// `beta = max(0, (new − mixed) / old)` with `mixed = z_oldᵀ w_new`; 0
    /// where `old` is 0.
    fn polak_ribiere(
        &mut self,
        new: &Self::Scalar,
        mixed: &Self::Scalar,
        old: &Self::Scalar,
        beta: &mut Self::Scalar,
    );

    /// Begins a solve: `first = z₀ᵀ M⁻¹ z₀`. Zero meets the residual test;
    /// negative or not finite makes the state [`CgState::Broken`].
    fn begin(&mut self, tests: StopTests, first: &Self::Scalar);
    /// Ends iteration `iteration`: adds `½ alpha gamma` to the decrease and
    /// applies the tests to it and to `next`, the new `zᵀ M⁻¹ z`. Does nothing
    /// once the state is not running.
    fn judge(
        &mut self,
        iteration: usize,
        alpha: &Self::Scalar,
        gamma: &Self::Scalar,
        next: &Self::Scalar,
    );
    /// Sets the state back to running, after a repair.
    fn resume(&mut self);
    /// Waits for the status.
    fn status(&mut self) -> CgStatus;
    /// Waits for a scalar.
    fn read(&mut self, scalar: &Self::Scalar) -> f64;

    /// `true` when products are rounded more coarsely than the vectors, so
    /// that the recurrence for `r` drifts and checkpoints are needed.
    fn rounded(&self) -> bool;
    /// `r = −A x` with the most accurate `A` there is.
    fn true_rows(&mut self, x: &Self::Unknowns, r: &mut Self::Rows);
    /// Raises the coarsest role to a wider precision for the rest of this
    /// solve; `false` when there is nothing to raise.
    fn escalate(&mut self) -> bool;
}

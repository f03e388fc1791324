//! The arithmetic of each kind of factor: residual, weighted residual, weighted blocks.

use nalgebra::SVector;
use slam16_geometry::PoseGroup;

use super::whiten::{whiten, whiten_block, zero_held};
use super::{Between, LandmarkObservation, PosePrior};
use crate::{Cost, Loss};

/// The variables and what is held, as the factors see them.
pub(super) struct View<'a, G, const P: usize> {
    pub(super) poses: &'a [G],
    pub(super) landmarks: &'a [SVector<f64, P>],
    pub(super) sensors: &'a [G],
    /// Per scalar; empty when only costs are wanted.
    pub(super) held: &'a [bool],
}

/// Where one factor's weighted numbers go.
pub(super) struct Slot<'a> {
    pub(super) a: &'a mut [f64],
    pub(super) b: &'a mut [f64],
    pub(super) residual: &'a mut [f64],
}

/// What the loops over factors need of a factor.
pub(super) trait Factor<G, const D: usize, const P: usize>: Sync {
    const ROWS: usize;
    const COLS_A: usize;
    const COLS_B: usize;

    /// `rᵀ Ω r`.
    fn squared(&self, view: &View<'_, G, P>) -> f64;

    /// `rᵀ Ω r`, with residual and blocks weighted by `√Ω √ρ'` in `slot`.
    fn linearize(&self, view: &View<'_, G, P>, loss: Loss, slot: Slot<'_>) -> (f64, f64);
}

#[inline(always)]
fn square<const R: usize>(r: &[f64; R]) -> f64 {
    r.iter().map(|x| x * x).sum()
}

/// Writes the weighted residual; returns `s`, `ρ(s)` and `√ρ'(s)`.
#[inline(always)]
fn weigh<const R: usize>(white: &[f64; R], loss: Loss, out: &mut [f64]) -> (f64, f64, f64) {
    let s = square(white);
    let (rho, slope) = loss.evaluate(s);
    let scale = slope.sqrt();
    for (out, w) in out[..R].iter_mut().zip(white) {
        *out = scale * w;
    }
    (s, rho, scale)
}

impl<G: PoseGroup<D, P>, const D: usize, const P: usize> Factor<G, D, P> for Between<G, D> {
    const ROWS: usize = D;
    const COLS_A: usize = D;
    const COLS_B: usize = D;

    #[inline(always)]
    fn squared(&self, view: &View<'_, G, P>) -> f64 {
        let (from, to) = (self.from.index(), self.to.index());
        let r = G::between_residual(&view.poses[from], &view.poses[to], &self.measurement);
        square(&whiten(self.information.root(), &r))
    }

    #[inline(always)]
    fn linearize(&self, view: &View<'_, G, P>, loss: Loss, slot: Slot<'_>) -> (f64, f64) {
        let (from, to) = (self.from.index(), self.to.index());
        let (r, j_from, j_to) = G::between(&view.poses[from], &view.poses[to], &self.measurement);
        let root = self.information.root();
        let (s, rho, scale) = weigh(&whiten(root, &r), loss, slot.residual);
        whiten_block(root, &j_from, P, scale, slot.a);
        whiten_block(root, &j_to, P, scale, slot.b);
        zero_held::<D, D>(&view.held[from * D..], slot.a);
        zero_held::<D, D>(&view.held[to * D..], slot.b);
        (s, rho)
    }
}

impl<G: PoseGroup<D, P>, const D: usize, const P: usize> Factor<G, D, P>
    for LandmarkObservation<P>
{
    const ROWS: usize = P;
    const COLS_A: usize = D;
    const COLS_B: usize = P;

    #[inline(always)]
    fn squared(&self, view: &View<'_, G, P>) -> f64 {
        let pose = &view.poses[self.pose.index()];
        let landmark = &view.landmarks[self.landmark.index()];
        let seen = if self.sensor.index() == 0 {
            pose.observe_landmark(landmark).0
        } else {
            (*pose * view.sensors[self.sensor.index()])
                .observe_landmark(landmark)
                .0
        };
        square(&whiten(self.information.root(), &(seen - self.measurement)))
    }

    #[inline(always)]
    fn linearize(&self, view: &View<'_, G, P>, loss: Loss, slot: Slot<'_>) -> (f64, f64) {
        let (pose, landmark) = (self.pose.index(), self.landmark.index());
        let at = &view.landmarks[landmark];
        let (seen, j_pose, j_landmark) = if self.sensor.index() == 0 {
            view.poses[pose].observe_landmark(at)
        } else {
            // X·Exp(δ)·B = X·B·Exp(Ad(B⁻¹)·δ).
            let body_from_sensor = view.sensors[self.sensor.index()];
            let (seen, j_sensor, j_landmark) =
                (view.poses[pose] * body_from_sensor).observe_landmark(at);
            let adjoint = body_from_sensor.inverse().adjoint();
            (seen, j_sensor * adjoint, j_landmark)
        };
        let root = self.information.root();
        let white = whiten(root, &(seen - self.measurement));
        let (s, rho, scale) = weigh(&white, loss, slot.residual);
        whiten_block(root, &j_pose, 0, scale, slot.a);
        whiten_block(root, &j_landmark, 0, scale, slot.b);
        zero_held::<P, D>(&view.held[pose * D..], slot.a);
        zero_held::<P, P>(&view.held[view.poses.len() * D + landmark * P..], slot.b);
        (s, rho)
    }
}

impl<G: PoseGroup<D, P>, const D: usize, const P: usize> Factor<G, D, P> for PosePrior<G, D> {
    const ROWS: usize = D;
    const COLS_A: usize = D;
    const COLS_B: usize = 0;

    #[inline(always)]
    fn squared(&self, view: &View<'_, G, P>) -> f64 {
        let r = self.measurement.local(&view.poses[self.pose.index()]);
        square(&whiten(self.information.root(), &r))
    }

    #[inline(always)]
    fn linearize(&self, view: &View<'_, G, P>, loss: Loss, slot: Slot<'_>) -> (f64, f64) {
        let pose = self.pose.index();
        let (r, j) = view.poses[pose].prior(&self.measurement);
        let root = self.information.root();
        let (s, rho, scale) = weigh(&whiten(root, &r), loss, slot.residual);
        whiten_block(root, &j, P, scale, slot.a);
        zero_held::<D, D>(&view.held[pose * D..], slot.a);
        (s, rho)
    }
}

/// Costs of a run of factors, or the place of the first one that is not finite.
#[inline(always)]
pub(super) fn cost_run<F, G, const D: usize, const P: usize>(
    factors: &[F],
    view: &View<'_, G, P>,
    loss: Loss,
) -> Result<Cost, usize>
where
    F: Factor<G, D, P>,
{
    let mut cost = Cost::default();
    for (f, factor) in factors.iter().enumerate() {
        let s = factor.squared(view);
        if !s.is_finite() {
            return Err(f);
        }
        cost += Cost {
            robust: 0.5 * loss.evaluate(s).0,
            plain: 0.5 * s,
        };
    }
    Ok(cost)
}

/// Linearises a run of factors into the run's part of the Jacobian.
#[inline(always)]
pub(super) fn linearize_run<F, G, const D: usize, const P: usize>(
    factors: &[F],
    view: &View<'_, G, P>,
    loss: Loss,
    out: Slot<'_>,
) -> Result<Cost, usize>
where
    F: Factor<G, D, P>,
{
    let mut cost = Cost::default();
    let (size_a, size_b) = (F::ROWS * F::COLS_A, F::ROWS * F::COLS_B);
    for (f, factor) in factors.iter().enumerate() {
        let slot = Slot {
            a: &mut out.a[f * size_a..(f + 1) * size_a],
            b: &mut out.b[f * size_b..(f + 1) * size_b],
            residual: &mut out.residual[f * F::ROWS..(f + 1) * F::ROWS],
        };
        let (s, rho) = factor.linearize(view, loss, slot);
        if !s.is_finite() {
            return Err(f);
        }
        cost += Cost {
            robust: 0.5 * rho,
            plain: 0.5 * s,
        };
    }
    Ok(cost)
}

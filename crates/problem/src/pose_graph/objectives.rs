//! Objectives of other systems at the current state, for comparison with their figures.

use nalgebra::SMatrix;
use slam16_geometry::PoseGroup;

use super::{Information, PoseGraph};

impl<G: PoseGroup<D, P>, const D: usize, const P: usize> PoseGraph<G, D, P> {
    /// g2o's χ² = Σ eᵀ Ω e, without ½ and without robust losses.
    ///
    /// With E = Z⁻¹ Xi⁻¹ Xj (a prior: Z⁻¹ X) the error is e = `[t, θ]` of E
    /// in the plane and e = `[t, qx, qy, qz]` of E with qw ≥ 0 in space.
    /// Landmark observations have slam16's own error. Source: g2o,
    /// `EdgeSE2::computeError`, `EdgeSE3::computeError`.
    pub fn g2o_chi2(&self) -> f64 {
        let of_pose = |e: G, information: &Information<D>| {
            let numbers = e.to_storage();
            let numbers = numbers.as_ref();
            let sign = if numbers[numbers.len() - 1] < 0.0 && D == 6 {
                -1.0
            } else {
                1.0
            };
            let whitened = information.root()
                * nalgebra::SVector::<f64, D>::from_fn(|k, _| {
                    if k < P { numbers[k] } else { sign * numbers[k] }
                });
            whitened.norm_squared()
        };
        let between = self.between.iter().map(|edge| {
            let relative = self.poses[edge.from.index()].inverse() * self.poses[edge.to.index()];
            of_pose(edge.measurement.inverse() * relative, &edge.information)
        });
        let observations = self.observations.iter().map(|seen| {
            let world_from_sensor =
                self.poses[seen.pose.index()] * self.sensors[seen.sensor.index()];
            let (point, _, _) =
                world_from_sensor.observe_landmark(&self.landmarks[seen.landmark.index()]);
            (seen.information.root() * (point - seen.measurement)).norm_squared()
        });
        let priors = self.priors.iter().map(|prior| {
            let e = prior.measurement.inverse() * self.poses[prior.pose.index()];
            of_pose(e, &prior.information)
        });
        between.sum::<f64>() + observations.sum::<f64>() + priors.sum::<f64>()
    }

    /// SE-Sync's objective over the between edges,
    /// `Σ κ ‖Rj − Ri Rij‖² + τ ‖tj − ti − Ri tij‖²` (Frobenius norm, no ½).
    ///
    /// With Ωt and Ωr the diagonal blocks of Ω: τ = P / tr(Ωt⁻¹), and κ is Ωr
    /// in the plane, 3 / (2 tr(Ωr⁻¹)) in space; 0 where the block is
    /// singular. Source: D. Rosen, L. Carlone, A. Bandeira, J. Leonard,
    /// "SE-Sync", IJRR 2019, and its reader of g2o files.
    pub fn se_sync_cost(&self) -> f64 {
        let term = |edge: &super::Between<G, D>| {
            let (xi, xj) = (&self.poses[edge.from.index()], &self.poses[edge.to.index()]);
            let omega = edge.information.matrix();
            let tau = P as f64 / trace_of_inverse(omega.fixed_view::<P, P>(0, 0).into_owned());
            let kappa = if P == 2 {
                omega[(P, P)]
            } else {
                1.5 / trace_of_inverse(omega.fixed_view::<P, P>(D - P, D - P).into_owned())
            };
            let (ri, z) = (xi.rotation_matrix(), &edge.measurement);
            let rotation = xj.rotation_matrix() - ri * z.rotation_matrix();
            let translation = xj.translation() - xi.translation() - ri * z.translation();
            kappa * rotation.norm_squared() + tau * translation.norm_squared()
        };
        self.between.iter().map(term).sum()
    }
}

/// tr(M⁻¹) of a positive semidefinite matrix; infinite when it is singular.
fn trace_of_inverse<const N: usize>(matrix: SMatrix<f64, N, N>) -> f64 {
    match Information::new(matrix) {
        // M⁻¹ = U⁻¹ U⁻ᵀ, so its trace is ‖U⁻¹‖².
        Ok(information) => super::information::inverse_upper(information.root())
            .map_or(f64::INFINITY, |inverse| inverse.norm_squared()),
        Err(_) => f64::INFINITY,
    }
}

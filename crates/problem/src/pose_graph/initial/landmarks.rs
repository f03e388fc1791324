//! Landmarks from the poses that saw them.

use nalgebra::{SMatrix, SVector};
use slam16_geometry::PoseGroup;

use super::super::information::inverse_upper;
use super::super::{Information, PoseGraph};

impl<G: PoseGroup<D, P>, const D: usize, const P: usize> PoseGraph<G, D, P> {
    /// With the poses as they are, the least-squares position of every
    /// landmark that is not fixed: `l = (Σ R Ω Rᵀ)⁻¹ Σ R Ω Rᵀ p`, `p = X B z`
    /// an observation carried to the world; the plain mean where the sum of
    /// information is singular.
    pub(super) fn average_landmarks(&mut self) {
        let count = self.landmarks.len();
        let mut weights = vec![SMatrix::<f64, P, P>::zeros(); count];
        let mut weighted = vec![SVector::<f64, P>::zeros(); count];
        let mut sums = vec![(SVector::<f64, P>::zeros(), 0_usize); count];
        for seen in &self.observations {
            let l = seen.landmark.index();
            let world_from_sensor =
                self.poses[seen.pose.index()] * self.sensors[seen.sensor.index()];
            let point = world_from_sensor.act(&seen.measurement);
            let rotation = world_from_sensor.rotation_matrix();
            let weight = rotation * seen.information.matrix() * rotation.transpose();
            weights[l] += weight;
            weighted[l] += weight * point;
            sums[l].0 += point;
            sums[l].1 += 1;
        }
        for (l, landmark) in self.landmarks.iter_mut().enumerate() {
            let (sum, times) = sums[l];
            if self.landmark_fixed[l] || times == 0 {
                continue;
            }
            let covariance = Information::new(weights[l])
                .ok()
                .and_then(|w| inverse_upper(w.root()))
                .map(|inverse| inverse * inverse.transpose());
            *landmark = match covariance {
                Some(covariance) => covariance * weighted[l],
                None => sum / times as f64,
            };
        }
    }
}

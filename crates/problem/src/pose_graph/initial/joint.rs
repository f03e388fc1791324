//! Rotations, positions and landmarks in one relaxation.

use nalgebra::{SMatrix, SVector};
use slam16_geometry::PoseGroup;

use super::super::PoseGraph;
use super::super::information::inverse_upper;
use super::chordal::{rotation_weight, rows};
use super::system::System;
use crate::ProblemError;

impl<G: PoseGroup<D, P>, const D: usize, const P: usize> PoseGraph<G, D, P> {
    /// `min Σ κ ‖Rj − Ri Rij‖² + τ ‖tj − ti − Ri tij‖² + τ ‖l − ti − Ri p‖²`
    /// over free matrices, positions and landmarks (SE-Sync's objective
    /// without its constraints), then the nearest rotations.
    ///
    /// Row by row of `[R t]` the equations are the same: one matrix, P
    /// right-hand sides. Variables: rows of rotations, then positions, then
    /// landmarks.
    pub(super) fn relax_jointly(&mut self) -> Result<bool, ProblemError> {
        let poses = self.poses.len();
        let dims = std::iter::repeat_n(P, poses);
        let dims = dims.chain(std::iter::repeat_n(1, poses + self.landmarks.len()));
        let n = poses as u32;
        let triple = |i: u32, rotation: Option<u32>, to: u32| {
            // Rotation and position of i, the rotation joined to it, the position reached.
            let own = [(i, n + i), (n + i, to), (i, to)];
            own.into_iter().chain(rotation.map(move |j| (i, j)))
        };
        let edges = self.between.iter();
        let edges = edges.flat_map(|e| triple(e.from.0, Some(e.to.0), n + e.to.0));
        let seen = self.observations.iter();
        let seen = seen.flat_map(|o| triple(o.pose.0, None, 2 * n + o.landmark.0));
        let mut system = System::new(dims, edges.chain(seen));

        let mut held = self.held_parts(|root| {
            rotation_weight::<D, P>(root) > 0.0 && position_weight::<D, P>(root) > 0.0
        });
        held.extend_from_within(..);
        held.extend_from_slice(&self.landmark_fixed);
        let mut unseen = vec![true; self.landmarks.len()];
        for seen in &self.observations {
            unseen[seen.landmark.index()] = false;
        }
        for (held, unseen) in held[2 * poses..].iter_mut().zip(unseen) {
            *held |= unseen;
        }
        system.restart(P, held, |v, row, out| {
            if v < poses {
                out.copy_from_slice(rows(&self.poses[v]).column(row).as_slice());
            } else if v < 2 * poses {
                out[0] = self.poses[v - poses].translation()[row];
            } else {
                out[0] = self.landmarks[v - 2 * poses][row];
            }
        });
        self.add_rotation_terms(&mut system);
        self.add_position_terms(&mut system);
        let raised = system.solve().map_err(|v| {
            let v = if v < poses { v } else { v - poses };
            self.singular("joint", v)
        })?;
        self.take_rotations(&system);
        Ok(raised)
    }

    /// `τ ‖tj − ti − Ri tij‖²` and the same for landmarks and priors.
    fn add_position_terms(&self, system: &mut System) {
        let poses = self.poses.len();
        let mut reach = |i: usize, to: usize, p: SVector<f64, P>, weight: f64| {
            let along = p * -weight;
            system.add(
                &[
                    (i, along.as_slice()),
                    (poses + i, &[-weight]),
                    (to, &[weight]),
                ],
                &[[0.0]; P],
            );
        };
        for edge in &self.between {
            let weight = position_weight::<D, P>(edge.information.root());
            let to = poses + edge.to.index();
            reach(
                edge.from.index(),
                to,
                edge.measurement.translation(),
                weight,
            );
        }
        for seen in &self.observations {
            let weight = isotropic_weight(seen.information.root());
            let point = self.sensors[seen.sensor.index()].act(&seen.measurement);
            let to = 2 * poses + seen.landmark.index();
            reach(seen.pose.index(), to, point, weight);
        }
        for prior in &self.priors {
            let v = prior.pose.index();
            let weight = position_weight::<D, P>(prior.information.root());
            let t = prior.measurement.translation() * weight;
            let c: [[f64; 1]; P] = std::array::from_fn(|row| [t[row]]);
            system.add(&[(poses + v, &[weight])], &c);
        }
    }
}

/// `√τ`, τ = P / tr(Ω⁻¹) with Ω the information on ρ for a given rotation;
/// 0 when it is singular.
fn position_weight<const D: usize, const P: usize>(root: &SMatrix<f64, D, D>) -> f64 {
    isotropic_weight(&root.fixed_view::<P, P>(0, 0).into_owned())
}

fn isotropic_weight<const P: usize>(root: &SMatrix<f64, P, P>) -> f64 {
    inverse_upper(root).map_or(0.0, |inverse| (P as f64 / inverse.norm_squared()).sqrt())
}

//! Rotations by relaxation, then translations and landmarks by linear least squares.

use nalgebra::{SMatrix, SVector};
use slam16_geometry::PoseGroup;
use slam16_sparse::Threads;

use super::super::information::inverse_upper;
use super::super::{Information, PoseGraph};
use super::InitialReport;
use super::anchors::has_full_rank;
use super::system::System;
use crate::{LeastSquares, ProblemError};

impl<G: PoseGroup<D, P>, const D: usize, const P: usize> PoseGraph<G, D, P> {
    /// Chordal initialisation, from a spanning tree where information is missing.
    pub(super) fn relax(&mut self) -> Result<InitialReport, ProblemError> {
        let mut report = self.follow_tree();
        self.average_landmarks();
        if self.between.is_empty() {
            return Ok(report);
        }
        let tree = self.state();
        let edges = self.between.iter().map(|e| (e.from.0, e.to.0));
        let first = self.poses.len() as u32;
        let seen = self.observations.iter();
        let seen = seen.map(|o| (o.pose.0, first + o.landmark.0));
        let dims = std::iter::repeat_n(P, self.poses.len() + self.landmarks.len());
        let mut system = System::new(dims, edges.chain(seen));
        report.regularized |= self.relax_rotations(&mut system)?;
        report.regularized |= self.fit_translations(&mut system)?;
        if !self.observations.is_empty() {
            // Loops that only landmarks close: relax rotations and positions
            // at once. Which of both starts is better depends on the loops.
            let apart = self.state();
            let threads = Threads::single();
            let cost_apart = self.cost(&threads)?.plain;
            self.load_state(&tree);
            let raised = self.relax_jointly()? | self.fit_translations(&mut system)?;
            if self.cost(&threads)?.plain < cost_apart {
                report.regularized = raised;
            } else {
                self.load_state(&apart);
            }
        }
        Ok(report)
    }

    /// `min Σ κ ‖Rj − Ri Rij‖²`. Row by row this reads
    /// `‖rj − Rijᵀ ri‖²`: one matrix, P right-hand sides.
    fn relax_rotations(&mut self, system: &mut System) -> Result<bool, ProblemError> {
        let mut held = self.held_parts(|root| rotation_weight::<D, P>(root) > 0.0);
        held.resize(self.poses.len() + self.landmarks.len(), true);
        system.restart(P, held, |v, row, out| {
            if let Some(pose) = self.poses.get(v) {
                out.copy_from_slice(rows(pose).column(row).as_slice());
            }
        });
        self.add_rotation_terms(system);
        let raised = system.solve().map_err(|v| self.singular("rotation", v))?;
        self.take_rotations(system);
        Ok(raised)
    }

    /// The equations of rotations' rows; a pose's rows are the variable of its number.
    pub(super) fn add_rotation_terms(&self, system: &mut System) {
        let identity = SMatrix::<f64, P, P>::identity();
        for edge in &self.between {
            let weight = rotation_weight::<D, P>(edge.information.root());
            system.add(
                &[
                    (
                        edge.from.index(),
                        (rows(&edge.measurement) * -weight).as_slice(),
                    ),
                    (edge.to.index(), (identity * weight).as_slice()),
                ],
                &[[0.0; P]; P],
            );
        }
        for prior in &self.priors {
            let weight = rotation_weight::<D, P>(prior.information.root());
            let c = rows(&prior.measurement) * weight;
            system.add(
                &[(prior.pose.index(), (identity * weight).as_slice())],
                &c.data.0,
            );
        }
    }

    /// Replaces rotations by the nearest to the relaxed ones; where none is
    /// nearest, the spanning tree's stays.
    pub(super) fn take_rotations(&mut self, system: &System) {
        for (v, pose) in self.poses.iter_mut().enumerate() {
            if system.is_held(v) {
                continue;
            }
            let relaxed = SMatrix::<f64, P, P>::from_fn(|r, c| system.solution(v, r)[c]);
            if let Some(nearest) = G::from_nearest(&relaxed, &pose.translation()) {
                *pose = nearest;
            }
        }
    }

    /// The minimum of `½ Σ rᵀ Ω r` over translations and landmarks. With the
    /// rotations as they are, `r = [V⁻¹(φ) Rzᵀ (Riᵀ (tj − ti) − tz), φ]` and
    /// `r = Rbᵀ (Riᵀ (l − ti) − tb) − z` are linear in them.
    fn fit_translations(&mut self, system: &mut System) -> Result<bool, ProblemError> {
        let poses = self.poses.len();
        let mut held =
            self.held_parts(|root| has_full_rank(&root.fixed_view::<P, P>(0, 0).into_owned()));
        held.extend_from_slice(&self.landmark_fixed);
        let mut unseen = vec![true; self.landmarks.len()];
        for seen in &self.observations {
            unseen[seen.landmark.index()] = false;
        }
        for (held, unseen) in held[poses..].iter_mut().zip(unseen) {
            *held |= unseen;
        }
        system.restart(1, held, |v, _, out| match v.checked_sub(poses) {
            None => out.copy_from_slice(self.poses[v].translation().as_slice()),
            Some(l) => out.copy_from_slice(self.landmarks[l].as_slice()),
        });
        let mut difference = |from, to, b: SMatrix<f64, P, P>, c: SVector<f64, P>| {
            system.add(&[(from, (-b).as_slice()), (to, b.as_slice())], &c.data.0);
        };
        for edge in &self.between {
            let (i, j) = (edge.from.index(), edge.to.index());
            let r = G::between_residual(&self.poses[i], &self.poses[j], &edge.measurement);
            let (b, c) = translation_term(&r, &edge.measurement, &edge.information);
            difference(i, j, b * rows(&self.poses[i]), c);
        }
        for seen in &self.observations {
            let (i, l) = (seen.pose.index(), poses + seen.landmark.index());
            let mount = &self.sensors[seen.sensor.index()];
            let b = seen.information.root() * rows(mount);
            let c = b * mount.act(&seen.measurement);
            difference(i, l, b * rows(&self.poses[i]), c);
        }
        for prior in &self.priors {
            let r = prior.measurement.local(&self.poses[prior.pose.index()]);
            let (b, c) = translation_term(&r, &prior.measurement, &prior.information);
            system.add(&[(prior.pose.index(), b.as_slice())], &c.data.0);
        }
        let raised = system
            .solve()
            .map_err(|v| self.singular("translation", v))?;
        self.take_translations(system);
        Ok(raised)
    }

    fn take_translations(&mut self, system: &System) {
        let poses = self.poses.len();
        for (v, pose) in self.poses.iter_mut().enumerate() {
            if system.is_held(v) {
                continue;
            }
            let value = SVector::<f64, P>::from_column_slice(system.solution(v, 0));
            let mut step = SVector::<f64, D>::zeros();
            step.fixed_rows_mut::<P>(0)
                .copy_from(&(rows(pose) * (value - pose.translation())));
            *pose = pose.retract(&step);
        }
        for (l, landmark) in self.landmarks.iter_mut().enumerate() {
            if !system.is_held(poses + l) {
                landmark.copy_from_slice(system.solution(poses + l, 0));
            }
        }
    }

    /// Fixed poses, and the first of each part in which nothing is fixed and
    /// no prior is enough.
    pub(super) fn held_parts(&self, enough: impl Fn(&SMatrix<f64, D, D>) -> bool) -> Vec<bool> {
        let mut components = self.pose_components();
        let mut anchored = vec![false; self.poses.len()];
        for (v, _) in self.pose_fixed.iter().enumerate().filter(|(_, f)| **f) {
            anchored[components.find(v)] = true;
        }
        for prior in &self.priors {
            if enough(prior.information.root()) {
                anchored[components.find(prior.pose.index())] = true;
            }
        }
        (0..self.poses.len())
            .map(|v| self.pose_fixed[v] || (components.find(v) == v && !anchored[v]))
            .collect()
    }

    pub(super) fn singular(&self, system: &'static str, variable: usize) -> ProblemError {
        // Whatever its kind, a variable belongs to the pose or landmark of its number.
        let labels = self.pose_labels.iter().chain(&self.landmark_labels);
        ProblemError::Singular {
            system,
            label: labels.copied().nth(variable).unwrap_or_default(),
        }
    }
}

/// The rows of a rotation, as columns.
pub(super) fn rows<G, const D: usize, const P: usize>(pose: &G) -> SMatrix<f64, P, P>
where
    G: PoseGroup<D, P>,
{
    pose.rotation_matrix().transpose()
}

/// `√κ`, κ = m / tr(Ω⁻¹) with Ω the m × m information on the rotation alone.
///
/// `Ω = Uᵀ U` and `r = [ρ, φ]`: the best ρ for a given φ leaves
/// `φᵀ U₂₂ᵀ U₂₂ φ`, so the block `U₂₂` is the root of the marginal
/// information. κ is the isotropic weight of the same mean variance.
pub(super) fn rotation_weight<const D: usize, const P: usize>(root: &SMatrix<f64, D, D>) -> f64 {
    let m = D - P;
    // Embedded in a matrix of the root's size; identity elsewhere.
    let block = SMatrix::<f64, D, D>::from_fn(|r, c| match (r >= P, c >= P) {
        (true, true) => root[(r, c)],
        _ if r == c => 1.0,
        _ => 0.0,
    });
    inverse_upper(&block).map_or(0.0, |inverse| {
        (m as f64 / (inverse.norm_squared() - P as f64)).sqrt()
    })
}

/// `B` and `C` of `‖B Riᵀ (tj − ti) − C‖²`, which is `rᵀ Ω r` up to a
/// constant: `U₁₁ ρ + U₁₂ φ` with `ρ = V⁻¹ (Rzᵀ · − Rzᵀ tz)`.
fn translation_term<G: PoseGroup<D, P>, const D: usize, const P: usize>(
    residual: &SVector<f64, D>,
    measurement: &G,
    information: &Information<D>,
) -> (SMatrix<f64, P, P>, SVector<f64, P>) {
    let mut phi = *residual;
    phi.fixed_rows_mut::<P>(0).fill(0.0);
    // Jᵣ⁻¹ at [0, φ] has V⁻¹(−φ) = V⁻ᵀ(φ) as its first block.
    let v_inverse = G::right_jacobian_inverse(&phi)
        .fixed_view::<P, P>(0, 0)
        .transpose();
    let root = information.root();
    let along = root.fixed_view::<P, P>(0, 0) * v_inverse;
    let b = along * measurement.rotation_matrix().transpose();
    let of_phi = root * phi;
    let c = b * measurement.translation() - of_phi.fixed_rows::<P>(0);
    (b, c)
}

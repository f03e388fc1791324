//! From which poses a guess starts.

use nalgebra::SMatrix;
use slam16_geometry::PoseGroup;

use super::super::PoseGraph;
use crate::components::Components;

/// Per pose: does it have a value that a guess must not change?
pub(super) struct Anchors {
    /// Fixed, or the first of a part without anything better.
    pub(super) held: Vec<bool>,
    /// Pose and the index of its first prior of full rank, in parts without
    /// fixed poses.
    pub(super) from_priors: Vec<(usize, usize)>,
}

impl<G: PoseGroup<D, P>, const D: usize, const P: usize> PoseGraph<G, D, P> {
    /// Parts that between edges connect.
    pub(super) fn pose_components(&self) -> Components {
        let mut components = Components::new(self.poses.len());
        for edge in &self.between {
            components.union(edge.from.index(), edge.to.index());
        }
        components
    }

    /// Fixed poses, else priors of full rank, else the first pose of a part.
    pub(super) fn anchors(&self) -> Anchors {
        let mut components = self.pose_components();
        let mut anchored = vec![false; self.poses.len()];
        for (v, _) in self.pose_fixed.iter().enumerate().filter(|(_, f)| **f) {
            anchored[components.find(v)] = true;
        }
        let by_fixed = anchored.clone();
        let mut seen = vec![false; self.poses.len()];
        let mut from_priors = Vec::new();
        for (index, prior) in self.priors.iter().enumerate() {
            let (v, part) = (prior.pose.index(), components.find(prior.pose.index()));
            if !by_fixed[part] && !seen[v] && has_full_rank(prior.information.root()) {
                seen[v] = true;
                anchored[part] = true;
                from_priors.push((v, index));
            }
        }
        let held = (0..self.poses.len())
            .map(|v| self.pose_fixed[v] || (components.find(v) == v && !anchored[v]))
            .collect();
        Anchors { held, from_priors }
    }
}

/// The upper triangular root has no zero on its diagonal.
pub(super) fn has_full_rank<const R: usize>(root: &SMatrix<f64, R, R>) -> bool {
    (0..R).all(|k| root[(k, k)] != 0.0)
}

//! What is held: fixed vertices, one pose of every floating part, and vertices without factors.

use slam16_geometry::PoseGroup;

use super::PoseGraph;
use crate::Note;
use crate::components::Components;

impl<G: PoseGroup<D, P>, const D: usize, const P: usize> PoseGraph<G, D, P> {
    /// Connected parts of the graph; vertices are poses, then landmarks.
    pub(super) fn components(&self) -> Components {
        let poses = self.poses.len();
        let mut components = Components::new(poses + self.landmarks.len());
        for edge in &self.between {
            components.union(edge.from.index(), edge.to.index());
        }
        for seen in &self.observations {
            components.union(seen.pose.index(), poses + seen.landmark.index());
        }
        components
    }

    /// The vertices held at their value (poses, then landmarks), and why
    /// where the graph's owner did not ask for it.
    ///
    /// A part of the graph floats when it has no fixed vertex and no prior
    /// (one with `Ω = 0` counts as none): its first pose is held.
    pub(super) fn held_vertices(&self) -> (Vec<bool>, Vec<Note>) {
        let poses = self.poses.len();
        let mut held: Vec<bool> = self
            .pose_fixed
            .iter()
            .chain(&self.landmark_fixed)
            .copied()
            .collect();
        let mut components = self.components();
        let sizes = components.sizes();
        let mut anchored = vec![false; held.len()];
        let mut touched = vec![false; held.len()];
        for (v, _) in held.iter().enumerate().filter(|(_, fixed)| **fixed) {
            anchored[components.find(v)] = true;
        }
        for prior in &self.priors {
            touched[prior.pose.index()] = true;
            if prior.information.root().iter().any(|x| *x != 0.0) {
                anchored[components.find(prior.pose.index())] = true;
            }
        }
        let mut notes = Vec::new();
        for v in 0..held.len() {
            let label = match v.checked_sub(poses) {
                None => self.pose_labels[v],
                Some(landmark) => self.landmark_labels[landmark],
            };
            let component = components.find(v);
            if sizes[component] == 1 && !touched[v] {
                held[v] = true;
                notes.push(Note::Unconstrained { variable: v, label });
            } else if component == v && !anchored[v] {
                // Poses come first, and every factor touches one: v is a pose.
                held[v] = true;
                notes.push(Note::GaugeFixed {
                    variable: v,
                    label,
                    component_size: sizes[v],
                });
            }
        }
        (held, notes)
    }
}

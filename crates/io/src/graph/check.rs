//! What is odd about a graph as a whole.

use slam16_geometry::PoseGroup;
use slam16_problem::{PoseGraph, PoseId};

use crate::warning::{WarningKind, Warnings};

/// Union-find with path halving.
pub(crate) struct Sets(Vec<u32>);

impl Sets {
    pub fn new(count: usize) -> Self {
        Self((0..count as u32).collect())
    }

    pub fn root(&mut self, mut i: usize) -> usize {
        while self.0[i] as usize != i {
            self.0[i] = self.0[self.0[i] as usize];
            i = self.0[i] as usize;
        }
        i
    }

    /// The root of a joined set is its lowest member.
    pub fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b) as u32;
    }
}

/// Adds warnings about components, lone vertices and duplicated edges.
pub(crate) fn check<G: PoseGroup<D, P>, const D: usize, const P: usize>(
    graph: &PoseGraph<G, D, P>,
    warnings: &mut Warnings,
) {
    let poses = graph.poses().len();
    let label = |vertex: usize| match vertex.checked_sub(poses) {
        None => graph.pose_labels()[vertex],
        Some(landmark) => graph.landmark_labels()[landmark],
    };
    let mut sets = Sets::new(poses + graph.landmarks().len());
    let mut touched = vec![false; poses + graph.landmarks().len()];
    for edge in graph.between() {
        sets.join(edge.from.index(), edge.to.index());
        touched[edge.from.index()] = true;
        touched[edge.to.index()] = true;
    }
    for observation in graph.observations() {
        let (pose, landmark) = (
            observation.pose.index(),
            poses + observation.landmark.index(),
        );
        sets.join(pose, landmark);
        touched[pose] = true;
        touched[landmark] = true;
    }
    for prior in graph.priors() {
        touched[prior.pose.index()] = true;
    }

    let roots: Vec<usize> = (0..touched.len())
        .filter(|v| touched[*v] && sets.root(*v) == *v)
        .collect();
    if roots.len() > 1 {
        for root in roots {
            warnings.add(WarningKind::SeveralComponents, None, || {
                format!("the one of vertex {}", label(root))
            });
        }
    }
    for vertex in (0..touched.len()).filter(|v| !touched[*v]) {
        warnings.add(WarningKind::VertexWithoutFactors, None, || {
            format!("vertex {}", label(vertex))
        });
    }
    duplicates(graph, warnings);
}

fn duplicates<G: PoseGroup<D, P>, const D: usize, const P: usize>(
    graph: &PoseGraph<G, D, P>,
    warnings: &mut Warnings,
) {
    let key =
        |from: PoseId, to: PoseId| u64::from(from.0.min(to.0)) << 32 | u64::from(from.0.max(to.0));
    let mut keys: Vec<u64> = graph
        .between()
        .iter()
        .map(|edge| key(edge.from, edge.to))
        .collect();
    keys.sort_unstable();
    for pair in keys.windows(2).filter(|pair| pair[0] == pair[1]) {
        let labels = graph.pose_labels();
        let (a, b) = (pair[0] >> 32, pair[0] & u64::from(u32::MAX));
        warnings.add(WarningKind::DuplicateEdge, None, || {
            format!("{} -> {}", labels[a as usize], labels[b as usize])
        });
    }
}

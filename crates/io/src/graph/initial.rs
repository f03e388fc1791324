//! First poses for files without vertex lines.

use nalgebra::SVector;
use serde::{Deserialize, Serialize};
use slam16_geometry::PoseGroup;
use slam16_problem::{Between, GraphParts};

/// Where the poses and landmarks of a loaded problem come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Initial {
    /// The file's own vertex lines.
    File,
    /// The file has none: edges between consecutive poses were composed.
    Odometry,
    /// The file has none, and consecutive poses are not all joined: edges were
    /// composed along a breadth-first spanning tree of each component.
    SpanningTree,
}

const NONE: u32 = u32::MAX;

/// Sets poses by composing edges, the first of each component at the
/// identity, and landmarks by their first observation.
pub(crate) fn compose<G: PoseGroup<D, P>, const D: usize, const P: usize>(
    parts: &mut GraphParts<G, D, P>,
) -> Initial {
    let initial = if compose_odometry(&mut parts.poses, &parts.between) {
        Initial::Odometry
    } else {
        compose_tree(&mut parts.poses, &parts.between);
        Initial::SpanningTree
    };
    let mut seen = vec![false; parts.landmarks.len()];
    for observation in &parts.observations {
        let index = observation.landmark.index();
        if !std::mem::replace(&mut seen[index], true) {
            let body_point = match observation.sensor.index() {
                0 => observation.measurement,
                sensor => parts.sensors[sensor - 1].act(&observation.measurement),
            };
            parts.landmarks[index] = parts.poses[observation.pose.index()].act(&body_point);
        }
    }
    // As with poses, what overflows starts at the origin.
    for landmark in &mut parts.landmarks {
        if !landmark.iter().all(|x| x.is_finite()) {
            *landmark = SVector::zeros();
        }
    }
    initial
}

/// Along the first edge between each pose and the next; false if one lacks.
fn compose_odometry<G: PoseGroup<D, P>, const D: usize, const P: usize>(
    poses: &mut [G],
    between: &[Between<G, D>],
) -> bool {
    let mut steps = vec![NONE; poses.len().saturating_sub(1)];
    for (index, edge) in between.iter().enumerate() {
        let (from, to) = (edge.from.index(), edge.to.index());
        if from.abs_diff(to) == 1 && steps[from.min(to)] == NONE {
            steps[from.min(to)] = index as u32;
        }
    }
    if steps.contains(&NONE) {
        return false;
    }
    if let Some(first) = poses.first_mut() {
        *first = G::identity();
    }
    for (i, step) in steps.into_iter().enumerate() {
        poses[i + 1] = along(&between[step as usize], i, &poses[i]);
    }
    true
}

/// The pose at the other end of an edge from `pose`, which is at `at`.
fn along<G: PoseGroup<D, P>, const D: usize, const P: usize>(
    edge: &Between<G, D>,
    at: usize,
    pose: &G,
) -> G {
    let next = if edge.from.index() == at {
        *pose * edge.measurement
    } else {
        *pose * edge.measurement.inverse()
    };
    // As a file would hold it, so that writing and reading keep it bit for bit.
    // A product of huge steps may overflow: such a pose starts at the origin.
    G::from_storage(&next.to_storage()).unwrap_or_else(G::identity)
}

/// Breadth first from the first pose of each component, edges in file order.
fn compose_tree<G: PoseGroup<D, P>, const D: usize, const P: usize>(
    poses: &mut [G],
    between: &[Between<G, D>],
) {
    // Edges of each pose, one after the other; `starts[i]..starts[i + 1]` are those of pose i.
    let mut starts = vec![0u32; poses.len() + 2];
    for edge in between {
        starts[edge.from.index() + 2] += 1;
        starts[edge.to.index() + 2] += 1;
    }
    for i in 2..starts.len() {
        starts[i] += starts[i - 1];
    }
    let mut edges = vec![0u32; 2 * between.len()];
    for (index, edge) in between.iter().enumerate() {
        for end in [edge.from.index(), edge.to.index()] {
            edges[starts[end + 1] as usize] = index as u32;
            starts[end + 1] += 1;
        }
    }

    let mut reached = vec![false; poses.len()];
    let mut queue = std::collections::VecDeque::new();
    for root in 0..poses.len() {
        if reached[root] {
            continue;
        }
        reached[root] = true;
        poses[root] = G::identity();
        queue.push_back(root);
        while let Some(at) = queue.pop_front() {
            for &index in &edges[starts[at] as usize..starts[at + 1] as usize] {
                let edge = &between[index as usize];
                let other = edge.from.index() ^ edge.to.index() ^ at;
                if !reached[other] {
                    reached[other] = true;
                    poses[other] = along(edge, at, &poses[at]);
                    queue.push_back(other);
                }
            }
        }
    }
}

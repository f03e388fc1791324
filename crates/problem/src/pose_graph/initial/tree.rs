//! Composing measurements along a tree.

use std::collections::VecDeque;

use slam16_geometry::PoseGroup;

use super::super::PoseGraph;
use super::InitialReport;

/// Neighbours of every pose: edge `e` as `2 e` at its first pose and
/// `2 e + 1` at its second.
struct Adjacency {
    start: Vec<u32>,
    items: Vec<u32>,
}

impl Adjacency {
    fn new(poses: usize, edges: impl Iterator<Item = (usize, (u32, u32))> + Clone) -> Self {
        let mut start = vec![0_u32; poses + 1];
        for (_, (i, j)) in edges.clone() {
            start[i as usize + 1] += 1;
            start[j as usize + 1] += 1;
        }
        for v in 0..poses {
            start[v + 1] += start[v];
        }
        let mut next = start.clone();
        let mut items = vec![0_u32; start[poses] as usize];
        for (e, (i, j)) in edges {
            for (side, v) in [i, j].into_iter().enumerate() {
                items[next[v as usize] as usize] = (2 * e + side) as u32;
                next[v as usize] += 1;
            }
        }
        Self { start, items }
    }

    fn of(&self, v: usize) -> &[u32] {
        &self.items[self.start[v] as usize..self.start[v + 1] as usize]
    }
}

impl<G: PoseGroup<D, P>, const D: usize, const P: usize> PoseGraph<G, D, P> {
    pub(super) fn follow_odometry(&mut self) -> InitialReport {
        let mut by_label: Vec<u32> = (0..self.poses.len() as u32).collect();
        by_label.sort_unstable_by_key(|v| self.pose_labels[*v as usize]);
        let mut place = vec![0_u32; self.poses.len()];
        for (k, v) in by_label.into_iter().enumerate() {
            place[v as usize] = k as u32;
        }
        let (mut queue, mut placed) = self.roots();
        let kept = queue.len();
        let consecutive = self
            .ends()
            .filter(|(_, (i, j))| place[*i as usize].abs_diff(place[*j as usize]) == 1);
        let adjacency = Adjacency::new(self.poses.len(), consecutive);
        self.spread(&adjacency, &mut queue, &mut placed);
        let reached = placed.iter().filter(|p| **p).count();
        if reached < placed.len() {
            queue = (0..placed.len()).filter(|v| placed[*v]).collect();
            let adjacency = Adjacency::new(self.poses.len(), self.ends());
            self.spread(&adjacency, &mut queue, &mut placed);
        }
        InitialReport {
            kept,
            bridged: placed.len() - reached,
            ..InitialReport::default()
        }
    }

    pub(super) fn follow_tree(&mut self) -> InitialReport {
        let (mut queue, mut placed) = self.roots();
        let kept = queue.len();
        let adjacency = Adjacency::new(self.poses.len(), self.ends());
        self.spread(&adjacency, &mut queue, &mut placed);
        InitialReport {
            kept,
            ..InitialReport::default()
        }
    }

    /// Between edges by number, with the poses they join.
    fn ends(&self) -> impl Iterator<Item = (usize, (u32, u32))> + Clone {
        let ends = |(e, edge): (usize, &super::super::Between<G, D>)| (e, (edge.from.0, edge.to.0));
        self.between.iter().enumerate().map(ends)
    }

    /// Puts every anchored pose at its value; all others are to be placed.
    fn roots(&mut self) -> (VecDeque<usize>, Vec<bool>) {
        let anchors = self.anchors();
        let mut placed = anchors.held;
        for (v, prior) in anchors.from_priors {
            self.poses[v] = self.priors[prior].measurement;
            placed[v] = true;
        }
        let queue = (0..placed.len()).filter(|v| placed[*v]).collect();
        (queue, placed)
    }

    /// Breadth first: composes measurements outwards from placed poses.
    fn spread(&mut self, adjacency: &Adjacency, queue: &mut VecDeque<usize>, placed: &mut [bool]) {
        while let Some(v) = queue.pop_front() {
            for &item in adjacency.of(v) {
                let edge = &self.between[item as usize / 2];
                let (next, pose) = if item % 2 == 0 {
                    (edge.to.index(), self.poses[v] * edge.measurement)
                } else {
                    (
                        edge.from.index(),
                        self.poses[v] * edge.measurement.inverse(),
                    )
                };
                if !placed[next] {
                    placed[next] = true;
                    self.poses[next] = pose;
                    queue.push_back(next);
                }
            }
        }
    }
}

//! Reverse Cuthill-McKee: breadth-first levels from a peripheral vertex.

use super::graph::Graph;

/// Breadth-first search within the vertices of one label.
pub(crate) struct Levels {
    /// Distance from the start of the last search, valid where `stamp` is current.
    pub depth: Vec<u32>,
    stamp: Vec<u32>,
    now: u32,
    /// Visited vertices in order of distance.
    pub queue: Vec<u32>,
}

impl Levels {
    pub fn new(n: usize) -> Self {
        Self {
            depth: vec![0; n],
            stamp: vec![0; n],
            now: 0,
            queue: Vec::with_capacity(n),
        }
    }

    /// Visits everything reachable from `root` through vertices that `inside` accepts.
    pub fn search(&mut self, graph: &Graph, root: u32, inside: impl Fn(u32) -> bool) {
        self.now += 1;
        self.queue.clear();
        self.queue.push(root);
        self.stamp[root as usize] = self.now;
        self.depth[root as usize] = 0;
        let mut at = 0;
        while at < self.queue.len() {
            let v = self.queue[at];
            at += 1;
            for &u in graph.of(v) {
                if self.stamp[u as usize] != self.now && inside(u) {
                    self.stamp[u as usize] = self.now;
                    self.depth[u as usize] = self.depth[v as usize] + 1;
                    self.queue.push(u);
                }
            }
        }
    }

    /// Largest distance of the last search.
    pub fn height(&self) -> u32 {
        self.queue.last().map_or(0, |&v| self.depth[v as usize])
    }

    /// Searches from `root`, then from a farthest vertex, until the depth no
    /// longer grows; the last search is left in `queue` and `depth`.
    pub fn search_from_periphery(
        &mut self,
        graph: &Graph,
        root: u32,
        inside: impl Fn(u32) -> bool + Copy,
    ) {
        self.search(graph, root, inside);
        for _ in 0..4 {
            let height = self.height();
            let last = self.queue.iter().rev();
            let farthest = last
                .take_while(|&&v| self.depth[v as usize] == height)
                .min_by_key(|&&v| (graph.of(v).len(), v));
            let Some(&farthest) = farthest else { return };
            self.search(graph, farthest, inside);
            if self.height() <= height {
                return;
            }
        }
    }
}

/// Elimination order of the vertices: entry `k` is eliminated `k`-th.
pub(crate) fn rcm(graph: &Graph) -> Vec<u32> {
    let n = graph.vertices();
    let mut levels = Levels::new(n);
    let mut order = Vec::with_capacity(n);
    let mut placed = vec![false; n];
    let mut candidates = Vec::new();
    for v in 0..n as u32 {
        if placed[v as usize] {
            continue;
        }
        levels.search_from_periphery(graph, v, |_| true);
        let mut at = order.len();
        let root = levels.queue[0];
        placed[root as usize] = true;
        order.push(root);
        while at < order.len() {
            let v = order[at];
            at += 1;
            candidates.clear();
            candidates.extend(graph.of(v).iter().filter(|&&u| !placed[u as usize]));
            candidates.sort_by_key(|&u: &u32| graph.of(u).len());
            for &u in &candidates {
                placed[u as usize] = true;
                order.push(u);
            }
        }
    }
    order.reverse();
    order
}

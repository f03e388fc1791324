//! Nested dissection: vertex separators from breadth-first levels, refined by
//! moving vertices, with minimum degree on the parts that are left.
//!
//! Sources: A. George, "Nested dissection of a regular finite element mesh",
//! SIAM J. Numer. Anal. 10 (1973) 345; refinement after C. Fiduccia, R.
//! Mattheyses, "A linear-time heuristic for improving network partitions", DAC
//! 1982, in the form for vertex separators of C. Ashcraft, J. Liu, SIAM J.
//! Matrix Anal. Appl. 19 (1998) 325.

use super::amd::amd_inside;
use super::graph::Graph;
use super::rcm::Levels;
use super::separator::{Separator, Side};

/// Parts with at most this many vertices are ordered by minimum degree.
const LEAF: usize = 100;

/// Part number of a vertex that is in a separator.
const PLACED: u32 = u32::MAX;

/// State of the recursion.
struct Dissection<'a> {
    graph: &'a Graph,
    /// Part that each vertex belongs to.
    part: Vec<u32>,
    parts: u32,
    /// The elimination order, from the back.
    reversed: Vec<u32>,
    /// Number of a vertex within the part at hand.
    local: Vec<u32>,
}

/// Elimination order of the vertices: entry `k` is eliminated `k`-th.
pub(crate) fn dissect(graph: &Graph) -> Vec<u32> {
    let n = graph.vertices();
    let mut d = Dissection {
        graph,
        part: vec![0; n],
        parts: 1,
        reversed: Vec::with_capacity(n),
        local: vec![u32::MAX; n],
    };
    let mut levels = Levels::new(n);
    let mut separator = Separator::new(n);
    let mut stack: Vec<Vec<u32>> = vec![(0..n as u32).collect()];
    while let Some(vertices) = stack.pop() {
        let Some(&root) = vertices.first() else {
            continue;
        };
        if vertices.len() <= LEAF {
            d.place_leaf(&vertices);
            continue;
        }
        let part = d.part[root as usize];
        levels.search_from_periphery(graph, root, |v| d.part[v as usize] == part);
        if levels.queue.len() < vertices.len() {
            // Not connected: the component found goes its own way.
            d.new_part(&levels.queue);
            let rest = vertices.iter().filter(|&&v| d.part[v as usize] == part);
            stack.push(rest.copied().collect());
            stack.push(levels.queue.clone());
            continue;
        }
        separator.find(graph, &levels, |v| d.part[v as usize] == part);
        let on = |side| separator.on(&levels.queue, side);
        let (left, right, between) = (on(Side::Left), on(Side::Right), on(Side::Between));
        if left.is_empty() || right.is_empty() {
            d.place_leaf(&vertices);
            continue;
        }
        for &v in &between {
            d.part[v as usize] = PLACED;
        }
        d.reversed.extend(between);
        d.new_part(&left);
        d.new_part(&right);
        stack.push(left);
        stack.push(right);
    }
    d.reversed.reverse();
    d.reversed
}

impl Dissection<'_> {
    fn new_part(&mut self, vertices: &[u32]) {
        for &v in vertices {
            self.part[v as usize] = self.parts;
        }
        self.parts += 1;
    }

    /// Orders a part by minimum degree, the separators around it as its halo.
    fn place_leaf(&mut self, vertices: &[u32]) {
        let graph = self.graph;
        let mut members = vertices.to_vec();
        for (k, &v) in vertices.iter().enumerate() {
            self.local[v as usize] = k as u32;
        }
        for &v in vertices {
            for &u in graph.of(v) {
                if self.local[u as usize] == u32::MAX {
                    self.local[u as usize] = members.len() as u32;
                    members.push(u);
                }
            }
        }
        let mut leaf = Graph {
            start: vec![0],
            neighbours: Vec::new(),
            blocks: Vec::new(),
            weights: Vec::with_capacity(members.len()),
        };
        for (k, &v) in members.iter().enumerate() {
            for &u in graph.of(v) {
                let u = self.local[u as usize];
                // Within the halo edges do not matter.
                let inside = k < vertices.len() || (u as usize) < vertices.len();
                if u != u32::MAX && inside {
                    leaf.neighbours.push(u);
                }
            }
            leaf.start.push(leaf.neighbours.len() as u32);
            leaf.weights.push(graph.weights[v as usize]);
        }
        let order = amd_inside(&leaf, vertices.len());
        let placed = order.iter().rev().map(|&k| vertices[k as usize]);
        self.reversed.extend(placed);
        for &v in &members {
            self.local[v as usize] = u32::MAX;
        }
    }
}

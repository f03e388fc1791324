//! Nested dissection: separators from breadth-first levels, minimum degree on
//! the parts that are left.
//!
//! Source: A. George, "Nested dissection of a regular finite element mesh",
//! SIAM J. Numer. Anal. 10 (1973) 345.

use super::amd::amd;
use super::graph::Graph;
use super::rcm::Levels;

/// Parts with at most this many vertices are ordered by minimum degree.
const LEAF: usize = 120;

/// Part a vertex belongs to once it has been ordered.
const PLACED: u32 = u32::MAX;

/// Elimination order of the vertices: entry `k` is eliminated `k`-th.
pub(crate) fn dissect(graph: &Graph) -> Vec<u32> {
    let n = graph.vertices();
    let mut part = vec![0_u32; n];
    let mut levels = Levels::new(n);
    // Built from the back: separators first, then what they separate.
    let mut reversed: Vec<u32> = Vec::with_capacity(n);
    let mut labels = 0;
    let mut local = vec![0_u32; n];
    let mut stack: Vec<Vec<u32>> = vec![(0..n as u32).collect()];
    while let Some(vertices) = stack.pop() {
        let Some(&root) = vertices.first() else {
            continue;
        };
        if vertices.len() <= LEAF {
            let order = amd(&induced(graph, &vertices, &mut local, &part));
            reversed.extend(order.iter().rev().map(|&k| vertices[k as usize]));
            vertices.iter().for_each(|&v| part[v as usize] = PLACED);
            continue;
        }
        let label = part[root as usize];
        levels.search_from_periphery(graph, root, |v| part[v as usize] == label);
        if levels.queue.len() < vertices.len() {
            // Not connected: the component found goes its own way.
            labels += 1;
            for &v in &levels.queue {
                part[v as usize] = labels;
            }
            let rest = vertices.iter().filter(|&&v| part[v as usize] == label);
            stack.push(rest.copied().collect());
            stack.push(levels.queue.clone());
            continue;
        }
        let cut = cut_level(graph, &levels);
        let (mut near, mut far) = (Vec::new(), Vec::new());
        let first = reversed.len();
        for &v in &levels.queue {
            let depth = levels.depth[v as usize];
            let reaches_far =
                |u: &&u32| part[**u as usize] == label && levels.depth[**u as usize] == cut + 1;
            if depth > cut {
                far.push(v);
            } else if depth == cut && graph.of(v).iter().any(|u| reaches_far(&u)) {
                reversed.push(v);
            } else {
                near.push(v);
            }
        }
        if far.is_empty() {
            // A single level: nothing to separate.
            reversed.truncate(first);
            let order = amd(&induced(graph, &vertices, &mut local, &part));
            reversed.extend(order.iter().rev().map(|&k| vertices[k as usize]));
            vertices.iter().for_each(|&v| part[v as usize] = PLACED);
            continue;
        }
        for &v in &reversed[first..] {
            part[v as usize] = PLACED;
        }
        labels += 1;
        near.iter().for_each(|&v| part[v as usize] = labels);
        labels += 1;
        far.iter().for_each(|&v| part[v as usize] = labels);
        stack.push(near);
        stack.push(far);
    }
    reversed.reverse();
    reversed
}

/// The lightest level that leaves at least a third of the weight on each side,
/// or else the one where half the weight is reached.
fn cut_level(graph: &Graph, levels: &Levels) -> u32 {
    let mut weights = vec![0_u64; levels.height() as usize + 1];
    for &v in &levels.queue {
        weights[levels.depth[v as usize] as usize] += u64::from(graph.weights[v as usize]);
    }
    let total: u64 = weights.iter().sum();
    let (mut before, mut best, mut half) = (0, None, 0);
    for (level, &weight) in weights.iter().enumerate() {
        let after = total - before - weight;
        if 3 * before >= total && 3 * after >= total && best.is_none_or(|(w, _)| weight < w) {
            best = Some((weight, level as u32));
        }
        if 2 * before < total {
            half = level as u32;
        }
        before += weight;
    }
    best.map_or(half, |(_, level)| level)
}

/// The graph on `vertices` (all of one part), numbered as they are listed.
fn induced(graph: &Graph, vertices: &[u32], local: &mut [u32], part: &[u32]) -> Graph {
    for (k, &v) in vertices.iter().enumerate() {
        local[v as usize] = k as u32;
    }
    let mut sub = Graph {
        start: vec![0],
        neighbours: Vec::new(),
        blocks: Vec::new(),
        weights: Vec::with_capacity(vertices.len()),
    };
    for &v in vertices {
        let label = part[v as usize];
        let inside = graph.of(v).iter().filter(|&&u| part[u as usize] == label);
        sub.neighbours.extend(inside.map(|&u| local[u as usize]));
        sub.start.push(sub.neighbours.len() as u32);
        sub.weights.push(graph.weights[v as usize]);
    }
    sub
}

//! Elimination tree and column counts of the block graph.
//!
//! Sources: J. Liu, "The role of elimination trees in sparse factorization",
//! SIAM J. Matrix Anal. Appl. 11 (1990) 134; J. Gilbert, E. Ng, B. Peyton, "An
//! efficient algorithm to compute row and column counts for sparse Cholesky
//! factorization", same journal 15 (1994) 1075.

use crate::ordering::graph::Graph;

/// No parent: a root.
pub(crate) const NONE: u32 = u32::MAX;

/// Elimination tree in elimination numbering, with columns in postorder.
pub(crate) struct EliminationTree {
    /// Variable eliminated at each place.
    pub old_from_new: Vec<u32>,
    pub parent: Vec<u32>,
    /// Scalars in a column's rows, its own variable included.
    pub counts: Vec<u32>,
}

impl EliminationTree {
    /// The tree for eliminating `order[k]` as `k`-th, renumbered in postorder
    /// (which leaves the fill as it was).
    pub fn new(graph: &Graph, order: &[u32]) -> Self {
        let new_from_old = invert(order);
        let parent = parents(graph, order, &new_from_old);
        let post = postorder(&parent);
        let mut place = vec![0_u32; order.len()];
        for (new, &old) in post.iter().enumerate() {
            place[old as usize] = new as u32;
        }
        let old_from_new: Vec<u32> = post.iter().map(|&k| order[k as usize]).collect();
        let parent: Vec<u32> = post
            .iter()
            .map(|&k| match parent[k as usize] {
                NONE => NONE,
                p => place[p as usize],
            })
            .collect();
        let new_from_old = invert(&old_from_new);
        let counts = counts(graph, &old_from_new, &new_from_old, &parent);
        Self {
            old_from_new,
            parent,
            counts,
        }
    }

    /// Flops (additions and multiplications) of the factorisation: `Σ c²` over
    /// scalar columns of length `c`.
    pub fn flops(&self, graph: &Graph) -> f64 {
        let columns = self.counts.iter().zip(&self.old_from_new);
        columns
            .map(|(&count, &old)| {
                let width = graph.weights[old as usize];
                (0..width)
                    .map(|c| f64::from(count - c).powi(2))
                    .sum::<f64>()
            })
            .sum()
    }
}

pub(crate) fn invert(order: &[u32]) -> Vec<u32> {
    let mut inverse = vec![0; order.len()];
    for (new, &old) in order.iter().enumerate() {
        inverse[old as usize] = new as u32;
    }
    inverse
}

fn parents(graph: &Graph, order: &[u32], new_from_old: &[u32]) -> Vec<u32> {
    let n = order.len();
    let mut parent = vec![NONE; n];
    let mut ancestor = vec![NONE; n];
    for (j, &old) in order.iter().enumerate() {
        let j = j as u32;
        for &neighbour in graph.of(old) {
            let mut i = new_from_old[neighbour as usize];
            while i < j {
                let next = ancestor[i as usize];
                ancestor[i as usize] = j;
                if next == NONE {
                    parent[i as usize] = j;
                    break;
                }
                i = next;
            }
        }
    }
    parent
}

/// Postorder of a forest: entry `k` is visited `k`-th. Children are visited
/// in ascending order.
pub(crate) fn postorder(parent: &[u32]) -> Vec<u32> {
    let n = parent.len();
    let mut head = vec![NONE; n];
    let mut next = vec![NONE; n];
    for v in (0..n).rev() {
        if parent[v] != NONE {
            let p = parent[v] as usize;
            next[v] = head[p];
            head[p] = v as u32;
        }
    }
    let mut order = Vec::with_capacity(n);
    let mut stack = Vec::new();
    for root in (0..n as u32).filter(|&v| parent[v as usize] == NONE) {
        stack.push(root);
        while let Some(&top) = stack.last() {
            let child = head[top as usize];
            if child == NONE {
                order.push(top);
                stack.pop();
            } else {
                head[top as usize] = next[child as usize];
                stack.push(child);
            }
        }
    }
    order
}

/// Weighted column counts of a postordered tree: every row subtree adds its
/// row's weight at its leaves and takes it away where branches meet.
fn counts(graph: &Graph, order: &[u32], new_from_old: &[u32], parent: &[u32]) -> Vec<u32> {
    let n = order.len();
    let mut first = vec![NONE; n];
    let mut delta = vec![0_i64; n];
    let weight = |j: usize| i64::from(graph.weights[order[j] as usize]);
    for j in 0..n {
        if first[j] == NONE {
            delta[j] = weight(j);
        }
        let mut v = j as u32;
        while v != NONE && first[v as usize] == NONE {
            first[v as usize] = j as u32;
            v = parent[v as usize];
        }
    }
    let mut ancestor: Vec<u32> = (0..n as u32).collect();
    let mut deepest = vec![NONE; n];
    let mut previous_leaf = vec![NONE; n];
    for j in 0..n {
        if parent[j] != NONE {
            delta[parent[j] as usize] -= weight(j);
        }
        for &neighbour in graph.of(order[j]) {
            let i = new_from_old[neighbour as usize] as usize;
            if i <= j || (deepest[i] != NONE && first[j] <= deepest[i]) {
                continue;
            }
            // j is a leaf of row i's subtree.
            deepest[i] = first[j];
            delta[j] += weight(i);
            let previous = std::mem::replace(&mut previous_leaf[i], j as u32);
            if previous != NONE {
                let mut q = previous;
                while ancestor[q as usize] != q {
                    q = ancestor[q as usize];
                }
                let mut s = previous;
                while s != q {
                    let up = ancestor[s as usize];
                    ancestor[s as usize] = q;
                    s = up;
                }
                delta[q as usize] -= weight(i);
            }
        }
        if parent[j] != NONE {
            ancestor[j] = parent[j];
        }
    }
    for j in 0..n {
        if parent[j] != NONE {
            delta[parent[j] as usize] += delta[j];
        }
    }
    delta.into_iter().map(|d| d as u32).collect()
}

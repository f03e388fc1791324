//! From columns to fronts: supernodes, merged where that saves time.

use super::etree::{EliminationTree, NONE};

/// Groups of columns that are factored together, children before parents.
pub(crate) struct FrontTree {
    /// Columns of the elimination tree in front order.
    pub columns: Vec<u32>,
    /// Where each front's columns start in `columns`; one more than fronts.
    pub start: Vec<u32>,
    pub parent: Vec<u32>,
}

/// Expected cost of a front with `p` pivot and `r` remaining scalars, in
/// cycles of one core. The coefficients are fits to factorisations of pose
/// graphs; only their ratios matter.
fn cost(p: u32, r: u32) -> f64 {
    let (p, r) = (f64::from(p), f64::from(r));
    let fixed = 450.0;
    let panel = 3.0 * p * (p + r) + 0.1 * p * p * (p / 3.0 + r);
    let update = 0.7 * r * r + 0.065 * p * r * r;
    fixed + panel + update
}

struct Node {
    pivots: u32,
    below: u32,
    parent: u32,
    head: u32,
    next: u32,
    /// First and last supernode merged into this one, linked by `joined`.
    joined: u32,
    last: u32,
    dead: bool,
}

/// Supernodes with equal structure, then merging of children into parents.
pub(crate) fn front_tree(tree: &EliminationTree, weights: &[u32]) -> FrontTree {
    let n = tree.parent.len();
    let weight = |j: usize| weights[tree.old_from_new[j] as usize];
    let mut first = Vec::new();
    for j in 0..n {
        let continues = j > 0
            && tree.parent[j - 1] == j as u32
            && tree.counts[j - 1] == tree.counts[j] + weight(j - 1);
        if !continues {
            first.push(j as u32);
        }
    }
    let count = first.len();
    first.push(n as u32);
    let mut node_of = vec![0_u32; n];
    let mut nodes: Vec<Node> = (0..count)
        .map(|s| {
            let (begin, end) = (first[s] as usize, first[s + 1] as usize);
            node_of[begin..end].fill(s as u32);
            let pivots = (begin..end).map(weight).sum();
            Node {
                pivots,
                below: tree.counts[begin] - pivots,
                parent: tree.parent[end - 1],
                head: NONE,
                next: NONE,
                joined: NONE,
                last: s as u32,
                dead: false,
            }
        })
        .collect();
    for s in (0..count).rev() {
        if nodes[s].parent != NONE {
            let parent = node_of[nodes[s].parent as usize];
            nodes[s].parent = parent;
            nodes[s].next = nodes[parent as usize].head;
            nodes[parent as usize].head = s as u32;
        }
    }
    for s in 0..count {
        merge_children(&mut nodes, s);
    }
    collect(&nodes, &first)
}

/// Merges children into node `s` while that lowers the expected cost; the
/// children of a merged child are considered too.
fn merge_children(nodes: &mut [Node], s: usize) {
    let mut pending = std::mem::replace(&mut nodes[s].head, NONE);
    while pending != NONE {
        let c = pending as usize;
        pending = nodes[c].next;
        let (pivots, below) = (nodes[s].pivots, nodes[s].below);
        let apart = cost(nodes[c].pivots, nodes[c].below) + cost(pivots, below);
        let together = cost(nodes[c].pivots + pivots, below);
        if together <= apart {
            nodes[s].pivots += nodes[c].pivots;
            nodes[c].dead = true;
            let last = nodes[s].last as usize;
            nodes[last].joined = c as u32;
            nodes[s].last = nodes[c].last;
            // The grandchildren go to the front of the queue.
            let mut child = nodes[c].head;
            while child != NONE {
                let next = nodes[child as usize].next;
                nodes[child as usize].parent = s as u32;
                nodes[child as usize].next = pending;
                pending = child;
                child = next;
            }
        } else {
            nodes[c].next = nodes[s].head;
            nodes[s].head = c as u32;
        }
    }
}

/// Postorder of the remaining nodes, children arranged for a low stack.
fn collect(nodes: &[Node], first: &[u32]) -> FrontTree {
    let count = nodes.len();
    let update = |s: usize| u64::from(nodes[s].below).pow(2);
    let mut children: Vec<Vec<u32>> = vec![Vec::new(); count];
    let mut peak = vec![0_u64; count];
    for s in (0..count).filter(|&s| !nodes[s].dead) {
        let mut list = std::mem::take(&mut children[s]);
        list.sort_by_key(|&c| {
            let c = c as usize;
            (std::cmp::Reverse(peak[c] - update(c)), c)
        });
        let (mut held, mut most) = (0, 0);
        for &c in &list {
            most = most.max(held + peak[c as usize]);
            held += update(c as usize);
        }
        peak[s] = most.max(held + update(s));
        children[s] = list;
        if nodes[s].parent != NONE {
            children[nodes[s].parent as usize].push(s as u32);
        }
    }
    let mut tree = FrontTree {
        columns: Vec::with_capacity(first.last().map_or(0, |&n| n as usize)),
        start: vec![0],
        parent: Vec::new(),
    };
    let mut place = vec![NONE; count];
    let mut order = Vec::new();
    let mut stack: Vec<(u32, usize)> = Vec::new();
    for root in (0..count).filter(|&s| !nodes[s].dead && nodes[s].parent == NONE) {
        stack.push((root as u32, 0));
        while let Some((s, at)) = stack.last_mut() {
            if let Some(&child) = children[*s as usize].get(*at) {
                *at += 1;
                stack.push((child, 0));
            } else {
                place[*s as usize] = order.len() as u32;
                order.push(*s);
                stack.pop();
            }
        }
    }
    let mut members = Vec::new();
    for &s in &order {
        members.clear();
        let mut member = s;
        while member != NONE {
            members.push(member);
            member = nodes[member as usize].joined;
        }
        members.sort_unstable();
        for &m in &members {
            tree.columns
                .extend(first[m as usize]..first[m as usize + 1]);
        }
        tree.start.push(tree.columns.len() as u32);
        let parent = nodes[s as usize].parent;
        tree.parent.push(if parent == NONE {
            NONE
        } else {
            place[parent as usize]
        });
    }
    tree
}

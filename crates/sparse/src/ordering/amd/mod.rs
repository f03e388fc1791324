//! Approximate minimum degree on a weighted graph.
//!
//! Source: P. Amestoy, T. Davis, I. Duff, "An approximate minimum degree
//! ordering algorithm", SIAM J. Matrix Anal. Appl. 17 (1996) 886, in the
//! array layout of T. Davis, "Direct Methods for Sparse Linear Systems"
//! (2006), section 7.1. Degrees count scalars, so a graph that mixes 3- and
//! 9-dimensional variables is ordered by the fill it really makes.

mod quotient;

use quotient::{NONE, State, flip};

use super::graph::Graph;

/// Elimination order of the vertices: entry `k` is eliminated `k`-th.
pub(crate) fn amd(graph: &Graph) -> Vec<u32> {
    amd_inside(graph, graph.vertices())
}

/// Elimination order of the vertices before `halo`. The others count in the
/// degrees, as they will in the fill, but are eliminated later by someone else.
pub(crate) fn amd_inside(graph: &Graph, halo: usize) -> Vec<u32> {
    let n = graph.vertices();
    let total = graph.weights.iter().map(|&w| w as usize).sum::<usize>();
    let mut s = State::new(graph, halo, total);
    let inside: u32 = graph.weights[..halo].iter().sum();
    let (total, inside) = (total as i32, inside as i32);
    let isolated = (0..halo).filter(|&v| s.len[v] == 0);
    let mut done: i32 = isolated.map(|v| s.nv[v]).sum();
    let mut least = 0_usize;
    let mut largest = 0;
    let mut epoch = s.next_epoch(0, 0);
    while done < inside {
        while s.head[least] == NONE {
            least += 1;
        }
        let k = s.head[least] as usize;
        s.unlink(k);
        let mut pivot_weight = s.nv[k];
        if s.elements[k] > 0 && s.used + least >= s.list.len() {
            s.collect_garbage();
        }
        let appended = s.elements[k] != 0;
        let (begin, end, mut degree) = s.form_element(k);
        epoch = s.next_epoch(epoch, largest.max(total));
        s.outside_weights(begin, end, epoch);
        let eliminated = s.update_degrees(k, begin, end, epoch);
        pivot_weight += eliminated;
        degree -= eliminated;
        done += pivot_weight;
        s.degree[k] = degree;
        largest = largest.max(degree);
        epoch = s.next_epoch(epoch + largest, largest.max(n as i32));
        epoch = s.merge_twins(begin, end, epoch);
        let mut to = begin;
        for q in begin..end {
            let i = s.list[q] as usize;
            let weight = -s.nv[i];
            if weight <= 0 {
                continue;
            }
            s.nv[i] = weight;
            let d = (s.degree[i] + degree - weight).min(total - done - weight);
            s.degree[i] = d;
            s.link(i);
            least = least.min(d as usize);
            s.list[to] = i as i32;
            to += 1;
        }
        s.nv[k] = pivot_weight;
        s.len[k] = (to - begin) as i32;
        if to == begin {
            s.at[k] = NONE;
            s.mark[k] = 0;
        }
        if appended {
            s.used = to;
        }
    }
    let mut order = assembly_postorder(&s);
    order.retain(|&v| (v as usize) < halo);
    order
}

/// Postorder of the assembly tree left in `at`: absorbed vertices come right
/// before the pivot that absorbed them.
fn assembly_postorder(s: &State) -> Vec<u32> {
    let n = s.at.len();
    // What is not absorbed is a root: a last element, or part of the halo.
    let parent = |v: usize| if s.at[v] < 0 { flip(s.at[v]) } else { NONE };
    let mut head = vec![NONE; n];
    let mut next = vec![NONE; n];
    // Elements are pushed after absorbed variables, so they are visited first
    // and a pivot's own absorbed variables stay next to it.
    for is_element in [false, true] {
        for v in (0..n).rev() {
            let parent = parent(v);
            if (s.nv[v] > 0) == is_element && parent != NONE {
                next[v] = head[parent as usize];
                head[parent as usize] = v as i32;
            }
        }
    }
    let mut order = Vec::with_capacity(n);
    let mut stack = Vec::new();
    for root in 0..n {
        if parent(root) != NONE {
            continue;
        }
        stack.push(root);
        while let Some(&top) = stack.last() {
            let child = head[top];
            if child == NONE {
                order.push(top as u32);
                stack.pop();
            } else {
                head[top] = next[child as usize];
                stack.push(child as usize);
            }
        }
    }
    order
}

//! Elimination by colours.

use crate::SymmetricPattern;

/// Order by a greedy colouring: variables of one colour share no block, so the
/// triangular solves of IC(0) have as many levels as there are colours. Few
/// levels, but about 1.6 times the iterations of reverse Cuthill-McKee.
///
/// Variables are coloured in their own order with the lowest free colour and
/// eliminated colour by colour. Returns the variable eliminated as `j`-th.
pub fn multicolor_order(pattern: &SymmetricPattern) -> Vec<u32> {
    let n = pattern.variables();
    let mut lower: Vec<Vec<u32>> = vec![Vec::new(); n];
    for j in 0..n {
        for &i in pattern.rows(j) {
            lower[i as usize].push(j as u32);
        }
    }
    let mut color = vec![0_usize; n];
    let mut used: Vec<usize> = Vec::new();
    for v in 0..n {
        for &u in &lower[v] {
            let c = color[u as usize];
            if used.len() <= c {
                used.resize(c + 1, usize::MAX);
            }
            used[c] = v;
        }
        color[v] = used
            .iter()
            .position(|&mark| mark != v)
            .unwrap_or(used.len());
    }
    let mut order: Vec<u32> = (0..n as u32).collect();
    order.sort_by_key(|&v| color[v as usize]);
    order
}

//! Fill-reducing orderings of the block graph.

mod amd;
mod dissection;
pub(crate) mod graph;
mod rcm;
mod separator;

use crate::cholesky::EliminationTree;
use crate::{BlockLayout, SymmetricPattern};
use graph::Graph;

/// In which order a factorisation eliminates the variables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Ordering {
    /// As the variables are numbered.
    Natural,
    /// Reverse Cuthill-McKee: small bandwidth, long dependency chains.
    Rcm,
    /// Approximate minimum degree on the block graph, weighted by block size.
    Amd,
    /// Nested dissection with minimum degree on the leaves.
    NestedDissection,
    /// Minimum degree, or nested dissection where that predicts clearly fewer
    /// flops and the factor is large enough to repay the search.
    #[default]
    Auto,
}

/// Predicted flops of a factorisation below which `Auto` does not try nested
/// dissection: at some 20 Gflop/s such a factor takes a few milliseconds, and
/// so does the search for separators.
const DISSECTION_WORTH_TRYING: f64 = 1e8;

impl Ordering {
    /// Computes the elimination order of `pattern`'s variables.
    ///
    /// `weights` gives the dimension of each variable; it counts in the fill.
    pub fn compute(self, pattern: &SymmetricPattern, weights: &BlockLayout) -> Permutation {
        let graph = Graph::new(pattern, weights);
        Permutation::of_order(self.order(&graph))
    }

    fn order(self, graph: &Graph) -> Vec<u32> {
        match self {
            Self::Natural => (0..graph.vertices() as u32).collect(),
            Self::Rcm => rcm::rcm(graph),
            Self::Amd => amd::amd(graph),
            Self::NestedDissection => dissection::dissect(graph),
            Self::Auto => self.tree(graph).1.old_from_new,
        }
    }

    /// The ordering in use (what `Auto` stands for) and its elimination tree.
    pub(crate) fn tree(self, graph: &Graph) -> (Self, EliminationTree) {
        if self != Self::Auto {
            return (self, EliminationTree::new(graph, &self.order(graph)));
        }
        let by_degree = EliminationTree::new(graph, &amd::amd(graph));
        let flops = by_degree.flops(graph);
        if flops >= DISSECTION_WORTH_TRYING {
            let dissected = EliminationTree::new(graph, &dissection::dissect(graph));
            if dissected.flops(graph) < 0.95 * flops {
                return (Self::NestedDissection, dissected);
            }
        }
        (Self::Amd, by_degree)
    }

    /// Name as users write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Natural => "natural",
            Self::Rcm => "rcm",
            Self::Amd => "amd",
            Self::NestedDissection => "nested-dissection",
            Self::Auto => "auto",
        }
    }
}

/// A bijection between the original and the elimination numbering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permutation {
    old_from_new: Vec<u32>,
    new_from_old: Vec<u32>,
}

impl Permutation {
    /// The permutation that eliminates `old_from_new[k]` as `k`-th variable.
    ///
    /// Returns `None` if that is not a permutation of `0..len`.
    pub fn new(old_from_new: Vec<u32>) -> Option<Self> {
        let n = old_from_new.len();
        let mut new_from_old = vec![u32::MAX; n];
        for (new, &old) in old_from_new.iter().enumerate() {
            let slot = new_from_old.get_mut(old as usize)?;
            if *slot != u32::MAX {
                return None;
            }
            *slot = new as u32;
        }
        Some(Self {
            old_from_new,
            new_from_old,
        })
    }

    /// As [`Permutation::new`] for an order that is a permutation by construction.
    pub(crate) fn of_order(old_from_new: Vec<u32>) -> Self {
        let mut new_from_old = vec![0; old_from_new.len()];
        for (new, &old) in old_from_new.iter().enumerate() {
            new_from_old[old as usize] = new as u32;
        }
        Self {
            old_from_new,
            new_from_old,
        }
    }

    /// Number of variables.
    pub fn len(&self) -> usize {
        self.old_from_new.len()
    }

    /// True for no variables at all.
    pub fn is_empty(&self) -> bool {
        self.old_from_new.is_empty()
    }

    /// Original variable at each place of the elimination order.
    pub fn old_from_new(&self) -> &[u32] {
        &self.old_from_new
    }

    /// Place in the elimination order of each original variable.
    pub fn new_from_old(&self) -> &[u32] {
        &self.new_from_old
    }
}

#[cfg(test)]
mod tests;

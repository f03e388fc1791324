//! Connected components of the graph whose vertices are variables.

/// Disjoint sets of variables (union by smallest member, so that the
/// representative of a set is its first variable).
pub(crate) struct Components {
    parent: Vec<u32>,
}

impl Components {
    /// Every variable on its own.
    pub(crate) fn new(variables: usize) -> Self {
        Self {
            parent: (0..variables as u32).collect(),
        }
    }

    /// First variable of the component of `v`.
    pub(crate) fn find(&mut self, v: usize) -> usize {
        let mut v = v as u32;
        while self.parent[v as usize] != v {
            let above = self.parent[self.parent[v as usize] as usize];
            self.parent[v as usize] = above;
            v = above;
        }
        v as usize
    }

    /// Joins the components of two variables.
    pub(crate) fn union(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        self.parent[a.max(b)] = a.min(b) as u32;
    }

    /// Number of variables of each component, at the place of its first
    /// variable; 0 elsewhere.
    pub(crate) fn sizes(&mut self) -> Vec<usize> {
        let mut sizes = vec![0; self.parent.len()];
        for v in 0..self.parent.len() {
            sizes[self.find(v)] += 1;
        }
        sizes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_members_stand_for_their_components() {
        let mut c = Components::new(7);
        for (a, b) in [(5, 3), (6, 5), (2, 0), (0, 2), (4, 6)] {
            c.union(a, b);
        }
        let first: Vec<usize> = (0..7).map(|v| c.find(v)).collect();
        assert_eq!(first, [0, 1, 0, 3, 3, 3, 3]);
        assert_eq!(c.sizes(), [2, 1, 0, 4, 0, 0, 0]);
    }
}

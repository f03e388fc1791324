//! Where each variable's scalars lie in the vector of unknowns.

/// Block sizes and offsets of the unknowns: variable `v` owns the scalars
/// `offset(v) .. offset(v) + dim(v)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockLayout {
    offsets: Vec<usize>,
}

impl BlockLayout {
    /// Builds a layout from the dimension of each variable, in order.
    pub fn new(dims: impl IntoIterator<Item = usize>) -> Self {
        let mut offsets = vec![0];
        let mut end = 0;
        for dim in dims {
            end += dim;
            offsets.push(end);
        }
        Self { offsets }
    }

    /// Number of variables.
    pub fn variables(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Number of scalars, the order of the normal matrix.
    pub fn scalars(&self) -> usize {
        self.offsets.last().copied().unwrap_or(0)
    }

    /// Dimension of variable `v`.
    #[inline]
    pub fn dim(&self, v: usize) -> usize {
        self.offsets[v + 1] - self.offsets[v]
    }

    /// First scalar of variable `v`.
    #[inline]
    pub fn offset(&self, v: usize) -> usize {
        self.offsets[v]
    }

    /// The scalars of variable `v`.
    #[inline]
    pub fn range(&self, v: usize) -> std::ops::Range<usize> {
        self.offsets[v]..self.offsets[v + 1]
    }

    /// All offsets; one more than there are variables.
    pub fn offsets(&self) -> &[usize] {
        &self.offsets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_follow_dimensions() {
        let layout = BlockLayout::new([6, 3, 0, 9]);
        assert_eq!(layout.variables(), 4);
        assert_eq!(layout.scalars(), 18);
        assert_eq!(layout.range(1), 6..9);
        assert_eq!(layout.dim(2), 0);
        assert_eq!(BlockLayout::new([]).scalars(), 0);
    }
}

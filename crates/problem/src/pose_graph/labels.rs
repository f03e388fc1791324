//! From a file's labels to indices.

use std::collections::HashMap;

/// A map from `u64` labels to `u32` indices: a plain table where labels are
/// dense (nearly every file counts from 0), a hash map where they are not.
///
/// Holds at most 4 bytes per label up to twice the number of entries, so a
/// single large label never makes a large table.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    table: Vec<u32>,
    sparse: HashMap<u64, u32>,
    len: usize,
}

/// No index: marks an empty place of the table.
const NONE: u32 = u32::MAX;
/// The table may reach this far before it holds anything.
const HEAD_START: u64 = 1024;

impl Labels {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of labels.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The index of a label.
    #[inline]
    pub fn get(&self, label: u64) -> Option<u32> {
        if label < self.table.len() as u64 {
            let index = self.table[label as usize];
            if index != NONE {
                return Some(index);
            }
        }
        if self.sparse.is_empty() {
            None
        } else {
            self.sparse.get(&label).copied()
        }
    }

    /// Gives a new label an index below `u32::MAX`; for a label in use changes
    /// nothing and returns its index.
    #[inline]
    pub fn insert(&mut self, label: u64, index: u32) -> Option<u32> {
        debug_assert_ne!(index, NONE);
        if let Some(used) = self.get(label) {
            return Some(used);
        }
        self.len += 1;
        if label >= self.table.len() as u64 {
            if label >= 2 * self.len as u64 + HEAD_START {
                self.sparse.insert(label, index);
                return None;
            }
            self.table.resize(label as usize + 1, NONE);
        }
        self.table[label as usize] = index;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn behaves_like_a_hash_map(
            inserts in prop::collection::vec((prop_oneof![0..40u64, 900..3000u64, any::<u64>()], 0..1000u32), 0..200),
        ) {
            let mut labels = Labels::new();
            let mut model = HashMap::new();
            for &(label, index) in &inserts {
                prop_assert_eq!(labels.insert(label, index), model.get(&label).copied());
                model.entry(label).or_insert(index);
                prop_assert_eq!(labels.len(), model.len());
            }
            for label in inserts.iter().map(|x| x.0).chain(0..50) {
                prop_assert_eq!(labels.get(label), model.get(&label).copied());
            }
        }
    }

    #[test]
    fn one_large_label_makes_no_large_table() {
        let mut labels = Labels::new();
        labels.insert(u64::MAX, 0);
        labels.insert(1 << 40, 1);
        assert!(labels.table.is_empty());
    }
}

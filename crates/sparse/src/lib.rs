//! Block-sparse patterns, orderings, factorisations and storage precisions.

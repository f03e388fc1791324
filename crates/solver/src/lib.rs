//! Outer loop, conjugate gradients, options and summaries: everything that no backend owns.

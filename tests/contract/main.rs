//! What holds for the tree as a whole: dependency edges, file sizes, names.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod architecture;
mod sources;

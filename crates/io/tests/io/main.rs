//! Readers and writers on real files and on files made wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
mod errors;
mod headers;
mod initial;
mod numbers;
mod random;
mod real_bundles;
mod real_graphs;
mod robust;
mod samples;
mod warnings;
mod writing;

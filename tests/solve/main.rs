//! Whole solves on public data against known optima.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod bundles;
mod data;
mod determinism;
mod graphs;
mod outcomes;
mod precision;
mod simulated;

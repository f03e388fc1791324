//! Whole solves on public data against known optima.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr
)]

mod bundles;
mod data;
mod determinism;
#[path = "../kernels/harness/devices.rs"]
#[allow(dead_code)]
mod devices;
mod gpu;
mod graphs;
mod kitti;
mod outcomes;
mod precision;
mod simulated;

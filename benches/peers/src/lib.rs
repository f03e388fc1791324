//! What the runner and the Rust drivers share: files, arguments and clocks.

pub mod driver;
pub mod files;

//! The command `slam16` as users meet it: the real binary, its files, its two
//! output streams, its exit status.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod assets;
mod bad_input;
mod common;
mod evaluate;
mod files;
mod outputs;
mod report;
mod solve;

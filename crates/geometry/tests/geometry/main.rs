//! Groups, cameras and their Jacobians.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod between;
mod cameras;
mod common;
mod groups;
mod jacobians;

//! Readers and writers of the field's file formats.
//!
//! [`read`] takes a file in any of the formats of [`Format`], plain, gzipped or
//! bzipped, tells which it is from its content, and gives a [`Loaded`] problem
//! with typed [`Warning`]s, or a [`ReadError`] that names the line, the column
//! and the element. Writers put files in place whole or not at all.
//!
//! Texts are read in blocks, so a file of any size takes little memory beside
//! the problem itself.

mod bundle;
mod dump;
mod error;
mod format;
mod graph;
mod number;
mod options;
mod read;
mod scan;
mod source;
mod trajectory;
mod warning;
mod write;

pub use dump::{Reloaded, dump, reload};
pub use error::{Place, ReadError, WriteError};
pub use format::Format;
pub use graph::Initial;
pub use options::{IsamNoise, ReadOptions};
pub use read::{AnyProblem, Loaded, read, read_bytes};
pub use source::Compression;
pub use trajectory::{LoadedTrajectory, read_trajectory, read_trajectory_bytes};
pub use warning::{Example, Warning, WarningKind};
pub use write::{
    ProblemRef, trajectory_of, write_bal, write_bytes, write_g2o, write_kitti, write_tum,
};

//! Readers and writers of the field's file formats.

mod bundle;
mod error;
mod format;
mod graph;
mod number;
mod options;
mod read;
mod scan;
mod source;
mod warning;

pub use error::{Place, ReadError, WriteError};
pub use format::Format;
pub use graph::Initial;
pub use options::{IsamNoise, ReadOptions};
pub use read::{AnyProblem, Loaded, read, read_bytes};
pub use source::Compression;
pub use warning::{Example, Warning, WarningKind};

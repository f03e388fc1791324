//! Typed buffers and the way back to the host.

mod buffer;
mod staging;

pub use buffer::{Buffer, Uniform};
pub use staging::{Data, Reading};

pub(crate) use buffer::Bound;
pub(crate) use staging::{Slot, Staging};

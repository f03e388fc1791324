//! Linear solvers on the device.

mod cgnr;
mod choose;
mod factor_set;
mod machine;
mod projected;
mod seen;
mod space;

pub use choose::{backend, choose};

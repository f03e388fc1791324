//! Block-sparse patterns, orderings, factorisations and storage precisions.
//!
//! Every factor of a SLAM problem touches one or two variables, so one
//! container, [`EdgeBlocks`], holds the Jacobian of a factor set: two dense
//! blocks per factor, two index arrays, and for each variable the list of its
//! factors. `y = J x` runs over factors, `z = Jᵀ y` gathers per variable in
//! fixed order, so no result depends on the number of threads.

mod edge;
mod jacobian;
mod layout;
mod store;
mod symmetric;
mod symmetric_mul;
mod threads;

pub use edge::{EdgeBlocks, EdgeShape, EdgeStructure, NO_VARIABLE};
pub use jacobian::{Jacobian, JacobianStructure};
pub use layout::BlockLayout;
pub use store::{Compute, Store};
pub use symmetric::{SymmetricBlocks, SymmetricPattern};
pub use threads::Threads;

//! The names that most programs need: `use slam16::prelude::*;`

pub use crate::geometry::{Se2, Se3};
pub use crate::problem::{Bundle, Information, Loss, PoseGraph2, PoseGraph3};
pub use crate::solver::{Options, Summary};
pub use crate::{Error, Problem, Solver};

//! CPU backend: direct and iterative linear solvers.

mod linear;

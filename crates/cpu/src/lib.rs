//! CPU backend: direct and iterative linear solvers.

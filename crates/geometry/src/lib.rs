//! Lie groups of the plane and of space, camera models, and their analytic Jacobians.

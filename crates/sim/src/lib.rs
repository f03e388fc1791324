//! Seeded generators of trajectories and graphs, and trajectory metrics.

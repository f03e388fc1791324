//! Seeded generators of trajectories, scenes and graphs, and trajectory metrics.

pub mod metrics;

//! Seeded generators of trajectories, scenes and graphs, and trajectory metrics.
//!
//! Every generator takes one options struct with a seed and returns a problem
//! together with the truth it was made from. The same options give the same
//! bits on the same platform.

mod error;
mod graph;
pub mod metrics;
mod random;
mod scene;
mod window;

pub use error::SimError;
pub use graph::{
    GarageOptions, GraphNoise, GraphOptions, GridOptions, ManhattanOptions, RingOptions,
    SimulatedGraph, SimulatedGraph2, SimulatedGraph3, SphereOptions, Start, TorusOptions, garage,
    grid, manhattan, ring, sphere, torus,
};
pub use random::Random;
pub use scene::{SceneNoise, SceneOptions, SimulatedBundle, scene};
pub use window::{WindowNoise, WindowOptions, stereo_window};

//! Seeded generators of trajectories, scenes and graphs, and trajectory metrics.
//!
//! Every generator takes one options struct with a seed and returns a problem
//! together with the truth it was made from. The same options give the same
//! bits on the same platform.

mod drive;
mod error;
mod graph;
mod indoor;
pub mod metrics;
mod random;
mod scene;
mod town;
mod window;

pub use drive::{Building, Drive, DriveOptions, Route, RouteOptions, Wall};
pub use error::SimError;
pub use graph::{
    GarageOptions, GraphNoise, GraphOptions, GridOptions, LoopClosure, LoopFrame, LoopOptions,
    Loops, ManhattanOptions, Nearby, RingOptions, SimulatedGraph, SimulatedGraph2, SimulatedGraph3,
    SphereOptions, Start, TorusOptions, garage, grid, loop_graph, loops, manhattan, ring, sphere,
    torus,
};
pub use indoor::{
    Indoor, IndoorCamera, IndoorFrame, IndoorNoise, IndoorOptions, IndoorSight, TrackOptions,
    indoor, indoor_bundle,
};
pub use random::Random;
pub use scene::{SceneNoise, SceneOptions, SimulatedBundle, scene};
pub use town::{Town, TownOptions, TownView, town, town_bundle};
pub use window::{WindowNoise, WindowOptions, stereo_window};

//! Pose graphs: a true path, its loops, and noisy measurements along both.

mod closing;
mod plane;
mod space;
#[cfg(test)]
mod tests;

pub use closing::{LoopClosure, LoopFrame, LoopOptions, Loops, Nearby, loop_graph, loops};
pub use plane::{ManhattanOptions, RingOptions, manhattan, ring};
pub use space::{
    GarageOptions, GridOptions, SphereOptions, TorusOptions, garage, grid, sphere, torus,
};

use nalgebra::{SMatrix, SVector};
use slam16_geometry::{PoseGroup, Se2, Se3};
use slam16_problem::{Information, PoseGraph, PoseId, ProblemError};

use crate::error::{at_least, share};
use crate::{Random, SimError};

/// Standard deviations of a measurement, per component.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GraphNoise {
    /// Of ρ, metres.
    pub translation: f64,
    /// Of φ, radians.
    pub rotation: f64,
}

impl GraphNoise {
    pub(crate) fn validate(&self) -> Result<(), SimError> {
        at_least("noise in translation", self.translation, 0.0)?;
        at_least("noise in rotation", self.rotation, 0.0)
    }

    /// `diag(1/σ²)`, 1 where there is no noise; the first `D/2` (in the plane
    /// two) components are those of ρ.
    ///
    /// # Errors
    /// A σ so small that 1/σ² overflows.
    pub fn information<const D: usize>(&self) -> Result<Information<D>, ProblemError> {
        let weight = |sigma: f64| if sigma > 0.0 { sigma.powi(-2) } else { 1.0 };
        let mut omega = SMatrix::<f64, D, D>::zeros();
        for k in 0..D {
            let along = k < D.div_ceil(2);
            omega[(k, k)] = weight(if along {
                self.translation
            } else {
                self.rotation
            });
        }
        Information::new(omega).map_err(|_| ProblemError::NotFinite {
            element: "the information of the simulated noise".to_owned(),
            value: f64::INFINITY,
        })
    }
}

/// The values that poses start from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// Noisy odometry, composed.
    #[default]
    Odometry,
    /// The truth.
    Truth,
}

/// What all graphs have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GraphOptions {
    /// Same seed, same graph.
    pub seed: u64,
    /// Noise from pose to pose.
    pub odometry: GraphNoise,
    /// Noise of loop closures.
    pub closures: GraphNoise,
    /// Share of loop closures that are kept, 0 to 1.
    pub kept: f64,
    /// Share of the kept closures that are false, 0 to 1: they join a wrong
    /// pose, as place recognition does where places look alike.
    pub outliers: f64,
    /// Starting values.
    pub start: Start,
}

impl Default for GraphOptions {
    /// Seed 0, 0.02 m and 0.005 rad everywhere, all closures, none false, odometry.
    fn default() -> Self {
        let noise = GraphNoise {
            translation: 0.02,
            rotation: 0.005,
        };
        Self {
            seed: 0,
            odometry: noise,
            closures: noise,
            kept: 1.0,
            outliers: 0.0,
            start: Start::Odometry,
        }
    }
}

impl GraphOptions {
    fn validate(&self) -> Result<(), SimError> {
        self.odometry.validate()?;
        self.closures.validate()?;
        share("kept", self.kept)?;
        share("outliers", self.outliers)
    }
}

/// A graph with the truth it was made from.
#[derive(Clone, Debug)]
pub struct SimulatedGraph<G, const D: usize, const P: usize> {
    /// Odometry edges first, then loop closures; labels 0, 1, 2, ….
    pub graph: PoseGraph<G, D, P>,
    /// True poses.
    pub truth: Vec<G>,
    /// Which between edges are false.
    pub outliers: Vec<usize>,
}

/// A simulated graph in the plane.
pub type SimulatedGraph2 = SimulatedGraph<Se2<f64>, 3, 2>;
/// A simulated graph in space.
pub type SimulatedGraph3 = SimulatedGraph<Se3<f64>, 6, 3>;

/// Measures a path and its loops: `Z = Xi⁻¹ Xj Exp(η)`, η normal, with the
/// information of its noise (1 where there is none).
fn measure<G: PoseGroup<D, P>, const D: usize, const P: usize>(
    truth: Vec<G>,
    loops: &[(usize, usize)],
    options: &GraphOptions,
) -> Result<SimulatedGraph<G, D, P>, SimError> {
    let mut random = Random::new(options.seed);
    let mut edges = Vec::with_capacity(truth.len() + loops.len());
    let mut outliers = Vec::new();
    let mut values = Vec::with_capacity(truth.len());
    let mut start = truth.first().copied().unwrap_or_default();
    for (k, pose) in truth.iter().enumerate() {
        if k > 0 {
            let z = noisy(&truth[k - 1], pose, options.odometry, &mut random);
            start = start * z;
            edges.push((k - 1, k, z, options.odometry));
        }
        values.push(match options.start {
            Start::Odometry => start,
            Start::Truth => *pose,
        });
    }
    for &(i, j) in loops {
        if !random.chance(options.kept) {
            continue;
        }
        let (from, seen) = (&truth[i], &truth[j]);
        let z = noisy(from, seen, options.closures, &mut random);
        let mut to = j;
        if random.chance(options.outliers) {
            to = random.index(truth.len());
            if to == i {
                to = j;
            } else if to != j {
                outliers.push(edges.len());
            }
        }
        edges.push((i, to, z, options.closures));
    }
    assemble(truth, values, edges, outliers)
}

/// The graph of starting values and measured edges.
fn assemble<G: PoseGroup<D, P>, const D: usize, const P: usize>(
    truth: Vec<G>,
    values: Vec<G>,
    edges: Vec<(usize, usize, G, GraphNoise)>,
    outliers: Vec<usize>,
) -> Result<SimulatedGraph<G, D, P>, SimError> {
    let mut graph = PoseGraph::new();
    for (k, value) in values.into_iter().enumerate() {
        graph.add_pose(k as u64, value)?;
    }
    for (i, j, z, noise) in edges {
        let information = noise.information()?;
        graph.add_between(PoseId::from(i), PoseId::from(j), z, information)?;
    }
    Ok(SimulatedGraph {
        graph,
        truth,
        outliers,
    })
}

/// `Xi⁻¹ Xj Exp(η)`.
pub(crate) fn noisy<G: PoseGroup<D, P>, const D: usize, const P: usize>(
    from: &G,
    to: &G,
    noise: GraphNoise,
    random: &mut Random,
) -> G {
    let sigma = |k| {
        if k < P {
            noise.translation
        } else {
            noise.rotation
        }
    };
    let eta = SVector::<f64, D>::from_fn(|k, _| random.normal() * sigma(k));
    (from.inverse() * *to).retract(&eta)
}

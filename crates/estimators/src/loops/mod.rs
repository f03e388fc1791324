//! A trajectory corrected by loop closures as they come.

#[cfg(test)]
mod tests;
mod weights;

pub use weights::Rejection;

use std::time::Instant;

use nalgebra::SVector;
use slam16_geometry::PoseGroup;
use slam16_problem::{
    Between, GraphLosses, GraphParts, Information, PoseGraph, PoseId, ProblemError, ProblemKind,
};
use slam16_solver::{Engine, Options, Summary};

use crate::EstimatorError;
use weights::Annealing;

/// Settings of a loop closer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoopSettings {
    /// What is done about false closures.
    pub rejection: Rejection,
    /// The solver.
    pub solver: Options,
}

impl LoopSettings {
    /// Graduated non-convexity, with the solver's defaults for a kind of graph.
    pub fn for_kind(kind: ProblemKind) -> Self {
        Self {
            rejection: Rejection::for_kind(kind),
            solver: Options::for_kind(kind),
        }
    }
}

/// How an update went.
#[derive(Clone, Debug, PartialEq)]
pub struct LoopReport {
    /// Solves made, each from where the last one ended.
    pub solves: usize,
    /// The last solve; none where no closure was new.
    pub summary: Option<Summary>,
    /// Closures left out so far.
    pub rejected: usize,
}

#[derive(Clone, Debug)]
struct Edge<G, const D: usize> {
    from: usize,
    to: usize,
    measurement: G,
    information: Information<D>,
}

/// Takes odometry and loop closures in the order they come.
///
/// Poses follow odometry until [`LoopCloser::update`] solves for all closures;
/// each solve starts from the last estimate. Odometry is trusted; a closure
/// has a weight between 0 and 1, by which its information is multiplied, found
/// as [`Rejection`] says.
#[derive(Clone, Debug)]
pub struct LoopCloser<E, G, const D: usize, const P: usize> {
    engine: E,
    settings: LoopSettings,
    poses: Vec<G>,
    odometry: Vec<Edge<G, D>>,
    closures: Vec<Edge<G, D>>,
    weights: Vec<f64>,
    /// Closures that the last update knew.
    solved: usize,
}

impl<E: Engine, G: PoseGroup<D, P>, const D: usize, const P: usize> LoopCloser<E, G, D, P> {
    /// A trajectory that begins at `first`, which is held.
    ///
    /// # Errors
    /// Settings outside their range, a pose that is not finite.
    pub fn new(engine: E, first: G, settings: LoopSettings) -> Result<Self, EstimatorError> {
        settings.solver.validate()?;
        settings.rejection.validate()?;
        check("the first pose", &first)?;
        Ok(Self {
            engine,
            settings,
            poses: vec![first],
            odometry: Vec::new(),
            closures: Vec::new(),
            weights: Vec::new(),
            solved: 0,
        })
    }

    /// Adds a pose by its motion since the last one, and returns its number.
    ///
    /// # Errors
    /// A motion that is not finite; nothing is added.
    pub fn add_odometry(
        &mut self,
        motion: G,
        information: Information<D>,
    ) -> Result<usize, EstimatorError> {
        check("odometry", &motion)?;
        let to = self.poses.len();
        let last = self.poses[to - 1];
        self.poses.push(last * motion);
        self.odometry.push(Edge {
            from: to - 1,
            to,
            measurement: motion,
            information,
        });
        Ok(to)
    }

    /// Adds a closure `X_from⁻¹ X_to ≈ measurement` and returns its number.
    ///
    /// # Errors
    /// Poses that there are not, one pose twice, a measurement that is not
    /// finite; nothing is added.
    pub fn add_closure(
        &mut self,
        from: usize,
        to: usize,
        measurement: G,
        information: Information<D>,
    ) -> Result<usize, EstimatorError> {
        check("a loop closure", &measurement)?;
        if let Some(index) = [from, to].into_iter().find(|k| *k >= self.poses.len()) {
            return Err(EstimatorError::Problem(ProblemError::OutOfRange {
                what: "pose",
                index,
                count: self.poses.len(),
            }));
        }
        if from == to {
            let label = from as u64;
            return Err(EstimatorError::Problem(ProblemError::SelfEdge { label }));
        }
        self.closures.push(Edge {
            from,
            to,
            measurement,
            information,
        });
        self.weights.push(1.0);
        Ok(self.closures.len() - 1)
    }

    /// Corrects the trajectory where closures have come since the last update.
    ///
    /// # Errors
    /// A solve without a trustworthy result; the trajectory stays as it was.
    pub fn update(&mut self) -> Result<LoopReport, EstimatorError> {
        let mut report = LoopReport {
            solves: 0,
            summary: None,
            rejected: self.rejected().count(),
        };
        if self.solved == self.closures.len() {
            return Ok(report);
        }
        let before = (self.poses.clone(), self.weights.clone());
        let done = self.solve_all(&mut report);
        if done.is_err() {
            (self.poses, self.weights) = before;
        } else {
            self.solved = self.closures.len();
        }
        report.rejected = self.rejected().count();
        done.map(|()| report)
    }

    fn solve_all(&mut self, report: &mut LoopReport) -> Result<(), EstimatorError> {
        // First what is believed so far, with all that is new.
        self.solve(report)?;
        let Some(mut annealing) = Annealing::new(self.settings.rejection, &self.errors()) else {
            return Ok(());
        };
        if self.settings.rejection.restarts() && self.weights.iter().any(|w| *w != 1.0) {
            // A closure once left out gets another chance. Where none was,
            // that graph has just been solved.
            self.weights.fill(1.0);
            self.solve(report)?;
            match Annealing::new(self.settings.rejection, &self.errors()) {
                Some(again) => annealing = again,
                None => return Ok(()),
            }
        }
        while annealing.next(&self.errors(), &mut self.weights) {
            self.solve(report)?;
        }
        Ok(())
    }

    /// One solve with the weights as they are.
    fn solve(&mut self, report: &mut LoopReport) -> Result<(), EstimatorError> {
        let mut graph = self.graph()?;
        let start = Instant::now();
        let summary = self
            .engine
            .solve(&mut graph, &self.settings.solver, start)?;
        self.poses.copy_from_slice(graph.poses());
        report.solves += 1;
        report.summary = Some(summary);
        Ok(())
    }

    /// Trajectory, odometry and closures at their weights, those of weight 0
    /// left out.
    ///
    /// # Errors
    /// An information so large that weighting overflows it.
    pub fn graph(&self) -> Result<PoseGraph<G, D, P>, ProblemError> {
        let between = |edge: &Edge<G, D>, information| Between {
            from: PoseId::from(edge.from),
            to: PoseId::from(edge.to),
            measurement: edge.measurement,
            information,
        };
        let mut edges: Vec<Between<G, D>> = Vec::new();
        for edge in &self.odometry {
            edges.push(between(edge, edge.information.clone()));
        }
        for (edge, weight) in self.closures.iter().zip(&self.weights) {
            if *weight == 0.0 {
                continue;
            }
            let information = if *weight == 1.0 {
                edge.information.clone()
            } else {
                Information::new(edge.information.matrix() * *weight).map_err(|_| {
                    ProblemError::NotFinite {
                        element: format!("information of closure {} -> {}", edge.from, edge.to),
                        value: f64::NAN,
                    }
                })?
            };
            edges.push(between(edge, information));
        }
        let mut fixed = vec![false; self.poses.len()];
        fixed[0] = true;
        PoseGraph::from_parts(GraphParts {
            poses: self.poses.clone(),
            pose_labels: (0..self.poses.len() as u64).collect(),
            pose_fixed: fixed,
            landmarks: Vec::new(),
            landmark_labels: Vec::new(),
            landmark_fixed: Vec::new(),
            sensors: Vec::new(),
            between: edges,
            observations: Vec::new(),
            priors: Vec::new(),
            losses: GraphLosses::default(),
        })
    }

    /// `rᵀ Ω r` of each closure at the current estimate.
    fn errors(&self) -> Vec<f64> {
        self.closures
            .iter()
            .map(|e| {
                let r: SVector<f64, D> =
                    G::between_residual(&self.poses[e.from], &self.poses[e.to], &e.measurement);
                (e.information.root() * r).norm_squared()
            })
            .collect()
    }

    /// The corrected trajectory, `world_from_body`.
    pub fn poses(&self) -> &[G] {
        &self.poses
    }

    /// Weights of the closures, 0 to 1, in the order they came.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Numbers of closures with a weight below one half.
    pub fn rejected(&self) -> impl Iterator<Item = usize> + '_ {
        let weights = self.weights.iter().enumerate();
        weights.filter(|(_, w)| **w < 0.5).map(|(k, _)| k)
    }
}

fn check<G: PoseGroup<D, P>, const D: usize, const P: usize>(
    element: &str,
    pose: &G,
) -> Result<(), ProblemError> {
    if pose.is_finite() {
        return Ok(());
    }
    Err(ProblemError::NotFinite {
        element: element.to_owned(),
        value: f64::NAN,
    })
}

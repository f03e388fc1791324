//! Pose graphs in the plane and in space, with landmarks and priors.

mod factors;
mod gauge;
mod information;
mod initial;
mod labels;
mod least_squares;
mod linearize;
mod objectives;
mod parts;
#[cfg(test)]
mod tests;
mod whiten;

use nalgebra::SVector;
use slam16_geometry::{PoseGroup, Se2, Se3};

pub use factors::{Between, LandmarkObservation, PosePrior};
pub use information::{Information, InformationFault, project_information};
pub use initial::{InitialGuess, InitialReport};
pub use labels::Labels;
pub use least_squares::PoseGraphState;
pub use parts::GraphParts;
use parts::not_finite_vertex;

use crate::{LandmarkId, Loss, PoseId, ProblemError, SensorId};

/// A pose graph in the plane: tangents `[ρx, ρy, φ]`.
pub type PoseGraph2 = PoseGraph<Se2<f64>, 3, 2>;
/// A pose graph in space: tangents `[ρ, φ]`.
pub type PoseGraph3 = PoseGraph<Se3<f64>, 6, 3>;

/// One robust loss per factor set.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GraphLosses {
    /// Loss on between edges.
    pub between: Loss,
    /// Loss on landmark observations.
    pub observations: Loss,
    /// Loss on pose priors.
    pub priors: Loss,
}

/// Poses `world_from_body`, landmarks in the world, and the factors that tie
/// them: `½ Σ ρ(rᵀ Ω r)`.
///
/// `G` is the group, `D` its tangent dimension, `P` the dimension of space.
/// Factor sets, in this order: between edges, landmark observations, pose
/// priors; a kind of which there is no factor has no set. Variables, in this
/// order: poses, landmarks.
#[derive(Clone, Debug)]
pub struct PoseGraph<G, const D: usize, const P: usize> {
    pub(crate) poses: Vec<G>,
    pub(crate) pose_labels: Vec<u64>,
    pub(crate) pose_fixed: Vec<bool>,
    pub(crate) landmarks: Vec<SVector<f64, P>>,
    pub(crate) landmark_labels: Vec<u64>,
    pub(crate) landmark_fixed: Vec<bool>,
    pub(crate) sensors: Vec<G>,
    pub(crate) between: Vec<Between<G, D>>,
    pub(crate) observations: Vec<LandmarkObservation<P>>,
    pub(crate) priors: Vec<PosePrior<G, D>>,
    pub(crate) losses: GraphLosses,
    labels: Labels,
}

/// What a label stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vertex {
    /// A pose.
    Pose(PoseId),
    /// A landmark.
    Landmark(LandmarkId),
}

impl Vertex {
    /// Set in the code of a landmark.
    const LANDMARK: u32 = 1 << 31;

    fn code(self) -> u32 {
        match self {
            Self::Pose(id) => id.0,
            Self::Landmark(id) => id.0 | Self::LANDMARK,
        }
    }

    fn from_code(code: u32) -> Self {
        if code & Self::LANDMARK == 0 {
            Self::Pose(PoseId(code))
        } else {
            Self::Landmark(LandmarkId(code & !Self::LANDMARK))
        }
    }
}

impl<G: PoseGroup<D, P>, const D: usize, const P: usize> Default for PoseGraph<G, D, P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<G: PoseGroup<D, P>, const D: usize, const P: usize> PoseGraph<G, D, P> {
    /// The sensor whose frame is the body frame; always present.
    pub const BODY: SensorId = SensorId(0);

    /// An empty graph.
    pub fn new() -> Self {
        Self {
            poses: Vec::new(),
            pose_labels: Vec::new(),
            pose_fixed: Vec::new(),
            landmarks: Vec::new(),
            landmark_labels: Vec::new(),
            landmark_fixed: Vec::new(),
            sensors: vec![G::identity()],
            between: Vec::new(),
            observations: Vec::new(),
            priors: Vec::new(),
            losses: GraphLosses::default(),
            labels: Labels::new(),
        }
    }

    /// Adds a pose under a label of the caller's.
    ///
    /// # Errors
    /// A label in use, or a number that is not finite.
    pub fn add_pose(&mut self, label: u64, world_from_body: G) -> Result<PoseId, ProblemError> {
        if !world_from_body.is_finite() {
            return Err(not_finite_vertex(label, f64::NAN));
        }
        let id = PoseId::from(self.poses.len());
        self.claim(label, Vertex::Pose(id))?;
        self.poses.push(world_from_body);
        self.pose_labels.push(label);
        self.pose_fixed.push(false);
        Ok(id)
    }

    /// Adds a landmark under a label of the caller's; poses and landmarks
    /// share one set of labels.
    ///
    /// # Errors
    /// As for [`PoseGraph::add_pose`].
    pub fn add_landmark(
        &mut self,
        label: u64,
        in_world: SVector<f64, P>,
    ) -> Result<LandmarkId, ProblemError> {
        if let Some(value) = in_world.iter().find(|x| !x.is_finite()) {
            return Err(not_finite_vertex(label, *value));
        }
        let id = LandmarkId::from(self.landmarks.len());
        self.claim(label, Vertex::Landmark(id))?;
        self.landmarks.push(in_world);
        self.landmark_labels.push(label);
        self.landmark_fixed.push(false);
        Ok(id)
    }

    fn claim(&mut self, label: u64, vertex: Vertex) -> Result<(), ProblemError> {
        match self.labels.insert(label, vertex.code()) {
            None => Ok(()),
            Some(_) => Err(ProblemError::DuplicateVertex { label }),
        }
    }

    /// Mounts a sensor at `body_from_sensor`.
    pub fn add_sensor(&mut self, body_from_sensor: G) -> SensorId {
        let id = SensorId::from(self.sensors.len());
        self.sensors.push(body_from_sensor);
        id
    }

    /// Adds `Xi⁻¹ Xj ≈ Z`, residual `Log(Z⁻¹ Xi⁻¹ Xj)`.
    ///
    /// # Errors
    /// Unknown poses, a pose joined to itself, numbers that are not finite.
    pub fn add_between(
        &mut self,
        from: PoseId,
        to: PoseId,
        measurement: G,
        information: Information<D>,
    ) -> Result<(), ProblemError> {
        self.check_between(from, to, &measurement)?;
        self.between.push(Between {
            from,
            to,
            measurement,
            information,
        });
        Ok(())
    }

    /// Adds an observation of a landmark in a sensor's frame, residual
    /// `(X · body_from_sensor)⁻¹ l − z`.
    ///
    /// # Errors
    /// Unknown ids, numbers that are not finite.
    pub fn add_observation(
        &mut self,
        observation: LandmarkObservation<P>,
    ) -> Result<(), ProblemError> {
        self.check_observation(&observation)?;
        self.observations.push(observation);
        Ok(())
    }

    /// Adds `X ≈ Z`, residual `Log(Z⁻¹ X)`.
    ///
    /// # Errors
    /// Unknown pose, numbers that are not finite.
    pub fn add_prior(
        &mut self,
        pose: PoseId,
        measurement: G,
        information: Information<D>,
    ) -> Result<(), ProblemError> {
        self.check_prior(pose, &measurement)?;
        self.priors.push(PosePrior {
            pose,
            measurement,
            information,
        });
        Ok(())
    }

    fn check_pose(&self, pose: PoseId) -> Result<(), ProblemError> {
        check_range("pose", pose.index(), self.poses.len())
    }

    /// How an edge is named in errors.
    pub(crate) fn edge_name(&self, from: PoseId, to: PoseId) -> String {
        format!(
            "edge {} -> {}",
            self.pose_labels[from.index()],
            self.pose_labels[to.index()]
        )
    }

    /// How a landmark observation is named in errors.
    pub(crate) fn observation_name(&self, pose: PoseId, landmark: LandmarkId) -> String {
        format!(
            "observation {} -> {}",
            self.pose_labels[pose.index()],
            self.landmark_labels[landmark.index()]
        )
    }

    /// How a prior is named in errors.
    pub(crate) fn prior_name(&self, pose: PoseId) -> String {
        format!("prior of vertex {}", self.pose_labels[pose.index()])
    }

    /// What a label stands for.
    pub fn find(&self, label: u64) -> Option<Vertex> {
        self.labels.get(label).map(Vertex::from_code)
    }

    /// All poses, `world_from_body`.
    pub fn poses(&self) -> &[G] {
        &self.poses
    }

    /// All poses, to be overwritten; the number cannot change.
    pub fn poses_mut(&mut self) -> &mut [G] {
        &mut self.poses
    }

    /// Labels of the poses.
    pub fn pose_labels(&self) -> &[u64] {
        &self.pose_labels
    }

    /// Which poses are held.
    pub fn pose_fixed(&self) -> &[bool] {
        &self.pose_fixed
    }

    /// Holds a pose at its value, or lets it go.
    ///
    /// # Errors
    /// An unknown pose.
    pub fn set_pose_fixed(&mut self, pose: PoseId, fixed: bool) -> Result<(), ProblemError> {
        self.check_pose(pose)?;
        self.pose_fixed[pose.index()] = fixed;
        Ok(())
    }

    /// All landmarks, in the world.
    pub fn landmarks(&self) -> &[SVector<f64, P>] {
        &self.landmarks
    }

    /// All landmarks, to be overwritten; the number cannot change.
    pub fn landmarks_mut(&mut self) -> &mut [SVector<f64, P>] {
        &mut self.landmarks
    }

    /// Labels of the landmarks.
    pub fn landmark_labels(&self) -> &[u64] {
        &self.landmark_labels
    }

    /// Which landmarks are held.
    pub fn landmark_fixed(&self) -> &[bool] {
        &self.landmark_fixed
    }

    /// Holds a landmark at its value, or lets it go.
    ///
    /// # Errors
    /// An unknown landmark.
    pub fn set_landmark_fixed(
        &mut self,
        landmark: LandmarkId,
        fixed: bool,
    ) -> Result<(), ProblemError> {
        check_range("landmark", landmark.index(), self.landmarks.len())?;
        self.landmark_fixed[landmark.index()] = fixed;
        Ok(())
    }

    /// Mounted sensors, `body_from_sensor`; the first is the body itself.
    pub fn sensors(&self) -> &[G] {
        &self.sensors
    }

    /// Between edges, in insertion order, duplicates kept.
    pub fn between(&self) -> &[Between<G, D>] {
        &self.between
    }

    /// Landmark observations, in insertion order.
    pub fn observations(&self) -> &[LandmarkObservation<P>] {
        &self.observations
    }

    /// Pose priors, in insertion order.
    pub fn priors(&self) -> &[PosePrior<G, D>] {
        &self.priors
    }

    /// Robust losses.
    pub fn losses(&self) -> GraphLosses {
        self.losses
    }

    /// Sets the robust losses.
    ///
    /// # Errors
    /// A scale that is not positive and finite.
    pub fn set_losses(&mut self, losses: GraphLosses) -> Result<(), ProblemError> {
        losses.between.validate()?;
        losses.observations.validate()?;
        losses.priors.validate()?;
        self.losses = losses;
        Ok(())
    }
}

/// Refuses `found` things where `expected` belong.
pub(crate) fn check_length(
    what: &'static str,
    found: usize,
    expected: usize,
) -> Result<(), ProblemError> {
    if found == expected {
        Ok(())
    } else {
        Err(ProblemError::Length {
            what,
            expected,
            found,
        })
    }
}

pub(crate) fn check_range(
    what: &'static str,
    index: usize,
    count: usize,
) -> Result<(), ProblemError> {
    if index < count {
        Ok(())
    } else {
        Err(ProblemError::OutOfRange { what, index, count })
    }
}

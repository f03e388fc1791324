//! Building a graph from whole arrays.

use nalgebra::SVector;
use slam16_geometry::PoseGroup;

use super::{
    Between, GraphLosses, LandmarkObservation, PoseGraph, PosePrior, check_length, check_range,
};
use crate::{LandmarkId, PoseId, ProblemError, Vertex};

/// Everything a [`PoseGraph`] holds, as plain arrays: for readers, which have
/// all of it before they have any of it right.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphParts<G, const D: usize, const P: usize> {
    /// Poses, `world_from_body`.
    pub poses: Vec<G>,
    /// Their labels; as long as `poses`.
    pub pose_labels: Vec<u64>,
    /// Which are held; as long as `poses`.
    pub pose_fixed: Vec<bool>,
    /// Landmarks in the world.
    pub landmarks: Vec<SVector<f64, P>>,
    /// Their labels; as long as `landmarks`, disjoint from the poses' labels.
    pub landmark_labels: Vec<u64>,
    /// Which are held; as long as `landmarks`.
    pub landmark_fixed: Vec<bool>,
    /// Sensors beside the body itself, `body_from_sensor`: `SensorId(1)` and up.
    pub sensors: Vec<G>,
    /// Between edges.
    pub between: Vec<Between<G, D>>,
    /// Landmark observations.
    pub observations: Vec<LandmarkObservation<P>>,
    /// Pose priors.
    pub priors: Vec<PosePrior<G, D>>,
    /// Robust losses.
    pub losses: GraphLosses,
}

impl<G, const D: usize, const P: usize> Default for GraphParts<G, D, P> {
    fn default() -> Self {
        Self {
            poses: Vec::new(),
            pose_labels: Vec::new(),
            pose_fixed: Vec::new(),
            landmarks: Vec::new(),
            landmark_labels: Vec::new(),
            landmark_fixed: Vec::new(),
            sensors: Vec::new(),
            between: Vec::new(),
            observations: Vec::new(),
            priors: Vec::new(),
            losses: GraphLosses::default(),
        }
    }
}

impl<G: PoseGroup<D, P>, const D: usize, const P: usize> PoseGraph<G, D, P> {
    /// The graph that adding all of `parts` one by one would give, without
    /// copying the factors.
    ///
    /// # Errors
    /// As for the `add_` functions; arrays of unequal length.
    pub fn from_parts(parts: GraphParts<G, D, P>) -> Result<Self, ProblemError> {
        let lengths = [
            ("pose_labels", parts.pose_labels.len(), parts.poses.len()),
            ("pose_fixed", parts.pose_fixed.len(), parts.poses.len()),
            (
                "landmark_labels",
                parts.landmark_labels.len(),
                parts.landmarks.len(),
            ),
            (
                "landmark_fixed",
                parts.landmark_fixed.len(),
                parts.landmarks.len(),
            ),
        ];
        for (what, found, expected) in lengths {
            check_length(what, found, expected)?;
        }
        let mut graph = Self::new();
        graph.check_vertices(&parts)?;
        graph.poses = parts.poses;
        graph.pose_labels = parts.pose_labels;
        graph.pose_fixed = parts.pose_fixed;
        graph.landmarks = parts.landmarks;
        graph.landmark_labels = parts.landmark_labels;
        graph.landmark_fixed = parts.landmark_fixed;
        graph.sensors.extend(parts.sensors);
        for edge in &parts.between {
            graph.check_between(edge.from, edge.to, &edge.measurement)?;
        }
        graph.between = parts.between;
        for observation in &parts.observations {
            graph.check_observation(observation)?;
        }
        graph.observations = parts.observations;
        for prior in &parts.priors {
            graph.check_prior(prior.pose, &prior.measurement)?;
        }
        graph.priors = parts.priors;
        graph.set_losses(parts.losses)?;
        Ok(graph)
    }

    fn check_vertices(&mut self, parts: &GraphParts<G, D, P>) -> Result<(), ProblemError> {
        for (index, (pose, &label)) in parts.poses.iter().zip(&parts.pose_labels).enumerate() {
            if !pose.is_finite() {
                return Err(not_finite_vertex(label, f64::NAN));
            }
            self.claim(label, Vertex::Pose(PoseId::from(index)))?;
        }
        let landmarks = parts.landmarks.iter().zip(&parts.landmark_labels);
        for (index, (landmark, &label)) in landmarks.enumerate() {
            if let Some(value) = landmark.iter().find(|x| !x.is_finite()) {
                return Err(not_finite_vertex(label, *value));
            }
            self.claim(label, Vertex::Landmark(LandmarkId::from(index)))?;
        }
        Ok(())
    }

    pub(super) fn check_between(
        &self,
        from: PoseId,
        to: PoseId,
        measurement: &G,
    ) -> Result<(), ProblemError> {
        self.check_pose(from)?;
        self.check_pose(to)?;
        if from == to {
            return Err(ProblemError::SelfEdge {
                label: self.pose_labels[from.index()],
            });
        }
        if !measurement.is_finite() {
            return Err(ProblemError::NotFinite {
                element: self.edge_name(from, to),
                value: f64::NAN,
            });
        }
        Ok(())
    }

    pub(super) fn check_observation(
        &self,
        observation: &LandmarkObservation<P>,
    ) -> Result<(), ProblemError> {
        self.check_pose(observation.pose)?;
        check_range(
            "landmark",
            observation.landmark.index(),
            self.landmarks.len(),
        )?;
        check_range("sensor", observation.sensor.index(), self.sensors.len())?;
        match observation.measurement.iter().find(|x| !x.is_finite()) {
            None => Ok(()),
            Some(value) => Err(ProblemError::NotFinite {
                element: self.observation_name(observation.pose, observation.landmark),
                value: *value,
            }),
        }
    }

    pub(super) fn check_prior(&self, pose: PoseId, measurement: &G) -> Result<(), ProblemError> {
        self.check_pose(pose)?;
        if measurement.is_finite() {
            return Ok(());
        }
        Err(ProblemError::NotFinite {
            element: self.prior_name(pose),
            value: f64::NAN,
        })
    }
}

pub(super) fn not_finite_vertex(label: u64, value: f64) -> ProblemError {
    ProblemError::NotFinite {
        element: format!("vertex {label}"),
        value,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use nalgebra::{Matrix2, Matrix3, Vector2};
    use slam16_geometry::Se2;

    use super::*;
    use crate::{Information, PoseGraph2, SensorId};

    fn parts() -> GraphParts<Se2, 3, 2> {
        GraphParts {
            poses: vec![
                Se2::from_xy_theta(0.0, 0.0, 0.0),
                Se2::from_xy_theta(1.0, 0.0, 0.1),
            ],
            pose_labels: vec![7, 3],
            pose_fixed: vec![true, false],
            landmarks: vec![Vector2::new(2.0, 1.0)],
            landmark_labels: vec![5],
            landmark_fixed: vec![false],
            sensors: vec![Se2::from_xy_theta(0.1, 0.0, 0.0)],
            between: vec![Between {
                from: PoseId(0),
                to: PoseId(1),
                measurement: Se2::from_xy_theta(1.0, 0.0, 0.1),
                information: Information::new(Matrix3::identity()).unwrap(),
            }],
            observations: vec![LandmarkObservation {
                pose: PoseId(1),
                landmark: LandmarkId(0),
                sensor: SensorId(1),
                measurement: Vector2::new(0.9, 1.0),
                information: Information::new(Matrix2::identity()).unwrap(),
            }],
            priors: vec![PosePrior {
                pose: PoseId(0),
                measurement: Se2::identity(),
                information: Information::new(Matrix3::identity()).unwrap(),
            }],
            losses: GraphLosses::default(),
        }
    }

    #[test]
    fn equals_adding_one_by_one() {
        let whole = PoseGraph2::from_parts(parts()).unwrap();
        let mut single = PoseGraph2::new();
        let given = parts();
        for (pose, label) in given.poses.iter().zip(given.pose_labels) {
            single.add_pose(label, *pose).unwrap();
        }
        single.set_pose_fixed(PoseId(0), true).unwrap();
        single.add_landmark(5, given.landmarks[0]).unwrap();
        single.add_sensor(given.sensors[0]);
        for e in given.between {
            single
                .add_between(e.from, e.to, e.measurement, e.information)
                .unwrap();
        }
        for o in given.observations {
            single.add_observation(o).unwrap();
        }
        for p in given.priors {
            single
                .add_prior(p.pose, p.measurement, p.information)
                .unwrap();
        }
        assert_eq!(whole.poses(), single.poses());
        assert_eq!(whole.pose_fixed(), single.pose_fixed());
        assert_eq!(whole.sensors(), single.sensors());
        assert_eq!(whole.between(), single.between());
        assert_eq!(whole.observations(), single.observations());
        assert_eq!(whole.priors(), single.priors());
        for label in [7, 3, 5, 0] {
            assert_eq!(whole.find(label), single.find(label));
        }
        assert_eq!(whole.find(5), Some(Vertex::Landmark(LandmarkId(0))));
    }

    #[test]
    fn refuses_what_adding_would_refuse() {
        type Spoil = fn(&mut GraphParts<Se2, 3, 2>);
        let cases: [(Spoil, ProblemError); 5] = [
            (
                |p| p.pose_labels[1] = 7,
                ProblemError::DuplicateVertex { label: 7 },
            ),
            (
                |p| p.landmark_labels[0] = 3,
                ProblemError::DuplicateVertex { label: 3 },
            ),
            (
                |p| p.between[0].to = PoseId(0),
                ProblemError::SelfEdge { label: 7 },
            ),
            (
                |p| p.observations[0].sensor = SensorId(2),
                ProblemError::OutOfRange {
                    what: "sensor",
                    index: 2,
                    count: 2,
                },
            ),
            (
                |p| p.pose_fixed.clear(),
                ProblemError::Length {
                    what: "pose_fixed",
                    expected: 2,
                    found: 0,
                },
            ),
        ];
        for (spoil, error) in cases {
            let mut parts = parts();
            spoil(&mut parts);
            assert_eq!(PoseGraph2::from_parts(parts).err(), Some(error));
        }
    }
}

//! Pose graphs in dumps.

use nalgebra::{SMatrix, SVector};
use serde::{Deserialize, Serialize};
use slam16_geometry::{PoseGroup, Se2, Se3, So2, So3};
use slam16_problem::{
    Between, GraphLosses, GraphParts, Information, InformationFault, LandmarkId,
    LandmarkObservation, Loss, PoseGraph, PoseId, PosePrior, ProblemError, SensorId,
};

use super::Fault;
use super::number::{Number, flat};
use crate::graph::syntax::NORM_TOLERANCE;

#[derive(Serialize, Deserialize)]
pub(super) struct GraphDump {
    pose_labels: Vec<u64>,
    poses: Vec<Number>,
    fixed_poses: Vec<u32>,
    landmark_labels: Vec<u64>,
    landmarks: Vec<Number>,
    fixed_landmarks: Vec<u32>,
    sensors: Vec<Number>,
    sensor_labels: Vec<Option<u64>>,
    between: FactorsDump,
    observations: FactorsDump,
    priors: FactorsDump,
    losses: LossesDump,
}

#[derive(Default, Serialize, Deserialize)]
struct FactorsDump {
    /// Pose and pose, pose and landmark and sensor, or pose, of each factor.
    variables: Vec<u32>,
    measurements: Vec<Number>,
    information: Vec<Number>,
}

#[derive(Serialize, Deserialize)]
struct LossesDump {
    between: Loss,
    observations: Loss,
    priors: Loss,
}

/// A pose as the very numbers it is kept in.
pub(super) trait ExactPose<const D: usize, const P: usize>: PoseGroup<D, P> {
    const NUMBERS: usize;
    fn push(&self, into: &mut Vec<Number>);
    /// From `NUMBERS` numbers.
    fn restore(numbers: &[Number]) -> Self;
    /// The numbers are not finite, or those of the rotation of unit norm.
    fn is_sound(&self) -> bool;
}

impl ExactPose<3, 2> for Se2 {
    const NUMBERS: usize = 4;

    fn push(&self, into: &mut Vec<Number>) {
        let (t, r) = (&self.translation, &self.rotation);
        into.extend(flat(&[t.x, t.y, r.cos(), r.sin()]));
    }

    fn restore(n: &[Number]) -> Self {
        let rotation = So2::from_unit_cos_sin(n[2].0, n[3].0);
        Self::new([n[0].0, n[1].0].into(), rotation)
    }

    fn is_sound(&self) -> bool {
        let off = self.rotation.cos().hypot(self.rotation.sin()) - 1.0;
        off.abs() <= NORM_TOLERANCE || !self.is_finite()
    }
}

impl ExactPose<6, 3> for Se3 {
    const NUMBERS: usize = 7;

    fn push(&self, into: &mut Vec<Number>) {
        into.extend(flat(&self.to_storage()));
    }

    fn restore(n: &[Number]) -> Self {
        let rotation = So3::from_unit_xyzw([n[3].0, n[4].0, n[5].0, n[6].0]);
        Self::new([n[0].0, n[1].0, n[2].0].into(), rotation)
    }

    fn is_sound(&self) -> bool {
        let squares: f64 = self.rotation.xyzw().iter().map(|x| x * x).sum();
        (squares.sqrt() - 1.0).abs() <= NORM_TOLERANCE || !self.is_finite()
    }
}

fn exact<G: ExactPose<D, P>, const D: usize, const P: usize>(poses: &[G]) -> Vec<Number> {
    let mut numbers = Vec::with_capacity(poses.len() * G::NUMBERS);
    for pose in poses {
        pose.push(&mut numbers);
    }
    numbers
}

fn push_upper<const D: usize>(information: &Information<D>, into: &mut Vec<Number>) {
    for i in 0..D {
        into.extend((i..D).map(|j| Number(information.matrix()[(i, j)])));
    }
}

fn fixed_indices(fixed: &[bool]) -> Vec<u32> {
    let indices = 0..fixed.len() as u32;
    indices.filter(|i| fixed[*i as usize]).collect()
}

impl GraphDump {
    pub fn of<G: ExactPose<D, P>, const D: usize, const P: usize>(
        graph: &PoseGraph<G, D, P>,
        sensor_labels: &[Option<u64>],
    ) -> Self {
        let mut between = FactorsDump::default();
        for edge in graph.between() {
            between.variables.extend([edge.from.0, edge.to.0]);
            edge.measurement.push(&mut between.measurements);
            push_upper(&edge.information, &mut between.information);
        }
        let mut observations = FactorsDump::default();
        for o in graph.observations() {
            observations
                .variables
                .extend([o.pose.0, o.landmark.0, o.sensor.0]);
            observations.measurements.extend(flat(&o.measurement));
            push_upper(&o.information, &mut observations.information);
        }
        let mut priors = FactorsDump::default();
        for prior in graph.priors() {
            priors.variables.push(prior.pose.0);
            prior.measurement.push(&mut priors.measurements);
            push_upper(&prior.information, &mut priors.information);
        }
        let losses = graph.losses();
        Self {
            pose_labels: graph.pose_labels().to_vec(),
            poses: exact(graph.poses()),
            fixed_poses: fixed_indices(graph.pose_fixed()),
            landmark_labels: graph.landmark_labels().to_vec(),
            landmarks: flat(graph.landmarks().iter().flatten()),
            fixed_landmarks: fixed_indices(graph.landmark_fixed()),
            sensors: exact(&graph.sensors()[1..]),
            sensor_labels: sensor_labels.to_vec(),
            between,
            observations,
            priors,
            losses: LossesDump {
                between: losses.between,
                observations: losses.observations,
                priors: losses.priors,
            },
        }
    }

    /// The graph, and the labels of its sensors. Poses and landmarks are set
    /// last: a dump may hold a state that is not finite.
    pub fn restore<G: ExactPose<D, P>, const D: usize, const P: usize>(
        self,
    ) -> Result<(PoseGraph<G, D, P>, Vec<Option<u64>>), Fault> {
        let poses = restore_poses("poses", &self.poses, self.pose_labels.len())?;
        let landmarks = restore_vectors("landmarks", &self.landmarks, self.landmark_labels.len())?;
        let parts = GraphParts {
            pose_fixed: fixed_flags("fixed_poses", &self.fixed_poses, poses.len())?,
            landmark_fixed: fixed_flags("fixed_landmarks", &self.fixed_landmarks, landmarks.len())?,
            poses: vec![G::identity(); poses.len()],
            landmarks: vec![SVector::zeros(); landmarks.len()],
            pose_labels: self.pose_labels,
            landmark_labels: self.landmark_labels,
            sensors: restore_poses("sensors", &self.sensors, self.sensors.len() / G::NUMBERS)?,
            between: restore_between(&self.between)?,
            observations: restore_observations(&self.observations)?,
            priors: restore_priors(&self.priors)?,
            losses: GraphLosses {
                between: self.losses.between,
                observations: self.losses.observations,
                priors: self.losses.priors,
            },
        };
        let mut graph = PoseGraph::from_parts(parts)?;
        graph.poses_mut().copy_from_slice(&poses);
        graph.landmarks_mut().copy_from_slice(&landmarks);
        Ok((graph, self.sensor_labels))
    }
}

pub(super) fn check_length(
    what: &'static str,
    found: usize,
    expected: usize,
) -> Result<(), ProblemError> {
    if found == expected {
        return Ok(());
    }
    Err(ProblemError::Length {
        what,
        expected,
        found,
    })
}

fn restore_poses<G: ExactPose<D, P>, const D: usize, const P: usize>(
    what: &'static str,
    numbers: &[Number],
    count: usize,
) -> Result<Vec<G>, Fault> {
    check_length(what, numbers.len(), count * G::NUMBERS)?;
    let poses: Vec<G> = numbers.chunks_exact(G::NUMBERS).map(G::restore).collect();
    match poses.iter().position(|pose| !pose.is_sound()) {
        Some(index) => Err(Fault::NotUnit { what, index }),
        None => Ok(poses),
    }
}

pub(super) fn restore_vectors<const N: usize>(
    what: &'static str,
    numbers: &[Number],
    count: usize,
) -> Result<Vec<SVector<f64, N>>, ProblemError> {
    check_length(what, numbers.len(), count * N)?;
    let vector = |chunk: &[Number]| SVector::from_fn(|i, _| chunk[i].0);
    Ok(numbers.chunks_exact(N).map(vector).collect())
}

pub(super) fn fixed_flags(
    what: &'static str,
    indices: &[u32],
    count: usize,
) -> Result<Vec<bool>, ProblemError> {
    let mut flags = vec![false; count];
    for &index in indices {
        let index = index as usize;
        *flags
            .get_mut(index)
            .ok_or(ProblemError::OutOfRange { what, index, count })? = true;
    }
    Ok(flags)
}

fn restore_information<const D: usize>(
    factors: &FactorsDump,
    what: &'static str,
    count: usize,
) -> Result<Vec<Information<D>>, ProblemError> {
    let each = D * (D + 1) / 2;
    check_length(what, factors.information.len(), count * each)?;
    let chunks = factors.information.chunks_exact(each).enumerate();
    chunks
        .map(|(index, numbers)| {
            let mut matrix = SMatrix::zeros();
            let mut next = numbers.iter();
            for i in 0..D {
                for (j, number) in (i..D).zip(&mut next) {
                    matrix[(i, j)] = number.0;
                }
            }
            Information::new(matrix).map_err(|fault| match fault {
                InformationFault::NotFinite(value) => ProblemError::NotFinite {
                    element: format!("{what} {index}"),
                    value,
                },
                InformationFault::Indefinite {
                    smallest_eigenvalue,
                } => ProblemError::Indefinite {
                    factor: format!("{what} {index}"),
                    smallest_eigenvalue,
                },
            })
        })
        .collect()
}

fn restore_between<G: ExactPose<D, P>, const D: usize, const P: usize>(
    factors: &FactorsDump,
) -> Result<Vec<Between<G, D>>, Fault> {
    let count = factors.variables.len() / 2;
    check_length(
        "variables of between edges",
        factors.variables.len(),
        2 * count,
    )?;
    let measurements = restore_poses("between measurements", &factors.measurements, count)?;
    let information = restore_information(factors, "between edge", count)?;
    let factors = factors
        .variables
        .chunks_exact(2)
        .zip(measurements)
        .zip(information);
    Ok(factors
        .map(|((v, measurement), information)| Between {
            from: PoseId(v[0]),
            to: PoseId(v[1]),
            measurement,
            information,
        })
        .collect())
}

fn restore_observations<const P: usize>(
    factors: &FactorsDump,
) -> Result<Vec<LandmarkObservation<P>>, ProblemError> {
    let count = factors.variables.len() / 3;
    check_length(
        "variables of observations",
        factors.variables.len(),
        3 * count,
    )?;
    let measurements = restore_vectors("observation measurements", &factors.measurements, count)?;
    let information = restore_information(factors, "observation", count)?;
    let factors = factors
        .variables
        .chunks_exact(3)
        .zip(measurements)
        .zip(information);
    Ok(factors
        .map(|((v, measurement), information)| LandmarkObservation {
            pose: PoseId(v[0]),
            landmark: LandmarkId(v[1]),
            sensor: SensorId(v[2]),
            measurement,
            information,
        })
        .collect())
}

fn restore_priors<G: ExactPose<D, P>, const D: usize, const P: usize>(
    factors: &FactorsDump,
) -> Result<Vec<PosePrior<G, D>>, Fault> {
    let count = factors.variables.len();
    let measurements = restore_poses("prior measurements", &factors.measurements, count)?;
    let information = restore_information(factors, "prior", count)?;
    let factors = factors.variables.iter().zip(measurements).zip(information);
    Ok(factors
        .map(|((pose, measurement), information)| PosePrior {
            pose: PoseId(*pose),
            measurement,
            information,
        })
        .collect())
}

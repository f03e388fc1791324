//! The factors of a pose graph, as data.

use nalgebra::SVector;

use super::Information;
use crate::{LandmarkId, PoseId, SensorId};

/// A relative pose: residual `Log(Z⁻¹ Xi⁻¹ Xj)`, `D` scalars.
#[derive(Clone, Debug, PartialEq)]
pub struct Between<G, const D: usize> {
    /// `i`.
    pub from: PoseId,
    /// `j`.
    pub to: PoseId,
    /// `Z`, i from j.
    pub measurement: G,
    /// `Ω`, in tangent order `[ρ, φ]`.
    pub information: Information<D>,
}

/// A landmark seen from a pose: residual `(X · body_from_sensor)⁻¹ l − z`.
#[derive(Clone, Debug, PartialEq)]
pub struct LandmarkObservation<const P: usize> {
    /// The observing pose.
    pub pose: PoseId,
    /// The landmark.
    pub landmark: LandmarkId,
    /// The sensor it was seen with.
    pub sensor: SensorId,
    /// `z`, in the sensor's frame.
    pub measurement: SVector<f64, P>,
    /// `Ω`.
    pub information: Information<P>,
}

/// A pose known from elsewhere: residual `Log(Z⁻¹ X)`.
#[derive(Clone, Debug, PartialEq)]
pub struct PosePrior<G, const D: usize> {
    /// The pose.
    pub pose: PoseId,
    /// `Z`, in the world.
    pub measurement: G,
    /// `Ω`, in tangent order `[ρ, φ]`.
    pub information: Information<D>,
}

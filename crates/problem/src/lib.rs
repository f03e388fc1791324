//! Pose graphs and bundles as typed least-squares problems in f64.
//!
//! A problem is data plus the few operations a backend needs
//! ([`LeastSquares`]): cost, linearisation, retraction. It knows nothing of
//! solvers.

mod bundle;
mod components;
mod error;
mod ids;
#[cfg(test)]
mod jacobian_check;
mod least_squares;
mod loss;
mod pose_graph;
mod trajectory;

pub use bundle::{
    BalIntrinsics, Bundle, BundleState, Camera, DensePrior, Lens, LocalBundle, LocalCamera,
    LocalLens, LocalObservation, Observation,
};
pub use error::ProblemError;
pub use ids::{CameraId, LandmarkId, LensId, PointId, PoseId, SensorId};
pub use least_squares::{Cost, LeastSquares, Note, ProblemKind, Setup};
pub use loss::Loss;
pub use pose_graph::{
    Between, GraphLosses, GraphParts, Information, InformationFault, InitialGuess, InitialReport,
    Labels, LandmarkObservation, PoseGraph, PoseGraph2, PoseGraph3, PoseGraphState, PosePrior,
    Vertex, project_information,
};
pub use trajectory::Trajectory;

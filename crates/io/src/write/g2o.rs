//! Writing g2o.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use nalgebra::{SMatrix, SVector};
use slam16_geometry::{PoseGroup, Se2, Se3};
use slam16_problem::{PoseGraph, SensorId};

use super::angle::angle_of;
use super::number::Row;
use super::{ProblemRef, write_atomically};
use crate::error::WriteError;

/// Writes a graph as g2o: sensors, poses, landmarks, FIX lines, edges,
/// observations, priors, each in the graph's order, duplicates kept. Numbers
/// are the shortest that read back to the same bits, so a graph that was read
/// from a file and written reads back equal. Robust losses are not part of
/// the format.
///
/// `sensor_labels` are the ids of sensors by `SensorId`, as
/// [`Loaded::sensor_labels`](crate::Loaded::sensor_labels) has them; where one
/// lacks, a free id is taken.
///
/// # Errors
/// [`WriteError`]: a bundle, numbers that are not finite, or no way to write there.
pub fn write_g2o<'p>(
    path: impl AsRef<Path>,
    problem: impl Into<ProblemRef<'p>>,
    sensor_labels: &[Option<u64>],
) -> Result<(), WriteError> {
    let path = path.as_ref();
    match problem.into() {
        ProblemRef::Graph2(graph) => write_graph(path, graph, sensor_labels),
        ProblemRef::Graph3(graph) => write_graph(path, graph, sensor_labels),
        ProblemRef::Bundle(_) => Err(WriteError::Unsupported {
            path: path.to_owned(),
            format: "g2o",
            what: "cameras with lenses".into(),
        }),
    }
}

/// Tags and numbers of a pose group in g2o.
trait G2oPose<const D: usize, const P: usize>: PoseGroup<D, P> {
    const POSE: &'static str;
    const LANDMARK: &'static str;
    const BETWEEN: &'static str;
    const OBSERVATION: &'static str;
    const PRIOR: &'static str;
    /// Observations and priors name a sensor.
    const NAMES_SENSORS: bool;

    fn numbers(&self) -> Self::Storage;
}

impl G2oPose<3, 2> for Se2 {
    const POSE: &'static str = "VERTEX_SE2";
    const LANDMARK: &'static str = "VERTEX_XY";
    const BETWEEN: &'static str = "EDGE_SE2";
    const OBSERVATION: &'static str = "EDGE_SE2_XY";
    const PRIOR: &'static str = "EDGE_PRIOR_SE2";
    const NAMES_SENSORS: bool = false;

    fn numbers(&self) -> [f64; 3] {
        let t = &self.translation;
        [t.x, t.y, angle_of(&self.rotation)]
    }
}

impl G2oPose<6, 3> for Se3 {
    const POSE: &'static str = "VERTEX_SE3:QUAT";
    const LANDMARK: &'static str = "VERTEX_TRACKXYZ";
    const BETWEEN: &'static str = "EDGE_SE3:QUAT";
    const OBSERVATION: &'static str = "EDGE_SE3_TRACKXYZ";
    const PRIOR: &'static str = "EDGE_SE3_PRIOR";
    const NAMES_SENSORS: bool = true;

    fn numbers(&self) -> [f64; 7] {
        self.to_storage()
    }
}

/// The upper triangle of a symmetric matrix, row by row.
struct Upper<'m, const D: usize>(&'m SMatrix<f64, D, D>);

impl<const D: usize> fmt::Display for Upper<'_, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for i in 0..D {
            for j in i..D {
                let space = if j == 0 { "" } else { " " };
                write!(f, "{space}{}", Row(&[self.0[(i, j)]]))?;
            }
        }
        Ok(())
    }
}

fn write_graph<G: G2oPose<D, P>, const D: usize, const P: usize>(
    path: &Path,
    graph: &PoseGraph<G, D, P>,
    sensor_labels: &[Option<u64>],
) -> Result<(), WriteError> {
    let finite = graph.poses().iter().all(G::is_finite)
        && graph.sensors().iter().all(G::is_finite)
        && graph.landmarks().iter().flatten().all(|x| x.is_finite());
    if !finite {
        return Err(WriteError::Unsupported {
            path: path.to_owned(),
            format: "g2o",
            what: "numbers that are not finite".into(),
        });
    }
    let sensors = sensor_ids(graph, sensor_labels);
    write_atomically(path, |out| {
        write_vertices(out, graph, &sensors)?;
        write_factors(out, graph, &sensors)
    })
}

/// Ids for all sensors, `None` for one that needs no line.
fn sensor_ids<G: G2oPose<D, P>, const D: usize, const P: usize>(
    graph: &PoseGraph<G, D, P>,
    given: &[Option<u64>],
) -> Vec<Option<u64>> {
    let body_used =
        !graph.priors().is_empty() || graph.observations().iter().any(|o| o.sensor == SensorId(0));
    let mut free = (0..).filter(|id| !given.contains(&Some(*id)));
    (0..graph.sensors().len())
        .map(|i| {
            let needed = G::NAMES_SENSORS && (i > 0 || body_used);
            let given = given.get(i).copied().flatten();
            given.or_else(|| if needed { free.next() } else { None })
        })
        .collect()
}

fn write_vertices<G: G2oPose<D, P>, const D: usize, const P: usize>(
    out: &mut dyn Write,
    graph: &PoseGraph<G, D, P>,
    sensors: &[Option<u64>],
) -> io::Result<()> {
    for (pose, id) in graph.sensors().iter().zip(sensors) {
        if G::NAMES_SENSORS
            && let Some(id) = id
        {
            let numbers = pose.numbers();
            writeln!(out, "PARAMS_SE3OFFSET {id} {}", Row(numbers.as_ref()))?;
        }
    }
    for (pose, label) in graph.poses().iter().zip(graph.pose_labels()) {
        let numbers = pose.numbers();
        writeln!(out, "{} {label} {}", G::POSE, Row(numbers.as_ref()))?;
    }
    for (landmark, label) in graph.landmarks().iter().zip(graph.landmark_labels()) {
        writeln!(out, "{} {label} {}", G::LANDMARK, Row(landmark.as_slice()))?;
    }
    let poses = graph.pose_labels().iter().zip(graph.pose_fixed());
    let landmarks = graph.landmark_labels().iter().zip(graph.landmark_fixed());
    for (label, fixed) in poses.chain(landmarks) {
        if *fixed {
            writeln!(out, "FIX {label}")?;
        }
    }
    Ok(())
}

fn write_factors<G: G2oPose<D, P>, const D: usize, const P: usize>(
    out: &mut dyn Write,
    graph: &PoseGraph<G, D, P>,
    sensors: &[Option<u64>],
) -> io::Result<()> {
    let labels = graph.pose_labels();
    for edge in graph.between() {
        let (from, to) = (labels[edge.from.index()], labels[edge.to.index()]);
        let (numbers, matrix) = (edge.measurement.numbers(), edge.information.matrix());
        let numbers = Row(numbers.as_ref());
        writeln!(
            out,
            "{} {from} {to} {numbers} {}",
            G::BETWEEN,
            Upper(matrix)
        )?;
    }
    for observation in graph.observations() {
        let pose = labels[observation.pose.index()];
        let landmark = graph.landmark_labels()[observation.landmark.index()];
        write!(out, "{} {pose} {landmark}", G::OBSERVATION)?;
        let (mut point, mut matrix) = (observation.measurement, *observation.information.matrix());
        if G::NAMES_SENSORS {
            write!(out, " {}", sensors[observation.sensor.index()].unwrap_or(0))?;
        } else if observation.sensor != SensorId(0) {
            (point, matrix) = seen_by_body(graph, observation.sensor, &point, &matrix);
        }
        writeln!(out, " {} {}", Row(point.as_slice()), Upper(&matrix))?;
    }
    for prior in graph.priors() {
        write!(out, "{} {}", G::PRIOR, labels[prior.pose.index()])?;
        if G::NAMES_SENSORS {
            write!(out, " {}", sensors[0].unwrap_or(0))?;
        }
        let (numbers, matrix) = (prior.measurement.numbers(), prior.information.matrix());
        writeln!(out, " {} {}", Row(numbers.as_ref()), Upper(matrix))?;
    }
    Ok(())
}

/// An observation moved from a sensor's frame to the body's, where the format
/// has no sensors: `z ← S z`, `Ω ← R Ω Rᵀ`, which leaves the cost the same.
fn seen_by_body<G: G2oPose<D, P>, const D: usize, const P: usize>(
    graph: &PoseGraph<G, D, P>,
    sensor: SensorId,
    point: &SVector<f64, P>,
    matrix: &SMatrix<f64, P, P>,
) -> (SVector<f64, P>, SMatrix<f64, P, P>) {
    let body_from_sensor = graph.sensors()[sensor.index()];
    let rotation = body_from_sensor.rotation_matrix();
    (
        body_from_sensor.act(point),
        rotation * matrix * rotation.transpose(),
    )
}

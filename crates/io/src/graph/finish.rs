//! From collected lines to a graph.

use std::path::Path;

use slam16_geometry::PoseGroup;
use slam16_problem::{GraphParts, PoseGraph, SensorId};

use super::builder::{Builder, Named};
use super::check::check;
use super::factor::Factor;
use super::initial::{Initial, compose};
use super::syntax::FilePose;
use crate::error::{Place, ReadError};
use crate::scan::Scan;
use crate::warning::{WarningKind, Warnings};

/// A vertex held by a FIX line.
#[derive(Clone, Debug)]
pub(crate) struct Fixed {
    pub label: u64,
    pub line: u64,
    pub column: u64,
}

/// A graph with what only the file knows.
pub(crate) struct Finished<G, const D: usize, const P: usize> {
    pub graph: PoseGraph<G, D, P>,
    pub initial: Initial,
    /// The file's ids of the sensors, by `SensorId`; `None` for a body without one.
    pub sensor_labels: Vec<Option<u64>>,
}

impl<G: FilePose<D, P>, const D: usize, const P: usize> Builder<G, D, P> {
    /// Checks that every vertex is defined (or none), gives poses to files
    /// without, and brings vertices into the order of their lines.
    pub fn finish(
        mut self,
        fixed: &[Fixed],
        path: &Path,
        warnings: &mut Warnings,
    ) -> Scan<Finished<G, D, P>> {
        let mut lines = self.pose_lines.iter().chain(&self.landmark_lines);
        let any_defined = lines.any(|line| *line > 0);
        let undefined = self.mentions.iter().find(|m| self.line_of(m.vertex) == 0);
        if any_defined && let Some(m) = undefined {
            return Err(unknown(path, (m.line, m.column), m.factor, m.label));
        }
        self.mentions = Vec::new();
        self.hold(fixed, path)?;

        let Self {
            mut parts,
            pose_lines,
            landmark_lines,
            ..
        } = self;
        let initial = if any_defined {
            sort_poses(&mut parts, |i| u64::from(pose_lines[i]));
            sort_landmarks(&mut parts, |i| u64::from(landmark_lines[i]));
            Initial::File
        } else {
            let labels = parts.pose_labels.clone();
            sort_poses(&mut parts, |i| labels[i]);
            let labels = parts.landmark_labels.clone();
            sort_landmarks(&mut parts, |i| labels[i]);
            part_labels(&mut parts, warnings);
            compose(&mut parts)
        };
        shrink(&mut parts);
        let sensor_labels = (0..=parts.sensors.len())
            .map(SensorId::from)
            .map(|id| self.sensor_labels.iter().find(|s| s.1 == id).map(|s| s.0))
            .collect();
        let graph = PoseGraph::from_parts(parts).map_err(|source| {
            let path = path.to_owned();
            Box::new(ReadError::Problem { path, source })
        })?;
        check(&graph, warnings);
        Ok(Finished {
            graph,
            initial,
            sensor_labels,
        })
    }

    fn hold(&mut self, fixed: &[Fixed], path: &Path) -> Scan<()> {
        self.parts.pose_fixed = vec![false; self.parts.poses.len()];
        self.parts.landmark_fixed = vec![false; self.parts.landmarks.len()];
        for fix in fixed {
            match self.find(fix.label) {
                Some(Named::Pose(i)) => self.parts.pose_fixed[i as usize] = true,
                Some(Named::Landmark(i)) => self.parts.landmark_fixed[i as usize] = true,
                None => {
                    return Err(unknown(
                        path,
                        (fix.line, fix.column),
                        Factor::Fix,
                        fix.label,
                    ));
                }
            }
        }
        Ok(())
    }
}

#[cold]
fn unknown(path: &Path, (line, column): (u64, u64), factor: Factor, label: u64) -> Box<ReadError> {
    Box::new(ReadError::UnknownVertex {
        at: Place {
            path: path.to_owned(),
            line,
            column,
        },
        factor: factor.to_string(),
        label,
    })
}

/// The order that sorts `0..count` by `key`, and its inverse; `None` if it is
/// sorted already, as it is in nearly every file.
fn sorting(count: usize, key: impl Fn(usize) -> u64) -> Option<(Vec<u32>, Vec<u32>)> {
    if (1..count).all(|i| key(i - 1) <= key(i)) {
        return None;
    }
    let mut order: Vec<u32> = (0..count as u32).collect();
    order.sort_by_key(|i| key(*i as usize));
    let mut inverse = vec![0; count];
    for (new, old) in order.iter().enumerate() {
        inverse[*old as usize] = new as u32;
    }
    Some((order, inverse))
}

fn reorder<T: Clone>(items: &mut Vec<T>, order: &[u32]) {
    *items = order.iter().map(|i| items[*i as usize].clone()).collect();
}

fn sort_poses<G: PoseGroup<D, P>, const D: usize, const P: usize>(
    parts: &mut GraphParts<G, D, P>,
    key: impl Fn(usize) -> u64,
) {
    let Some((order, inverse)) = sorting(parts.poses.len(), key) else {
        return;
    };
    reorder(&mut parts.poses, &order);
    reorder(&mut parts.pose_labels, &order);
    reorder(&mut parts.pose_fixed, &order);
    for edge in &mut parts.between {
        edge.from.0 = inverse[edge.from.index()];
        edge.to.0 = inverse[edge.to.index()];
    }
    for observation in &mut parts.observations {
        observation.pose.0 = inverse[observation.pose.index()];
    }
    for prior in &mut parts.priors {
        prior.pose.0 = inverse[prior.pose.index()];
    }
}

fn sort_landmarks<G: PoseGroup<D, P>, const D: usize, const P: usize>(
    parts: &mut GraphParts<G, D, P>,
    key: impl Fn(usize) -> u64,
) {
    let Some((order, inverse)) = sorting(parts.landmarks.len(), key) else {
        return;
    };
    reorder(&mut parts.landmarks, &order);
    reorder(&mut parts.landmark_labels, &order);
    reorder(&mut parts.landmark_fixed, &order);
    for observation in &mut parts.observations {
        observation.landmark.0 = inverse[observation.landmark.index()];
    }
}

/// Shifts landmark labels past the poses' if any two are the same: the file
/// counts landmarks apart. Labels are sorted here.
fn part_labels<G, const D: usize, const P: usize>(
    parts: &mut GraphParts<G, D, P>,
    warnings: &mut Warnings,
) {
    let overlap = parts
        .landmark_labels
        .iter()
        .any(|label| parts.pose_labels.binary_search(label).is_ok());
    let Some(shift) = parts
        .pose_labels
        .last()
        .and_then(|last| last.checked_add(1))
    else {
        return;
    };
    let fits = parts
        .landmark_labels
        .last()
        .is_some_and(|last| last.checked_add(shift).is_some());
    if overlap && fits {
        for label in &mut parts.landmark_labels {
            *label += shift;
            let new = *label;
            warnings.add(WarningKind::LandmarkLabelsShifted, None, || {
                format!("{} became {new}", new - shift)
            });
        }
    }
}

/// Gives back what growing took too much.
fn shrink<G, const D: usize, const P: usize>(parts: &mut GraphParts<G, D, P>) {
    parts.poses.shrink_to_fit();
    parts.pose_labels.shrink_to_fit();
    parts.landmarks.shrink_to_fit();
    parts.landmark_labels.shrink_to_fit();
    parts.between.shrink_to_fit();
    parts.observations.shrink_to_fit();
    parts.priors.shrink_to_fit();
}

//! From a problem and a summary to a picture.

use std::path::Path;

use slam16::geometry::PoseGroup;
use slam16::io::AnyProblem;
use slam16::problem::{PoseGraph, Vertex};
use slam16::solver::Summary;

use crate::format::{describe, seconds};
use crate::plot::{Figure, Sample, Scene, View};

/// Where everything is now.
pub fn view(problem: &AnyProblem) -> View {
    match problem {
        AnyProblem::Graph2(graph) => view_of(graph),
        AnyProblem::Graph3(graph) => view_of(graph),
        AnyProblem::Bundle(bundle) => View {
            path: bundle
                .cameras()
                .iter()
                .map(|c| c.world_from_camera.translation.into())
                .collect(),
            landmarks: bundle.points().iter().map(|p| (*p).into()).collect(),
        },
    }
}

/// What does not move: links, and what things are called.
pub fn scene(problem: &AnyProblem) -> Scene {
    match problem {
        AnyProblem::Graph2(graph) => scene_of(graph),
        AnyProblem::Graph3(graph) => scene_of(graph),
        AnyProblem::Bundle(_) => Scene {
            links: Vec::new(),
            travelled: false,
            places: "cameras",
            unit: "",
        },
    }
}

fn point<const P: usize>(coordinates: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut point = [0.0; 3];
    for (to, from) in point.iter_mut().zip(coordinates) {
        *to = from;
    }
    point
}

/// Indices of the poses in the order of their labels: along the trajectory.
fn along<G: PoseGroup<D, P>, const D: usize, const P: usize>(
    graph: &PoseGraph<G, D, P>,
) -> Vec<u32> {
    let mut order: Vec<u32> = (0..graph.poses().len() as u32).collect();
    order.sort_unstable_by_key(|k| graph.pose_labels()[*k as usize]);
    order
}

fn view_of<G: PoseGroup<D, P>, const D: usize, const P: usize>(graph: &PoseGraph<G, D, P>) -> View {
    View {
        path: along(graph)
            .into_iter()
            .map(|k| point::<P>(graph.poses()[k as usize].translation().iter().copied()))
            .collect(),
        landmarks: graph
            .landmarks()
            .iter()
            .map(|l| point::<P>(l.iter().copied()))
            .collect(),
    }
}

fn scene_of<G: PoseGroup<D, P>, const D: usize, const P: usize>(
    graph: &PoseGraph<G, D, P>,
) -> Scene {
    let mut place = vec![0_u32; graph.poses().len()];
    for (k, pose) in along(graph).into_iter().enumerate() {
        place[pose as usize] = k as u32;
    }
    let links = graph
        .between()
        .iter()
        .map(|edge| (place[edge.from.index()], place[edge.to.index()]))
        .filter(|(i, j)| i.abs_diff(*j) != 1)
        .collect();
    Scene {
        links,
        travelled: true,
        places: "poses",
        unit: "m",
    }
}

/// The picture of a solve.
pub fn figure(
    input: &Path,
    problem: &AnyProblem,
    before: View,
    summary: &Summary,
    text: String,
) -> Figure {
    let mut accepted = vec![Sample {
        seconds: summary.seconds.setup,
        cost: summary.initial_robust_cost,
    }];
    let mut rejected = Vec::new();
    let mut now = summary.seconds.setup;
    for step in &summary.iterations {
        now += step.seconds.total;
        let sample = Sample {
            seconds: now,
            cost: step.cost,
        };
        if step.accepted {
            accepted.push(sample);
        } else {
            rejected.push(sample);
        }
    }
    let name = input.file_name().map_or_else(
        || input.display().to_string(),
        |n| n.to_string_lossy().into(),
    );
    Figure {
        title: format!("{name}: {}", describe(problem)),
        caption: format!(
            "cost {:.6e} → {:.6e} in {}; {}",
            summary.initial_robust_cost,
            summary.robust_cost,
            seconds(summary.seconds.total),
            summary.stop
        ),
        before,
        after: view(problem),
        scene: scene(problem),
        accepted,
        rejected,
        summary: text,
    }
}

/// The label of a variable, as the file has it.
pub fn label(problem: &AnyProblem, id: u64) -> String {
    let of_graph = |vertex: Option<Vertex>| match vertex {
        Some(Vertex::Landmark(_)) => format!("landmark {id}"),
        _ => format!("pose {id}"),
    };
    match problem {
        AnyProblem::Graph2(graph) => of_graph(graph.find(id)),
        AnyProblem::Graph3(graph) => of_graph(graph.find(id)),
        AnyProblem::Bundle(_) => format!("camera {id}"),
    }
}

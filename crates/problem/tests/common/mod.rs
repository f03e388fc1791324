//! Just enough of the g2o format for these tests.

#![allow(clippy::unwrap_used, clippy::panic, dead_code)]

use nalgebra::SMatrix;
use slam16_geometry::{PoseGroup, Se2, Se3};
use slam16_problem::{Information, PoseGraph, PoseGraph2, PoseGraph3, Vertex};

fn text(name: &str) -> String {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let folder = std::env::var("SLAM16_DATA").unwrap_or_else(|_| default.to_owned());
    let path = format!("{folder}/pgo/{name}");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn read<G, const D: usize, const P: usize>(name: &str, tags: [&str; 2]) -> PoseGraph<G, D, P>
where
    G: PoseGroup<D, P>,
{
    let mut graph = PoseGraph::new();
    let mut edges = Vec::new();
    for line in text(name).lines() {
        let mut words = line.split_whitespace();
        let tag = words.next().unwrap_or("");
        if !tags.contains(&tag) {
            continue;
        }
        let numbers: Vec<f64> = words.map(|w| w.parse().unwrap()).collect();
        if tag == tags[0] {
            let pose = G::from_slice(&numbers[1..]).unwrap();
            graph.add_pose(numbers[0] as u64, pose).unwrap();
        } else {
            edges.push(numbers);
        }
    }
    for numbers in edges {
        let ids = [numbers[0], numbers[1]].map(|label| {
            let label = label as u64;
            match graph.find(label) {
                Some(Vertex::Pose(id)) => id,
                _ => graph.add_pose(label, G::identity()).unwrap(),
            }
        });
        let (z, mut rest) = numbers[2..].split_at(G::STORAGE);
        let mut omega = SMatrix::<f64, D, D>::zeros();
        for r in 0..D {
            for c in r..D {
                omega[(r, c)] = rest[0];
                rest = &rest[1..];
            }
        }
        let (z, omega) = (G::from_slice(z).unwrap(), Information::new(omega).unwrap());
        graph.add_between(ids[0], ids[1], z, omega).unwrap();
    }
    graph
}

pub fn plane(name: &str) -> PoseGraph2 {
    read::<Se2, 3, 2>(name, ["VERTEX_SE2", "EDGE_SE2"])
}

pub fn space(name: &str) -> PoseGraph3 {
    read::<Se3, 6, 3>(name, ["VERTEX_SE3:QUAT", "EDGE_SE3:QUAT"])
}

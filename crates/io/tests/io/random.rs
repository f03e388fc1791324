//! Random graphs read back equal from what was written.

use nalgebra::{SMatrix, SVector};
use proptest::prelude::*;
use slam16_geometry::{PoseGroup, Se2, Se3};
use slam16_io::{AnyProblem, ReadOptions, read, write_g2o};
use slam16_problem::{Information, LandmarkId, LandmarkObservation, PoseGraph, PoseId, SensorId};

use crate::common::assert_same;

type Index = prop::sample::Index;

/// Raw numbers of a graph: vertices by label, factors by index.
#[derive(Clone, Debug)]
struct Raw {
    poses: Vec<([f64; 6], bool)>,
    landmarks: Vec<([f64; 3], bool)>,
    shift: u64,
    between: Vec<(Index, Index, [f64; 6], [f64; 36])>,
    observations: Vec<Observed>,
    priors: Vec<(Index, [f64; 6], [f64; 36])>,
}

/// Pose, landmark, measurement, root of the information, whether through a sensor.
type Observed = (Index, Index, [f64; 3], [f64; 36], bool);

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -3.0..3.0f64,
        1 => -1e6..1e6f64,
        1 => Just(0.0),
        1 => (-30..30i32).prop_map(|e| 10f64.powi(e)),
    ]
}

fn six() -> impl Strategy<Value = [f64; 6]> {
    prop::array::uniform6(number())
}

fn root() -> impl Strategy<Value = [f64; 36]> {
    prop::collection::vec(-3.0..3.0f64, 36).prop_map(|v| std::array::from_fn(|i| v[i]))
}

fn raw() -> impl Strategy<Value = Raw> {
    use prop::collection::vec;
    let index = any::<Index>;
    let three = || prop::array::uniform3(number());
    (
        vec((six(), any::<bool>()), 2..20),
        vec((three(), any::<bool>()), 1..6),
        prop_oneof![Just(0u64), 0..5000u64, Just(1 << 60)],
        vec((index(), index(), six(), root()), 0..40),
        vec((index(), index(), three(), root(), any::<bool>()), 0..20),
        vec((index(), six(), root()), 0..3),
    )
        .prop_map(
            |(poses, landmarks, shift, between, observations, priors)| Raw {
                poses,
                landmarks,
                shift,
                between,
                observations,
                priors,
            },
        )
}

/// `RᵀR + 1e-3 I` of the leading block of random numbers.
fn information<const D: usize>(numbers: &[f64; 36]) -> Information<D> {
    let root = SMatrix::<f64, D, D>::from_fn(|i, j| numbers[6 * i + j]);
    Information::new(root.transpose() * root + SMatrix::identity() * 1e-3).unwrap()
}

fn build<G: PoseGroup<D, P>, const D: usize, const P: usize>(
    raw: &Raw,
    pose: impl Fn(&[f64; 6]) -> G,
) -> PoseGraph<G, D, P> {
    let mut graph = PoseGraph::new();
    let poses = raw.poses.len() as u64;
    for (i, (numbers, fixed)) in raw.poses.iter().enumerate() {
        // Labels run backwards, so that their order is not the vertices' order.
        let id = graph
            .add_pose(raw.shift + poses - i as u64, pose(numbers))
            .unwrap();
        graph.set_pose_fixed(id, *fixed).unwrap();
    }
    for (i, (point, fixed)) in raw.landmarks.iter().enumerate() {
        let point = SVector::from_fn(|k, _| point[k]);
        let id = graph
            .add_landmark(raw.shift + poses + 1 + i as u64, point)
            .unwrap();
        graph.set_landmark_fixed(id, *fixed).unwrap();
    }
    let sensor = match P {
        3 => graph.add_sensor(pose(&[0.1, 0.2, -0.3, 0.4, 0.5, 0.6])),
        _ => SensorId(0),
    };
    let index = |i: &Index| PoseId::from(i.index(raw.poses.len()));
    for (from, to, numbers, root) in &raw.between {
        if index(from) != index(to) {
            let measurement = pose(numbers);
            graph
                .add_between(index(from), index(to), measurement, information(root))
                .unwrap();
        }
    }
    for (from, to, numbers, root, through_sensor) in &raw.observations {
        let observation = LandmarkObservation {
            pose: index(from),
            landmark: LandmarkId::from(to.index(raw.landmarks.len())),
            sensor: if *through_sensor { sensor } else { SensorId(0) },
            measurement: SVector::from_fn(|k, _| numbers[k]),
            information: information(root),
        };
        graph.add_observation(observation).unwrap();
    }
    for (at, numbers, root) in &raw.priors {
        graph
            .add_prior(index(at), pose(numbers), information(root))
            .unwrap();
    }
    graph
}

fn round_trip(problem: &AnyProblem) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("graph.g2o");
    write_g2o(&path, problem, &[]).unwrap();
    let back = match read(&path, &ReadOptions::default()) {
        Ok(back) => back,
        Err(error) => panic!("{error}\n{}", std::fs::read_to_string(&path).unwrap()),
    };
    assert_same(problem, &back.problem, "random graph");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn planar_graphs(raw in raw()) {
        let pose = |n: &[f64; 6]| Se2::from_xy_theta(n[0], n[1], n[2].clamp(-6.0, 6.0));
        round_trip(&AnyProblem::Graph2(build(&raw, pose)));
    }

    #[test]
    fn spatial_graphs(raw in raw()) {
        let pose = |n: &[f64; 6]| {
            let turn = nalgebra::Vector3::new(n[3], n[4], n[5]);
            let turn = turn.map(|x| x.clamp(-3.0, 3.0));
            Se3::new([n[0], n[1], n[2]].into(), slam16_geometry::So3::exp(&turn))
        };
        round_trip(&AnyProblem::Graph3(build(&raw, pose)));
    }
}

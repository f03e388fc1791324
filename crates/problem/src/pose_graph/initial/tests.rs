//! Guesses from measurements without noise give the truth back.

#![allow(clippy::unwrap_used)]

use nalgebra::SVector;
use slam16_geometry::{PoseGroup, Se2, Se3};
use slam16_sparse::Threads;

use super::InitialGuess;
use crate::pose_graph::tests::Wobble;
use crate::{Information, LandmarkId, LandmarkObservation, LeastSquares, PoseGraph, PoseId};

const POSES: u32 = 40;

/// A walk with loops back to every fifth pose and one landmark, exact
/// measurements, and values that are all wrong except the first pose's.
struct Case<G, const D: usize, const P: usize> {
    graph: PoseGraph<G, D, P>,
    truth: Vec<G>,
    landmark: SVector<f64, P>,
}

fn case<G: PoseGroup<D, P>, const D: usize, const P: usize>() -> Case<G, D, P> {
    let mut w = Wobble(5 + D as u64);
    let mut graph = PoseGraph::new();
    let mut truth: Vec<G> = vec![G::exp(&w.vector())];
    while truth.len() < POSES as usize {
        truth.push(truth[truth.len() - 1] * G::exp(&w.vector()));
    }
    for (k, pose) in truth.iter().enumerate() {
        let start = if k == 0 { *pose } else { G::exp(&w.vector()) };
        // Labels are not in the order of the poses.
        graph.add_pose(1000 - 3 * k as u64, start).unwrap();
    }
    let mut join = |graph: &mut PoseGraph<G, D, P>, i: u32, j: u32| {
        let z = truth[i as usize].inverse() * truth[j as usize];
        let information = w.information();
        graph
            .add_between(PoseId(i), PoseId(j), z, information)
            .unwrap();
    };
    for i in 0..POSES - 1 {
        // Every third edge points backwards.
        let (from, to) = if i % 3 == 0 { (i + 1, i) } else { (i, i + 1) };
        join(&mut graph, from, to);
    }
    for i in (0..POSES - 7).step_by(5) {
        join(&mut graph, i, i + 7);
    }
    let landmark: SVector<f64, P> = w.vector() * 4.0;
    graph.add_landmark(3, SVector::zeros()).unwrap();
    let mount = G::exp(&w.vector());
    let sensor = graph.add_sensor(mount);
    for i in [3, 9, 30] {
        graph
            .add_observation(LandmarkObservation {
                pose: PoseId(i),
                landmark: LandmarkId(0),
                sensor,
                measurement: (truth[i as usize] * mount).inverse().act(&landmark),
                information: w.information(),
            })
            .unwrap();
    }
    Case {
        graph,
        truth,
        landmark,
    }
}

/// Chains of 40 compositions lose a few units per step; 1e-12 leaves room for ill-conditioned weights.
const CLOSE: f64 = 1e-12;

fn largest_error<G, const D: usize, const P: usize>(case: &Case<G, D, P>) -> f64
where
    G: PoseGroup<D, P>,
{
    let pairs = case.graph.poses().iter().zip(&case.truth);
    let poses = pairs.map(|(x, truth)| truth.local(x).norm());
    let landmark = (case.graph.landmarks()[0] - case.landmark).norm();
    poses.fold(landmark, f64::max)
}

fn exact_measurements_give_the_truth<G, const D: usize, const P: usize>(guess: InitialGuess)
where
    G: PoseGroup<D, P>,
{
    let mut found = case::<G, D, P>();
    let report = found.graph.initialize(guess).unwrap();
    assert_eq!((report.kept, report.bridged), (1, 0));
    let error = largest_error(&found);
    assert!(error < CLOSE, "{guess:?}: {error}");
    assert!(found.graph.cost(&Threads::single()).unwrap().robust < 1e-20);

    // A fixed pose in the middle keeps its bits and carries all others with it.
    let mut moved = case::<G, D, P>();
    let shift = G::exp(&SVector::from_fn(|k, _| 0.3 + 0.1 * k as f64));
    moved.truth.iter_mut().for_each(|x| *x = shift * *x);
    moved.landmark = shift.act(&moved.landmark);
    moved.graph.poses_mut()[17] = moved.truth[17];
    moved.graph.set_pose_fixed(PoseId(17), true).unwrap();
    assert_eq!(moved.graph.initialize(guess).unwrap().kept, 1);
    assert!(largest_error(&moved) < CLOSE, "{guess:?}");
    assert_eq!(moved.graph.poses()[17], moved.truth[17]);

    // So does a prior.
    let mut anchored = case::<G, D, P>();
    anchored.truth.iter_mut().for_each(|x| *x = shift * *x);
    anchored.landmark = shift.act(&anchored.landmark);
    let z = anchored.truth[20];
    let information = Wobble(1).information();
    anchored
        .graph
        .add_prior(PoseId(20), z, information)
        .unwrap();
    anchored.graph.initialize(guess).unwrap();
    assert!(largest_error(&anchored) < CLOSE, "{guess:?}");
}

#[test]
fn odometry_follows_labels() {
    exact_measurements_give_the_truth::<Se2, 3, 2>(InitialGuess::Odometry);
    exact_measurements_give_the_truth::<Se3, 6, 3>(InitialGuess::Odometry);
}

#[test]
fn the_tree_follows_edges() {
    exact_measurements_give_the_truth::<Se2, 3, 2>(InitialGuess::SpanningTree);
    exact_measurements_give_the_truth::<Se3, 6, 3>(InitialGuess::SpanningTree);
}

#[test]
fn gaps_in_the_odometry_are_bridged_and_other_parts_stay() {
    let mut graph = PoseGraph::<Se2, 3, 2>::new();
    let step = Se2::from_xy_theta(1.0, 0.0, 0.5);
    for label in 0..8 {
        graph
            .add_pose(label, Se2::from_xy_theta(label as f64, 9.0, 0.0))
            .unwrap();
    }
    let mut join = |i: u32, j: u32, z: Se2| {
        graph
            .add_between(PoseId(i), PoseId(j), z, Information::isotropic(1.0))
            .unwrap();
    };
    join(0, 1, step);
    // Wrong, and not used: 0 and 2 do not follow one another.
    join(0, 2, Se2::identity());
    join(1, 2, step);
    // 2 and 3 are not joined; 4 is over 2.
    join(3, 4, step);
    join(2, 4, step);
    // Another part.
    join(5, 6, step);
    let first = graph.poses()[0];
    let fifth = graph.poses()[5];
    let report = graph.initialize(InitialGuess::Odometry).unwrap();
    assert_eq!((report.kept, report.bridged), (3, 2));
    let at = |k: usize| graph.poses()[k];
    let close = |a: Se2, b: Se2| a.local(&b).norm() < 1e-14;
    assert!(close(at(2), first * step * step));
    assert!(close(at(4), first * step * step * step));
    assert!(close(at(3), first * step * step));
    assert!(close(at(6), fifth * step));
    assert_eq!(at(7), Se2::from_xy_theta(7.0, 9.0, 0.0));
}

#[test]
fn the_tree_takes_the_fewest_edges() {
    let mut graph = PoseGraph::<Se2, 3, 2>::new();
    let step = Se2::from_xy_theta(1.0, 0.0, 0.5);
    let short = Se2::from_xy_theta(7.0, 1.0, 0.1);
    for label in 0..4 {
        graph.add_pose(label, Se2::identity()).unwrap();
    }
    for (i, j, z) in [(0, 1, step), (1, 2, step), (2, 3, step), (3, 0, short)] {
        graph
            .add_between(PoseId(i), PoseId(j), z, Information::isotropic(1.0))
            .unwrap();
    }
    graph.initialize(InitialGuess::SpanningTree).unwrap();
    assert!(graph.poses()[3].local(&short.inverse()).norm() < 1e-14);
    let before = graph.poses().to_vec();
    graph.initialize(InitialGuess::File).unwrap();
    assert_eq!(graph.poses(), before);
}

#[test]
fn landmarks_are_weighted_means_of_what_was_seen() {
    let mut graph = PoseGraph::<Se2, 3, 2>::new();
    graph.add_pose(0, Se2::identity()).unwrap();
    for label in 1..4 {
        graph.add_landmark(label, SVector::zeros()).unwrap();
    }
    graph.set_landmark_fixed(LandmarkId(2), true).unwrap();
    let mut see = |landmark: u32, at: [f64; 2], weight: f64| {
        graph
            .add_observation(LandmarkObservation {
                pose: PoseId(0),
                landmark: LandmarkId(landmark),
                sensor: PoseGraph::<Se2, 3, 2>::BODY,
                measurement: at.into(),
                information: Information::isotropic(weight),
            })
            .unwrap();
    };
    see(0, [1.0, 2.0], 1.0);
    see(0, [3.0, 4.0], 3.0);
    see(1, [1.0, 2.0], 0.0);
    see(1, [3.0, 4.0], 0.0);
    see(2, [3.0, 4.0], 1.0);
    graph.initialize(InitialGuess::SpanningTree).unwrap();
    let expected = [[2.5, 3.5], [2.0, 3.0], [0.0, 0.0]];
    for (landmark, expected) in graph.landmarks().iter().zip(expected) {
        assert!((landmark - SVector::from(expected)).norm() < 1e-14);
    }
}

#[test]
fn relaxation_of_exact_measurements_is_exact() {
    exact_measurements_give_the_truth::<Se2, 3, 2>(InitialGuess::Chordal);
    exact_measurements_give_the_truth::<Se3, 6, 3>(InitialGuess::Chordal);
}

/// Noise turns each step a little to the left; only landmarks, seen exactly
/// twice or more along the round, can tell.
#[test]
fn loops_that_only_landmarks_close_are_relaxed_too() {
    let count = 200_u32;
    let mut graph = PoseGraph::<Se2, 3, 2>::new();
    let truth = |k: u32| {
        let angle = 4.0 * std::f64::consts::PI * f64::from(k) / f64::from(count);
        Se2::from_xy_theta(5.0 * angle.cos(), 5.0 * angle.sin(), angle + 1.0)
    };
    let bias = Se2::from_xy_theta(0.0, 0.0, 0.02);
    let information =
        Information::new(nalgebra::Matrix3::from_diagonal(&[1e2, 1e2, 2.5e3].into())).unwrap();
    for k in 0..count {
        graph.add_pose(u64::from(k), truth(k)).unwrap();
        if k > 0 {
            let z = truth(k - 1).inverse() * truth(k) * bias;
            let information = information.clone();
            graph
                .add_between(PoseId(k - 1), PoseId(k), z, information)
                .unwrap();
        }
    }
    for l in 0..10_u32 {
        let angle = 0.6 * f64::from(l);
        let at = SVector::<f64, 2>::new(7.0 * angle.cos(), 7.0 * angle.sin());
        let id = graph.add_landmark(1000 + u64::from(l), at).unwrap();
        for k in (0..count).filter(|k| (truth(*k).translation - at).norm() < 4.0) {
            graph
                .add_observation(LandmarkObservation {
                    pose: PoseId(k),
                    landmark: id,
                    sensor: PoseGraph::<Se2, 3, 2>::BODY,
                    measurement: truth(k).inverse_act(&at),
                    information: Information::isotropic(25.0),
                })
                .unwrap();
        }
    }
    let cost = |graph: &PoseGraph<Se2, 3, 2>| graph.cost(&Threads::single()).unwrap().plain;
    let at_truth = cost(&graph);
    graph.initialize(InitialGuess::SpanningTree).unwrap();
    let tree = cost(&graph);
    graph.initialize(InitialGuess::Chordal).unwrap();
    let relaxed = cost(&graph);
    // The bias, 199 · ½ · 2500 · 0.02² = 99.5, stays in any case.
    assert!((at_truth - 99.5).abs() < 1e-9);
    assert!(relaxed < 2.0 * at_truth, "{relaxed}");
    assert!(tree > 20.0 * relaxed, "{tree} {relaxed}");
}

#[test]
fn directions_without_information_follow_the_tree() {
    let mut graph = PoseGraph::<Se3, 6, 3>::new();
    let step = Se3::exp(&SVector::from([1.0, 0.2, 0.0, 0.3, -0.2, 0.5]));
    for label in 0..3 {
        graph.add_pose(label, Se3::identity()).unwrap();
    }
    // Nothing is known of how pose 2 is turned against pose 1.
    let mut blind = nalgebra::Matrix6::identity();
    (3..6).for_each(|k| blind[(k, k)] = 0.0);
    for (i, omega) in [(0, nalgebra::Matrix6::identity()), (1, blind)] {
        let information = Information::new(omega).unwrap();
        graph
            .add_between(PoseId(i), PoseId(i + 1), step, information)
            .unwrap();
    }
    let report = graph.initialize(InitialGuess::Chordal).unwrap();
    assert!(report.regularized);
    // The raised diagonal pulls every pose by the share of 1e-10 that is added.
    let error = (step * step).local(&graph.poses()[2]).norm();
    assert!(error < 1e-8, "{error}");
    let mut fine = case::<Se3, 6, 3>().graph;
    assert!(!fine.initialize(InitialGuess::Chordal).unwrap().regularized);
}

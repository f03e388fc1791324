//! Linearisation, gauge and state of graphs of both dimensions.

#![allow(clippy::unwrap_used, clippy::panic)]

use nalgebra::{SMatrix, SVector};
use slam16_geometry::{PoseGroup, Se2, Se3};
use slam16_sparse::{Jacobian, Threads};

use super::{GraphLosses, LandmarkObservation, PoseGraph, PoseGraph2, PoseGraph3};
use crate::jacobian_check::{deviation, deviation_of};
use crate::{Information, LeastSquares, Loss, Note, PoseId, ProblemError};

/// Numbers in (−1, 1) that look random.
pub(super) struct Wobble(pub(super) u64);

impl Wobble {
    pub(super) fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }

    pub(super) fn vector<const N: usize>(&mut self) -> SVector<f64, N> {
        SVector::from_fn(|_, _| self.next())
    }

    /// Full, positive definite, condition of about 100.
    pub(super) fn information<const N: usize>(&mut self) -> Information<N> {
        let m = SMatrix::<f64, N, N>::from_fn(|_, _| self.next());
        Information::new(m * m.transpose() + SMatrix::identity() * 0.05).unwrap()
    }
}

/// Three poses, two landmarks and every kind of factor; the residuals' rotations are `angle`.
fn graph<G, const D: usize, const P: usize>(angle: f64) -> PoseGraph<G, D, P>
where
    G: PoseGroup<D, P>,
{
    let mut w = Wobble(7 + D as u64);
    let mut graph = PoseGraph::<G, D, P>::new();
    let twist = |w: &mut Wobble| {
        let mut tangent: SVector<f64, D> = w.vector();
        let rotation = tangent.rows(P, D - P).norm();
        for k in P..D {
            tangent[k] *= angle / rotation;
        }
        tangent
    };
    let poses: Vec<G> = (0..3).map(|_| G::exp(&(w.vector() * 1.5))).collect();
    for (label, pose) in poses.iter().enumerate() {
        graph.add_pose(10 + label as u64, *pose).unwrap();
    }
    let sensor = graph.add_sensor(G::exp(&w.vector()));
    for label in 0..2 {
        graph.add_landmark(20 + label, w.vector() * 3.0).unwrap();
    }
    for (i, j) in [(0, 1), (1, 2), (0, 2), (1, 0)] {
        // r = Log(Z⁻¹ Xi⁻¹ Xj) = twist.
        let relative = poses[i].inverse() * poses[j];
        let z = relative * G::exp(&-twist(&mut w));
        let information = w.information();
        graph
            .add_between(PoseId::from(i), PoseId::from(j), z, information)
            .unwrap();
    }
    for (pose, landmark, sensor) in [
        (0, 0, PoseGraph::<G, D, P>::BODY),
        (2, 0, sensor),
        (1, 1, sensor),
    ] {
        graph
            .add_observation(LandmarkObservation {
                pose: PoseId(pose),
                landmark: crate::LandmarkId(landmark),
                sensor,
                measurement: w.vector(),
                information: w.information(),
            })
            .unwrap();
    }
    let z = poses[2] * G::exp(&-twist(&mut w));
    let information = w.information();
    graph.add_prior(PoseId(2), z, information).unwrap();
    graph
}

const ANGLES: [f64; 7] = [0.0, 1e-9, 1e-4, 0.3, 1.0, 2.5, std::f64::consts::PI - 2e-3];

fn jacobians_match<G: PoseGroup<D, P>, const D: usize, const P: usize>() {
    for angle in ANGLES {
        let mut graph = graph::<G, D, P>(angle);
        let found = deviation(&mut graph);
        assert!(found.jacobian < 1e-9, "{angle}: {found:?}");
        assert!(found.gradient < 1e-8, "{angle}: {found:?}");
        graph.set_pose_fixed(PoseId(1), true).unwrap();
        graph
            .set_landmark_fixed(crate::LandmarkId(0), true)
            .unwrap();
        let found = deviation(&mut graph);
        assert!(found.jacobian < 1e-9, "{angle}: {found:?}");
        assert_eq!(found.held, 0.0);
    }
}

#[test]
fn jacobians_match_differences_in_the_plane() {
    jacobians_match::<Se2, 3, 2>();
}

#[test]
fn jacobians_match_differences_in_space() {
    jacobians_match::<Se3, 6, 3>();
}

#[test]
fn gradients_match_differences_under_every_loss() {
    for loss in [
        Loss::Huber(0.4),
        Loss::PseudoHuber(0.4),
        Loss::Cauchy(0.5),
        Loss::GemanMcClure(1.0),
        Loss::Welsch(1.5),
        Loss::Tukey(3.0),
        Loss::Fair(0.4),
        Loss::Dcs(0.5),
    ] {
        let losses = GraphLosses {
            between: loss,
            observations: loss,
            priors: loss,
        };
        let mut plane = graph::<Se2, 3, 2>(0.4);
        plane.set_losses(losses).unwrap();
        let found = deviation(&mut plane);
        assert!(found.gradient < 1e-8, "{loss}: {found:?}");
        let mut space = graph::<Se3, 6, 3>(0.4);
        space.set_losses(losses).unwrap();
        let found = deviation(&mut space);
        assert!(found.gradient < 1e-8, "{loss}: {found:?}");
        assert!(space.cost(&Threads::single()).unwrap().robust > 0.0);
    }
}

#[test]
fn the_check_sees_one_wrong_entry() {
    for (entry, by) in [(0, 1e-6), (40, -1e-6), (71, f64::NAN)] {
        let mut graph = graph::<Se3, 6, 3>(0.3);
        let found = deviation_of(&mut graph, |g, setup, jacobian, threads| {
            let cost = g.linearize(setup, jacobian, threads);
            jacobian.sets[0].b[entry] += by;
            cost
        });
        let seen = found.jacobian.is_nan() || found.jacobian > 1e-9;
        assert!(seen, "{entry}: {found:?}");
    }
    let mut graph = graph::<Se3, 6, 3>(0.3);
    graph.set_pose_fixed(PoseId(1), true).unwrap();
    let found = deviation_of(&mut graph, |g, setup, jacobian, threads| {
        let cost = g.linearize(setup, jacobian, threads);
        jacobian.sets[0].b[3] = 1e-30;
        cost
    });
    assert!(found.held > 0.0);
}

/// A chain long enough for many chunks.
fn long_chain() -> PoseGraph3 {
    let mut w = Wobble(3);
    let mut graph = PoseGraph3::new();
    for label in 0..2000 {
        graph.add_pose(label, Se3::exp(&w.vector())).unwrap();
    }
    for i in 0..1999 {
        let (z, information) = (Se3::exp(&w.vector()), w.information());
        graph
            .add_between(PoseId(i), PoseId(i + 1), z, information)
            .unwrap();
    }
    graph
}

#[test]
fn threads_do_not_change_a_bit() {
    let graph = long_chain();
    let setup = graph.setup().unwrap();
    let run = |threads: &Threads| {
        let mut jacobian = Jacobian::zeros(setup.structure.clone());
        let cost = graph.linearize(&setup, &mut jacobian, threads).unwrap();
        assert_eq!(cost, graph.cost(threads).unwrap());
        (cost, jacobian.sets[0].a.clone(), jacobian.residuals.clone())
    };
    let one = run(&Threads::single());
    for count in [2, 3] {
        assert_eq!(one, run(&Threads::new(count).unwrap()));
    }
}

#[test]
fn errors_name_the_first_factor_that_is_not_finite() {
    let mut graph = long_chain();
    // 1e200 squared overflows; the poses themselves are finite.
    graph.poses_mut()[1500].translation.x = 1e200;
    let setup = graph.setup().unwrap();
    let expected = ProblemError::NonFinite {
        factor: "edge 1499 -> 1500".into(),
        set: 0,
        index: 1499,
    };
    for count in [1, 2] {
        let threads = Threads::new(count).unwrap();
        let mut jacobian = Jacobian::zeros(setup.structure.clone());
        assert_eq!(graph.cost(&threads), Err(expected.clone()));
        assert_eq!(
            graph.linearize(&setup, &mut jacobian, &threads),
            Err(expected.clone())
        );
    }
    let mut graph = graph_with_everything();
    graph.landmarks_mut()[1].x = 1e200;
    let Err(ProblemError::NonFinite { factor, set, index }) = graph.cost(&Threads::single()) else {
        panic!("an infinite cost was accepted");
    };
    assert_eq!(
        (factor.as_str(), set, index),
        ("observation 11 -> 21", 1, 2)
    );
}

fn graph_with_everything() -> PoseGraph2 {
    graph::<Se2, 3, 2>(0.2)
}

#[test]
fn a_setup_that_no_longer_fits_is_refused() {
    let mut graph = graph_with_everything();
    let setup = graph.setup().unwrap();
    let mut jacobian = Jacobian::zeros(setup.structure.clone());
    graph
        .add_between(
            PoseId(0),
            PoseId(2),
            Se2::identity(),
            Information::isotropic(1.0),
        )
        .unwrap();
    assert!(matches!(
        graph.linearize(&setup, &mut jacobian, &Threads::single()),
        Err(ProblemError::Length {
            expected: 5,
            found: 4,
            ..
        })
    ));
    let setup = graph.setup().unwrap();
    assert!(
        graph
            .linearize(&setup, &mut jacobian, &Threads::single())
            .is_err()
    );
    assert_eq!(
        PoseGraph2::new().setup().unwrap_err(),
        ProblemError::Empty { what: "variables" }
    );
    let mut lonely = PoseGraph2::new();
    lonely.add_pose(0, Se2::identity()).unwrap();
    assert_eq!(
        lonely.setup().unwrap_err(),
        ProblemError::Empty { what: "factors" }
    );
}

#[test]
fn every_floating_part_gets_its_first_pose_held() {
    let mut graph = PoseGraph2::new();
    for label in 0..9 {
        graph.add_pose(100 + label, Se2::identity()).unwrap();
    }
    let landmark = graph.add_landmark(7, SVector::zeros()).unwrap();
    graph.add_landmark(8, SVector::zeros()).unwrap();
    let mut join = |i, j| {
        graph
            .add_between(
                PoseId(i),
                PoseId(j),
                Se2::identity(),
                Information::isotropic(1.0),
            )
            .unwrap();
    };
    // Parts: {1, 0} with a prior, {2, 3} floating, {4, 5} fixed at 5, {6, landmark}, {7}, {8 with a prior}.
    join(1, 0);
    join(3, 2);
    join(4, 5);
    let one = Information::isotropic(1.0);
    graph
        .add_prior(PoseId(1), Se2::identity(), one.clone())
        .unwrap();
    graph.add_prior(PoseId(8), Se2::identity(), one).unwrap();
    // No information, no anchor.
    graph
        .add_prior(PoseId(3), Se2::identity(), Information::isotropic(0.0))
        .unwrap();
    graph.set_pose_fixed(PoseId(5), true).unwrap();
    graph
        .add_observation(LandmarkObservation {
            pose: PoseId(6),
            landmark,
            sensor: PoseGraph2::BODY,
            measurement: SVector::zeros(),
            information: Information::isotropic(1.0),
        })
        .unwrap();
    let setup = graph.setup().unwrap();
    let held: Vec<usize> = (0..11)
        .filter(|v| {
            setup.held[setup.structure.layout.range(*v)]
                .iter()
                .all(|h| *h)
        })
        .collect();
    assert_eq!(held, [2, 5, 6, 7, 10]);
    let held_scalars = setup.held.iter().filter(|h| **h).count();
    assert_eq!(held_scalars, 4 * 3 + 2);
    let gauge = |variable, label, component_size| Note::GaugeFixed {
        variable,
        label,
        component_size,
    };
    let unconstrained = |variable, label| Note::Unconstrained { variable, label };
    assert_eq!(
        setup.notes,
        [
            gauge(2, 102, 2),
            gauge(6, 106, 2),
            unconstrained(7, 107),
            unconstrained(10, 8)
        ]
    );
    assert_eq!(setup.eliminable_from, 9);
    assert_eq!(setup.structure.sets.len(), 3);
    graph.set_landmark_fixed(landmark, true).unwrap();
    assert_eq!(graph.setup().unwrap().notes.len(), 3);
}

#[test]
fn states_come_back_bit_for_bit_and_zero_steps_change_nothing() {
    let mut graph = graph::<Se3, 6, 3>(0.3);
    let first = graph.state();
    let scalars = 3 * 6 + 2 * 3;
    let mut step = vec![0.0; scalars];
    graph.retract(&step);
    assert_eq!(graph.state(), first);
    step[7] = 0.25;
    step[20] = -1.0;
    graph.retract(&step);
    let moved = graph.state();
    assert_eq!(moved.poses[0], first.poses[0]);
    let delta = SVector::<f64, 6>::from_column_slice(&step[6..12]);
    assert_eq!(moved.poses[1], first.poses[1].retract(&delta));
    assert_eq!(moved.landmarks[0].z, first.landmarks[0].z - 1.0);
    let mut saved = first.clone();
    graph.save_state(&mut saved);
    assert_eq!(saved, moved);
    graph.load_state(&first);
    assert_eq!(graph.state(), first);
    let expected: f64 = first
        .poses
        .iter()
        .map(|x| 1.0 + x.translation.norm_squared())
        .chain(first.landmarks.iter().map(|l| l.norm_squared()))
        .sum::<f64>()
        .sqrt();
    assert!((graph.state_norm() - expected).abs() < 1e-12);
}

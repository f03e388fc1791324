//! Objectives at the starts of public graphs against published figures.

#![allow(clippy::unwrap_used)]

mod common;

use slam16_problem::{InitialGuess, LeastSquares};
use slam16_sparse::Threads;

/// Equal to the digits quoted: one unit in the fifth.
fn same(found: f64, quoted: f64) -> bool {
    (found - quoted).abs() <= 1e-4 * quoted
}

/// χ² of the poses in the file as g2o (PyPI g2opy 2.3.0) evaluates it.
#[test]
fn chi2_is_that_of_g2o() {
    for (name, quoted) in [
        ("intel.g2o", 551.74),
        ("M3500.g2o", 2.5667e6),
        ("killian.g2o", 234.98),
        ("vertigo_intel.g2o", 1331.5),
    ] {
        let found = common::plane(name).g2o_chi2();
        assert!(same(found, quoted), "{name}: {found} {quoted}");
    }
    for (name, quoted) in [
        ("sphere2500.g2o", 2.5478e6),
        ("parking-garage.g2o", 16720.0),
        ("eecs.g2o", 584.59),
        ("tinyGrid3D.g2o", 213.06),
        ("smallGrid3D.g2o", 1.1596e5),
    ] {
        let found = common::space(name).g2o_chi2();
        assert!(same(found, quoted), "{name}: {found} {quoted}");
    }
}

/// The same for files without vertices, whose poses g2o composed from odometry.
#[test]
fn odometry_is_that_of_g2o() {
    for (name, quoted) in [
        ("CSAIL.g2o", 2.2186e6),
        ("kitti_00.g2o", 7.533e7),
        ("kitti_05.g2o", 3.6758e6),
        ("kitti_06.g2o", 8.6721e5),
        ("kitti_07.g2o", 4.9562e5),
        ("kitti_09.g2o", 2.8811e6),
        ("manhattan.g2o", 2.3318e10),
    ] {
        let mut graph = common::plane(name);
        let report = graph.initialize(InitialGuess::Odometry).unwrap();
        assert_eq!((report.kept, report.bridged), (1, 0), "{name}");
        let found = graph.g2o_chi2();
        assert!(same(found, quoted), "{name}: {found} {quoted}");
    }
}

/// One edge in either dimension, each term worked by hand.
#[test]
fn se_sync_cost_of_one_edge_is_that_of_its_formula() {
    use nalgebra::{Matrix3, Matrix6, vector};
    use slam16_geometry::{Se2, Se3, So3};
    use slam16_problem::{Information, PoseGraph2, PoseGraph3, PoseId};

    let mut plane = PoseGraph2::new();
    plane.add_pose(0, Se2::identity()).unwrap();
    plane
        .add_pose(1, Se2::from_xy_theta(3.0, 1.0, 0.7))
        .unwrap();
    let omega = Matrix3::new(2.0, 0.5, 9.0, 0.5, 1.0, 9.0, 9.0, 9.0, 300.0);
    let z = Se2::from_xy_theta(2.0, 1.0, 0.2);
    let information = Information::new(omega).unwrap();
    plane
        .add_between(PoseId(0), PoseId(1), z, information)
        .unwrap();
    // ‖R(0.7) − R(0.2)‖² = 4 (1 − cos 0.5); tr(Ωt⁻¹) = (1 + 2) / 1.75.
    let expected = 300.0 * 4.0 * (1.0 - 0.5_f64.cos()) + 2.0 / (3.0 / 1.75) * 1.0;
    assert!((plane.se_sync_cost() - expected).abs() < 1e-12 * expected);

    let mut space = PoseGraph3::new();
    space.add_pose(0, Se3::identity()).unwrap();
    let turn = So3::exp(&vector![0.0, 0.6, 0.0]);
    space
        .add_pose(1, Se3::new(vector![0.0, 0.0, 2.0], turn))
        .unwrap();
    let omega = Matrix6::from_diagonal(&vector![1.0, 2.0, 4.0, 10.0, 20.0, 40.0]);
    let information = Information::new(omega).unwrap();
    space
        .add_between(PoseId(0), PoseId(1), Se3::identity(), information)
        .unwrap();
    // ‖R(0.6) − I‖² = 4 (1 − cos 0.6); τ = 3 / 1.75, κ = 3 / (2 · 0.175).
    let expected = 1.5 / 0.175 * 4.0 * (1.0 - 0.6_f64.cos()) + 3.0 / 1.75 * 4.0;
    assert!((space.se_sync_cost() - expected).abs() < 1e-12 * expected);
    // g2o sees t = (0, 0, 2) and q_y = sin 0.3; slam16 sees φ_y = 0.6.
    let chi2 = 4.0 * 4.0 + 20.0 * 0.3_f64.sin().powi(2);
    assert!((space.g2o_chi2() - chi2).abs() < 1e-12 * chi2);
    let r = space.poses()[1].log();
    let cost = 0.5 * (r.transpose() * omega * r)[0];
    let found = space.cost(&Threads::single()).unwrap().plain;
    assert!((found - cost).abs() < 1e-12 * cost);
}

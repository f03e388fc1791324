#![allow(clippy::unwrap_used)]

use slam16_problem::{LeastSquares, Lens};
use slam16_sparse::Threads;

use super::*;
use crate::{Route, SimulatedBundle};

const ROUTES: [Route; 4] = [
    Route::Corridor,
    Route::Rooms,
    Route::FigureEight,
    Route::RandomWalk,
];

fn twice_the_cost_at_truth(simulated: &SimulatedBundle) -> f64 {
    let mut bundle = simulated.bundle.clone();
    bundle.cameras_mut().clone_from_slice(&simulated.cameras);
    bundle.points_mut().clone_from_slice(&simulated.points);
    2.0 * bundle.cost(&Threads::single()).unwrap().plain
}

/// The article's window is 5,500 × 1,000 for 50 key frames.
#[test]
fn windows_have_the_articles_size() {
    let (mut rows, mut columns) = (Vec::new(), Vec::new());
    for route in ROUTES {
        for seed in 0..10 {
            let mut options = IndoorOptions {
                seed,
                ..IndoorOptions::default()
            };
            options.drive.route.route = route;
            let setup = indoor_bundle(&options).unwrap().bundle.setup().unwrap();
            rows.push(setup.structure.rows() as f64);
            columns.push(setup.structure.layout.scalars() as f64);
        }
    }
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (m, n) = (mean(&rows), mean(&columns));
    assert!((m / 5500.0 - 1.0).abs() < 0.03, "{m} × {n}");
    assert!((n / 1000.0 - 1.0).abs() < 0.05, "{m} × {n}");
    for (m, n) in rows.iter().zip(&columns) {
        assert!((m / 5500.0 - 1.0).abs() < 0.1, "{m} rows");
        assert!((n / 1000.0 - 1.0).abs() < 0.2, "{n} columns");
    }
}

/// At the truth the cost is χ²: mean n, variance 2 n.
#[test]
fn sightings_fit_the_truth() {
    let mut depth = IndoorOptions {
        camera: IndoorCamera::with_depth(),
        ..IndoorOptions::default()
    };
    depth.camera.depth_range = 3.0;
    for options in [IndoorOptions::default(), depth] {
        let simulated = indoor_bundle(&options).unwrap();
        let setup = simulated.bundle.setup().unwrap();
        let n = setup.structure.rows() as f64;
        let chi2 = twice_the_cost_at_truth(&simulated);
        assert!((chi2 - n).abs() < 5.0 * (2.0 * n).sqrt(), "{chi2} {n}");
        assert_eq!(setup.notes, []);
        let alone = simulated.bundle.observations().iter();
        let alone = alone
            .filter(|o| matches!(simulated.bundle.lenses()[o.lens.index()], Lens::Pinhole(_)))
            .count();
        assert_eq!(alone > 0, options.camera.depth_range < 8.0);
    }
}

#[test]
fn without_noise_the_start_is_exact() {
    let mut options = IndoorOptions::default();
    options.noise.pixel = 0.0;
    options.noise.odometry.translation = 0.0;
    options.noise.odometry.rotation = 0.0;
    let simulated = indoor_bundle(&options).unwrap();
    let cost = simulated.bundle.cost(&Threads::single()).unwrap().plain;
    assert!(cost < 1e-15, "{cost}");
}

#[test]
fn walls_hide_landmarks() {
    let options = IndoorOptions {
        frames: 200,
        ..IndoorOptions::default()
    };
    let mut stream = indoor(&options).unwrap();
    let landmarks = stream.landmarks().to_vec();
    let building = crate::Building::new(&options.drive.route);
    for frame in stream.by_ref() {
        for sight in &frame.sights {
            let landmark = &landmarks[sight.landmark];
            assert!(building.sees(&frame.truth.translation, landmark));
            let z = frame.truth.inverse_act(landmark).z;
            assert!((0.5..=8.0).contains(&z), "{z}");
        }
    }
    // Without walls some of what the image covers would be seen as well.
    let mut open = indoor(&options).unwrap();
    let truth = open.next().unwrap().truth;
    let shown = open.views(&truth).iter().flatten().count();
    let covered = landmarks
        .iter()
        .filter(|l| {
            let frame = slam16_geometry::CameraFrame::new(&truth);
            options.camera.look(&frame, l).is_some()
        })
        .count();
    assert!(shown < covered, "{shown} {covered}");
}

#[test]
fn tracks_live_as_long_as_stated() {
    let mut options = IndoorOptions {
        frames: 2000,
        ..IndoorOptions::default()
    };
    options.tracks.life = 4.0;
    let mut lives = std::collections::BTreeMap::new();
    for frame in indoor(&options).unwrap() {
        assert!(frame.sights.len() <= 37);
        assert!(frame.sights.is_sorted_by_key(|s| s.track));
        for sight in frame.sights {
            *lives.entry(sight.track).or_insert(0_u32) += 1;
        }
    }
    let mean = lives.values().map(|n| f64::from(*n)).sum::<f64>() / lives.len() as f64;
    // Landmarks that leave the image end tracks too.
    assert!((3.0..4.0).contains(&mean), "{mean}");
}

#[test]
fn outliers_come_as_often_as_stated() {
    let mut options = IndoorOptions {
        frames: 400,
        ..IndoorOptions::default()
    };
    options.noise.outliers = 0.1;
    let sights: Vec<_> = indoor(&options).unwrap().flat_map(|f| f.sights).collect();
    let n = sights.len() as f64;
    let share = sights.iter().filter(|s| s.is_outlier).count() as f64 / n;
    assert!((share - 0.1).abs() < 5.0 * (0.09 / n).sqrt(), "{share}");
}

#[test]
fn seeds_repeat_and_a_longer_drive_begins_alike() {
    let options = IndoorOptions::default();
    let first: Vec<_> = indoor(&options).unwrap().collect();
    let longer = IndoorOptions {
        frames: 60,
        ..options
    };
    let long: Vec<_> = indoor(&longer).unwrap().take(50).collect();
    assert_eq!(first, long);
    assert_eq!(indoor(&options).unwrap().len(), 50);
    let other = IndoorOptions { seed: 1, ..options };
    assert_ne!(indoor(&other).unwrap().next(), Some(first[0].clone()));
}

#[test]
fn wrong_options_are_refused() {
    let mut options = IndoorOptions::default();
    options.tracks.life = 0.5;
    assert!(indoor(&options).is_err());
    let mut options = IndoorOptions::default();
    options.camera.depth_range = 0.0;
    assert!(indoor_bundle(&options).is_err());
}

//! Simulated bundles: observations fit the truth to within the stated noise.

#![allow(clippy::unwrap_used)]

use slam16_problem::{Bundle, LeastSquares};
use slam16_sim::{
    SceneOptions, SimError, SimulatedBundle, TownOptions, WindowOptions, scene, stereo_window,
    town, town_bundle,
};
use slam16_sparse::Threads;

fn twice_the_cost(bundle: &Bundle) -> f64 {
    2.0 * bundle.cost(&Threads::single()).unwrap().plain
}

fn at_truth(simulated: &SimulatedBundle) -> Bundle {
    let mut bundle = simulated.bundle.clone();
    bundle.cameras_mut().clone_from_slice(&simulated.cameras);
    bundle.points_mut().clone_from_slice(&simulated.points);
    bundle
}

/// `rows` per observation; at the truth the cost is χ²: mean n, variance 2 n.
fn check(simulated: &SimulatedBundle, rows: usize) {
    let bundle = &simulated.bundle;
    assert_eq!(bundle.points().len(), simulated.points.len());
    assert_eq!(bundle.cameras().len(), simulated.cameras.len());
    let n = (bundle.observations().len() * rows) as f64;
    let chi2 = twice_the_cost(&at_truth(simulated));
    assert!((chi2 - n).abs() < 5.0 * (2.0 * n).sqrt(), "{chi2} {n}");
    assert!(twice_the_cost(bundle) > 2.0 * chi2);
    let mut seen = vec![0; bundle.points().len()];
    for observation in bundle.observations() {
        seen[observation.point.index()] += 1;
    }
    assert!(seen.iter().all(|times| *times >= 2));
    assert!(bundle.setup().is_ok());
}

#[test]
fn a_scene() {
    let options = SceneOptions::default();
    let simulated = scene(&options).unwrap();
    check(&simulated, 2);
    assert_eq!(simulated.points.len(), 300);
    let rare = SceneOptions {
        visible: 0.0,
        ..options
    };
    let simulated = scene(&rare).unwrap();
    assert_eq!(simulated.bundle.observations().len(), 600);
    check(&simulated, 2);
    let again = scene(&options).unwrap();
    let other = scene(&SceneOptions { seed: 1, ..options }).unwrap();
    let first = scene(&options).unwrap();
    assert_eq!(again.bundle.observations(), first.bundle.observations());
    assert_ne!(other.bundle.observations(), first.bundle.observations());
}

#[test]
fn without_noise_the_truth_is_exact() {
    let mut options = SceneOptions::default();
    options.noise.pixel = 0.0;
    let cost = twice_the_cost(&at_truth(&scene(&options).unwrap()));
    assert!(cost < 1e-18, "{cost}");
    let mut options = WindowOptions::default();
    options.noise.pixel = 0.0;
    options.noise.translation = 0.0;
    options.noise.rotation = 0.0;
    let window = stereo_window(&options).unwrap();
    // Points start from their first pixels, which are exact too.
    let cost = twice_the_cost(&window.bundle);
    assert!(cost < 1e-15, "{cost}");
}

#[test]
fn a_window() {
    let options = WindowOptions::default();
    let window = stereo_window(&options).unwrap();
    check(&window, 3);
    assert!(window.points.len() > 300, "{}", window.points.len());
    let held: Vec<bool> = window
        .bundle
        .cameras()
        .iter()
        .map(|c| c.pose_fixed)
        .collect();
    assert!(held[0] && !held[1..].iter().any(|h| *h));
    let again = stereo_window(&options).unwrap();
    assert_eq!(again.bundle.points(), window.bundle.points());
}

/// Large and local: 1,000 cameras, and none shares points with one far away.
#[test]
fn a_town() {
    let options = TownOptions::default();
    let simulated = town_bundle(&options).unwrap();
    check(&simulated, 2);
    let points = simulated.points.len();
    assert_eq!(points, 99_900);
    let (mut first, mut last) = (vec![u32::MAX; points], vec![0; points]);
    for o in simulated.bundle.observations() {
        let p = o.point.index();
        first[p] = first[p].min(o.camera.0);
        last[p] = last[p].max(o.camera.0);
    }
    let longest = first.iter().zip(&last).map(|(a, b)| b - a).max();
    assert!(longest < Some(30), "{longest:?}");
    let views = simulated.bundle.observations().len() as f64 / points as f64;
    assert!((4.0..5.0).contains(&views), "{views} views of a point");
    assert_eq!(simulated.bundle.behind_camera(), 0);
    // The stream gives the same cameras, and does not depend on its length.
    let short = TownOptions {
        cameras: 50,
        ..options
    };
    let mut long = town(&options).unwrap();
    for view in town(&short).unwrap().take(49) {
        assert_eq!(Some(view), long.next());
    }
    let far = TownOptions {
        step: 3.0,
        ..options
    };
    assert!(town(&far).is_err());
}

#[test]
fn wrong_options_are_refused() {
    let wrong = SceneOptions {
        radius: 1.0,
        ..SceneOptions::default()
    };
    assert!(matches!(
        scene(&wrong),
        Err(SimError::Option {
            option: "radius",
            ..
        })
    ));
    let wrong = WindowOptions {
        depths: [5.0, 4.0],
        ..WindowOptions::default()
    };
    assert!(stereo_window(&wrong).is_err());
}

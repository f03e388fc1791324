#![allow(clippy::unwrap_used)]

use nalgebra::{Vector2, Vector3};

use super::*;

const ROUTES: [Route; 4] = [
    Route::Corridor,
    Route::Rooms,
    Route::FigureEight,
    Route::RandomWalk,
];

fn options(route: Route) -> DriveOptions {
    let mut options = DriveOptions::default();
    options.route.route = route;
    options
}

#[test]
fn the_robot_keeps_its_limits_and_crosses_no_wall() {
    for route in ROUTES {
        let options = options(route);
        let building = Building::new(&options.route);
        for seed in 0..3 {
            let poses: Vec<_> = Drive::new(seed, &options).unwrap().take(3000).collect();
            let mut way = 0.0;
            for pair in poses.windows(2) {
                let motion = pair[0].inverse() * pair[1];
                // Heave adds at most 2π · 0.55 · sway / rate to a step.
                let step = motion.translation.norm();
                assert!(step < 0.0503, "{route:?} {step}");
                assert!(motion.rotation.log().norm() < 0.11, "{route:?}");
                assert!(
                    building.sees(&pair[0].translation, &pair[1].translation),
                    "{route:?}, seed {seed}: through a wall at {}",
                    pair[0].translation
                );
                way += step;
            }
            assert!(way > 100.0, "{route:?}: {way} m in 300 s");
        }
    }
}

#[test]
fn tours_and_laps_come_back() {
    for route in [Route::Corridor, Route::Rooms, Route::FigureEight] {
        let poses: Vec<_> = Drive::new(1, &options(route)).unwrap().take(3000).collect();
        let away = |k: usize| (poses[k].translation - poses[0].translation).norm();
        let back = (300..3000).map(away).fold(f64::INFINITY, f64::min);
        let far = (0..3000).map(away).fold(0.0, f64::max);
        assert!(back < 2.0 && far > 8.0, "{route:?}: {back} {far}");
    }
}

#[test]
fn a_tour_enters_every_room_once_by_doors() {
    for rooms in [[2, 2], [4, 2], [4, 3], [6, 5]] {
        let tour = super::route::tour(rooms);
        assert_eq!(tour.len(), rooms[0] * rooms[1]);
        let mut sorted = tour.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), tour.len(), "{rooms:?}");
        for k in 0..tour.len() {
            let (a, b) = (tour[k], tour[(k + 1) % tour.len()]);
            let apart = a[0].abs_diff(b[0]) + a[1].abs_diff(b[1]);
            assert_eq!(apart, 1, "{rooms:?}: {a:?} to {b:?}");
        }
    }
}

#[test]
fn walls_hide_and_doors_do_not() {
    let route = RouteOptions::default();
    let building = Building::new(&route);
    let at = |x: f64, y: f64| Vector3::new(x, y, 1.0);
    assert!(building.sees(&at(1.0, 3.0), &at(5.0, 3.0)), "in a room");
    assert!(building.sees(&at(5.0, 3.0), &at(7.0, 3.0)), "by the door");
    assert!(!building.sees(&at(5.0, 1.0), &at(7.0, 1.0)), "by the wall");
    let wall = Wall {
        from: Vector2::new(0.0, 0.0),
        to: Vector2::new(2.0, 0.0),
    };
    assert!(wall.hides(&Vector2::new(1.0, -1.0), &Vector2::new(1.0, 1.0)));
    assert!(!wall.hides(&Vector2::new(3.0, -1.0), &Vector2::new(3.0, 1.0)));
    assert!(!wall.hides(&Vector2::new(1.0, 0.5), &Vector2::new(1.0, 1.0)));
}

#[test]
fn landmarks_lie_on_surfaces() {
    let building = Building::new(&RouteOptions::default());
    let landmarks = building.landmarks(1.0, &mut Random::new(3));
    for p in &landmarks {
        let on_wall = building.walls().iter().any(|wall| {
            let along = wall.to - wall.from;
            let off = p.xy() - wall.from;
            let share = off.dot(&along) / along.norm_squared();
            (off - along * share).norm() < 0.0101 && (-1e-9..=1.0 + 1e-9).contains(&share)
        });
        assert!(on_wall || p.z == 0.0 || p.z == 2.6, "{p}");
    }
    // 72 m around and 60 m less ten doors between, both sides; 288 m² twice.
    let area = 2.0 * (72.0 + 48.0) * 2.6 + 2.0 * 288.0;
    assert!(
        (landmarks.len() as f64 - area).abs() < 30.0,
        "{}",
        landmarks.len()
    );
}

#[test]
fn seeds_repeat_and_differ() {
    let drive = |seed| -> Vec<_> {
        let options = options(Route::RandomWalk);
        Drive::new(seed, &options).unwrap().take(200).collect()
    };
    assert_eq!(drive(4), drive(4));
    assert_ne!(drive(4), drive(5));
}

#[test]
fn what_cannot_be_driven_is_refused() {
    let mut odd = DriveOptions::default();
    odd.route.rooms = [3, 2];
    assert!(matches!(
        Drive::new(0, &odd),
        Err(SimError::Option {
            option: "rooms",
            ..
        })
    ));
    let fast = DriveOptions {
        speed: 50.0,
        ..DriveOptions::default()
    };
    assert!(Drive::new(0, &fast).is_err());
}

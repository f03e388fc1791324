#![allow(clippy::unwrap_used, clippy::panic)]

use slam16_cpu::Cpu;
use slam16_sim::{IndoorFrame, IndoorOptions, indoor};
use slam16_solver::LinearSolverKind;

use super::*;

fn window(settings: WindowSettings) -> SlidingWindow<Cpu> {
    let lenses = IndoorOptions::default().camera.lenses().to_vec();
    SlidingWindow::new(Cpu, lenses, settings).unwrap()
}

fn sightings(frame: &IndoorFrame) -> Vec<Sighting> {
    let of = |s: &slam16_sim::IndoorSight| Sighting {
        track: s.track,
        lens: s.lens,
        pixel: s.pixel,
        weight: 1.0,
    };
    frame.sights.iter().map(of).collect()
}

fn guess(frame: &IndoorFrame) -> Guess {
    frame
        .odometry
        .map_or(Guess::Pose(frame.truth), Guess::Motion)
}

fn frames(pixel: f64, count: usize) -> Vec<IndoorFrame> {
    let mut options = IndoorOptions {
        frames: count,
        ..IndoorOptions::default()
    };
    options.noise.pixel = pixel;
    indoor(&options).unwrap().collect()
}

/// Distance of the newest estimate from the truth after each key frame.
fn errors(settings: WindowSettings, frames: &[IndoorFrame]) -> Vec<f64> {
    let mut window = window(settings);
    let run = |f: &IndoorFrame| {
        window.add_key_frame(guess(f), &sightings(f)).unwrap();
        (window.newest().unwrap().translation - f.truth.translation).norm()
    };
    frames.iter().map(run).collect()
}

fn rms(errors: &[f64]) -> f64 {
    (errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64).sqrt()
}

#[test]
fn exact_sightings_give_the_exact_drive() {
    let mut settings = WindowSettings::default();
    settings.solver.stop.relative_cost = 1e-12;
    let worst = errors(settings, &frames(0.0, 40))
        .into_iter()
        .fold(0.0, f64::max);
    assert!(worst < 1e-6, "{worst:e}");
}

/// At the optimum of the whole window, what a key frame leaves behind pulls
/// nowhere: the others stay where they are.
#[test]
fn leaving_moves_nothing() {
    for solver in [LinearSolverKind::Auto, LinearSolverKind::SchurPcg] {
        leaving_moves_nothing_with(solver);
    }
}

fn leaving_moves_nothing_with(solver: LinearSolverKind) {
    let mut settings = WindowSettings::default();
    settings.solver.linear.solver = solver;
    settings.solver.stop.relative_cost = 1e-14;
    settings.solver.stop.max_iterations = 100;
    let frames = frames(1.0, 10);
    let mut window = window(settings);
    for f in &frames {
        window.add_key_frame(guess(f), &sightings(f)).unwrap();
    }
    for _ in 0..3 {
        let before: Vec<_> = window.poses().skip(1).collect();
        window.leave();
        window.solve(Instant::now()).unwrap();
        for ((_, old), (_, new)) in before.iter().zip(window.poses()) {
            // √(relative cost) of steps that are about 1 cm long.
            let moved = old.local(&new).norm();
            assert!(moved < 1e-6, "{solver}: {moved:e}");
        }
    }
    assert!(window.prior_rows() > 0);
}

/// Over twelve drives, so that luck does not decide.
#[test]
fn marginalising_keeps_more_than_holding() {
    let drives: Vec<Vec<IndoorFrame>> = (0..12)
        .map(|seed| {
            let mut options = IndoorOptions {
                seed,
                frames: 100,
                ..IndoorOptions::default()
            };
            // A guess so poor that nothing of it may remain.
            options.noise.odometry.translation = 0.02;
            options.noise.odometry.rotation = 0.01;
            indoor(&options).unwrap().collect()
        })
        .collect();
    let of = |leaving| {
        let settings = WindowSettings {
            leaving,
            ..WindowSettings::default()
        };
        let all: Vec<f64> = drives.iter().flat_map(|d| errors(settings, d)).collect();
        rms(&all)
    };
    let dead_reckoning = drives.iter().flat_map(|frames| {
        let mut pose = frames[0].truth;
        frames.iter().map(move |f| {
            pose = f.odometry.map_or(pose, |m| pose * m);
            (pose.translation - f.truth.translation).norm()
        })
    });
    let dead_reckoning = rms(&dead_reckoning.collect::<Vec<_>>());
    let (marginalised, held) = (of(Leaving::Marginalize), of(Leaving::HoldNext));
    assert!(
        marginalised < 0.2 * dead_reckoning,
        "{marginalised} {dead_reckoning}"
    );
    assert!(marginalised < held, "{marginalised} {held}");
}

#[test]
fn bad_input_is_dropped_and_counted() {
    let mut window = window(WindowSettings::default());
    let frames = frames(1.0, 40);
    for (k, f) in frames.iter().enumerate() {
        let mut seen = sightings(f);
        let mut at = guess(f);
        match k {
            // Nothing seen, twice in a row.
            12 | 13 => seen.clear(),
            20 => {
                seen[0].pixel[1] = f64::NAN;
                seen[1].pixel[0] = f64::INFINITY;
                seen[2].weight = -1.0;
                let twice = seen[5];
                seen.push(twice);
            }
            // All tracks lost.
            25 => seen.iter_mut().for_each(|s| s.track += 1_000_000),
            30 => at = Guess::Motion(Se3::new([f64::NAN; 3].into(), Default::default())),
            _ => {}
        }
        let report = window.add_key_frame(at, &seen).unwrap();
        let expected = match k {
            20 => Dropped {
                not_finite: 3,
                repeated: 1,
                guess: false,
            },
            30 => Dropped {
                guess: true,
                ..Dropped::default()
            },
            _ => Dropped::default(),
        };
        assert_eq!(report.dropped, expected);
        assert_eq!(report.left, k.checked_sub(10).map(|n| n as u64));
        assert!(window.poses().len() <= 10);
        let off = (window.newest().unwrap().translation - f.truth.translation).norm();
        assert!(off < 0.3, "frame {k}: {off}");
    }
    // Empty from the start.
    let mut empty = self::window(WindowSettings::default());
    for _ in 0..15 {
        let report = empty
            .add_key_frame(Guess::Motion(Se3::identity()), &[])
            .unwrap();
        assert_eq!(report.summary, None);
    }
    let wrong = Sighting {
        track: 0,
        lens: 7,
        pixel: [0.0; 3],
        weight: 1.0,
    };
    assert!(
        empty
            .add_key_frame(Guess::Pose(Se3::identity()), &[wrong])
            .is_err()
    );
}

#[test]
fn two_runs_give_the_same_bits_on_one_and_two_threads() {
    let run = |threads| {
        let mut settings = WindowSettings::default();
        settings.solver.threads = threads;
        errors(settings, &frames(1.0, 25))
    };
    assert_eq!(run(1), run(1));
    assert_eq!(run(1), run(2));
}

#[test]
fn settings_are_checked() {
    let one = WindowSettings {
        frames: 1,
        ..WindowSettings::default()
    };
    assert!(SlidingWindow::new(Cpu, Vec::new(), one).is_err());
    assert!(SlidingWindow::new(Cpu, vec![Lens::Bal], WindowSettings::default()).is_err());
}

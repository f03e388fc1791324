//! The KITTI stereo factors as a stream, against all of them at once.

use std::time::Instant;

use slam16::cpu::Cpu;
use slam16::estimators::{Guess, Leaving, Sighting, SlidingWindow, WindowSettings};
use slam16::geometry::Se3;
use slam16::problem::{Bundle, ProblemKind};
use slam16::solver::{Engine, Options};

use crate::data::stereo_window;

fn poses(bundle: &Bundle) -> Vec<Se3<f64>> {
    let cameras = bundle.cameras().iter();
    cameras.map(|c| c.world_from_camera).collect()
}

/// All factors at once, the first pose held.
fn batch(data: &Bundle) -> Vec<Se3<f64>> {
    let mut bundle = data.clone();
    let mut options = Options::for_kind(ProblemKind::Bundle);
    options.stop.relative_cost = 1e-12;
    let summary = Cpu.solve(&mut bundle, &options, Instant::now()).unwrap();
    // The best cost known for this file was 1577.03011, from a looser solve.
    let cost = summary.final_cost;
    assert!(cost < 1577.03012 && cost > 1577.02, "{cost}");
    poses(&bundle)
}

/// The largest distance of a key frame from the full batch, when it was
/// newest, as a share of the path travelled until there; and that of the last.
fn stream(data: &Bundle, batch: &[Se3<f64>], leaving: Leaving) -> (f64, f64) {
    let settings = WindowSettings {
        frames: 10,
        leaving,
        ..WindowSettings::default()
    };
    let lenses = data.lenses().to_vec();
    let mut window = SlidingWindow::new(Cpu, lenses, settings).unwrap();
    let start = poses(data);
    let (mut path, mut worst, mut last) = (0.0, 0.0_f64, 0.0);
    for k in 0..start.len() {
        let guess = if k == 0 {
            Guess::Pose(start[0])
        } else {
            Guess::Motion(start[k - 1].inverse() * start[k])
        };
        let observations = data.observations().iter();
        let of_frame = observations.filter(|o| o.camera.index() == k);
        let seen: Vec<Sighting> = of_frame
            .map(|o| Sighting {
                track: o.point.index() as u64,
                lens: o.lens.index(),
                pixel: o.pixel,
                weight: o.weight,
            })
            .collect();
        let report = window.add_key_frame(guess, &seen).unwrap();
        assert_eq!(report.left, k.checked_sub(10).map(|n| n as u64));
        if k > 0 {
            path += (batch[k].translation - batch[k - 1].translation).norm();
            let off = window.newest().unwrap().translation - batch[k].translation;
            last = off.norm() / path;
            worst = worst.max(last);
            println!(
                "{k}: {:.4} m of {path:.2} m, {:?}",
                off.norm(),
                report.elapsed
            );
        }
    }
    (worst, last)
}

#[test]
fn a_window_of_ten_stays_with_the_full_batch() {
    let data = stereo_window();
    assert_eq!(
        (data.cameras().len(), data.observations().len()),
        (26, 8189)
    );
    let batch = batch(&data);
    let (worst, last) = stream(&data, &batch, Leaving::Marginalize);
    println!("marginalised: {:.3} %", 100.0 * worst);
    assert!(worst < 0.01, "{worst}");
    let (held, held_last) = stream(&data, &batch, Leaving::HoldNext);
    println!("held: {:.3} %", 100.0 * held);
    assert!(held < 0.01, "{held}");
    // What was marginalised is still known at the end.
    assert!(last < 0.5 * held_last, "{last} {held_last}");
}

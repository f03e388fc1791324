//! How large a simulated problem may be.

use crate::args::Simulate;
use crate::failure::Failure;

/// Poses that a problem may have, and observations: some gigabytes of memory.
const MOST_POSES: f64 = 1e7;
const MOST_OBSERVATIONS: f64 = 1e8;

/// Refuses sizes that no memory holds before any is asked for.
pub fn bounded(kind: &Simulate) -> Result<(), Failure> {
    let (options, poses, observations): (&str, f64, f64) = match kind {
        Simulate::Sphere {
            rings, per_ring, ..
        }
        | Simulate::Torus {
            rings, per_ring, ..
        } => (
            "--rings times --per-ring",
            *rings as f64 * *per_ring as f64,
            0.0,
        ),
        Simulate::Grid { size, .. } => ("--size", size.iter().map(|n| *n as f64).product(), 0.0),
        Simulate::Garage {
            levels, per_level, ..
        } => (
            "--levels times --per-level",
            *levels as f64 * *per_level as f64,
            0.0,
        ),
        Simulate::Manhattan { poses, .. } => ("--poses", *poses as f64, 0.0),
        Simulate::Ring { per_lap, laps, .. } => (
            "--per-lap times --laps",
            *per_lap as f64 * *laps as f64,
            0.0,
        ),
        Simulate::Loops { frames, .. } => ("--frames", *frames as f64, 0.0),
        Simulate::Bundle {
            cameras, points, ..
        } => (
            "--cameras times --points",
            *cameras as f64,
            (*cameras as f64).max(1.0) * *points as f64,
        ),
        Simulate::Indoor { frames, tracks, .. } => (
            "--frames times --tracks",
            *frames as f64,
            (*frames as f64).max(1.0) * *tracks as f64,
        ),
        Simulate::Town {
            cameras,
            points_per_camera,
            views,
            ..
        } => (
            "--cameras times --points-per-camera times --views",
            *cameras as f64,
            (*cameras as f64).max(1.0) * *points_per_camera as f64 * views.max(1.0),
        ),
        Simulate::Window {
            frames,
            points_per_frame,
            ..
        } => (
            "--frames times --points-per-frame",
            *frames as f64,
            (*frames as f64).max(1.0) * *points_per_frame as f64,
        ),
    };
    for (count, most, what) in [
        (poses, MOST_POSES, "poses"),
        (observations, MOST_OBSERVATIONS, "observations"),
    ] {
        if count > most {
            return Err(Failure::usage(format!(
                "{options}: {count:.3e} {what} are too many: ask for at most {most:e}"
            )));
        }
    }
    Ok(())
}

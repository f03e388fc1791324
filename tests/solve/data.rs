//! Where the public data lie, and how results are judged.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use slam16::geometry::{Se3, So3, Stereo};
use slam16::io::{AnyProblem, ReadOptions, read};
use slam16::nalgebra::{Matrix3, Vector3};
use slam16::problem::{Bundle, Camera, Lens, Observation};

/// A data file by its path below the data folder; a missing one is named.
pub fn path(name: &str) -> PathBuf {
    let root = std::env::var_os("SLAM16_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = root.join(name);
    assert!(
        path.is_file(),
        "this test needs {}: set SLAM16_DATA to the folder that holds {name}",
        path.display()
    );
    path
}

pub fn load(name: &str) -> AnyProblem {
    read(path(name), &ReadOptions::default())
        .unwrap_or_else(|e| panic!("{name}: {e}"))
        .problem
}

/// Numbers of a text file, line by line.
fn numbers(name: &str) -> Vec<Vec<f64>> {
    let text = std::fs::read_to_string(path(name)).unwrap();
    let line = |line: &str| {
        line.split_whitespace()
            .map(|n| n.parse().unwrap())
            .collect()
    };
    text.lines().map(line).collect()
}

/// A stereo window of 26 poses from KITTI (gtsam's examples); the first pose is
/// held.
pub fn stereo_window() -> Bundle {
    let calibration = &numbers("vo/VO_calibration.txt")[0];
    let mut bundle = Bundle::new();
    let lens = bundle.add_lens(Lens::Stereo(Stereo {
        fx: calibration[0],
        fy: calibration[1],
        cx: calibration[3],
        cy: calibration[4],
        baseline: calibration[5],
    }));
    let mut cameras = BTreeMap::new();
    for row in numbers("vo/VO_camera_poses_large.txt") {
        let at = |r: usize, c: usize| row[1 + 4 * r + c];
        let rotation = Matrix3::from_fn(at);
        let world_from_camera = Se3 {
            rotation: So3::from_matrix(&rotation).unwrap(),
            translation: Vector3::from_fn(|r, _| at(r, 3)),
        };
        let id = bundle
            .add_camera(Camera {
                world_from_camera,
                intrinsics: [0.0; 3],
                pose_fixed: cameras.is_empty(),
                intrinsics_fixed: true,
            })
            .unwrap();
        cameras.insert(row[0] as u64, id);
    }
    let mut points = BTreeMap::new();
    for row in numbers("vo/VO_stereo_factors_large.txt") {
        let camera = cameras[&(row[0] as u64)];
        let in_camera = Vector3::new(row[5], row[6], row[7]);
        let pose = bundle.cameras()[camera.index()].world_from_camera;
        let point = *points
            .entry(row[1] as u64)
            .or_insert_with(|| bundle.add_point(pose.act(&in_camera)).unwrap());
        bundle
            .add_observation(Observation {
                camera,
                point,
                lens,
                pixel: [row[2], row[3], row[4]],
                weight: 1.0,
            })
            .unwrap();
    }
    bundle
}

/// `true` when `cost` is no more than `relative` above the best known one. A
/// lower cost is a better optimum, not a failure.
pub fn reaches(cost: f64, best_known: f64, relative: f64) -> bool {
    cost.is_finite() && cost <= best_known * (1.0 + relative)
}

#[test]
fn the_judge_sees_a_worse_cost() {
    assert!(reaches(1.0, 1.0, 1e-6));
    assert!(reaches(1.0 + 0.9e-6, 1.0, 1e-6));
    assert!(!reaches(1.0 + 1.1e-6, 1.0, 1e-6));
    assert!(!reaches(f64::NAN, 1.0, 1e-6));
    assert!(!reaches(f64::INFINITY, f64::INFINITY, 1e-6));
}

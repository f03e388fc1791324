//! Residuals and Jacobian blocks of observations.

use slam16::geometry::{Pinhole, Se3, So3};
use slam16::nalgebra::Vector3;
use slam16::problem::{
    Bundle, Camera, CameraId, Lens, LensId, LocalBundle, Loss, Observation, PointId,
};
use slam16_gpu::shader::{HalfAccess, Storage};

use crate::harness::linearization::{Case, Outcome};
use crate::harness::scenes::{self, LOSSES, Scene};
use crate::harness::{SIZES, close, for_each, gpus, same_bits, same_in_half};

/// A camera at the origin, a point at (1, 2, 4), f = 4 and 8, seen at (0, 5)
/// with weight 4: the residual (1, 4) − (0, 5) = (1, −1) times 2, and
/// `G = [1 0 −¼; 0 2 −1]` times 2.
fn by_hand() -> Case {
    let mut bundle = Bundle::new();
    let cameras = [Vector3::zeros(), Vector3::new(1.0, 0.0, 0.0)];
    for position in cameras {
        let camera = Camera {
            world_from_camera: Se3::new(position, So3::identity()),
            intrinsics: [1.0, 0.0, 0.0],
            pose_fixed: position.x > 0.0,
            intrinsics_fixed: true,
        };
        bundle.add_camera(camera).unwrap();
    }
    bundle.add_point(Vector3::new(1.0, 2.0, 4.0)).unwrap();
    bundle.add_lens(Lens::Pinhole(Pinhole {
        fx: 4.0,
        fy: 8.0,
        cx: 100.0,
        cy: 200.0,
    }));
    for camera in [0, 1] {
        bundle
            .add_observation(Observation {
                camera: CameraId(camera),
                point: PointId(0),
                lens: LensId(0),
                pixel: [100.0, 205.0, 0.0],
                weight: 4.0,
            })
            .unwrap();
    }
    let mut case = Case::of(bundle, 0);
    case.scale = case
        .setup
        .held
        .iter()
        .map(|held| if *held { 0.0 } else { 1.0 })
        .collect();
    case
}

#[test]
fn worked_by_hand() {
    let case = by_hand();
    #[rustfmt::skip]
    let want = [
        // −G, then G [P]× with P = (1, 2, 4), both times 2; G itself.
        -2.0, 0.0, 0.0, -4.0, 0.5, 2.0,
        1.0, 20.0, -8.5, -2.0, 4.0, -4.0,
        2.0, 0.0, 0.0, 4.0, -0.5, -2.0,
        // The other camera is held. It sees the point straight above.
        0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
        2.0, 0.0, 0.0, 4.0, 0.0, -2.0,
        2.0, -2.0, 0.0, -2.0,
    ];
    let exact = |outcome: Outcome| {
        let got: Vec<f64> = outcome.numbers.iter().map(|v| f64::from(*v)).collect();
        assert_eq!(got, want);
        assert_eq!(outcome.faults, [0.0]);
    };
    exact(case.twin(64, Storage::Single));
    for_each(|gpu, storage| {
        exact(case.twin(64, storage));
        let got = case.device(gpu, storage);
        // Division and root need not be exact on a device: both 4.5 ULP, and a
        // root of a square takes either; half then rounds to the exact number.
        close(&got.numbers, &want, |i| 4e-6 * want[i].abs().max(1.0)).unwrap();
        assert_eq!(got.faults, [0.0]);
    });
}

#[test]
fn twin_against_f64() {
    for scene in Scene::ALL {
        for (i, count) in SIZES.into_iter().enumerate() {
            for loss in [LOSSES[0], LOSSES[1 + i]] {
                let case = Case::new(scene, count, loss, 0.0);
                let oracle = case.oracle();
                for storage in Storage::ALL {
                    let expected = case.expected(storage);
                    // The formulas of the test are those of the library.
                    for (want, found) in oracle.iter().zip(&expected) {
                        let size = want.abs().max(1.0);
                        assert!((want - found.value).abs() < 1e-10 * size);
                    }
                    let bounds = case.bounds(storage);
                    let got = case.twin(64, storage);
                    close(&got.numbers, &oracle, |i| bounds[i])
                        .unwrap_or_else(|e| panic!("{scene:?} {loss} {storage:?} {count}: {e}"));
                    assert!(got.idle.iter().all(|v| *v == 0.0));
                    assert!(got.faults.iter().all(|v| *v == 0.0));
                    assert_eq!(got.faults.len(), count.div_ceil(64));
                }
            }
        }
    }
}

#[test]
fn every_loss_against_f64() {
    for loss in LOSSES {
        for scene in Scene::ALL {
            let case = Case::new(scene, 300, loss, 0.0);
            let (oracle, bounds) = (case.oracle(), case.bounds(Storage::Single));
            let got = case.twin(64, Storage::Single);
            close(&got.numbers, &oracle, |i| bounds[i])
                .unwrap_or_else(|e| panic!("{scene:?} {loss}: {e}"));
        }
    }
}

/// The bounds tell a wrong sign, a neglected weight and a column scaled twice.
#[test]
fn wrong_results_are_seen() {
    let case = Case::new(Scene::Bal, 65, Loss::Cauchy(2.0), 0.0);
    let (oracle, bounds) = (
        case.oracle(),
        case.bounds(Storage::Half(HalfAccess::Packed)),
    );
    let right = case.twin(64, Storage::Single).numbers;
    close(&right, &oracle, |i| bounds[i]).unwrap();
    let (largest, _) = oracle
        .iter()
        .enumerate()
        .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
        .unwrap();
    for factor in [-1.0, 0.5, 1.01] {
        let mut wrong = right.clone();
        wrong[largest] *= factor;
        close(&wrong, &oracle, |i| bounds[i]).unwrap_err();
    }
    let mut other = Case::new(Scene::Bal, 65, Loss::Cauchy(2.0), 0.0);
    other.bundle.set_loss(Loss::None).unwrap();
    let wrong = other.twin(64, Storage::Single).numbers;
    close(&wrong, &oracle, |i| bounds[i]).unwrap_err();
}

/// Ten kilometres from the origin nothing is lost with an anchor, and much
/// without one.
#[test]
fn far_from_the_origin() {
    for scene in Scene::ALL {
        let mut case = Case::new(scene, 65, Loss::Huber(1.5), 1e4);
        let (oracle, bounds) = (case.oracle(), case.bounds(Storage::Single));
        let check = |outcome: Outcome| close(&outcome.numbers, &oracle, |i| bounds[i]);
        check(case.twin(64, Storage::Single)).unwrap();
        for gpu in gpus() {
            check(case.device(gpu, Storage::Single)).unwrap();
        }
        case.local = LocalBundle::new(&case.bundle, Vector3::zeros());
        check(case.twin(64, Storage::Single)).unwrap_err();
    }
}

/// Twin and device are both within the bound of the oracle.
#[test]
fn device_against_twin() {
    for_each(|gpu, storage| {
        for scene in Scene::ALL {
            for (i, count) in SIZES.into_iter().enumerate() {
                let case = Case::new(scene, count, LOSSES[i + 2], 0.0);
                let bounds = case.bounds(storage);
                let twin = case.twin(gpu.workgroup() as usize, storage);
                let want: Vec<f64> = twin.numbers.iter().map(|v| f64::from(*v)).collect();
                let got = case.device(gpu, storage);
                close(&got.numbers, &want, |i| 2.0 * bounds[i])
                    .unwrap_or_else(|e| panic!("{} {storage:?} {scene:?}: {e}", gpu.adapter()));
                assert_eq!((got.idle, got.faults), (twin.idle, twin.faults));
            }
        }
    });
}

#[test]
fn every_loss_on_every_device() {
    for gpu in gpus() {
        for loss in LOSSES {
            let case = Case::new(Scene::StereoAmongBal, 65, loss, 0.0);
            let (oracle, bounds) = (case.oracle(), case.bounds(Storage::Single));
            let got = case.device(gpu, Storage::Single);
            close(&got.numbers, &oracle, |i| bounds[i])
                .unwrap_or_else(|e| panic!("{} {loss}: {e}", gpu.adapter()));
        }
    }
}

/// Observations that no finite block comes from are counted by workgroup: a
/// point in the plane of its camera, and one whose block is beyond half.
#[test]
fn faults_are_counted() {
    let mut bundle = scenes::bundle(Scene::Pinhole, 200, Loss::None, 0.0);
    let center = bundle.cameras()[3].world_from_camera.translation;
    bundle.points_mut()[4] = center;
    let mut case = Case::of(scenes::bundle(Scene::Pinhole, 200, Loss::None, 0.0), 0);
    case.local = LocalBundle::new(&bundle, bundle.anchor());
    let at_center = |o: &Observation| o.camera == CameraId(3) && o.point == PointId(4);
    let observations = scenes::observations(&bundle, 0);
    let counts = |workgroup: usize| -> Vec<f32> {
        let faults = |group: &[Observation]| group.iter().filter(|o| at_center(o)).count() as f32;
        observations.chunks(workgroup).map(faults).collect()
    };
    let in_all = counts(200)[0];
    assert!(in_all > 1.0);
    for_each(|gpu, storage| {
        let workgroup = gpu.workgroup() as usize;
        assert_eq!(case.twin(workgroup, storage).faults, counts(workgroup));
        assert_eq!(case.device(gpu, storage).faults, counts(workgroup));
    });
    // Now pinhole blocks have entries of 10⁸ / 8 √w ⅛ and more.
    case.local.lenses[1].fx = 1e8;
    for_each(|gpu, storage| {
        let twin = case.twin(gpu.workgroup() as usize, storage).faults;
        assert_eq!(case.device(gpu, storage).faults, twin);
        let overflows = twin.iter().sum::<f32>() > in_all;
        assert_eq!(overflows, matches!(storage, Storage::Half(_)));
    });
}

#[test]
fn half_storage_has_the_same_bits_however_it_is_written() {
    for gpu in gpus() {
        let case = Case::new(Scene::Bal, 1000, Loss::Huber(1.5), 0.0);
        same_in_half(gpu, |s| case.device(gpu, s).numbers);
    }
}

#[test]
fn two_runs_have_the_same_bits() {
    for_each(|gpu, storage| {
        let case = Case::new(Scene::StereoAmongBal, 1000, Loss::Welsch(2.0), 0.0);
        let numbers = || case.device(gpu, storage).numbers;
        same_bits(&numbers(), &numbers()).unwrap();
    });
}

//! The objective of observations, down to partial sums.

use slam16::cpu::kernels;
use slam16::nalgebra::Vector3;
use slam16::problem::{Bundle, LocalBundle, Loss};
use slam16_gpu::Gpu;
use slam16_gpu::kernels::cost::{CostParams, EvaluateCost, groups};

use crate::harness::scenes::{self, Expected, LOSSES, Scene};
use crate::harness::{Bounded, Guarded, SIZES, UNIT, close, gpus, losses, same_bits};

/// Sums before the first one, and between the two kinds.
const FIRST: usize = 2;

struct Case {
    bundle: Bundle,
    local: LocalBundle,
    set: usize,
}

impl Case {
    fn new(scene: Scene, count: usize, loss: Loss, offset: f64) -> Self {
        let bundle = scenes::bundle(scene, count, loss, offset);
        Self {
            local: LocalBundle::new(&bundle, bundle.anchor()),
            bundle,
            set: scene.set(),
        }
    }

    fn count(&self) -> usize {
        self.local.observations[self.set].len()
    }

    /// Places of the robust and the plain sums, and their end.
    fn places(groups: usize) -> [usize; 3] {
        [FIRST, 2 * FIRST + groups, 2 * FIRST + 2 * groups]
    }

    fn device(&self, gpu: &Gpu) -> Vec<f32> {
        let factors = self.count();
        let [robust, plain, end] = Self::places(groups(factors, gpu.workgroup() as usize));
        let mut before = vec![0.0; end];
        before[robust..plain - FIRST].fill(f32::NAN);
        before[plain..].fill(f32::NAN);
        let partials = Guarded::with(gpu, &before);
        let (loss, loss_scale) = self.bundle.loss().code();
        let params = CostParams {
            factors: factors as u32,
            robust: robust as u32,
            plain: plain as u32,
            loss,
            loss_scale,
        };
        let observations = &self.local.observations[self.set];
        let launch = EvaluateCost {
            observations: &gpu.storage_from("observations", observations).unwrap(),
            lenses: &gpu.storage_from("lenses", &self.local.lenses).unwrap(),
            cameras: &gpu.storage_from("cameras", &self.local.cameras).unwrap(),
            points: &gpu.storage_from("points", &self.local.points).unwrap(),
            partials: &partials.buffer,
            params: &gpu.uniform("params", &params).unwrap(),
            rows: self.set + 2,
            factors,
        }
        .launch(gpu)
        .unwrap();
        let mut recorder = gpu.record("cost").unwrap();
        recorder.run(&launch);
        recorder.submit().unwrap().finish().unwrap();
        partials.values(gpu)
    }

    fn twin(&self, workgroup: usize) -> Vec<f32> {
        let factors = self.count();
        let groups = groups(factors, workgroup);
        let [robust, plain, end] = Self::places(groups);
        let mut partials = vec![0.0; end];
        let (loss, loss_scale) = self.bundle.loss().code();
        kernels::cost(
            self.set + 2,
            workgroup,
            groups,
            &self.local.observations[self.set],
            &self.local.lenses,
            &self.local.cameras,
            &self.local.points,
            &mut partials,
            factors,
            robust,
            plain,
            loss,
            loss_scale,
        );
        partials
    }

    /// All sums, each the terms of its workgroup. A sum of n terms rounds less
    /// than n times whatever its order: `n u Σ (|term| + error)`.
    fn expected(&self, workgroup: usize) -> Vec<Bounded> {
        let groups = groups(self.count(), workgroup);
        let [robust, plain, end] = Self::places(groups);
        let mut sums = vec![Bounded::default(); end];
        let all = scenes::observations(&self.bundle, self.set);
        let terms = all.len() as f64;
        for (f, o) in all.iter().enumerate() {
            let s = Expected::new(&self.bundle, o, self.local.anchor, 6).squared;
            let rho = losses::value(self.bundle.loss(), s);
            let g = f / workgroup % groups;
            for (place, term) in [(robust + g, rho), (plain + g, s)] {
                let term = 0.5 * term;
                sums[place].value += term.value;
                sums[place].error += term.error;
                sums[place].error += 1.1 * terms * UNIT * (term.value.abs() + term.error);
            }
        }
        sums
    }

    fn check(&self, got: &[f32], expected: &[Bounded]) -> Result<(), String> {
        let values: Vec<f64> = expected.iter().map(|b| b.value).collect();
        close(got, &values, |i| expected[i].error)
    }
}

/// One observation of the case worked by hand in `linearize`: residual (1, −1)
/// with weight 4, so `s = 8`, and Huber's loss of scale 2 gives `2 · 2 √8 − 4`.
#[test]
fn worked_by_hand() {
    use slam16::geometry::{Pinhole, Se3, So3};
    use slam16::problem::{Camera, CameraId, Lens, LensId, Observation, PointId};
    let mut bundle = Bundle::new();
    bundle
        .add_camera(Camera {
            world_from_camera: Se3::new(Vector3::zeros(), So3::identity()),
            intrinsics: [1.0, 0.0, 0.0],
            pose_fixed: false,
            intrinsics_fixed: true,
        })
        .unwrap();
    bundle.add_point(Vector3::new(1.0, 2.0, 4.0)).unwrap();
    bundle.add_lens(Lens::Pinhole(Pinhole {
        fx: 4.0,
        fy: 8.0,
        cx: 100.0,
        cy: 200.0,
    }));
    bundle
        .add_observation(Observation {
            camera: CameraId(0),
            point: PointId(0),
            lens: LensId(0),
            pixel: [100.0, 205.0, 0.0],
            weight: 4.0,
        })
        .unwrap();
    bundle.set_loss(Loss::Huber(2.0)).unwrap();
    let case = Case {
        local: LocalBundle::new(&bundle, bundle.anchor()),
        bundle,
        set: 0,
    };
    let want = [0.0, 0.0, 2.0 * 8.0_f64.sqrt() - 2.0, 0.0, 0.0, 4.0];
    // Two roundings of a root and a difference of 5.7 and 2.
    close(&case.twin(64), &want, |_| 4e-7).unwrap();
    for gpu in gpus() {
        close(&case.device(gpu), &want, |_| 4e-6).unwrap();
    }
}

#[test]
fn twin_against_f64() {
    for scene in Scene::ALL {
        for (i, count) in SIZES.into_iter().enumerate() {
            let case = Case::new(scene, count, LOSSES[i], 0.0);
            let (got, expected) = (case.twin(64), case.expected(64));
            case.check(&got, &expected).unwrap();
            let mut wrong = got.clone();
            wrong[FIRST] = 1.01 * wrong[FIRST] + 0.01;
            case.check(&wrong, &expected).unwrap_err();
        }
    }
}

/// Every loss, small and large residuals: pixels are a few off, and what a
/// tenth or a ten thousandth of them gives is near the minimum.
#[test]
fn every_loss_against_f64() {
    for loss in LOSSES {
        for shrink in [1.0, 1e-1, 1e-4] {
            let mut bundle = scenes::bundle(Scene::Stereo, 300, loss, 0.0);
            if let Some(scale) = loss.parts().1 {
                let text = format!("{}:{}", loss.parts().0, scale / shrink);
                bundle.set_loss(text.parse().unwrap()).unwrap();
            }
            let case = Case {
                local: LocalBundle::new(&bundle, bundle.anchor()),
                bundle,
                set: 1,
            };
            case.check(&case.twin(64), &case.expected(64))
                .unwrap_or_else(|e| panic!("{loss} {shrink}: {e}"));
            for gpu in gpus() {
                let expected = case.expected(gpu.workgroup() as usize);
                case.check(&case.device(gpu), &expected)
                    .unwrap_or_else(|e| panic!("{} {loss} {shrink}: {e}", gpu.adapter()));
            }
        }
    }
}

#[test]
fn device_against_twin() {
    for gpu in gpus() {
        for scene in Scene::ALL {
            for (i, count) in SIZES.into_iter().enumerate() {
                let case = Case::new(scene, count, LOSSES[8 - i], 0.0);
                let workgroup = gpu.workgroup() as usize;
                let expected = case.expected(workgroup);
                let twin: Vec<f64> = case.twin(workgroup).iter().map(|v| f64::from(*v)).collect();
                let got = case.device(gpu);
                close(&got, &twin, |i| 2.0 * expected[i].error)
                    .unwrap_or_else(|e| panic!("{} {scene:?} {count}: {e}", gpu.adapter()));
                same_bits(&got, &case.device(gpu)).unwrap();
            }
        }
    }
}

/// A thousand workgroups' worth of observations, so that lanes take several.
#[test]
fn lanes_take_several_observations() {
    let case = Case::new(Scene::Pinhole, 70_000, Loss::Cauchy(2.0), 0.0);
    case.check(&case.twin(64), &case.expected(64)).unwrap();
    for gpu in gpus() {
        let expected = case.expected(gpu.workgroup() as usize);
        case.check(&case.device(gpu), &expected).unwrap();
    }
}

#[test]
fn far_from_the_origin() {
    let mut case = Case::new(Scene::Stereo, 300, Loss::Huber(1.5), 1e4);
    let expected = case.expected(64);
    case.check(&case.twin(64), &expected).unwrap();
    case.local = LocalBundle::new(&case.bundle, Vector3::zeros());
    case.check(&case.twin(64), &expected).unwrap_err();
}

/// A point at depth 0 makes the plain sum infinite, whatever the loss bounds.
#[test]
fn no_depth_is_no_finite_sum() {
    let mut case = Case::new(Scene::Bal, 65, Loss::Tukey(3.0), 0.0);
    let o = scenes::observations(&case.bundle, 0)[64];
    let center = case.bundle.cameras()[o.camera.index()]
        .world_from_camera
        .translation;
    case.bundle.points_mut()[o.point.index()] = center;
    case.local = LocalBundle::new(&case.bundle, case.bundle.anchor());
    let plain = |sums: Vec<f32>| {
        sums[2 * FIRST + 1..]
            .iter()
            .copied()
            .fold(0.0, |a, b| a + b)
    };
    assert!(!plain(case.twin(64)).is_finite());
    for gpu in gpus() {
        assert!(!plain(case.device(gpu)).is_finite());
    }
}

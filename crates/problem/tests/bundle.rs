//! Bundles: structure, Jacobians, objective and state.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use nalgebra::{DMatrix, DVector, Vector3};
use slam16_geometry::{Pinhole, Se3, So3, Stereo};
use slam16_problem::{
    Bundle, Camera, CameraId, LeastSquares, Lens, LensId, Loss, Note, Observation, PointId,
    ProblemError, Setup,
};
use slam16_sparse::{Jacobian, NO_VARIABLE, Threads};

/// Uniform numbers in (−1, 1) from a linear congruential generator.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / 2.0_f64.powi(52) - 1.0
    }

    fn vector(&mut self) -> Vector3<f64> {
        Vector3::new(self.next(), self.next(), self.next())
    }
}

const PINHOLE: Lens = Lens::Pinhole(Pinhole {
    fx: 400.0,
    fy: 410.0,
    cx: 320.0,
    cy: 240.0,
});
const STEREO: Lens = Lens::Stereo(Stereo {
    fx: 400.0,
    fy: 410.0,
    cx: 320.0,
    cy: 240.0,
    baseline: 0.3,
});

/// `cameras` near the origin, points about five units down the axis each
/// lens looks along; every camera sees every point through the lenses of
/// `lenses` in turn.
fn scene(lenses: &[Lens], cameras: usize, points: usize) -> Bundle {
    let mut noise = Noise(7);
    let mut bundle = Bundle::new();
    let bal = lenses.contains(&Lens::Bal);
    for _ in 0..cameras {
        let turn = if bal && lenses.len() > 1 { 0.0 } else { 0.2 };
        bundle
            .add_camera(Camera {
                world_from_camera: Se3::new(noise.vector(), So3::exp(&(noise.vector() * turn))),
                intrinsics: [500.0 + 20.0 * noise.next(), -0.1, 0.03],
                pose_fixed: false,
                intrinsics_fixed: false,
            })
            .unwrap();
    }
    let depth = if lenses == [Lens::Bal] { -5.0 } else { 5.0 };
    for _ in 0..points {
        bundle
            .add_point(noise.vector() + Vector3::new(0.0, 0.0, depth))
            .unwrap();
    }
    let ids: Vec<LensId> = lenses.iter().map(|l| bundle.add_lens(*l)).collect();
    for p in 0..points {
        for c in 0..cameras {
            let lens = (p + c) % lenses.len();
            bundle
                .add_observation(Observation {
                    camera: CameraId::from(c),
                    point: PointId::from(p),
                    lens: ids[lens],
                    pixel: [
                        300.0 * noise.next(),
                        300.0 * noise.next(),
                        300.0 * noise.next(),
                    ],
                    weight: 0.25 + 0.1 * noise.next(),
                })
                .unwrap();
        }
    }
    bundle
}

fn linearized(bundle: &Bundle) -> (Setup, Jacobian<f64>) {
    let setup = bundle.setup().unwrap();
    let mut jacobian = Jacobian::zeros(setup.structure.clone());
    bundle
        .linearize(&setup, &mut jacobian, &Threads::single())
        .unwrap();
    (setup, jacobian)
}

fn dense(jacobian: &Jacobian<f64>) -> (DMatrix<f64>, DVector<f64>) {
    let structure = jacobian.structure();
    let mut matrix = DMatrix::zeros(structure.rows(), structure.layout.scalars());
    let mut row = 0;
    for set in &jacobian.sets {
        let shape = set.structure().shape();
        for f in 0..set.structure().factors() {
            let sides = [
                (set.structure().var_a()[f], set.block_a(f)),
                (set.structure().var_b()[f], set.block_b(f)),
            ];
            for (v, block) in sides {
                assert_ne!(v, NO_VARIABLE);
                let at = structure.layout.offset(v as usize);
                for (i, value) in block.iter().enumerate() {
                    matrix[(row + i % shape.rows, at + i / shape.rows)] = *value;
                }
            }
            row += shape.rows;
        }
    }
    let residuals: Vec<f64> = jacobian.residuals.iter().flatten().copied().collect();
    (matrix, DVector::from_vec(residuals))
}

/// Five-point central difference of the residuals along every scalar. Its
/// error is h⁴ M₅/30 + 3 ε M₀/(2h), with M₀ < 1e4 and M₅ < 1e7 here (pixels
/// against radians, units and BAL's powers of r) below 1e-6 for h = 1e-3 on
/// the geometry, and exact up to rounding for f, k1, k2, which enter linearly.
fn numeric(bundle: &Bundle, setup: &Setup) -> DMatrix<f64> {
    let h = 1e-3;
    let scalars = setup.structure.layout.scalars();
    let at = |i: usize, step: f64| {
        let mut moved = bundle.clone();
        let mut delta = vec![0.0; scalars];
        delta[i] = step;
        moved.retract(&delta);
        dense(&linearized(&moved).1).1
    };
    let columns: Vec<_> = (0..scalars)
        .map(|i| ((at(i, h) - at(i, -h)) * 8.0 - (at(i, 2.0 * h) - at(i, -2.0 * h))) / (12.0 * h))
        .collect();
    DMatrix::from_columns(&columns)
}

fn check_jacobian(bundle: &Bundle) {
    let (setup, jacobian) = linearized(bundle);
    let (analytic, _) = dense(&jacobian);
    let numeric = numeric(bundle, &setup);
    for (i, held) in setup.held.iter().enumerate() {
        let scale = numeric.column(i).amax().max(1.0);
        if *held {
            assert_eq!(analytic.column(i).amax(), 0.0, "held column {i}");
        } else {
            let error = (analytic.column(i) - numeric.column(i)).amax();
            assert!(error <= 1e-7 * scale, "column {i}: {error:e} of {scale:e}");
        }
    }
}

#[test]
fn jacobians_match_central_differences_for_every_lens_and_every_hold() {
    for lenses in [
        vec![Lens::Bal],
        vec![PINHOLE],
        vec![STEREO],
        vec![PINHOLE, STEREO],
        vec![Lens::Bal, PINHOLE, STEREO],
    ] {
        for holds in 0..8 {
            let mut bundle = scene(&lenses, 3, 6);
            bundle.cameras_mut()[1].pose_fixed = holds & 1 != 0;
            bundle.cameras_mut()[2].intrinsics_fixed = holds & 2 != 0;
            bundle.set_point_fixed(PointId(3), holds & 4 != 0).unwrap();
            let (setup, jacobian) = linearized(&bundle);
            check_jacobian(&bundle);

            let bal = lenses.contains(&Lens::Bal);
            let dim = setup.structure.layout.dim(0);
            assert_eq!(dim, if bal { 9 } else { 6 });
            assert_eq!(setup.eliminable_from, 3);
            let held: Vec<usize> = (0..setup.held.len()).filter(|i| setup.held[*i]).collect();
            let mut expected: Vec<usize> = Vec::new();
            let posed = if holds & 1 != 0 { 1 } else { 0 };
            expected.extend(posed * dim..posed * dim + 6);
            if bal && holds & 2 != 0 {
                expected.extend(2 * dim + 6..3 * dim);
            }
            if holds & 4 != 0 {
                expected.extend(3 * dim + 9..3 * dim + 12);
            }
            assert_eq!(held, expected);
            assert_eq!(
                setup
                    .notes
                    .iter()
                    .any(|n| matches!(n, Note::GaugeFixed { .. })),
                holds & 1 == 0
            );
            let rows: usize = bundle
                .observations()
                .iter()
                .map(|o| bundle.lenses()[o.lens.index()].rows())
                .sum();
            assert_eq!(jacobian.structure().rows(), rows);
        }
    }
}

/// Six scalars per camera suffice once all intrinsics are known.
#[test]
fn known_intrinsics_take_no_room() {
    let mut bundle = scene(&[Lens::Bal], 3, 6);
    for camera in bundle.cameras_mut() {
        camera.intrinsics_fixed = true;
    }
    assert_eq!(bundle.setup().unwrap().structure.layout.dim(0), 6);
    check_jacobian(&bundle);
}

#[test]
fn robust_losses_scale_rows_and_cost() {
    let mut bundle = scene(&[Lens::Bal, STEREO], 3, 8);
    let (_, plain) = linearized(&bundle);
    let plain_cost = bundle.cost(&Threads::single()).unwrap();
    assert_eq!(plain_cost.robust, plain_cost.plain);
    bundle.set_loss(Loss::Huber(20.0)).unwrap();
    let (_, robust) = linearized(&bundle);
    let cost = bundle.cost(&Threads::single()).unwrap();
    assert_eq!(cost.plain, plain_cost.plain);

    let mut expected = 0.0;
    for set in 0..2 {
        let rows = [2, 3][set];
        for f in 0..plain.sets[set].structure().factors() {
            let r = &plain.residuals[set][f * rows..(f + 1) * rows];
            let (rho, slope) = bundle.loss().evaluate(r.iter().map(|x| x * x).sum());
            expected += 0.5 * rho;
            let scaled = |a: &[f64], b: &[f64]| {
                a.iter()
                    .zip(b)
                    .all(|(a, b)| (a * slope.sqrt() - b).abs() <= 4.0 * f64::EPSILON * a.abs())
            };
            assert!(scaled(r, &robust.residuals[set][f * rows..(f + 1) * rows]));
            assert!(scaled(
                plain.sets[set].block_a(f),
                robust.sets[set].block_a(f)
            ));
            assert!(scaled(
                plain.sets[set].block_b(f),
                robust.sets[set].block_b(f)
            ));
        }
    }
    assert!((cost.robust - expected).abs() <= 1e-13 * expected);
}

#[test]
fn unseen_and_barely_seen_things_are_held_and_reported() {
    let mut bundle = scene(&[PINHOLE], 3, 5);
    let lens = LensId(0);
    let stereo = bundle.add_lens(STEREO);
    let idle = bundle.add_camera(bundle.cameras()[0].clone()).unwrap();
    let [once, twice, by_stereo, never] =
        [0; 4].map(|_| bundle.add_point(Vector3::new(0.1, 0.2, 6.0)).unwrap());
    let see = |bundle: &mut Bundle, point, lens| {
        bundle
            .add_observation(Observation {
                camera: CameraId(0),
                point,
                lens,
                pixel: [300.0, 280.0, 200.0],
                weight: 1.0,
            })
            .unwrap();
    };
    see(&mut bundle, once, lens);
    see(&mut bundle, twice, lens);
    see(&mut bundle, twice, lens);
    see(&mut bundle, by_stereo, stereo);
    let setup = bundle.setup().unwrap();
    let held_point = |p: PointId| setup.held[setup.structure.layout.offset(4 + p.index())];
    // Two rays from one camera are parallel and fix no depth.
    assert!(held_point(once) && held_point(twice) && held_point(never));
    assert!(!held_point(by_stereo));
    assert_eq!(
        setup.notes,
        vec![
            Note::Unconstrained {
                variable: idle.index(),
                label: 3
            },
            Note::PointHeld {
                point: 5,
                observations: 1
            },
            Note::PointHeld {
                point: 6,
                observations: 2
            },
            Note::PointHeld {
                point: 8,
                observations: 0
            },
            Note::GaugeFixed {
                variable: 0,
                label: 0,
                component_size: 3 + 5 + 3
            },
        ]
    );
}

#[test]
fn every_component_gets_its_own_gauge() {
    let one = scene(&[PINHOLE], 2, 4);
    let mut bundle = one.clone();
    for camera in one.cameras() {
        bundle.add_camera(camera.clone()).unwrap();
    }
    for point in one.points() {
        bundle.add_point(*point).unwrap();
    }
    for o in one.observations() {
        bundle
            .add_observation(Observation {
                camera: CameraId(o.camera.0 + 2),
                point: PointId(o.point.0 + 4),
                ..*o
            })
            .unwrap();
    }
    let held_cameras = |bundle: &Bundle| -> Vec<usize> {
        let notes = bundle.setup().unwrap().notes;
        notes
            .iter()
            .map(|n| match n {
                Note::GaugeFixed {
                    variable,
                    component_size: 6,
                    ..
                } => *variable,
                other => panic!("{other:?}"),
            })
            .collect()
    };
    assert_eq!(held_cameras(&bundle), vec![0, 2]);
    bundle.cameras_mut()[3].pose_fixed = true;
    assert_eq!(held_cameras(&bundle), vec![0]);
    // Three surveyed points say where the world is.
    for p in 0..3 {
        bundle.set_point_fixed(PointId(p), true).unwrap();
    }
    assert!(held_cameras(&bundle).is_empty());
}

#[test]
fn linearisation_and_cost_agree_and_are_the_same_on_two_threads() {
    let mut bundle = scene(&[Lens::Bal, PINHOLE, STEREO], 20, 700);
    bundle.set_loss(Loss::Cauchy(30.0)).unwrap();
    let setup = bundle.setup().unwrap();
    let run = |count: usize| {
        let threads = Threads::new(count).unwrap();
        let mut jacobian = Jacobian::zeros(setup.structure.clone());
        let cost = bundle.linearize(&setup, &mut jacobian, &threads).unwrap();
        let alone = bundle.cost(&threads).unwrap();
        assert_eq!(cost, alone);
        (cost, alone, jacobian)
    };
    let (one, two) = (run(1), run(2));
    assert_eq!((one.0, one.1), (two.0, two.1));
    assert_eq!(one.2.residuals, two.2.residuals);
    for (one, two) in one.2.sets.iter().zip(&two.2.sets) {
        assert_eq!((&one.a, &one.b), (&two.a, &two.b));
    }
    let plain: f64 = {
        bundle.set_loss(Loss::None).unwrap();
        let (_, jacobian) = linearized(&bundle);
        jacobian.residuals.iter().flatten().map(|r| r * r).sum()
    };
    assert!((one.0.plain - 0.5 * plain).abs() <= 1e-12 * plain);
}

#[test]
fn the_first_bad_observation_is_named() {
    let mut bundle = scene(&[Lens::Bal], 3, 6);
    // The point in the camera's own plane has no projection.
    let at = bundle.cameras()[1].world_from_camera.translation;
    bundle.points_mut()[4] = at;
    let expected = ProblemError::NonFinite {
        factor: "observation of point 4 by camera 1".into(),
        set: 0,
        index: 13,
    };
    let setup = bundle.setup().unwrap();
    let mut jacobian = Jacobian::zeros(setup.structure.clone());
    for count in [1, 2] {
        let threads = Threads::new(count).unwrap();
        assert_eq!(bundle.cost(&threads), Err(expected.clone()));
        assert_eq!(
            bundle.linearize(&setup, &mut jacobian, &threads),
            Err(expected.clone())
        );
    }
}

#[test]
fn a_setup_that_no_longer_fits_is_refused() {
    let mut bundle = scene(&[Lens::Bal], 3, 6);
    let (setup, mut jacobian) = linearized(&bundle);
    let again = bundle.observations()[0];
    bundle.add_observation(again).unwrap();
    let refused = |bundle: &Bundle, jacobian: &mut Jacobian<f64>| {
        let result = bundle.linearize(&setup, jacobian, &Threads::single());
        assert!(matches!(result, Err(ProblemError::Length { .. })));
    };
    refused(&bundle, &mut jacobian);
    bundle.add_point(Vector3::zeros()).unwrap();
    refused(&bundle, &mut jacobian);
}

#[test]
fn empty_bundles_are_refused() {
    let mut bundle = Bundle::new();
    assert!(matches!(bundle.setup(), Err(ProblemError::Empty { .. })));
    bundle.add_camera(Camera::from_bal(&[0.0; 9])).unwrap();
    assert!(matches!(bundle.setup(), Err(ProblemError::Empty { .. })));
}

#[test]
fn state_goes_back_and_forth_and_zero_steps_keep_every_bit() {
    let mut bundle = scene(&[Lens::Bal], 3, 6);
    let start = bundle.state();
    let scalars = bundle.setup().unwrap().structure.layout.scalars();
    bundle.retract(&vec![0.0; scalars]);
    assert_eq!(bundle.state(), start);
    let norm = bundle.state_norm();
    let mut step = vec![0.0; scalars];
    step[9 + 6] = 2.0;
    step[27 + 4] = 3.0;
    bundle.retract(&step);
    assert_eq!(bundle.cameras()[1].intrinsics[0], {
        let mut before = bundle.clone();
        before.load_state(&start);
        before.cameras()[1].intrinsics[0] + 2.0
    });
    assert_ne!(bundle.state(), start);
    assert_ne!(bundle.state_norm(), norm);
    let mut moved = start.clone();
    bundle.save_state(&mut moved);
    bundle.load_state(&start);
    assert_eq!(bundle.state(), start);
    bundle.load_state(&moved);
    assert_eq!(bundle.state(), moved);
}

#[test]
fn cameras_go_to_bal_and_back() {
    let numbers = [0.1, -0.2, 0.3, 1.0, 2.0, -3.0, 500.0, -0.1, 0.02];
    let back = Camera::from_bal(&numbers).to_bal();
    for (a, b) in numbers.iter().zip(back) {
        assert!((a - b).abs() < 1e-14 * 4.0_f64.max(a.abs()));
    }
}

#[test]
fn observations_behind_their_camera_are_counted() {
    let mut bundle = scene(&[PINHOLE, STEREO], 3, 6);
    assert_eq!(bundle.behind_camera(), 0);
    bundle.points_mut()[2].z = -5.0;
    assert_eq!(bundle.behind_camera(), 3);
    let mut bal = scene(&[Lens::Bal], 3, 6);
    assert_eq!(bal.behind_camera(), 0);
    bal.points_mut()[2].z = 5.0;
    assert_eq!(bal.behind_camera(), 3);
}

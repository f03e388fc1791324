//! Steps against the dense solution of the full normal equations.
#![allow(clippy::unwrap_used, clippy::panic)]

use nalgebra::{DMatrix, DVector, SMatrix, SVector, Vector2, Vector3};
use slam16_geometry::{Pinhole, PoseGroup, Se2, Se3, So3, Stereo};
use slam16_problem::{
    Bundle, Camera, CameraId, Information, LandmarkId, LandmarkObservation, LeastSquares, Lens,
    Observation, PointId, PoseGraph, PoseId, ProblemKind, Setup,
};
use slam16_solver::{
    BackendError, CgOptions, LinearRequest, LinearSolver, NumericError, SchurReduced,
};
use slam16_sparse::{Jacobian, NO_VARIABLE, Ordering, Threads};

use super::{Method, Unfit, schur};

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

/// Cameras that see four of five points, through the given lenses in turn;
/// point 0 is seen twice by camera 0, in no particular order.
fn bundle(lenses: &[Lens], cameras: usize, points: usize) -> Bundle {
    let mut noise = Noise(3);
    let mut bundle = Bundle::new();
    for _ in 0..cameras {
        bundle
            .add_camera(Camera {
                world_from_camera: Se3::new(noise.vector(), So3::exp(&(noise.vector() * 0.1))),
                intrinsics: [500.0 + 20.0 * noise.next(), -0.1, 0.03],
                pose_fixed: false,
                intrinsics_fixed: false,
            })
            .unwrap();
    }
    for _ in 0..points {
        let at = noise.vector() + Vector3::new(0.0, 0.0, -6.0);
        bundle.add_point(at).unwrap();
    }
    let ids: Vec<_> = lenses.iter().map(|l| bundle.add_lens(*l)).collect();
    let mut see = |bundle: &mut Bundle, c: usize, p: usize, lens: usize| {
        bundle
            .add_observation(Observation {
                camera: CameraId::from(c),
                point: PointId::from(p),
                lens: ids[lens % ids.len()],
                pixel: [noise.next(), noise.next(), noise.next()].map(|x| 50.0 * x),
                weight: 0.5 + 0.2 * noise.next(),
            })
            .unwrap();
    };
    for c in (0..cameras).rev() {
        for p in 0..points {
            if (c + p) % 5 != 0 {
                see(&mut bundle, c, p, c + 2 * p);
            }
        }
    }
    see(&mut bundle, 0, 0, 0);
    see(&mut bundle, 0, 0, 1);
    bundle
}

/// A graph of poses and landmarks with priors, edges and observations.
fn graph<G: PoseGroup<D, P>, const D: usize, const P: usize>(
    pose: impl Fn(&mut Noise, f64) -> G,
    landmark: impl Fn(&mut Noise) -> SVector<f64, P>,
) -> PoseGraph<G, D, P> {
    let mut noise = Noise(5);
    let mut graph = PoseGraph::new();
    for i in 0..7 {
        let at = pose(&mut noise, 2.0);
        graph.add_pose(i, at).unwrap();
    }
    for i in 0..5 {
        let at = landmark(&mut noise);
        graph.add_landmark(100 + i, at).unwrap();
    }
    let information = |noise: &mut Noise| {
        let root = SMatrix::<f64, D, D>::from_fn(|_, _| noise.next());
        Information::new(root.transpose() * root + SMatrix::identity() * 0.5).unwrap()
    };
    for (i, j) in [
        (0, 1),
        (2, 1),
        (2, 3),
        (3, 4),
        (5, 4),
        (6, 5),
        (6, 0),
        (1, 5),
    ] {
        let z = pose(&mut noise, 1.0);
        let weight = information(&mut noise);
        graph.add_between(PoseId(i), PoseId(j), z, weight).unwrap();
    }
    for i in [2, 4] {
        let z = pose(&mut noise, 1.0);
        let weight = information(&mut noise);
        graph.add_prior(PoseId(i), z, weight).unwrap();
    }
    for i in 0..7_u32 {
        for l in 0..5_u32 {
            if (i + l) % 3 != 0 {
                graph
                    .add_observation(LandmarkObservation {
                        pose: PoseId(i),
                        landmark: LandmarkId(l),
                        sensor: PoseGraph::<G, D, P>::BODY,
                        measurement: landmark(&mut noise),
                        information: Information::new(SMatrix::identity() * 1.5).unwrap(),
                    })
                    .unwrap();
            }
        }
    }
    graph
}

fn linearized<L: LeastSquares>(problem: &L) -> (Setup, Jacobian<f64>) {
    let setup = problem.setup().unwrap();
    let mut jacobian = Jacobian::zeros(setup.structure.clone());
    problem
        .linearize(&setup, &mut jacobian, &Threads::single())
        .unwrap();
    (setup, jacobian)
}

/// `J` and `r` as dense matrices.
fn dense(jacobian: &Jacobian<f64>) -> (DMatrix<f64>, DVector<f64>) {
    let structure = jacobian.structure();
    let mut matrix = DMatrix::zeros(structure.rows(), structure.layout.scalars());
    let mut row = 0;
    for set in &jacobian.sets {
        let rows = set.structure().shape().rows;
        for f in 0..set.structure().factors() {
            for (v, block) in [
                (set.structure().var_a()[f], set.block_a(f)),
                (set.structure().var_b()[f], set.block_b(f)),
            ] {
                if v == NO_VARIABLE {
                    continue;
                }
                let at = structure.layout.offset(v as usize);
                for (i, value) in block.iter().enumerate() {
                    matrix[(row + i % rows, at + i / rows)] += *value;
                }
            }
            row += rows;
        }
    }
    let residuals = jacobian.residuals.concat();
    (matrix, DVector::from_vec(residuals))
}

/// What a solver makes of a Jacobian.
struct Answer {
    gradient: Vec<f64>,
    scale: Vec<f64>,
    step: Vec<f64>,
}

fn request(damping: f64) -> LinearRequest {
    LinearRequest {
        damping,
        tolerance: 0.0,
        deadline: None,
    }
}

fn answer(
    solver: &mut dyn LinearSolver,
    jacobian: &Jacobian<f64>,
    damping: f64,
    threads: &Threads,
) -> Result<Answer, BackendError> {
    let n = jacobian.layout().scalars();
    let mut answer = Answer {
        gradient: vec![f64::NAN; n],
        scale: vec![f64::NAN; n],
        step: vec![f64::NAN; n],
    };
    let (gradient, scale) = (&mut answer.gradient, &mut answer.scale);
    solver.update(jacobian, gradient, scale, threads)?;
    // Negative damping is for held scalars no damping.
    let floor = if damping < 0.0 { 0.0 } else { 1e-6 };
    for d in &mut *scale {
        *d = d.max(floor);
    }
    solver.solve(
        jacobian,
        gradient,
        scale,
        &request(damping),
        &mut answer.step,
        threads,
    )?;
    Ok(answer)
}

/// Compares gradient, diagonal and step with dense ones. The step's error is
/// bounded by κ n ε; κ < 1e6 at damping 1e-3 for these problems once the
/// columns are scaled, which Cholesky's error does not see.
fn check(setup: &Setup, jacobian: &Jacobian<f64>, damping: f64) {
    let (j, r) = dense(jacobian);
    let gradient = j.transpose() * &r;
    let mut normal = j.transpose() * &j;
    let diagonal = normal.diagonal();
    for i in 0..normal.nrows() {
        normal[(i, i)] += damping * diagonal[i].max(1e-6);
        if setup.held[i] {
            normal[(i, i)] = 1.0;
        }
    }
    let expected = -normal.cholesky().unwrap().solve(&gradient);
    let mut steps = Vec::new();
    for form in [
        SchurReduced::Dense,
        SchurReduced::Sparse,
        SchurReduced::Auto,
    ] {
        let mut solver = schur(setup, Method::Direct(form, Ordering::Auto)).unwrap();
        let one = answer(&mut *solver, jacobian, damping, &Threads::single()).unwrap();
        for (got, want, what) in [
            (&one.gradient, &gradient, "gradient"),
            (&one.step, &expected, "step"),
        ] {
            let error = (DVector::from_column_slice(got) - want).amax();
            assert!(error <= 1e-10 * want.amax(), "{what} {form:?}: {error:e}");
        }
        for (got, want) in one.scale.iter().zip(&diagonal) {
            assert!((got - want.max(1e-6)).abs() <= 1e-13 * got);
        }
        for (held, step) in setup.held.iter().zip(&one.step) {
            assert!(!held || *step == 0.0);
        }
        for count in [2, 3] {
            let threads = Threads::new(count).unwrap();
            let mut solver = schur(setup, Method::Direct(form, Ordering::Auto)).unwrap();
            let two = answer(&mut *solver, jacobian, damping, &threads).unwrap();
            assert_eq!(one.gradient, two.gradient);
            assert_eq!(one.scale, two.scale);
            assert_eq!(one.step, two.step, "{count} threads, {form:?}");
        }
        assert!(solver.exact() && solver.describe().bytes > 0);
        steps.push(one.step);
    }
}

/// The residual is at most `tolerance` in the norm of `M⁻¹`, so the step is
/// off by `κ^½ tolerance` in the norm of `S` and by `κ tolerance` in length;
/// `κ < 1e6` as above.
fn check_iterative(setup: &Setup, jacobian: &Jacobian<f64>, damping: f64) {
    let threads = Threads::single();
    let exact = Method::Direct(SchurReduced::Dense, Ordering::Natural);
    let mut exact = schur(setup, exact).unwrap();
    let want = answer(&mut *exact, jacobian, damping, &threads).unwrap();
    let cg = CgOptions {
        model_tolerance: 0.0,
        max_iterations: 1000,
        ..CgOptions::for_kind(ProblemKind::Bundle)
    };
    let mut solver = schur(setup, Method::Iterative(cg)).unwrap();
    assert!(!solver.exact());
    let mut step = vec![0.0; want.step.len()];
    let mut solve = |tolerance: f64, count: usize| {
        let threads = Threads::new(count).unwrap();
        let mut again = answer(&mut *solver, jacobian, damping, &threads).unwrap();
        let request = LinearRequest {
            tolerance,
            ..request(damping)
        };
        let outcome = solver
            .solve(
                jacobian,
                &again.gradient,
                &again.scale,
                &request,
                &mut again.step,
                &threads,
            )
            .unwrap();
        assert!(outcome.iterations > 0 && outcome.factorizations == 0);
        step.copy_from_slice(&again.step);
        let error =
            (DVector::from_column_slice(&step) - DVector::from_column_slice(&want.step)).amax();
        (
            error / DVector::from_column_slice(&want.step).amax(),
            again.step,
        )
    };
    let (error, one) = solve(1e-13, 1);
    assert!(error < 1e-7, "{error:e}");
    assert_eq!(solve(1e-13, 2).1, one, "two threads");
    for (held, step) in setup.held.iter().zip(&one) {
        assert!(!held || *step == 0.0);
    }
    // One that stops early is refused by the same bound.
    assert!(solve(0.5, 1).0 > 1e-7);
}

#[test]
fn steps_of_every_lens_mix_equal_dense_ones() {
    for lenses in [
        vec![Lens::Bal],
        vec![PINHOLE],
        vec![STEREO],
        vec![PINHOLE, STEREO],
        vec![Lens::Bal, STEREO, PINHOLE],
    ] {
        for held in 0..4 {
            let mut bundle = bundle(&lenses, 6, 23);
            bundle.cameras_mut()[2].pose_fixed = held & 1 != 0;
            bundle.cameras_mut()[4].intrinsics_fixed = held & 1 != 0;
            bundle.set_point_fixed(PointId(7), held & 2 != 0).unwrap();
            let (setup, jacobian) = linearized(&bundle);
            check(&setup, &jacobian, 1e-3);
            check_iterative(&setup, &jacobian, 1e-3);
        }
    }
}

#[test]
fn landmarks_of_graphs_are_eliminated_too() {
    let plane = graph::<Se2<f64>, 3, 2>(
        |n, scale| Se2::from_xy_theta(scale * n.next(), scale * n.next(), n.next()),
        |n| Vector2::new(3.0 * n.next(), 3.0 * n.next()),
    );
    let (setup, jacobian) = linearized(&plane);
    check(&setup, &jacobian, 1e-3);
    check(&setup, &jacobian, 0.0);
    check_iterative(&setup, &jacobian, 1e-3);
    let mut space = graph::<Se3<f64>, 6, 3>(
        |n, scale| Se3::new(n.vector() * scale, So3::exp(&n.vector())),
        |n| n.vector() * 3.0,
    );
    space.set_pose_fixed(PoseId(3), true).unwrap();
    space.set_landmark_fixed(LandmarkId(2), true).unwrap();
    let (setup, jacobian) = linearized(&space);
    check(&setup, &jacobian, 1e-3);
    check(&setup, &jacobian, 0.0);
    check_iterative(&setup, &jacobian, 1e-3);
}

/// A second solve with other damping, without an update, starts afresh.
#[test]
fn damping_can_change_between_updates() {
    let (setup, jacobian) = linearized(&bundle(&[Lens::Bal], 6, 23));
    let threads = Threads::single();
    let fresh = |damping| {
        let mut solver = schur(&setup, Method::Direct(SchurReduced::Auto, Ordering::Auto)).unwrap();
        answer(&mut *solver, &jacobian, damping, &threads)
            .unwrap()
            .step
    };
    let mut solver = schur(&setup, Method::Direct(SchurReduced::Auto, Ordering::Auto)).unwrap();
    let first = answer(&mut *solver, &jacobian, 1e-3, &threads).unwrap();
    let mut step = vec![f64::NAN; first.step.len()];
    for damping in [1e-1, 1e-3] {
        solver
            .solve(
                &jacobian,
                &first.gradient,
                &first.scale,
                &request(damping),
                &mut step,
                &threads,
            )
            .unwrap();
        assert_eq!(step, fresh(damping));
    }
}

/// Equal columns leave a pivot of rounding size; a little negative damping
/// settles its sign.
#[test]
fn singular_systems_name_their_variable() {
    let (setup, clean) = linearized(&bundle(&[PINHOLE], 6, 23));
    let threads = Threads::new(2).unwrap();
    for (variable, rows_by_columns) in [(3, 6), (6 + 11, 3)] {
        let mut jacobian = clean.clone();
        let set = &mut jacobian.sets[0];
        let structure = set.structure().clone();
        let (vars, values) = if variable < 6 {
            (structure.var_a(), &mut set.a)
        } else {
            (structure.var_b(), &mut set.b)
        };
        for (f, v) in vars.iter().enumerate() {
            if *v == variable {
                let at = f * 2 * rows_by_columns;
                values.copy_within(at..at + 2, at + 2);
            }
        }
        for form in [SchurReduced::Dense, SchurReduced::Sparse] {
            let mut solver = schur(&setup, Method::Direct(form, Ordering::Natural)).unwrap();
            let result = answer(&mut *solver, &jacobian, -1e-9, &threads);
            let Err(BackendError::Numeric(NumericError::NotPositiveDefinite {
                variable: found,
                ..
            })) = result
            else {
                panic!("no error for variable {variable}")
            };
            assert_eq!(found, variable as usize);
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut plain = graph::<Se2<f64>, 3, 2>(
        |n, scale| Se2::from_xy_theta(scale * n.next(), scale * n.next(), n.next()),
        |n| Vector2::new(n.next(), n.next()),
    );
    plain.set_pose_fixed(PoseId(0), true).unwrap();
    let mut setup = plain.setup().unwrap();
    let variables = setup.structure.layout.variables();
    setup.eliminable_from = variables;
    let refused = |setup: &Setup| {
        schur(setup, Method::Direct(SchurReduced::Auto, Ordering::Auto))
            .map(|_| ())
            .unwrap_err()
    };
    assert_eq!(refused(&setup), Unfit::NothingToEliminate);
    setup.eliminable_from = 6;
    assert_eq!(refused(&setup), Unfit::Sizes);
    assert!(!Unfit::Sets.reason().is_empty());
}

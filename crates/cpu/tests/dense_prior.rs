//! Linear solvers on a bundle with the dense prior of a sliding window.

#![allow(clippy::unwrap_used, clippy::panic)]

use nalgebra::{DMatrix, DVector, Vector3, Vector6};
use slam16_cpu::backend;
use slam16_geometry::{CameraFrame, Se3, Stereo};
use slam16_problem::{
    Bundle, Camera, CameraId, DensePrior, LeastSquares, Lens, Observation, PointId, ProblemKind,
};
use slam16_solver::{
    Backend, BackendError, ColumnScaling, Fill, LinearRequest, LinearSolverKind, Options,
    SchurReduced,
};
use slam16_sparse::{Jacobian, Threads};

fn some(k: usize) -> f64 {
    (1.7 * k as f64 + 0.3).sin()
}

/// Twelve cameras in a row, each of which sees the points of its neighbours;
/// the prior joins three that share none.
fn bundle() -> Bundle {
    let stereo = Stereo {
        fx: 400.0,
        fy: 410.0,
        cx: 320.0,
        cy: 240.0,
        baseline: 0.3,
    };
    let mut bundle = Bundle::new();
    let lens = bundle.add_lens(Lens::Stereo(stereo));
    let pose = |k: usize| {
        let small = Vector6::from_fn(|i, _| 0.02 * some(6 * k + i));
        Se3::exp(&Vector6::new(k as f64, 0.0, 0.0, 0.0, 0.0, 0.0)).retract(&small)
    };
    for k in 0..12 {
        bundle
            .add_camera(Camera {
                world_from_camera: pose(k),
                intrinsics: [0.0; 3],
                pose_fixed: false,
                intrinsics_fixed: true,
            })
            .unwrap();
    }
    for p in 0..44 {
        let near = p / 4;
        let at = Vector3::new(near as f64 + some(p), some(90 + p), 5.0 + some(200 + p));
        bundle.add_point(at).unwrap();
        for c in near..near + 2 {
            let frame = CameraFrame::new(&pose(c));
            let seen = stereo.project(&frame, &at).unwrap().pixel;
            let pixel = [0, 1, 2].map(|i| seen[i] + some(7 * p + c + i));
            bundle
                .add_observation(Observation {
                    camera: CameraId::from(c),
                    point: PointId::from(p),
                    lens,
                    pixel,
                    weight: 1.0,
                })
                .unwrap();
        }
    }
    let prior = DensePrior::new(
        [0, 5, 11].map(CameraId).to_vec(),
        [0, 5, 11]
            .map(|k| pose(k).retract(&Vector6::repeat(0.01)))
            .to_vec(),
        DMatrix::from_fn(
            18,
            18,
            |r, c| if r <= c { 30.0 * some(18 * r + c) } else { 0.0 },
        ),
        DVector::from_fn(18, |r, _| some(300 + r)),
    );
    bundle.set_dense_prior(Some(prior.unwrap())).unwrap();
    bundle
}

fn request(damping: f64) -> LinearRequest {
    LinearRequest {
        damping,
        tolerance: 1e-12,
        deadline: None,
    }
}

/// The damped step by the dense normal equations of the whole Jacobian.
fn dense_step(bundle: &Bundle, damping: f64) -> (DVector<f64>, f64) {
    let setup = bundle.setup().unwrap();
    let threads = Threads::single();
    let mut jacobian = Jacobian::zeros(setup.structure.clone());
    bundle.linearize(&setup, &mut jacobian, &threads).unwrap();
    let layout = jacobian.layout();
    let mut j = DMatrix::zeros(setup.structure.rows(), layout.scalars());
    let mut r = DVector::zeros(j.nrows());
    let mut row = 0;
    for (set, residuals) in jacobian.sets.iter().zip(&jacobian.residuals) {
        let s = set.structure();
        let rows = s.shape().rows;
        for f in 0..s.factors() {
            for (v, block) in [
                (s.var_a()[f], set.block_a(f)),
                (s.var_b()[f], set.block_b(f)),
            ] {
                for (k, value) in block.iter().enumerate() {
                    j[(row + k % rows, layout.offset(v as usize) + k / rows)] = *value;
                }
            }
            for k in 0..rows {
                r[row + k] = residuals[f * rows + k];
            }
            row += rows;
        }
    }
    let dense = jacobian.dense.as_ref().unwrap();
    let rows = dense.structure().rows();
    for (n, v) in dense.structure().variables().iter().enumerate() {
        for (k, value) in dense.block(n).iter().enumerate() {
            j[(row + k % rows, layout.offset(*v as usize) + k / rows)] = *value;
        }
    }
    r.rows_mut(row, rows).copy_from_slice(&dense.residuals);
    let mut normal = j.transpose() * &j;
    for k in 0..normal.nrows() {
        normal[(k, k)] += damping * normal[(k, k)].clamp(1e-6, 1e32);
    }
    let gradient = j.transpose() * &r;
    let step = normal.cholesky().unwrap().solve(&-&gradient);
    let decrease = -gradient.dot(&step) - 0.5 * (&j * &step).norm_squared();
    (step, decrease)
}

/// Relative error of the normal equations' solution: ε κ, κ below 1e6 with
/// this damping, for the oracle and the solver.
const TOLERANCE: f64 = 1e-9;

#[test]
fn steps_are_those_of_the_dense_normal_equations() {
    let damping = 1e-3;
    let (step, decrease) = dense_step(&bundle(), damping);
    for (solver, threads) in [
        (LinearSolverKind::Schur(SchurReduced::Dense), 1),
        (LinearSolverKind::Schur(SchurReduced::Sparse), 2),
        (LinearSolverKind::Cholesky, 1),
        (LinearSolverKind::Cholesky, 2),
    ] {
        let mut expected = bundle();
        expected.retract(step.as_slice());
        let mut problem = bundle();
        let mut options = Options::for_kind(ProblemKind::Bundle);
        options.linear.solver = solver;
        options.threads = threads;
        let mut backend = backend(&mut problem, &options).unwrap();
        backend.linearize().unwrap();
        backend.solve(&request(damping)).unwrap();
        let promised = backend.predicted_decrease();
        assert!((promised / decrease - 1.0).abs() < TOLERANCE, "{solver}");
        backend.dogleg(1e9).unwrap();
        let measured = backend.predicted_decrease();
        assert!((measured / decrease - 1.0).abs() < TOLERANCE, "{solver}");
        backend.step().unwrap();
        drop(backend);
        for (a, b) in problem.cameras().iter().zip(expected.cameras()) {
            let apart = a.world_from_camera.local(&b.world_from_camera).norm();
            assert!(apart < TOLERANCE, "{solver}: {apart}");
        }
        for (a, b) in problem.points().iter().zip(expected.points()) {
            assert!((a - b).norm() < TOLERANCE, "{solver}");
        }
    }
}

/// Solvers that cannot take it say so; none leaves it out.
#[test]
fn iterative_solvers_refuse_it() {
    for solver in [
        LinearSolverKind::Cgnr(ColumnScaling::Projected),
        LinearSolverKind::CgnrIc(Fill::Complete),
    ] {
        let mut problem = bundle();
        let mut options = Options::for_kind(ProblemKind::Bundle);
        options.linear.solver = solver;
        let refused = backend(&mut problem, &options).err();
        assert!(
            matches!(refused, Some(BackendError::Unsupported { ref reason, .. }) if reason.contains("schur")),
            "{solver}: {refused:?}"
        );
    }
}

//! apex-solver: pose graphs by sparse Cholesky, bundles by its Schur solvers.

use std::collections::BTreeMap;
use std::process::ExitCode;

use apex_camera_models::{BALPinholeCameraStrict, DistortionModel, PinholeParams};
use apex_solver::ManifoldType;
use apex_solver::core::VarKey;
use apex_solver::factors::visual::ProjectionFactor;
use apex_solver::linalg::{ExplicitSchurVariant, JacobianMode, LinearSolverType};
use apex_solver::optimizer::gauss_newton::GaussNewtonConfig;
use apex_solver::prelude::{
    BetweenFactor, GaussNewton, LevenbergMarquardt, LevenbergMarquardtConfig, NoiseModel, Problem,
    SE2, SE3, SO3, SelfCalibration,
};
use nalgebra::{DMatrix, DVector, Matrix2xX, Quaternion, Vector2, Vector3};
use slam16_peers::driver::{self, Arguments, timed};
use slam16_peers::files::{self, Graph, Pose, Result};

fn main() -> ExitCode {
    driver::main("apex-solver 1.5.0, crate, target-cpu=native", |arguments| {
        if files::is_bundle(&arguments.input)? {
            solve_bundle(arguments)
        } else {
            solve_graph(arguments)
        }
    })
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn se3(p: &Pose) -> SE3 {
    SE3::from_translation_quaternion(
        Vector3::new(p[0], p[1], p[2]),
        Quaternion::new(p[6], p[3], p[4], p[5]),
    )
}

fn build_graph(graph: &Graph) -> Result<(Problem, BTreeMap<u64, VarKey>)> {
    let mut problem = Problem::new(JacobianMode::Sparse);
    let mut keys = BTreeMap::new();
    for (&id, p) in &graph.poses {
        let (manifold, parameters) = if p.len() == 3 {
            (ManifoldType::SE2, p.clone())
        } else {
            // apex-solver keeps the quaternion as w x y z.
            (
                ManifoldType::SE3,
                vec![p[0], p[1], p[2], p[6], p[3], p[4], p[5]],
            )
        };
        keys.insert(
            id,
            problem.add_variable(manifold, DVector::from_vec(parameters)),
        );
    }
    for edge in &graph.edges {
        let ends = [keys[&edge.from], keys[&edge.to]];
        let z = &edge.measurement;
        let n = if z.len() == 3 { 3 } else { 6 };
        let information = DMatrix::from_vec(n, n, edge.full_information());
        let noise = NoiseModel::from_information(information).map_err(text)?;
        if n == 3 {
            let factor = BetweenFactor::new(SE2::from_xy_angle(z[0], z[1], z[2]));
            problem.add_residual_block_with_noise(&ends, Box::new(factor), None, noise);
        } else {
            let factor = BetweenFactor::new(se3(z));
            problem.add_residual_block_with_noise(&ends, Box::new(factor), None, noise);
        }
    }
    let first = keys.values().next().copied().ok_or("no vertices")?;
    for dof in 0..if graph.is_3d() { 6 } else { 3 } {
        problem.fix_variable(first, dof);
    }
    Ok((problem, keys))
}

fn solve_graph(arguments: &Arguments) -> Result<()> {
    let graph = files::read_graph(&arguments.input)?;
    let is_3d = graph.is_3d();
    let (mut problem, keys) = build_graph(&graph)?;
    drop(graph);
    let result = match arguments.solver.as_str() {
        "gn" => {
            let config = GaussNewtonConfig::new()
                .with_max_iterations(arguments.max_iterations)
                .with_cost_tolerance(arguments.tolerance)
                .with_parameter_tolerance(0.0)
                .with_gradient_tolerance(0.0);
            let mut solver = GaussNewton::with_config(config);
            timed(|| {
                let result = solver.optimize(&mut problem).map_err(text)?;
                let iterations = result.iterations;
                Ok((result, Some(iterations)))
            })?
        }
        "lm" => {
            // The library's preset for planar graphs is scalar damping.
            let config = if is_3d {
                LevenbergMarquardtConfig::new()
            } else {
                LevenbergMarquardtConfig::for_2d_pose_graph()
            };
            let mut solver = with_stop_rule(config, arguments);
            timed(|| {
                let result = solver.optimize(&mut problem).map_err(text)?;
                let iterations = result.iterations;
                Ok((result, Some(iterations)))
            })?
        }
        other => return Err(format!("unknown solver {other}")),
    };
    let poses = keys.iter().map(|(&id, &key)| {
        let v = result.parameters[key].to_dvector();
        let pose = if is_3d {
            vec![v[0], v[1], v[2], v[4], v[5], v[6], v[3]]
        } else {
            vec![v[0], v[1], v[2]]
        };
        (id, pose)
    });
    files::write_poses(&arguments.output, poses)
}

/// The cost rule alone ends the solve.
fn with_stop_rule(config: LevenbergMarquardtConfig, arguments: &Arguments) -> LevenbergMarquardt {
    LevenbergMarquardt::with_config(
        config
            .with_max_iterations(arguments.max_iterations)
            .with_cost_tolerance(arguments.tolerance)
            .with_parameter_tolerance(0.0)
            .with_gradient_tolerance(0.0),
    )
}

fn solve_bundle(arguments: &Arguments) -> Result<()> {
    let bundle = files::read_bundle(&arguments.input)?;
    let mut problem = Problem::new(JacobianMode::Sparse);
    let mut cameras = Vec::new();
    for c in &bundle.cameras {
        let rotation = SO3::from_scaled_axis(Vector3::new(c[0], c[1], c[2]));
        let pose = SE3::from_translation_so3(Vector3::new(c[3], c[4], c[5]), rotation);
        let q = pose.rotation_quaternion();
        let t = pose.translation();
        let parameters = vec![t.x, t.y, t.z, q.w, q.i, q.j, q.k];
        let pose = problem.add_variable(ManifoldType::SE3, DVector::from_vec(parameters));
        let lens = problem.add_variable(ManifoldType::RN, DVector::from_vec(c[6..].to_vec()));
        cameras.push((pose, lens));
    }
    let mut points = Vec::new();
    for p in &bundle.points {
        let point = problem.add_variable(ManifoldType::RN, DVector::from_vec(p.to_vec()));
        problem.mark_for_elimination(point);
        points.push(point);
    }
    for o in &bundle.observations {
        let c = &bundle.cameras[o.camera];
        let camera = BALPinholeCameraStrict::new(
            PinholeParams {
                fx: c[6],
                fy: c[6],
                cx: 0.0,
                cy: 0.0,
            },
            DistortionModel::Radial { k1: c[7], k2: c[8] },
        )
        .map_err(text)?;
        let pixel = Matrix2xX::from_columns(&[Vector2::new(o.pixel[0], o.pixel[1])]);
        let factor: ProjectionFactor<BALPinholeCameraStrict, SelfCalibration> =
            ProjectionFactor::new(pixel, camera);
        let (pose, lens) = cameras[o.camera];
        problem.add_residual_block(&[pose, points[o.point], lens], Box::new(factor), None);
    }
    for dof in 0..6 {
        problem.fix_variable(cameras[0].0, dof);
    }
    drop(bundle);

    let config = LevenbergMarquardtConfig::for_bundle_adjustment();
    let config = match arguments.solver.as_str() {
        "explicit-schur" => config
            .with_linear_solver_type(LinearSolverType::ExplicitSparseSchur)
            .with_schur_variant(ExplicitSchurVariant::Sparse),
        "implicit-schur" => config.with_linear_solver_type(LinearSolverType::ImplicitSparseSchur),
        other => return Err(format!("unknown solver {other}")),
    };
    let mut solver = with_stop_rule(config, arguments);
    let result = timed(|| {
        let result = solver.optimize(&mut problem).map_err(text)?;
        let iterations = result.iterations;
        Ok((result, Some(iterations)))
    })?;

    let value = |key: VarKey| result.parameters[key].to_dvector();
    let cameras: Vec<[f64; 9]> = cameras
        .iter()
        .map(|&(pose, lens)| {
            let (p, l) = (value(pose), value(lens));
            let rotation =
                nalgebra::UnitQuaternion::from_quaternion(Quaternion::new(p[3], p[4], p[5], p[6]))
                    .scaled_axis();
            [
                rotation.x, rotation.y, rotation.z, p[0], p[1], p[2], l[0], l[1], l[2],
            ]
        })
        .collect();
    let points: Vec<[f64; 3]> = points
        .iter()
        .map(|&key| {
            let p = value(key);
            [p[0], p[1], p[2]]
        })
        .collect();
    files::write_bundle(&arguments.output, &cameras, &points)
}

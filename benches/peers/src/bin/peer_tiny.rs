//! tiny-solver: pose graphs and bundles, with factors of our own, as its between factors take no
//! information matrix; derivatives by its dual numbers.

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::Arc;

use slam16_peers::driver::{self, Arguments, timed};
use slam16_peers::files::{self, Edge, Result};
use tiny_solver::factors::{Factor, na};
use tiny_solver::manifold::se3::{SE3, SE3Manifold};
use tiny_solver::optimizer::{Optimizer, OptimizerOptions};
use tiny_solver::{GaussNewtonOptimizer, LevenbergMarquardtOptimizer, Problem};

fn main() -> ExitCode {
    driver::main(
        "tiny-solver 0.18.8, crate, target-cpu=native",
        |arguments| {
            if files::is_bundle(&arguments.input)? {
                solve_bundle(arguments)
            } else {
                solve_graph(arguments)
            }
        },
    )
}

/// r = Log(Z^-1 Xi^-1 Xj) in SE(2), whitened; a pose is x y theta.
struct Between2 {
    z: na::Vector3<f64>,
    root: na::Matrix3<f64>,
}

impl<T: na::RealField> Factor<T> for Between2 {
    fn residual_func(&self, poses: &[na::DVector<T>]) -> na::DVector<T> {
        let isometry = |p: &na::DVector<T>| {
            na::Isometry2::new(na::Vector2::new(p[0].clone(), p[1].clone()), p[2].clone())
        };
        let z = na::Isometry2::new(self.z.xy(), self.z.z).cast::<T>();
        let d = z.inverse() * isometry(&poses[0]).inverse() * isometry(&poses[1]);
        let angle = d.rotation.angle();
        let half = angle.clone() * na::convert(0.5);
        // half * cot(half)
        let c = if half.clone().abs() < na::convert(1e-4) {
            T::one() - half.clone() * half.clone() / na::convert(3.0)
        } else {
            half.clone() / half.clone().tan()
        };
        let (x, y) = (d.translation.x.clone(), d.translation.y.clone());
        let r = na::Vector3::new(
            c.clone() * x.clone() + half.clone() * y.clone(),
            c * y - half * x,
            angle,
        );
        dynamic(self.root.cast::<T>() * r)
    }
}

/// r = Log(Z^-1 Xi^-1 Xj) in SE(3), whitened; a pose is qx qy qz qw x y z.
struct Between3 {
    z: na::DVector<f64>,
    root: na::Matrix6<f64>,
}

impl<T: na::RealField> Factor<T> for Between3 {
    fn residual_func(&self, poses: &[na::DVector<T>]) -> na::DVector<T> {
        let z: SE3<T> = SE3::from_vec(self.z.as_view()).cast();
        let a = SE3::from_vec(poses[0].as_view());
        let b = SE3::from_vec(poses[1].as_view());
        let d = z.inverse() * (a.inverse() * b);
        let log = d.log();
        let phi = na::Vector3::new(log[0].clone(), log[1].clone(), log[2].clone());
        let t = d.xyz;
        let n2 = phi.norm_squared();
        // (1 - half cot(half)) / angle^2
        let c = if n2 < na::convert(1e-6) {
            na::convert(1.0 / 12.0)
        } else {
            let half = n2.clone().sqrt() * na::convert(0.5);
            (T::one() - half.clone() / half.tan()) / n2
        };
        let cross = phi.cross(&t);
        let rho = t - &cross * na::convert::<f64, T>(0.5) + phi.cross(&cross) * c;
        let r = na::Vector6::from_iterator(rho.iter().chain(phi.iter()).cloned());
        dynamic(self.root.cast::<T>() * r)
    }
}

/// Anchors a pose, since tiny-solver cannot hold a variable on a manifold fixed.
struct Anchor {
    pose: na::DVector<f64>,
}

impl<T: na::RealField> Factor<T> for Anchor {
    fn residual_func(&self, poses: &[na::DVector<T>]) -> na::DVector<T> {
        let there: SE3<T> = SE3::from_vec(self.pose.as_view()).cast();
        (there.inverse() * SE3::from_vec(poses[0].as_view())).log() * na::convert::<f64, T>(1e3)
    }
}

/// BAL's camera: angle-axis, translation, f, k1, k2; looks down -z; pixels.
struct Reprojection {
    pixel: [f64; 2],
}

impl<T: na::RealField> Factor<T> for Reprojection {
    fn residual_func(&self, blocks: &[na::DVector<T>]) -> na::DVector<T> {
        let (c, x) = (&blocks[0], &blocks[1]);
        let point = na::Vector3::new(x[0].clone(), x[1].clone(), x[2].clone());
        let w = na::Vector3::new(c[0].clone(), c[1].clone(), c[2].clone());
        let n2 = w.norm_squared();
        let rotated = if n2 > T::zero() {
            let angle = n2.sqrt();
            let axis = w / angle.clone();
            let (s, co) = angle.sin_cos();
            let along = axis.dot(&point) * (T::one() - co.clone());
            &point * co + axis.cross(&point) * s + axis * along
        } else {
            &point + w.cross(&point)
        };
        let p = rotated + na::Vector3::new(c[3].clone(), c[4].clone(), c[5].clone());
        let u = -p.x.clone() / p.z.clone();
        let v = -p.y.clone() / p.z.clone();
        let n2 = u.clone() * u.clone() + v.clone() * v.clone();
        let scale = c[6].clone() * (T::one() + n2.clone() * (c[7].clone() + c[8].clone() * n2));
        dynamic(na::Vector2::new(
            scale.clone() * u - na::convert(self.pixel[0]),
            scale * v - na::convert(self.pixel[1]),
        ))
    }
}

fn dynamic<T: na::RealField, const N: usize>(r: na::SVector<T, N>) -> na::DVector<T> {
    na::DVector::from_column_slice(r.as_slice())
}

/// The upper Cholesky factor of the information matrix.
fn root<const N: usize>(edge: &Edge) -> Result<na::SMatrix<f64, N, N>> {
    let omega = na::SMatrix::<f64, N, N>::from_row_slice(&edge.full_information());
    na::DMatrix::from_column_slice(N, N, omega.as_slice())
        .cholesky()
        .map(|c| na::SMatrix::from_column_slice(c.l().transpose().as_slice()))
        .ok_or_else(|| "information matrix not positive definite".to_string())
}

fn optimise(
    arguments: &Arguments,
    problem: &Problem,
    initial: &HashMap<String, na::DVector<f64>>,
) -> Result<HashMap<String, na::DVector<f64>>> {
    let options = OptimizerOptions {
        max_iteration: arguments.max_iterations,
        min_abs_error_decrease_threshold: 0.0,
        min_rel_error_decrease_threshold: arguments.tolerance,
        ..Default::default()
    };
    timed(|| {
        let result = match arguments.solver.as_str() {
            "gn" => GaussNewtonOptimizer::new().optimize(problem, initial, Some(options)),
            "lm" => {
                LevenbergMarquardtOptimizer::default().optimize(problem, initial, Some(options))
            }
            other => return Err(format!("unknown solver {other}")),
        };
        Ok((result.ok_or("the solve failed")?, None))
    })
}

fn solve_graph(arguments: &Arguments) -> Result<()> {
    let graph = files::read_graph(&arguments.input)?;
    let is_3d = graph.is_3d();
    let mut problem = Problem::new();
    let mut initial = HashMap::new();
    let name = |id: u64| format!("x{id}");
    // tiny-solver keeps an SE(3) pose as quaternion, translation.
    let rotation_first =
        |p: &[f64]| na::DVector::from_vec(vec![p[3], p[4], p[5], p[6], p[0], p[1], p[2]]);
    for edge in &graph.edges {
        let ends = [name(edge.from), name(edge.to)];
        let ends = [ends[0].as_str(), ends[1].as_str()];
        let z = &edge.measurement;
        if is_3d {
            let factor = Between3 {
                z: rotation_first(z),
                root: root::<6>(edge)?,
            };
            problem.add_residual_block(6, &ends, Box::new(factor), None);
        } else {
            let z = na::Vector3::new(z[0], z[1], z[2]);
            let factor = Between2 {
                z,
                root: root::<3>(edge)?,
            };
            problem.add_residual_block(3, &ends, Box::new(factor), None);
        }
    }
    for (&id, p) in &graph.poses {
        if is_3d {
            problem.set_variable_manifold(&name(id), Arc::new(SE3Manifold));
            initial.insert(name(id), rotation_first(p));
        } else {
            initial.insert(name(id), na::DVector::from_vec(p.clone()));
        }
    }
    let first = name(*graph.poses.keys().next().ok_or("no vertices")?);
    if is_3d {
        let factor = Anchor {
            pose: initial[&first].clone(),
        };
        problem.add_residual_block(6, &[&first], Box::new(factor), None);
    } else {
        for dof in 0..3 {
            problem.fix_variable(&first, dof);
        }
    }
    let ids: Vec<u64> = graph.poses.into_keys().collect();
    drop(graph.edges);
    let result = optimise(arguments, &problem, &initial)?;
    let poses = ids.into_iter().map(|id| {
        let v = &result[&name(id)];
        let pose = if is_3d {
            vec![v[4], v[5], v[6], v[0], v[1], v[2], v[3]]
        } else {
            vec![v[0], v[1], v[2]]
        };
        (id, pose)
    });
    files::write_poses(&arguments.output, poses)
}

fn solve_bundle(arguments: &Arguments) -> Result<()> {
    let bundle = files::read_bundle(&arguments.input)?;
    let mut problem = Problem::new();
    let mut initial = HashMap::new();
    let camera = |i: usize| format!("c{i}");
    let point = |i: usize| format!("p{i}");
    for (i, c) in bundle.cameras.iter().enumerate() {
        initial.insert(camera(i), na::DVector::from_row_slice(c));
    }
    for (i, p) in bundle.points.iter().enumerate() {
        initial.insert(point(i), na::DVector::from_row_slice(p));
    }
    for o in &bundle.observations {
        let ends = [camera(o.camera), point(o.point)];
        problem.add_residual_block(
            2,
            &[&ends[0], &ends[1]],
            Box::new(Reprojection { pixel: o.pixel }),
            None,
        );
    }
    let counts = (bundle.cameras.len(), bundle.points.len());
    drop(bundle);
    let result = optimise(arguments, &problem, &initial)?;
    let cameras: Vec<[f64; 9]> = (0..counts.0)
        .map(|i| std::array::from_fn(|k| result[&camera(i)][k]))
        .collect();
    let points: Vec<[f64; 3]> = (0..counts.1)
        .map(|i| std::array::from_fn(|k| result[&point(i)][k]))
        .collect();
    files::write_bundle(&arguments.output, &cameras, &points)
}

//! The one judge of every result: slam16's cost definition, evaluated in f64 by code of its own.
//!
//! Pose graphs: ½ Σ rᵀ Ω r with r = Log(Z⁻¹ Xi⁻¹ Xj), order [ρ, φ].
//! Bundles: ½ Σ ‖r‖² in pixels, BAL's camera.

use std::f64::consts::PI;
use std::path::Path;

use slam16_peers::files::{self, Bundle, Edge, Graph, Result};

/// Cost of `estimate`'s variables under `problem`'s measurements.
pub fn score(problem: &Path, estimate: &Path) -> Result<f64> {
    if files::is_bundle(problem)? {
        bundle_cost(
            &files::read_bundle(problem)?,
            &files::read_bundle(estimate)?,
        )
    } else {
        graph_cost(&files::read_graph(problem)?, &files::read_graph(estimate)?)
    }
}

fn graph_cost(problem: &Graph, estimate: &Graph) -> Result<f64> {
    if let Some(id) = problem
        .poses
        .keys()
        .find(|id| !estimate.poses.contains_key(id))
    {
        return Err(format!("the estimate lacks vertex {id}"));
    }
    let mut sum = Sum::default();
    for edge in &problem.edges {
        let (from, to) = (&estimate.poses[&edge.from], &estimate.poses[&edge.to]);
        let r = if edge.measurement.len() == 3 {
            residual_2d(edge, from, to).to_vec()
        } else {
            residual_3d(edge, from, to).to_vec()
        };
        let n = r.len();
        let information = edge.full_information();
        for i in 0..n {
            for j in 0..n {
                sum.add(r[i] * information[i * n + j] * r[j]);
            }
        }
    }
    Ok(0.5 * sum.total())
}

/// Rotates (x, y) by -angle.
fn rotate_back(angle: f64, [x, y]: [f64; 2]) -> [f64; 2] {
    let (s, c) = angle.sin_cos();
    [c * x + s * y, c * y - s * x]
}

fn residual_2d(edge: &Edge, from: &[f64], to: &[f64]) -> [f64; 3] {
    let z = &edge.measurement;
    let d = rotate_back(from[2], [to[0] - from[0], to[1] - from[1]]);
    let [x, y] = rotate_back(z[2], [d[0] - z[0], d[1] - z[1]]);
    let turns = ((to[2] - from[2] - z[2]) / (2.0 * PI)).round();
    let angle = to[2] - from[2] - z[2] - 2.0 * PI * turns;
    let half = 0.5 * angle;
    let c = if half.abs() < 1e-4 {
        1.0 - half * half / 3.0
    } else {
        half / half.tan()
    };
    [c * x + half * y, c * y - half * x, angle]
}

type V3 = [f64; 3];

fn cross(a: V3, b: V3) -> V3 {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

/// A unit quaternion, vector part first.
#[derive(Clone, Copy)]
struct Quaternion(V3, f64);

impl Quaternion {
    fn from_pose(p: &[f64]) -> Self {
        let norm = (p[3] * p[3] + p[4] * p[4] + p[5] * p[5] + p[6] * p[6]).sqrt();
        Self([p[3] / norm, p[4] / norm, p[5] / norm], p[6] / norm)
    }

    fn inverse(self) -> Self {
        Self(self.0.map(|v| -v), self.1)
    }

    fn times(self, other: Self) -> Self {
        let (Self(a, u), Self(b, v)) = (self, other);
        let c = cross(a, b);
        let vector = std::array::from_fn(|i| u * b[i] + v * a[i] + c[i]);
        Self(vector, u * v - a[0] * b[0] - a[1] * b[1] - a[2] * b[2])
    }

    /// v + 2 u × (u × v + w v)
    fn rotate(self, v: V3) -> V3 {
        let Self(u, w) = self;
        let t = cross(u, v);
        let t: V3 = std::array::from_fn(|i| t[i] + w * v[i]);
        let t = cross(u, t);
        std::array::from_fn(|i| v[i] + 2.0 * t[i])
    }
}

fn residual_3d(edge: &Edge, from: &[f64], to: &[f64]) -> [f64; 6] {
    let z = &edge.measurement;
    let from_q = Quaternion::from_pose(from).inverse();
    let z_q = Quaternion::from_pose(z).inverse();
    let d = from_q.rotate(std::array::from_fn(|i| to[i] - from[i]));
    let t = z_q.rotate(std::array::from_fn(|i| d[i] - z[i]));
    let Quaternion(mut v, mut w) = z_q.times(from_q.times(Quaternion::from_pose(to)));
    if w < 0.0 {
        v = v.map(|x| -x);
        w = -w;
    }
    let sine = (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]).sqrt();
    let half = sine.atan2(w);
    // φ = 2 half / sin(half) · v, and c = (1 - half cot(half)) / ‖φ‖²
    let (scale, c) = if half < 1e-4 {
        (2.0 / w, 1.0 / 12.0 + half * half / 180.0)
    } else {
        (
            2.0 * half / sine,
            (1.0 - half * w / sine) / (4.0 * half * half),
        )
    };
    let phi = v.map(|x| scale * x);
    let once = cross(phi, t);
    let twice = cross(phi, once);
    std::array::from_fn(|i| {
        if i < 3 {
            t[i] - 0.5 * once[i] + c * twice[i]
        } else {
            phi[i - 3]
        }
    })
}

fn bundle_cost(problem: &Bundle, estimate: &Bundle) -> Result<f64> {
    if problem.cameras.len() != estimate.cameras.len()
        || problem.points.len() != estimate.points.len()
    {
        return Err("the estimate has another number of cameras or points".into());
    }
    let mut sum = Sum::default();
    for o in &problem.observations {
        let [u, v] = project(&estimate.cameras[o.camera], estimate.points[o.point]);
        let (du, dv) = (u - o.pixel[0], v - o.pixel[1]);
        sum.add(du * du);
        sum.add(dv * dv);
    }
    Ok(0.5 * sum.total())
}

fn project(camera: &[f64; 9], point: V3) -> [f64; 2] {
    let [w0, w1, w2, t0, t1, t2, f, k1, k2] = *camera;
    let angle = (w0 * w0 + w1 * w1 + w2 * w2).sqrt();
    // Rodrigues: x + sin(a) axis × x + (1 - cos(a)) axis × (axis × x)
    let axis = match angle > 0.0 {
        true => [w0 / angle, w1 / angle, w2 / angle],
        false => [0.0; 3],
    };
    let once = cross(axis, point);
    let twice = cross(axis, once);
    let (s, c) = angle.sin_cos();
    let rotated: V3 = std::array::from_fn(|i| point[i] + s * once[i] + (1.0 - c) * twice[i]);
    let p = [rotated[0] + t0, rotated[1] + t1, rotated[2] + t2];
    let (x, y) = (-p[0] / p[2], -p[1] / p[2]);
    let n2 = x * x + y * y;
    let scale = f * (1.0 + n2 * (k1 + k2 * n2));
    [scale * x, scale * y]
}

/// Neumaier's compensated sum.
#[derive(Default)]
struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    fn add(&mut self, value: f64) {
        let next = self.sum + value;
        self.lost += if self.sum.abs() >= value.abs() {
            (self.sum - next) + value
        } else {
            (value - next) + self.sum
        };
        self.sum = next;
    }

    fn total(&self) -> f64 {
        self.sum + self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(measurement: Vec<f64>, information: Vec<f64>) -> Edge {
        Edge {
            from: 0,
            to: 1,
            measurement,
            information,
        }
    }

    /// Log of a quarter turn with translation (1, 0): V⁻¹ t = (π/4)(cot(π/4), -1).
    #[test]
    fn planar_residual_by_hand() {
        let e = edge(vec![0.0; 3], vec![1.0; 6]);
        let r = residual_2d(&e, &[0.0; 3], &[1.0, 0.0, PI / 2.0]);
        let expected = [PI / 4.0, -PI / 4.0, PI / 2.0];
        for (a, b) in r.iter().zip(expected) {
            assert!((a - b).abs() < 1e-15, "{r:?}");
        }
    }

    /// The same motion in space, about z, agrees with the planar one.
    #[test]
    fn spatial_residual_agrees_with_planar() {
        let plane = |p: [f64; 3]| {
            let (s, c) = (0.5 * p[2]).sin_cos();
            vec![p[0], p[1], 0.0, 0.0, 0.0, s, c]
        };
        let (z, a, b) = ([0.3, -0.2, 0.5], [1.0, 2.0, -0.7], [1.5, 1.0, 0.9]);
        let flat = residual_2d(&edge(z.to_vec(), vec![]), &a, &b);
        let space = residual_3d(&edge(plane(z), vec![]), &plane(a), &plane(b));
        let expected = [flat[0], flat[1], 0.0, 0.0, 0.0, flat[2]];
        for (a, b) in space.iter().zip(expected) {
            assert!((a - b).abs() < 1e-14, "{space:?} {expected:?}");
        }
    }

    /// A point on the axis of a camera turned half about x: u = f x/z by hand.
    #[test]
    fn projection_by_hand() {
        let camera = [PI, 0.0, 0.0, 0.0, 0.0, 0.0, 100.0, 0.1, 0.0];
        // R p = (1, -2, -4); p/-z = (0.25, -0.5); n2 = 0.3125; scale = 103.125
        let [u, v] = project(&camera, [1.0, 2.0, 4.0]);
        assert!((u - 25.78125).abs() < 1e-12, "{u}");
        assert!((v + 51.5625).abs() < 1e-12, "{v}");
    }
}

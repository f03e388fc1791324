//! The projection of a local bundle in f32, with its derivatives.

use slam16_problem::{LocalCamera, LocalLens};

const BAL: u32 = 0;
const PINHOLE: u32 = 1;

/// A projected point.
#[derive(Default)]
pub(super) struct Seen {
    /// Less the principal point.
    pub(super) pixel: [f32; 3],
    /// Derivatives of each row by the point in the camera's frame.
    pub(super) by_point: [[f32; 3]; 3],
    /// Derivatives of each row by f, k1, k2.
    pub(super) by_intrinsics: [[f32; 3]; 3],
}

/// `P = Rᵀ (X − c)`.
pub(super) fn in_camera(camera: &LocalCamera, point: &[f32]) -> [f32; 3] {
    let d = [0, 1, 2].map(|k| point[k] - camera.rows[k][3]);
    camera.rows.map(|m| m[0] * d[0] + m[1] * d[1] + m[2] * d[2])
}

/// The pixel of a point in the camera's frame, behind it as well.
pub(super) fn project(lens: &LocalLens, intrinsics: &[f32; 4], p: &[f32; 3]) -> Seen {
    let mut seen = Seen::default();
    if lens.kind == BAL {
        let [f, k1, k2, _] = *intrinsics;
        let scale = -1.0 / p[2];
        let (x, y) = (p[0] * scale, p[1] * scale);
        let r2 = x * x + y * y;
        let distortion = 1.0 + r2 * (k1 + r2 * k2);
        let gain = f * distortion;
        seen.pixel = [gain * x, gain * y, 0.0];
        let slope = 2.0 * (k1 + 2.0 * r2 * k2);
        let focal_scale = f * scale;
        let isotropic = focal_scale * distortion;
        let radial = focal_scale * slope;
        let xy = radial * x * y;
        let along = isotropic + radial * r2;
        seen.by_point[0] = [isotropic + radial * x * x, xy, along * x];
        seen.by_point[1] = [xy, isotropic + radial * y * y, along * y];
        let f_r2 = f * r2;
        let f_r4 = f_r2 * r2;
        seen.by_intrinsics[0] = [distortion * x, f_r2 * x, f_r4 * x];
        seen.by_intrinsics[1] = [distortion * y, f_r2 * y, f_r4 * y];
        return seen;
    }
    let inverse_z = 1.0 / p[2];
    let (gx, gy) = (lens.fx * inverse_z, lens.fy * inverse_z);
    let (left, v) = (gx * p[0], gy * p[1]);
    let first = [gx, 0.0, -left * inverse_z];
    let last = [0.0, gy, -v * inverse_z];
    if lens.kind == PINHOLE {
        seen.pixel = [left, v, 0.0];
        seen.by_point = [first, last, [0.0; 3]];
        return seen;
    }
    let right = gx * (p[0] - lens.baseline);
    seen.pixel = [left, right, v];
    seen.by_point = [first, [gx, 0.0, -right * inverse_z], last];
    seen
}

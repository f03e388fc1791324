// Cameras, lenses and observations as the host lays them out, positions
// relative to an anchor; and the projection with its derivatives.
struct Camera {
    // Rᵀ of world_from_camera, the centre in the last column.
    rows: array<vec4<f32>, 3>,
    // f, k1, k2.
    intrinsics: vec4<f32>,
}
struct Lens {
    kind: u32,
    fx: f32,
    fy: f32,
    baseline: f32,
}
struct Observation {
    camera: u32,
    point: u32,
    lens: u32,
    weight: f32,
    // Less the principal point.
    pixel: array<f32, 3>,
    unused: u32,
}
const BAL: u32 = 0u;
const PINHOLE: u32 = 1u;

struct Seen {
    pixel: array<f32, 3>,
    // Derivatives of each row by the point in the camera's frame.
    by_point: array<vec3<f32>, 3>,
    // Derivatives of each row by f, k1, k2.
    by_intrinsics: array<vec3<f32>, 3>,
}

// P = Rᵀ (X - c).
fn in_camera(camera: Camera, point: vec3<f32>) -> vec3<f32> {
    let a = camera.rows[0];
    let b = camera.rows[1];
    let c = camera.rows[2];
    let d = vec3<f32>(point.x - a.w, point.y - b.w, point.z - c.w);
    return vec3<f32>(
        a.x * d.x + a.y * d.y + a.z * d.z,
        b.x * d.x + b.y * d.y + b.z * d.z,
        c.x * d.x + c.y * d.y + c.z * d.z,
    );
}

// The pixel of a point in the camera's frame, behind it as well. Depth 0 has
// none: callers look for it first.
fn project(lens: Lens, intrinsics: vec4<f32>, p: vec3<f32>) -> Seen {
    var seen: Seen;
    if (lens.kind == BAL) {
        let f = intrinsics.x;
        let k1 = intrinsics.y;
        let k2 = intrinsics.z;
        let scale = -1.0 / p.z;
        let x = p.x * scale;
        let y = p.y * scale;
        let r2 = x * x + y * y;
        let distortion = 1.0 + r2 * (k1 + r2 * k2);
        let gain = f * distortion;
        seen.pixel[0] = gain * x;
        seen.pixel[1] = gain * y;
        let slope = 2.0 * (k1 + 2.0 * r2 * k2);
        let focal_scale = f * scale;
        let isotropic = focal_scale * distortion;
        let radial = focal_scale * slope;
        let xy = radial * x * y;
        let along = isotropic + radial * r2;
        seen.by_point[0] = vec3<f32>(isotropic + radial * x * x, xy, along * x);
        seen.by_point[1] = vec3<f32>(xy, isotropic + radial * y * y, along * y);
        let f_r2 = f * r2;
        let f_r4 = f_r2 * r2;
        seen.by_intrinsics[0] = vec3<f32>(distortion * x, f_r2 * x, f_r4 * x);
        seen.by_intrinsics[1] = vec3<f32>(distortion * y, f_r2 * y, f_r4 * y);
        return seen;
    }
    let inverse_z = 1.0 / p.z;
    let gx = lens.fx * inverse_z;
    let gy = lens.fy * inverse_z;
    let left = gx * p.x;
    let v = gy * p.y;
    let first = vec3<f32>(gx, 0.0, -left * inverse_z);
    let last = vec3<f32>(0.0, gy, -v * inverse_z);
    seen.pixel[0] = left;
    seen.by_point[0] = first;
    if (lens.kind == PINHOLE) {
        seen.pixel[1] = v;
        seen.by_point[1] = last;
        return seen;
    }
    let right = gx * (p.x - lens.baseline);
    seen.pixel[1] = right;
    seen.by_point[1] = vec3<f32>(gx, 0.0, -right * inverse_z);
    seen.pixel[2] = v;
    seen.by_point[2] = last;
    return seen;
}

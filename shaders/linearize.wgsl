// Residuals and Jacobian blocks of observations: one lane per observation.
// Constants: R rows; A columns of a camera, 6 or 9; TILE.
//
// Residuals and blocks are multiplied with √(w ρ'), columns with `scale`,
// which is 0 for what is held.
struct Params {
    factors: u32,
    // Pairs before the blocks of the points.
    second: u32,
    // Row of the residuals where the set begins.
    row: u32,
    // Column of the first point.
    point_column: u32,
    // Place of the first count.
    first: u32,
    loss: u32,
    loss_scale: f32,
}
@group(0) @binding(0) var<storage, read> observations: array<Observation>;
@group(0) @binding(1) var<storage, read> lenses: array<Lens>;
@group(0) @binding(2) var<storage, read> scale: array<f32>;
@group(1) @binding(0) var<storage, read> cameras: array<Camera>;
@group(1) @binding(1) var<storage, read> points: array<f32>;
@group(1) @binding(2) var<storage, read_write> blocks: array<Pair>;
@group(1) @binding(3) var<storage, read_write> residuals: array<f32>;
// Observations of each workgroup that have no finite residual and blocks.
@group(1) @binding(4) var<storage, read_write> partials: array<f32>;
@group(2) @binding(0) var<uniform> params: Params;

const PAIRS_A: u32 = (R * A + 1u) / 2u;
const PAIRS_B: u32 = (R * 3u + 1u) / 2u;

fn linearize(f: u32) -> bool {
    var o = observations[f];
    let camera = cameras[o.camera];
    let x = points[3u * o.point];
    let y = points[3u * o.point + 1u];
    let z = points[3u * o.point + 2u];
    let p = in_camera(camera, vec3<f32>(x, y, z));
    var seen = project(lenses[o.lens], camera.intrinsics, p);
    var residual: array<f32, R>;
    var squared = 0.0;
    for (var r = 0u; r < R; r++) {
        residual[r] = seen.pixel[r] - o.pixel[r];
        squared = squared + residual[r] * residual[r];
    }
    let slope = loss_slope(params.loss, params.loss_scale, o.weight * squared);
    let whiten = sqrt(o.weight * slope);
    var sound = p.z != 0.0 && finite(squared) && finite(whiten);

    // The number that fills the last pair stays 0.
    var a: array<f32, 2u * PAIRS_A>;
    var b: array<f32, 2u * PAIRS_B>;
    let m0 = camera.rows[0];
    let m1 = camera.rows[1];
    let m2 = camera.rows[2];
    for (var r = 0u; r < R; r++) {
        let g = seen.by_point[r];
        a[r] = -g.x;
        a[R + r] = -g.y;
        a[2u * R + r] = -g.z;
        a[3u * R + r] = g.y * p.z - g.z * p.y;
        a[4u * R + r] = g.z * p.x - g.x * p.z;
        a[5u * R + r] = g.x * p.y - g.y * p.x;
        if (A > 6u) {
            for (var k = 0u; k < 3u; k++) {
                a[(6u + k) * R + r] = seen.by_intrinsics[r][k];
            }
        }
        b[r] = g.x * m0.x + g.y * m1.x + g.z * m2.x;
        b[R + r] = g.x * m0.y + g.y * m1.y + g.z * m2.y;
        b[2u * R + r] = g.x * m0.z + g.y * m1.z + g.z * m2.z;
        residuals[params.row + f * R + r] = residual[r] * whiten;
    }
    for (var c = 0u; c < A; c++) {
        let factor = whiten * scale[o.camera * A + c];
        for (var r = 0u; r < R; r++) {
            a[c * R + r] = a[c * R + r] * factor;
        }
    }
    for (var c = 0u; c < 3u; c++) {
        let factor = whiten * scale[params.point_column + 3u * o.point + c];
        for (var r = 0u; r < R; r++) {
            b[c * R + r] = b[c * R + r] * factor;
        }
    }
    for (var k = 0u; k < PAIRS_A; k++) {
        let stored = dn(vec2<f32>(a[2u * k], a[2u * k + 1u]));
        blocks[pair_at(f, PAIRS_A, k)] = stored;
        sound = sound && finite(up(stored).x) && finite(up(stored).y);
    }
    for (var k = 0u; k < PAIRS_B; k++) {
        let stored = dn(vec2<f32>(b[2u * k], b[2u * k + 1u]));
        blocks[params.second + pair_at(f, PAIRS_B, k)] = stored;
        sound = sound && finite(up(stored).x) && finite(up(stored).y);
    }
    return sound;
}

@compute @workgroup_size(W)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let g = group_index(group, groups);
    let f = g * W + lane;
    var faults = 0.0;
    if (f < params.factors) {
        faults = select(1.0, 0.0, linearize(f));
    }
    // Whole numbers: exact in any order.
    let total = workgroup_sum(faults, lane);
    if (lane == 0u && g * W < params.factors) {
        partials[params.first + g] = total;
    }
}

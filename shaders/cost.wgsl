// ½ Σ ρ(w |r|²) and ½ Σ w |r|² over observations, down to partial sums.
// Constant: R rows.
struct Params {
    factors: u32,
    // Places of the first partial sums of either kind.
    robust: u32,
    plain: u32,
    loss: u32,
    loss_scale: f32,
}
@group(0) @binding(0) var<storage, read> observations: array<Observation>;
@group(0) @binding(1) var<storage, read> lenses: array<Lens>;
@group(1) @binding(0) var<storage, read> cameras: array<Camera>;
@group(1) @binding(1) var<storage, read> points: array<f32>;
@group(1) @binding(2) var<storage, read_write> partials: array<f32>;
@group(2) @binding(0) var<uniform> params: Params;

// w |r|²; infinite at depth 0.
fn squared(f: u32) -> f32 {
    var o = observations[f];
    let camera = cameras[o.camera];
    let x = points[3u * o.point];
    let y = points[3u * o.point + 1u];
    let z = points[3u * o.point + 2u];
    let p = in_camera(camera, vec3<f32>(x, y, z));
    var seen = project(lenses[o.lens], camera.intrinsics, p);
    var sum = 0.0;
    for (var r = 0u; r < R; r++) {
        let residual = seen.pixel[r] - o.pixel[r];
        sum = sum + residual * residual;
    }
    if (p.z == 0.0) {
        // No constant: WGSL has none that is infinite.
        return bitcast<f32>(bitcast<u32>(abs(p.z)) | 0x7f800000u);
    }
    return o.weight * sum;
}

@compute @workgroup_size(W)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let g = group_index(group, groups);
    let stride = groups.x * groups.y * W;
    var robust = 0.0;
    var plain = 0.0;
    for (var f = g * W + lane; f < params.factors; f += stride) {
        let s = squared(f);
        robust = robust + 0.5 * loss_value(params.loss, params.loss_scale, s);
        plain = plain + 0.5 * s;
    }
    let robust_total = workgroup_sum(robust, lane);
    workgroupBarrier();
    let plain_total = workgroup_sum(plain, lane);
    if (lane == 0u) {
        partials[params.robust + g] = robust_total;
        partials[params.plain + g] = plain_total;
    }
}

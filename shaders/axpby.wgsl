// y = a x + b y. Each of a and b is a factor, times a scalar on the device
// unless its slot is NONE. With b = 0, y is not read; with a = 0, x is not.
struct Params {
    count: u32,
    alpha_slot: u32,
    beta_slot: u32,
    alpha: f32,
    beta: f32,
}
@group(1) @binding(0) var<storage, read> scalars: array<f32>;
@group(1) @binding(1) var<storage, read> x: array<f32>;
@group(1) @binding(2) var<storage, read_write> y: array<f32>;
@group(2) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(W)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let i = group_index(group, groups) * W + lane;
    if (i >= params.count) {
        return;
    }
    var a = params.alpha;
    if (params.alpha_slot != NONE) {
        a = a * scalars[params.alpha_slot];
    }
    var b = params.beta;
    if (params.beta_slot != NONE) {
        b = b * scalars[params.beta_slot];
    }
    var value = 0.0;
    if (a != 0.0) {
        value = keep(a * x[i]);
    }
    if (b != 0.0) {
        value = keep(value + keep(b * y[i]));
    }
    y[i] = value;
}

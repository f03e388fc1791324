// y[i] = factor x[index[i]], rounded to storage; 0 where the index is NONE.
// The factor is a scalar on the device, or 1 if its slot is NONE.
struct Params {
    count: u32,
    slot: u32,
}
@group(0) @binding(0) var<storage, read> index: array<u32>;
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
    var factor = 1.0;
    if (params.slot != NONE) {
        factor = scalars[params.slot];
    }
    let at = index[i];
    var value = 0.0;
    if (at != NONE) {
        value = keep(factor * x[at]);
    }
    y[i] = value;
}

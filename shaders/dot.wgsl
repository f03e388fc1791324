// partials[first + g] = sum of a[i] b[i] over the lanes of workgroup g.
struct Params {
    count: u32,
    // Place of the first partial sum.
    first: u32,
}
@group(1) @binding(0) var<storage, read> a: array<f32>;
@group(1) @binding(1) var<storage, read> b: array<f32>;
@group(1) @binding(2) var<storage, read_write> partials: array<f32>;
@group(2) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(W)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let g = group_index(group, groups);
    let stride = groups.x * groups.y * W;
    var sum = 0.0;
    for (var i = g * W + lane; i < params.count; i += stride) {
        sum = keep(sum + keep(a[i] * b[i]));
    }
    let total = workgroup_sum(sum, lane);
    if (lane == 0u) {
        partials[params.first + g] = keep(total);
    }
}

// partials[first + g] = largest |x[i]| over the lanes of workgroup g.
struct Params {
    count: u32,
    // Place of the first partial result.
    first: u32,
}
@group(1) @binding(0) var<storage, read> x: array<f32>;
@group(1) @binding(1) var<storage, read_write> partials: array<f32>;
@group(2) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(W)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let g = group_index(group, groups);
    let stride = groups.x * groups.y * W;
    var largest = 0.0;
    for (var i = g * W + lane; i < params.count; i += stride) {
        largest = max(largest, abs(x[i]));
    }
    let all = workgroup_max(largest, lane);
    if (lane == 0u) {
        partials[params.first + g] = all;
    }
}

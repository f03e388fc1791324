// scalars[slot] = scale * sum of partials[first ..], by one workgroup; added
// to what is there if `add` is 1.
struct Params {
    first: u32,
    count: u32,
    slot: u32,
    add: u32,
    scale: f32,
}
@group(1) @binding(0) var<storage, read> partials: array<f32>;
@group(1) @binding(1) var<storage, read_write> scalars: array<f32>;
@group(2) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(W)
fn main(@builtin(local_invocation_index) lane: u32) {
    var sum = 0.0;
    for (var i = lane; i < params.count; i += W) {
        sum = keep(sum + partials[params.first + i]);
    }
    let total = workgroup_sum(sum, lane);
    if (lane == 0u) {
        var value = params.scale * total;
        if (params.add == 1u) {
            value = value + scalars[params.slot];
        }
        scalars[params.slot] = keep(value);
    }
}

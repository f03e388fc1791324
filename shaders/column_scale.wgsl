// The power of two that brings each column's norm into [1/√2, √2), from its
// square: 0 where the column is 0, the square itself where it is not finite,
// so that what is scaled with it is not finite either.
struct Params {
    count: u32,
}
@group(1) @binding(0) var<storage, read> norms: array<f32>;
@group(1) @binding(1) var<storage, read_write> scale: array<f32>;
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
    let bits = bitcast<u32>(norms[i]);
    let exponent = (bits >> 23u) & 0xffu;
    // With the norm's square in [2^e, 2^(e+1)), e = exponent - 127, its scale
    // is 2^-floor((e + 1) / 2); 127 + 63 - (exponent / 2) is its exponent.
    var value = (190u - exponent / 2u) << 23u;
    if (exponent == 0u) {
        value = 0u;
    }
    if (exponent == 0xffu) {
        value = bits;
    }
    scale[i] = bitcast<f32>(value);
}

// Known halves and floats through every conversion that other kernels use.
struct Params {
    pairs: u32,
}
@group(0) @binding(0) var<storage, read> halves: array<Pair>;
@group(0) @binding(1) var<storage, read> floats: array<f32>;
@group(1) @binding(0) var<storage, read_write> widened: array<f32>;
@group(1) @binding(1) var<storage, read_write> rounded: array<Pair>;
@group(1) @binding(2) var<storage, read_write> sums: array<Pair>;
@group(1) @binding(3) var<storage, read_write> products: array<Pair>;
@group(2) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(W)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let k = group_index(group, groups) * W + lane;
    if (k >= params.pairs) {
        return;
    }
    let a = halves[k];
    let b = halves[(k + 1u) % params.pairs];
    let wide = up(a);
    widened[2u * k] = wide.x;
    widened[2u * k + 1u] = wide.y;
    rounded[k] = dn(vec2<f32>(floats[2u * k], floats[2u * k + 1u]));
    sums[k] = half_add(a, b);
    products[k] = half_mul(a, b);
}

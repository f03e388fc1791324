// z = R⁻¹ R⁻ᵀ r for each variable: one lane per variable.
// Constants: C columns; TILE.
struct Params {
    variables: u32,
}
// R⁻¹, upper triangles.
@group(0) @binding(0) var<storage, read> inverse: array<Pair>;
// First column of each variable in r and z.
@group(0) @binding(1) var<storage, read> columns: array<u32>;
@group(1) @binding(0) var<storage, read> r: array<f32>;
@group(1) @binding(1) var<storage, read_write> z: array<f32>;
@group(2) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(W)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let v = group_index(group, groups) * W + lane;
    if (v >= params.variables) {
        return;
    }
    var factor: array<f32, 2u * TRIANGLE_PAIRS>;
    for (var k = 0u; k < TRIANGLE_PAIRS; k++) {
        let pair = up(inverse[pair_at(v, TRIANGLE_PAIRS, k)]);
        factor[2u * k] = pair.x;
        factor[2u * k + 1u] = pair.y;
    }
    let column = columns[v];
    var t: array<f32, C>;
    for (var j = 0u; j < C; j++) {
        var sum = 0.0;
        for (var i = 0u; i <= j; i++) {
            sum = sum + factor[upper(i, j)] * r[column + i];
        }
        t[j] = sum;
    }
    for (var i = 0u; i < C; i++) {
        var sum = 0.0;
        for (var j = i; j < C; j++) {
            sum = sum + factor[upper(i, j)] * t[j];
        }
        z[column + i] = sum;
    }
}

// gram = Σ JᵀJ over the blocks of each variable of one factor set, upper
// triangles, added to what is there if `add` is 1: LANES lanes per variable.
// Constants: R rows; C columns; LANES, a power of two, at most W; TILE.
//
// Items are block numbers, as in jacobian_transpose_mul.
struct Params {
    variables: u32,
    // Pairs before block 0.
    base: u32,
    add: u32,
}
@group(0) @binding(0) var<storage, read> blocks: array<Pair>;
// First item of each variable, and the end.
@group(0) @binding(1) var<storage, read> starts: array<u32>;
@group(0) @binding(2) var<storage, read> items: array<u32>;
@group(1) @binding(0) var<storage, read_write> gram: array<vec2<f32>>;
@group(2) @binding(0) var<uniform> params: Params;

const PAIRS: u32 = (R * C + 1u) / 2u;
var<workgroup> partial: array<f32, W * C>;

@compute @workgroup_size(W)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let v = group_index(group, groups) * (W / LANES) + lane / LANES;
    let part = lane % LANES;
    let live = v < params.variables;
    // The number that fills the last pair stays 0.
    var sum: array<f32, 2u * TRIANGLE_PAIRS>;
    for (var k = 0u; k < 2u * TRIANGLE_PAIRS; k++) {
        sum[k] = 0.0;
    }
    if (live) {
        let end = starts[v + 1u];
        for (var at = starts[v] + part; at < end; at += LANES) {
            var block: array<f32, 2u * PAIRS>;
            for (var k = 0u; k < PAIRS; k++) {
                let pair = up(blocks[params.base + pair_at(items[at], PAIRS, k)]);
                block[2u * k] = pair.x;
                block[2u * k + 1u] = pair.y;
            }
            for (var j = 0u; j < C; j++) {
                for (var i = 0u; i <= j; i++) {
                    let k = upper(i, j);
                    for (var r = 0u; r < R; r++) {
                        sum[k] = sum[k] + block[i * R + r] * block[j * R + r];
                    }
                }
            }
        }
    }
    if (LANES > 1u) {
        // Column by column, as workgroup memory is small. A lane's own place
        // is written again only by itself.
        for (var j = 0u; j < C; j++) {
            for (var i = 0u; i <= j; i++) {
                partial[i * W + lane] = sum[upper(i, j)];
            }
            workgroupBarrier();
            for (var width = LANES / 2u; width > 0u; width = width / 2u) {
                if (part < width) {
                    for (var i = 0u; i <= j; i++) {
                        let at = i * W + lane;
                        partial[at] = partial[at] + partial[at + width];
                    }
                }
                workgroupBarrier();
            }
            for (var i = 0u; i <= j; i++) {
                sum[upper(i, j)] = partial[i * W + lane];
            }
        }
    }
    if (live && part == 0u) {
        for (var k = 0u; k < TRIANGLE_PAIRS; k++) {
            let at = pair_at(v, TRIANGLE_PAIRS, k);
            var pair = vec2<f32>(sum[2u * k], sum[2u * k + 1u]);
            if (params.add == 1u) {
                pair = pair + gram[at];
            }
            gram[at] = pair;
        }
    }
}

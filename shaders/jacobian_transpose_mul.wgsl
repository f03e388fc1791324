// z = alpha Jᵀ y + beta z for one factor set: LANES lanes per variable.
// Constants: R rows; C columns; LANES, a power of two, at most W; TILE; ROUND, 1
// to round results to the blocks' storage.
//
// A variable's items are block numbers. Blocks of second variables that have
// as many columns as the first ones follow those in the same tiles, so that
// block n belongs to factor n or n - `split`.
struct Params {
    variables: u32,
    // Pairs before block 0.
    base: u32,
    // Blocks of first variables, whole tiles.
    split: u32,
    // Row of y where the set begins.
    row: u32,
    alpha: f32,
    beta: f32,
}
@group(0) @binding(0) var<storage, read> blocks: array<Pair>;
// First item of each variable, and the end.
@group(0) @binding(1) var<storage, read> starts: array<u32>;
@group(0) @binding(2) var<storage, read> items: array<u32>;
// First column of each variable in z.
@group(0) @binding(3) var<storage, read> columns: array<u32>;
@group(1) @binding(0) var<storage, read> y: array<f32>;
@group(1) @binding(1) var<storage, read_write> z: array<f32>;
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
    var sum: array<f32, C>;
    for (var c = 0u; c < C; c++) {
        sum[c] = 0.0;
    }
    if (live) {
        let end = starts[v + 1u];
        for (var at = starts[v] + part; at < end; at += LANES) {
            let n = items[at];
            let f = select(n, n - params.split, n >= params.split);
            var block: array<vec2<f32>, PAIRS>;
            for (var k = 0u; k < PAIRS; k++) {
                block[k] = up(blocks[params.base + pair_at(n, PAIRS, k)]);
            }
            for (var r = 0u; r < R; r++) {
                let value = y[params.row + f * R + r];
                for (var c = 0u; c < C; c++) {
                    let i = c * R + r;
                    sum[c] = sum[c] + block[i / 2u][i % 2u] * value;
                }
            }
        }
    }
    if (LANES > 1u) {
        for (var c = 0u; c < C; c++) {
            partial[c * W + lane] = sum[c];
        }
        workgroupBarrier();
        for (var width = LANES / 2u; width > 0u; width = width / 2u) {
            if (part < width) {
                for (var c = 0u; c < C; c++) {
                    let at = c * W + lane;
                    partial[at] = partial[at] + partial[at + width];
                }
            }
            workgroupBarrier();
        }
        for (var c = 0u; c < C; c++) {
            sum[c] = partial[c * W + lane];
        }
    }
    if (live && part == 0u) {
        let column = columns[v];
        for (var c = 0u; c < C; c++) {
            var value = params.alpha * sum[c];
            // z may hold anything where beta is 0.
            if (params.beta != 0.0) {
                value = value + params.beta * z[column + c];
            }
            if (ROUND == 1u) {
                value = keep(value);
            }
            z[column + c] = value;
        }
    }
}

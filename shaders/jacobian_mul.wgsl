// y = alpha J x + beta y for one factor set: one lane per factor.
// Constants: R rows; A and B columns of the two blocks (B may be 0); TILE;
// ROUND, 1 to round results to the blocks' storage.
struct Params {
    factors: u32,
    // Pairs before the blocks of the second variables.
    second: u32,
    // Row of y where the set begins.
    row: u32,
    alpha: f32,
    beta: f32,
}
@group(0) @binding(0) var<storage, read> blocks: array<Pair>;
// First column of each factor's variables in x, two a factor (one if B is 0).
@group(0) @binding(1) var<storage, read> columns: array<u32>;
@group(1) @binding(0) var<storage, read> x: array<f32>;
@group(1) @binding(1) var<storage, read_write> y: array<f32>;
@group(2) @binding(0) var<uniform> params: Params;

const SIDES: u32 = select(1u, 2u, B > 0u);
const PAIRS_A: u32 = (R * A + 1u) / 2u;
const PAIRS_B: u32 = (R * B + 1u) / 2u;

@compute @workgroup_size(W)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let f = group_index(group, groups) * W + lane;
    if (f >= params.factors) {
        return;
    }
    var sum: array<f32, R>;
    for (var r = 0u; r < R; r++) {
        sum[r] = 0.0;
    }
    var block_a: array<vec2<f32>, PAIRS_A>;
    for (var k = 0u; k < PAIRS_A; k++) {
        block_a[k] = up(blocks[pair_at(f, PAIRS_A, k)]);
    }
    let first_a = columns[f * SIDES];
    for (var c = 0u; c < A; c++) {
        let value = x[first_a + c];
        for (var r = 0u; r < R; r++) {
            let i = c * R + r;
            sum[r] = sum[r] + block_a[i / 2u][i % 2u] * value;
        }
    }
    if (B > 0u) {
        var block_b: array<vec2<f32>, max(PAIRS_B, 1u)>;
        for (var k = 0u; k < PAIRS_B; k++) {
            block_b[k] = up(blocks[params.second + pair_at(f, PAIRS_B, k)]);
        }
        let first_b = columns[f * SIDES + 1u];
        for (var c = 0u; c < B; c++) {
            let value = x[first_b + c];
            for (var r = 0u; r < R; r++) {
                let i = c * R + r;
                sum[r] = sum[r] + block_b[i / 2u][i % 2u] * value;
            }
        }
    }
    let row = params.row + f * R;
    for (var r = 0u; r < R; r++) {
        var value = params.alpha * sum[r];
        // y may hold anything where beta is 0.
        if (params.beta != 0.0) {
            value = value + params.beta * y[row + r];
        }
        if (ROUND == 1u) {
            value = keep(value);
        }
        y[row + r] = value;
    }
}

// encoded = blocks times the factors of their columns, rounded to storage: one
// lane per factor. Constants: R rows; A and B columns of the two blocks (B may
// be 0); TILE.
struct Params {
    factors: u32,
    // Pairs before the blocks of the second variables.
    second: u32,
    // Place of the first count.
    first: u32,
}
// First column of each factor's variables, two a factor (one if B is 0).
@group(0) @binding(0) var<storage, read> columns: array<u32>;
@group(1) @binding(0) var<storage, read> scale: array<f32>;
@group(1) @binding(1) var<storage, read> blocks: array<vec2<f32>>;
@group(1) @binding(2) var<storage, read_write> encoded: array<Pair>;
// Factors of each workgroup with a number that is not finite once stored.
@group(1) @binding(3) var<storage, read_write> partials: array<f32>;
@group(2) @binding(0) var<uniform> params: Params;

const SIDES: u32 = select(1u, 2u, B > 0u);
const PAIRS_A: u32 = (R * A + 1u) / 2u;
const PAIRS_B: u32 = (R * B + 1u) / 2u;

fn encode(f: u32) -> bool {
    var sound = true;
    let first_a = columns[f * SIDES];
    for (var k = 0u; k < PAIRS_A; k++) {
        let at = pair_at(f, PAIRS_A, k);
        // The number that fills the last pair is 0, whatever its factor.
        let next = min((2u * k + 1u) / R, A - 1u);
        let factors = vec2<f32>(scale[first_a + 2u * k / R], scale[first_a + next]);
        let stored = dn(blocks[at] * factors);
        encoded[at] = stored;
        sound = sound && finite(up(stored).x) && finite(up(stored).y);
    }
    if (B > 0u) {
        let first_b = columns[f * SIDES + 1u];
        for (var k = 0u; k < PAIRS_B; k++) {
            let at = params.second + pair_at(f, PAIRS_B, k);
            let next = min((2u * k + 1u) / R, max(B, 1u) - 1u);
            let factors = vec2<f32>(scale[first_b + 2u * k / R], scale[first_b + next]);
            let stored = dn(blocks[at] * factors);
            encoded[at] = stored;
            sound = sound && finite(up(stored).x) && finite(up(stored).y);
        }
    }
    return sound;
}

@compute @workgroup_size(W)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let g = group_index(group, groups);
    let f = g * W + lane;
    var faults = 0.0;
    if (f < params.factors) {
        faults = select(1.0, 0.0, encode(f));
    }
    let total = workgroup_sum(faults, lane);
    if (lane == 0u && g * W < params.factors) {
        partials[params.first + g] = total;
    }
}

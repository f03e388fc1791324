// inverse = R⁻¹ with RᵀR = gram + lambda diag(damping), upper triangles: one
// lane per variable. Constants: C columns; TILE.
//
// A block that f32 cannot factor gets a ridge relative to its diagonal, ten
// times as much at each attempt; one that has no factor then keeps its diagonal.
struct Params {
    variables: u32,
    // Place of the first count.
    first: u32,
    lambda: f32,
    ridge: f32,
}
// First column of each variable in the damping.
@group(0) @binding(0) var<storage, read> columns: array<u32>;
@group(1) @binding(0) var<storage, read> gram: array<vec2<f32>>;
@group(1) @binding(1) var<storage, read> damping: array<f32>;
@group(1) @binding(2) var<storage, read_write> inverse: array<Pair>;
// Blocks of each workgroup that kept their diagonal only or are not finite.
@group(1) @binding(3) var<storage, read_write> partials: array<f32>;
@group(2) @binding(0) var<uniform> params: Params;

const ATTEMPTS: u32 = 5u;
const LEAST_RIDGE: f32 = 1e-5;
// A pivot below this part of its diagonal is rounding and nothing else.
const LEAST_PIVOT: f32 = 1e-6;

var<private> factor: array<f32, 2u * TRIANGLE_PAIRS>;

// The damped block; a column of zeros is held and counts as 1.
fn load(v: u32, ridge: f32) {
    for (var k = 0u; k < TRIANGLE_PAIRS; k++) {
        let pair = gram[pair_at(v, TRIANGLE_PAIRS, k)];
        factor[2u * k] = pair.x;
        factor[2u * k + 1u] = pair.y;
    }
    for (var j = 0u; j < C; j++) {
        let d = factor[upper(j, j)];
        let shift = params.lambda * damping[columns[v] + j] + ridge * d;
        factor[upper(j, j)] = select(d + shift, 1.0, d == 0.0);
    }
}

// R in place of the block.
fn factorize() -> bool {
    var good = true;
    for (var j = 0u; j < C; j++) {
        for (var i = 0u; i < j; i++) {
            var sum = factor[upper(i, j)];
            for (var k = 0u; k < i; k++) {
                sum = sum - factor[upper(k, i)] * factor[upper(k, j)];
            }
            factor[upper(i, j)] = sum / factor[upper(i, i)];
        }
        let diagonal = factor[upper(j, j)];
        var pivot = diagonal;
        for (var k = 0u; k < j; k++) {
            pivot = pivot - factor[upper(k, j)] * factor[upper(k, j)];
        }
        good = good && finite(pivot) && pivot > LEAST_PIVOT * diagonal;
        factor[upper(j, j)] = sqrt(abs(pivot));
    }
    return good;
}

// R⁻¹ in place of R.
fn invert() {
    for (var j = 0u; j < C; j++) {
        let last = 1.0 / factor[upper(j, j)];
        for (var i = 0u; i < j; i++) {
            var sum = 0.0;
            for (var k = i; k < j; k++) {
                sum = sum + factor[upper(i, k)] * factor[upper(k, j)];
            }
            factor[upper(i, j)] = -sum * last;
        }
        factor[upper(j, j)] = last;
    }
}

fn build(v: u32) -> bool {
    var sound = false;
    var ridge = params.ridge;
    for (var attempt = 0u; attempt < ATTEMPTS && !sound; attempt++) {
        load(v, ridge);
        sound = factorize();
        ridge = max(10.0 * ridge, LEAST_RIDGE);
    }
    if (!sound) {
        load(v, 0.0);
        for (var j = 0u; j < C; j++) {
            for (var i = 0u; i < j; i++) {
                factor[upper(i, j)] = 0.0;
            }
            factor[upper(j, j)] = sqrt(factor[upper(j, j)]);
        }
    }
    invert();
    // What fills the last pair is 0, as in the gram.
    for (var k = 0u; k < TRIANGLE_PAIRS; k++) {
        let stored = dn(vec2<f32>(factor[2u * k], factor[2u * k + 1u]));
        inverse[pair_at(v, TRIANGLE_PAIRS, k)] = stored;
        sound = sound && finite(up(stored).x) && finite(up(stored).y);
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
    let v = g * W + lane;
    var faults = 0.0;
    if (v < params.variables) {
        faults = select(1.0, 0.0, build(v));
    }
    let total = workgroup_sum(faults, lane);
    if (lane == 0u && g * W < params.variables) {
        partials[params.first + g] = total;
    }
}

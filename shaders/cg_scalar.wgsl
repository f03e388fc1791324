// What conjugate gradients do with scalars: one operation by one lane.
//
// The first slots are the status: state (0 running, 1 residual test met, 2
// model test met, 3 broken), iterations, residual, decrease, the first gamma,
// and the two tolerances.
struct Params {
    operation: u32,
    a: u32,
    b: u32,
    c: u32,
    result: u32,
}
@group(1) @binding(0) var<storage, read_write> scalars: array<f32>;
@group(2) @binding(0) var<uniform> params: Params;

const STATE: u32 = 0u;
const ITERATIONS: u32 = 1u;
const RESIDUAL: u32 = 2u;
const DECREASE: u32 = 3u;
const FIRST: u32 = 4u;
const TOLERANCE: u32 = 5u;
const MODEL_TOLERANCE: u32 = 6u;

// first = a.
fn begin(a: f32) {
    scalars[FIRST] = a;
    scalars[ITERATIONS] = 0.0;
    scalars[RESIDUAL] = 1.0;
    scalars[DECREASE] = 0.0;
    var state = 3.0;
    if (finite(a)) {
        if (a == 0.0) {
            state = 1.0;
        } else if (a > 0.0) {
            state = 0.0;
        }
    }
    scalars[STATE] = state;
}

// gamma / curvature; 0 and broken where there is none, 0 once not running.
fn step_length(gamma: f32, curvature: f32) -> f32 {
    if (scalars[STATE] != 0.0) {
        return 0.0;
    }
    if (finite(curvature) && curvature > 0.0) {
        let quotient = keep(gamma / curvature);
        if (finite(quotient)) {
            return quotient;
        }
    }
    scalars[STATE] = 3.0;
    return 0.0;
}

fn ratio(above: f32, below: f32) -> f32 {
    if (below == 0.0) {
        return 0.0;
    }
    return keep(above / below);
}

fn judge(alpha: f32, gamma: f32, next: f32) {
    if (scalars[STATE] != 0.0) {
        return;
    }
    let fall = 0.5 * alpha * gamma;
    let iteration = scalars[ITERATIONS] + 1.0;
    let decrease = scalars[DECREASE] + fall;
    scalars[ITERATIONS] = iteration;
    scalars[DECREASE] = decrease;
    if (!finite(next) || next < 0.0) {
        scalars[STATE] = 3.0;
        return;
    }
    let residual = sqrt(next / scalars[FIRST]);
    scalars[RESIDUAL] = residual;
    if (residual <= scalars[TOLERANCE]) {
        scalars[STATE] = 1.0;
    } else if (iteration * fall < scalars[MODEL_TOLERANCE] * decrease) {
        scalars[STATE] = 2.0;
    }
}

@compute @workgroup_size(W)
fn main(@builtin(local_invocation_index) lane: u32) {
    if (lane != 0u) {
        return;
    }
    let a = scalars[params.a];
    let b = scalars[params.b];
    let c = scalars[params.c];
    switch params.operation {
        case 0u: { begin(a); }
        case 1u: { scalars[params.result] = step_length(a, b); }
        case 2u: { scalars[params.result] = ratio(a, b); }
        case 3u: { scalars[params.result] = max(ratio(a - b, c), 0.0); }
        case 4u: { judge(a, b, c); }
        default: { scalars[STATE] = 0.0; }
    }
}

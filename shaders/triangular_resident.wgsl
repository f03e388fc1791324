// A whole preconditioner by one workgroup: rhs in elimination order, both
// triangular solves, the result in the order of the unknowns. Constants: D,
// LANES, TILE, ROUNDING; where something is rounded, the vector is scaled by a
// power of two before each solve.
struct Params {
    // Numbers in `vector`.
    scalars: u32,
    // Place in `tables` of the unknown of each, or NONE.
    index: u32,
    below: u32,
    diagonal: u32,
    starts: u32,
    neighbours: u32,
    // Place in `tables` of the first step, and steps of at most W / LANES rows.
    first: u32,
    steps: u32,
    // The same of the transposed solve.
    below_back: u32,
    diagonal_back: u32,
    starts_back: u32,
    neighbours_back: u32,
    first_back: u32,
    steps_back: u32,
}
@group(0) @binding(0) var<storage, read> blocks: array<Pair>;
@group(0) @binding(1) var<storage, read> tables: array<u32>;
@group(1) @binding(0) var<storage, read> rhs: array<f32>;
@group(1) @binding(1) var<storage, read_write> vector: array<f32>;
@group(1) @binding(2) var<storage, read_write> result: array<f32>;
@group(2) @binding(0) var<uniform> params: Params;

// Scales what this lane has of the vector; returns what undoes it.
fn rescale(largest: f32, lane: u32) -> f32 {
    let powers = powers_of_two(workgroup_max(largest, lane));
    for (var i = lane; i < params.scalars; i += W) {
        vector[i] = entry(powers.x * vector[i]);
    }
    return powers.y;
}

@compute @workgroup_size(W)
fn main(@builtin(local_invocation_index) lane: u32) {
    var largest = 0.0;
    for (var i = lane; i < params.scalars; i += W) {
        let at = tables[params.index + i];
        var value = 0.0;
        if (at != NONE) {
            value = rhs[at];
        }
        vector[i] = value;
        largest = max(largest, abs(value));
    }
    var undo = 1.0;
    if (ROUNDING > 0u) {
        undo = rescale(largest, lane);
    }
    storageBarrier();
    let forward = Side(params.below, params.diagonal, params.starts, params.neighbours);
    for (var s = 0u; s < params.steps; s++) {
        let at = params.first + 2u * s;
        let row = tables[at] + lane / LANES;
        solve_row(forward, row, row < tables[at + 1u], lane);
        storageBarrier();
    }
    if (ROUNDING > 0u) {
        largest = 0.0;
        for (var i = lane; i < params.scalars; i += W) {
            largest = max(largest, abs(vector[i]));
        }
        undo = rescale(largest, lane) * undo;
        storageBarrier();
    }
    let backward = Side(
        params.below_back,
        params.diagonal_back,
        params.starts_back,
        params.neighbours_back,
    );
    for (var s = 0u; s < params.steps_back; s++) {
        let at = params.first_back + 2u * s;
        let row = tables[at] + lane / LANES;
        solve_row(backward, row, row < tables[at + 1u], lane);
        storageBarrier();
    }
    for (var i = lane; i < params.scalars; i += W) {
        let at = tables[params.index + i];
        if (at != NONE) {
            result[at] = undo * vector[i];
        }
    }
}

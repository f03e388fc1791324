// Steps of a triangular solve in place. Rows of a step need only rows of the
// steps before it. One workgroup does several steps, of at most W / LANES rows
// each; several workgroups do one. Constants: D, LANES, TILE, ROUNDING.
struct Params {
    below: u32,
    diagonal: u32,
    starts: u32,
    neighbours: u32,
    // Place in `tables` of the first step: two numbers a step, its first row
    // and its end.
    first: u32,
    steps: u32,
}
@group(0) @binding(0) var<storage, read> blocks: array<Pair>;
@group(0) @binding(1) var<storage, read> tables: array<u32>;
@group(1) @binding(0) var<storage, read_write> vector: array<f32>;
@group(2) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(W)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let side = Side(params.below, params.diagonal, params.starts, params.neighbours);
    let item = group_index(group, groups) * (W / LANES) + lane / LANES;
    for (var s = 0u; s < params.steps; s++) {
        let at = params.first + 2u * s;
        let row = tables[at] + item;
        solve_row(side, row, row < tables[at + 1u], lane);
        // What follows reads these rows, and writes the sums again.
        storageBarrier();
    }
}

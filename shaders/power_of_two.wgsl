// The power of two that brings the largest of some partial results into
// [1/2, 1), and what undoes it, by one workgroup.
struct Params {
    first: u32,
    count: u32,
    // Slot of the factor, and of what undoes it.
    slot: u32,
    undo: u32,
    // Slot of what undoes an earlier factor as well, or NONE.
    earlier: u32,
}
@group(1) @binding(0) var<storage, read> partials: array<f32>;
@group(1) @binding(1) var<storage, read_write> scalars: array<f32>;
@group(2) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(W)
fn main(@builtin(local_invocation_index) lane: u32) {
    var largest = 0.0;
    for (var i = lane; i < params.count; i += W) {
        largest = max(largest, partials[params.first + i]);
    }
    let powers = powers_of_two(workgroup_max(largest, lane));
    if (lane == 0u) {
        var undo = powers.y;
        if (params.earlier != NONE) {
            undo = undo * scalars[params.earlier];
        }
        scalars[params.slot] = powers.x;
        scalars[params.undo] = undo;
    }
}

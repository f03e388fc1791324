// Largest magnitudes over a workgroup, and powers of two from them.
var<workgroup> maximum_lanes: array<f32, W>;

// Every lane of the workgroup must call this; every lane gets the largest.
fn workgroup_max(value: f32, lane: u32) -> f32 {
    workgroupBarrier();
    maximum_lanes[lane] = value;
    workgroupBarrier();
    for (var width = W / 2u; width > 0u; width = width / 2u) {
        if (lane < width) {
            maximum_lanes[lane] = max(maximum_lanes[lane], maximum_lanes[lane + width]);
        }
        workgroupBarrier();
    }
    return maximum_lanes[0];
}

// The power of two that brings a magnitude into [1/2, 1), and its inverse; 1
// where it is 0, subnormal, infinite or not a number. Above 2^126 the result is
// below 4.
fn powers_of_two(largest: f32) -> vec2<f32> {
    let exponent = (bitcast<u32>(largest) >> 23u) & 0xffu;
    if (exponent == 0u || exponent == 0xffu) {
        return vec2<f32>(1.0, 1.0);
    }
    let e = min(exponent, 252u);
    return vec2<f32>(bitcast<f32>((253u - e) << 23u), bitcast<f32>((e + 1u) << 23u));
}

// Sums over a workgroup by a fixed tree: the same bits at every run.
var<workgroup> sum_lanes: array<f32, W>;

// Every lane of the workgroup must call this; lane 0 gets the sum.
fn workgroup_sum(value: f32, lane: u32) -> f32 {
    sum_lanes[lane] = value;
    workgroupBarrier();
    for (var width = W / 2u; width > 0u; width = width / 2u) {
        if (lane < width) {
            sum_lanes[lane] = sum_lanes[lane] + sum_lanes[lane + width];
        }
        workgroupBarrier();
    }
    return sum_lanes[0];
}

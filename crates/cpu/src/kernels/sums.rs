//! Sums by a fixed tree.

/// The sum of a power of two of lanes: halves are added until one is left.
pub(super) fn tree(lanes: &mut [f32]) -> f32 {
    let mut width = lanes.len() / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}

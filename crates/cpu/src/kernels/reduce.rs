//! Partial sums to one scalar.

use slam16_sparse::Store;

use super::keep;
use super::sums::tree;

/// `scalars[slot] = scale · Σ partials[first .. first + count]` by `workgroup`
/// lanes, plus what was there if `add` is 1. Rounded to `S`.
pub fn reduce<S: Store<Compute = f32>>(
    workgroup: usize,
    partials: &[f32],
    scalars: &mut [f32],
    first: usize,
    count: usize,
    slot: usize,
    add: u32,
    scale: f32,
) {
    let mut lanes = vec![0.0; workgroup];
    for (l, sum) in lanes.iter_mut().enumerate() {
        for i in (l..count).step_by(workgroup) {
            *sum = keep::<S>(*sum + partials[first + i]);
        }
    }
    let mut value = scale * tree(&mut lanes);
    if add == 1 {
        value += scalars[slot];
    }
    scalars[slot] = keep::<S>(value);
}

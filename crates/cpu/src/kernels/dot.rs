//! `aᵀ b`, down to partial sums.

use slam16_sparse::Store;

use super::keep;
use super::sums::tree;

/// `partials[first + g] = Σ a_i b_i` over the numbers of each of `groups`
/// workgroups of `workgroup` lanes: lane `l` of group `g` adds those at
/// `g W + l + k G W`. Every addition in a lane is rounded to `S`.
pub fn dot<S: Store<Compute = f32>>(
    workgroup: usize,
    groups: usize,
    a: &[f32],
    b: &[f32],
    partials: &mut [f32],
    count: usize,
    first: usize,
) {
    for g in 0..groups {
        let mut lanes = vec![0.0; workgroup];
        for (l, sum) in lanes.iter_mut().enumerate() {
            for i in (g * workgroup + l..count).step_by(groups * workgroup) {
                *sum = keep::<S>(*sum + keep::<S>(a[i] * b[i]));
            }
        }
        partials[first + g] = keep::<S>(tree(&mut lanes));
    }
}

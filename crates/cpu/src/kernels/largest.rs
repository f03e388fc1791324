//! The largest magnitude of a vector, down to one per workgroup.

/// `partials[first + g] = max |x_i|` over the first `count` numbers, by
/// `groups` workgroups of `workgroup` lanes; lane `l` of group `g` takes those
/// at `g W + l`, then every `groups W`-th.
pub fn largest(
    workgroup: usize,
    groups: usize,
    x: &[f32],
    partials: &mut [f32],
    count: usize,
    first: usize,
) {
    partials[first..first + groups].fill(0.0);
    for (i, x) in x[..count].iter().enumerate() {
        let partial = &mut partials[first + i / workgroup % groups];
        *partial = partial.max(x.abs());
    }
}

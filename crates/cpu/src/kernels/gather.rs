//! A vector in another order, scaled.

use slam16_sparse::Store;

use super::{NONE, keep};

/// `y_i = a x_index(i)` for the first `count` numbers, rounded to `S`; 0 where
/// the index is [`NONE`]. `a` is `scalars[slot]`, or 1 if the slot is `NONE`.
pub fn gather<S: Store<Compute = f32>>(
    index: &[u32],
    scalars: &[f32],
    x: &[f32],
    y: &mut [f32],
    count: usize,
    slot: u32,
) {
    let factor = match slot {
        NONE => 1.0,
        _ => scalars[slot as usize],
    };
    for (y, &at) in y[..count].iter_mut().zip(index) {
        *y = match at {
            NONE => 0.0,
            _ => keep::<S>(factor * x[at as usize]),
        };
    }
}

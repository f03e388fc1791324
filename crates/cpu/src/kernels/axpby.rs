//! `y = a x + b y`.

use slam16_sparse::Store;

use super::{NONE, keep};

/// `y = a x + b y` on the first `count` numbers, where
/// `a = alpha · scalars[alpha_slot]`, or `alpha` where the slot is [`NONE`],
/// and likewise `b`. With `b = 0`, `y` is not read; with `a = 0`, `x` is not.
/// Every operation is rounded to `S`.
pub fn axpby<S: Store<Compute = f32>>(
    scalars: &[f32],
    x: &[f32],
    y: &mut [f32],
    count: usize,
    alpha_slot: u32,
    beta_slot: u32,
    alpha: f32,
    beta: f32,
) {
    let factor = |value: f32, slot: u32| match slot {
        NONE => value,
        _ => value * scalars[slot as usize],
    };
    let (a, b) = (factor(alpha, alpha_slot), factor(beta, beta_slot));
    for i in 0..count {
        let mut value = 0.0;
        if a != 0.0 {
            value = keep::<S>(a * x[i]);
        }
        if b != 0.0 {
            value = keep::<S>(value + keep::<S>(b * y[i]));
        }
        y[i] = value;
    }
}

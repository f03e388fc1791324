//! The power of two that brings a vector into the range of half.

use super::NONE;
use super::maxima::powers_of_two;

/// `scalars[slot] = 2⁻ᵉ`, which brings the largest of
/// `partials[first .. first + count]` into `[½, 1)`, and `scalars[undo] = 2ᵉ`,
/// times `scalars[earlier]` unless that is [`NONE`].
pub fn power_of_two(
    partials: &[f32],
    scalars: &mut [f32],
    first: usize,
    count: usize,
    slot: usize,
    undo: usize,
    earlier: u32,
) {
    let partials = &partials[first..first + count];
    let [down, mut up] = powers_of_two(partials.iter().fold(0.0, |most, p| p.max(most)));
    if earlier != NONE {
        up *= scalars[earlier as usize];
    }
    scalars[slot] = down;
    scalars[undo] = up;
}

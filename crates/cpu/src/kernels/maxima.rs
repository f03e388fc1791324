//! Powers of two that bring a magnitude into the range of half.

/// The power of two that brings `largest` into `[½, 1)`, and its inverse; 1
/// where it is 0, subnormal or not finite. Above `2¹²⁶` the result is below 4.
pub(super) fn powers_of_two(largest: f32) -> [f32; 2] {
    let exponent = (largest.to_bits() >> 23) & 0xff;
    if exponent == 0 || exponent == 0xff {
        return [1.0, 1.0];
    }
    let e = exponent.min(252);
    [253 - e, e + 1].map(|bits| f32::from_bits(bits << 23))
}

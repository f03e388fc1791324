//! Powers of two that bring columns to about unit norm.

/// `scale[i] = 2^−⌊(e + 1)/2⌋` for `norms[i]` in `[2^e, 2^(e+1))`, so that the
/// norm, the root of `norms[i]`, times it lies in `[1/√2, √2)`. 0 for a column
/// of zero or subnormal norm; a norm that is not finite stays as it is.
pub fn column_scale(norms: &[f32], scale: &mut [f32], count: usize) {
    for (scale, norm) in scale.iter_mut().zip(norms).take(count) {
        let bits = norm.to_bits();
        *scale = f32::from_bits(match (bits >> 23) & 0xff {
            0 => 0,
            0xff => bits,
            exponent => (190 - exponent / 2) << 23,
        });
    }
}

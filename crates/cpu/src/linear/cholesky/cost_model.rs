//! What a factorisation costs in CG iterations.

/// Rate of the dense kernels inside a factorisation, flop per unit of time.
const FACTOR_RATE: f64 = 8.0;
/// Rate of products that read each number once, flop per unit of time: they
/// are bound by memory.
const STREAM_RATE: f64 = 1.5;

/// Most corrections of an old factor that are cheaper than a new one, from
/// counts alone: a decision by the clock would not repeat.
///
/// One correction is a product with the normal matrix and two triangular
/// solves, 4 flop per stored number each.
pub(super) fn worthwhile_corrections(
    factor_flops: f64,
    factor_nonzeros: usize,
    matrix_numbers: usize,
) -> usize {
    let correction = 4.0 * (factor_nonzeros + matrix_numbers) as f64 / STREAM_RATE;
    let factor = factor_flops / FACTOR_RATE;
    ((factor / correction) as usize).clamp(2, 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dense_factors_are_worth_more_corrections_than_sparse_ones() {
        // A chain: 3 flop per nonzero. A dense 3000 × 3000: 9e9 flop, 4.5e6 nonzeros.
        assert_eq!(worthwhile_corrections(3e4, 10_000, 10_000), 2);
        assert_eq!(worthwhile_corrections(9e9, 4_500_000, 4_500_000), 20);
    }
}

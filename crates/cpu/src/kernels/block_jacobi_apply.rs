//! The block-Jacobi preconditioner.

use slam16_sparse::Store;

use super::triangles::{layout, upper};

/// `z_v = R⁻¹ R⁻ᵀ r_v` for each of `variables` variables of `cols` columns,
/// from what [`super::block_jacobi_build`] left in `inverse`.
pub fn block_jacobi_apply<S: Store<Compute = f32>>(
    cols: usize,
    tile: usize,
    inverse: &[S],
    columns: &[u32],
    r: &[f32],
    z: &mut [f32],
    variables: usize,
) {
    let layout = layout(tile, cols);
    let mut t = vec![0.0; cols];
    for (v, column) in columns.iter().enumerate().take(variables) {
        let column = *column as usize;
        let factor = |i: usize, j: usize| inverse[layout.index(v, upper(i, j))].load();
        for (j, t) in t.iter_mut().enumerate() {
            *t = 0.0;
            for i in 0..=j {
                *t += factor(i, j) * r[column + i];
            }
        }
        for i in 0..cols {
            let mut sum = 0.0;
            for (j, t) in t.iter().enumerate().skip(i) {
                sum += factor(i, j) * t;
            }
            z[column + i] = sum;
        }
    }
}

//! Products of a symmetric block matrix with a vector.

use crate::SymmetricBlocks;

impl SymmetricBlocks {
    /// `y = (A + diag(shift)) x`, both vectors in the matrix's own layout.
    ///
    /// Runs on one thread: the lower triangle is read once and used for both
    /// triangles, which beats two passes on two threads because the product
    /// is bound by memory.
    pub fn mul(&self, shift: &[f64], x: &[f64], y: &mut [f64]) {
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || self.mul_impl(shift, x, y),
        );
    }

    #[inline(always)]
    fn mul_impl(&self, shift: &[f64], x: &[f64], y: &mut [f64]) {
        for ((y, x), s) in y.iter_mut().zip(x).zip(shift) {
            *y = s * x;
        }
        let layout = self.layout();
        for j in 0..layout.variables() {
            let dim_j = layout.dim(j);
            let at_j = layout.offset(j);
            match dim_j {
                3 => self.column::<3>(j, at_j, x, y),
                6 => self.column::<6>(j, at_j, x, y),
                9 => self.column::<9>(j, at_j, x, y),
                _ => self.column_any(j, x, y),
            }
        }
    }

    /// Column `j` of width `C`.
    #[inline(always)]
    fn column<const C: usize>(&self, j: usize, at_j: usize, x: &[f64], y: &mut [f64]) {
        let layout = self.layout();
        let mut x_j = [0.0; C];
        x_j.copy_from_slice(&x[at_j..at_j + C]);
        let mut y_j = [0.0; C];
        let diagonal = self.diagonal_block(j);
        for c in 0..C {
            for r in 0..C {
                y_j[r] += diagonal[c * C + r] * x_j[c];
            }
        }
        let first = self.pattern().start(j);
        for (k, &i) in self.pattern().rows(j).iter().enumerate() {
            let block = self.below_block(first + k);
            let range = layout.range(i as usize);
            if range.len() == C {
                square::<C>(block, &x_j, &x[range.clone()], &mut y_j, &mut y[range]);
            } else {
                for c in 0..C {
                    let column = &block[c * range.len()..(c + 1) * range.len()];
                    let mut dot = 0.0;
                    for ((b, x_i), y_i) in column
                        .iter()
                        .zip(&x[range.clone()])
                        .zip(&mut y[range.clone()])
                    {
                        dot += b * x_i;
                        *y_i += b * x_j[c];
                    }
                    y_j[c] += dot;
                }
            }
        }
        for (y, add) in y[at_j..at_j + C].iter_mut().zip(y_j) {
            *y += add;
        }
    }

    fn column_any(&self, j: usize, x: &[f64], y: &mut [f64]) {
        let layout = self.layout();
        let (at_j, dim) = (layout.offset(j), layout.dim(j));
        let diagonal = self.diagonal_block(j);
        for c in 0..dim {
            for r in 0..dim {
                y[at_j + r] += diagonal[c * dim + r] * x[at_j + c];
            }
        }
        let first = self.pattern().start(j);
        for (k, &i) in self.pattern().rows(j).iter().enumerate() {
            let block = self.below_block(first + k);
            let range = layout.range(i as usize);
            for c in 0..dim {
                for (r, row) in range.clone().enumerate() {
                    let b = block[c * range.len() + r];
                    y[at_j + c] += b * x[row];
                    y[row] += b * x[at_j + c];
                }
            }
        }
    }
}

/// `y_i += B x_j` and `y_j += Bᵀ x_i` for a square block.
#[inline(always)]
fn square<const C: usize>(
    block: &[f64],
    x_j: &[f64; C],
    x_i: &[f64],
    y_j: &mut [f64; C],
    y_i: &mut [f64],
) {
    let mut acc = [0.0; C];
    let mut own = [0.0; C];
    own.copy_from_slice(&x_i[..C]);
    let block = &block[..C * C];
    for c in 0..C {
        let mut dot = 0.0;
        for r in 0..C {
            let b = block[c * C + r];
            acc[r] += b * x_j[c];
            dot += b * own[r];
        }
        y_j[c] += dot;
    }
    for (y, add) in y_i[..C].iter_mut().zip(acc) {
        *y += add;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::{BlockLayout, SymmetricBlocks, SymmetricPattern};

    /// Mixed block sizes against the dense product; every term is summed in
    /// another order, so the bound is `n ε Σ |a| |x|`.
    #[test]
    fn product_matches_the_dense_one() {
        for dims in [
            vec![3, 3, 6, 6, 9],
            vec![6, 6, 6],
            vec![2, 3, 1, 4],
            vec![3],
        ] {
            let n = dims.len() as u32;
            let pairs = (0..n).flat_map(|i| (0..i).map(move |j| (i, j)));
            let layout = Arc::new(BlockLayout::new(dims));
            let pattern = Arc::new(SymmetricPattern::from_pairs(n as usize, pairs));
            let mut a = SymmetricBlocks::zeros(layout.clone(), pattern.clone());
            let mut seed = 1_u64;
            let mut next = || {
                seed = seed
                    .wrapping_mul(6364136223846793005)
                    .wrapping_add(1442695040888963407);
                (seed >> 33) as f64 / 2.0_f64.powi(31) - 0.5
            };
            a.below.iter_mut().for_each(|v| *v = next());
            for v in 0..layout.variables() {
                let (d, at) = (layout.dim(v), a.diagonal_start(v));
                for c in 0..d {
                    for r in c..d {
                        let value = next();
                        a.diagonal[at + c * d + r] = value;
                        a.diagonal[at + r * d + c] = value;
                    }
                }
            }
            let size = layout.scalars();
            let x: Vec<f64> = (0..size).map(|_| next()).collect();
            let shift: Vec<f64> = (0..size).map(|_| next()).collect();
            let mut dense = nalgebra::DMatrix::zeros(size, size);
            for j in 0..layout.variables() {
                let (dj, oj) = (layout.dim(j), layout.offset(j));
                for c in 0..dj {
                    for r in 0..dj {
                        dense[(oj + r, oj + c)] = a.diagonal_block(j)[c * dj + r];
                    }
                }
                for (k, &i) in pattern.rows(j).iter().enumerate() {
                    let (di, oi) = (layout.dim(i as usize), layout.offset(i as usize));
                    let block = a.below_block(pattern.start(j) + k);
                    for c in 0..dj {
                        for r in 0..di {
                            dense[(oi + r, oj + c)] = block[c * di + r];
                            dense[(oj + c, oi + r)] = block[c * di + r];
                        }
                    }
                }
            }
            let expected = &dense * nalgebra::DVector::from_vec(x.clone())
                + nalgebra::DVector::from_vec(shift.clone())
                    .component_mul(&nalgebra::DVector::from_vec(x.clone()));
            let mut y = vec![f64::NAN; size];
            a.mul(&shift, &x, &mut y);
            for (got, want) in y.iter().zip(expected.iter()) {
                assert!((got - want).abs() <= size as f64 * f64::EPSILON * size as f64);
            }
        }
    }
}

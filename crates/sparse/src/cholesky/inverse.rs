//! Entries of the inverse: covariances of chosen variables.
//!
//! Sources: K. Takahashi, J. Fagan, M. Chin, "Formation of a sparse bus
//! impedance matrix and its application to short circuit study", 8th PICA
//! Conference (1973); for fronts, Y. Campbell, T. Davis, "Computing the sparse
//! inverse subset", University of Florida TR-95-021 (1995).

use nalgebra::{DMatrix, DMatrixView};

use super::numeric::Cholesky;
use super::symbolic::Front;
use crate::Compute;

/// Joint covariance of chosen variables, in the order they were asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Covariance {
    start: Vec<usize>,
    joint: DMatrix<f64>,
}

impl Covariance {
    fn zeros(dims: impl Iterator<Item = usize>) -> Self {
        let mut start = vec![0];
        let mut end = 0;
        for dim in dims {
            end += dim;
            start.push(end);
        }
        Self {
            start,
            joint: DMatrix::zeros(end, end),
        }
    }

    /// The symmetric matrix over all chosen variables.
    pub fn joint(&self) -> &DMatrix<f64> {
        &self.joint
    }

    /// Cross covariance of the `a`-th and the `b`-th chosen variable,
    /// `dim(a) × dim(b)`; the marginal covariance for `a = b`.
    pub fn block(&self, a: usize, b: usize) -> DMatrixView<'_, f64> {
        let size = |k: usize| (self.start[k], self.start[k + 1] - self.start[k]);
        let ((i, rows), (j, columns)) = (size(a), size(b));
        self.joint.view((i, j), (rows, columns))
    }

    /// Sets the rows and columns of chosen scalars to zero: what is held has no
    /// variance. `held` has one entry per row of [`Covariance::joint`].
    pub fn clear(&mut self, held: &[bool]) {
        for (i, _) in held.iter().enumerate().filter(|(_, held)| **held) {
            self.joint.row_mut(i).fill(0.0);
            self.joint.column_mut(i).fill(0.0);
        }
    }

    /// Sets block (a, b) and its mirror image.
    fn set(&mut self, a: usize, b: usize, block: &DMatrixView<'_, f64>) {
        let (i, j) = (self.start[a], self.start[b]);
        self.joint.view_mut((i, j), block.shape()).copy_from(block);
        let mirrored = block.transpose();
        let shape = mirrored.shape();
        self.joint.view_mut((j, i), shape).copy_from(&mirrored);
    }
}

/// The inverse restricted to one front's pivots and rows.
struct Inverse {
    front: u32,
    values: DMatrix<f64>,
}

impl<T: Compute> Cholesky<T> {
    /// Marginal covariance of each chosen variable: the diagonal blocks of
    /// `(A + D)⁻¹`, in the order given.
    ///
    /// Only the fronts between the chosen variables and the root are visited.
    ///
    /// # Panics
    /// If a variable is out of range.
    pub fn marginal_covariances(&self, variables: &[usize]) -> Vec<DMatrix<f64>> {
        let mut blocks = vec![DMatrix::zeros(0, 0); variables.len()];
        let slots = self.slots(variables);
        self.inverse_subset(&slots, |inverse, front| {
            for v in front.variables.clone() {
                let at = (self.symbolic.offsets[v as usize] - front.scalar) as usize;
                let dim = self.dim_new(v);
                for &slot in &slots[v as usize] {
                    blocks[slot as usize] = inverse.view((at, at), (dim, dim)).into_owned();
                }
            }
        });
        blocks
    }

    /// Joint covariance of the chosen variables: their rows and columns of
    /// `(A + D)⁻¹`.
    ///
    /// Blocks on the pattern of L come from the inverse subset; the others
    /// from one pair of triangular solves per column.
    ///
    /// # Panics
    /// If a variable is out of range.
    pub fn covariance(&self, variables: &[usize]) -> Covariance {
        let layout = self.symbolic.layout();
        let count = variables.len();
        let mut covariance = Covariance::zeros(variables.iter().map(|&v| layout.dim(v)));
        let mut known = vec![false; count * count];
        let slots = self.slots(variables);
        self.inverse_subset(&slots, |inverse, front| {
            let rows = &self.symbolic.rows[front.rows.start as usize..front.rows.end as usize];
            let mut at = 0;
            let mut chosen = Vec::new();
            for v in front.variables.clone().chain(rows.iter().copied()) {
                chosen.extend(slots[v as usize].iter().map(|&s| (s as usize, at, v)));
                at += self.dim_new(v);
            }
            for &(a, i, v) in &chosen {
                if !front.variables.contains(&v) {
                    continue;
                }
                for &(b, j, w) in &chosen {
                    let shape = (self.dim_new(v), self.dim_new(w));
                    covariance.set(a, b, &inverse.view((i, j), shape));
                    known[a * count + b] = true;
                    known[b * count + a] = true;
                }
            }
        });
        for a in 0..count {
            if (0..count).all(|b| known[a * count + b]) {
                continue;
            }
            let columns = self.inverse_columns(variables[a]);
            for b in 0..count {
                let range = layout.range(variables[b]);
                covariance.set(b, a, &columns.rows(range.start, range.len()));
                known[a * count + b] = true;
                known[b * count + a] = true;
            }
        }
        covariance.joint.fill_upper_triangle_with_lower_triangle();
        covariance
    }

    fn dim_new(&self, v: u32) -> usize {
        let offsets = &self.symbolic.offsets;
        (offsets[v as usize + 1] - offsets[v as usize]) as usize
    }

    /// For each variable in elimination numbering, where it was asked for.
    fn slots(&self, variables: &[usize]) -> Vec<Vec<u32>> {
        let new_from_old = self.symbolic.permutation.new_from_old();
        let mut slots = vec![Vec::new(); new_from_old.len()];
        for (slot, &v) in variables.iter().enumerate() {
            slots[new_from_old[v] as usize].push(slot as u32);
        }
        slots
    }

    /// The columns of the inverse that belong to one variable.
    fn inverse_columns(&self, variable: usize) -> DMatrix<f64> {
        let layout = self.symbolic.layout();
        let range = layout.range(variable);
        let mut columns = DMatrix::zeros(layout.scalars(), range.len());
        let mut x = vec![T::ZERO; layout.scalars()];
        for (c, scalar) in range.enumerate() {
            x.fill(T::ZERO);
            x[scalar] = T::ONE;
            self.solve_in_place(&mut x);
            for (to, &value) in columns.column_mut(c).iter_mut().zip(&x) {
                *to = value.widen();
            }
        }
        columns
    }

    /// Computes the inverse on every front that lies between a chosen
    /// variable and the root, from the root down, and shows it to `visit`.
    fn inverse_subset(&self, chosen: &[Vec<u32>], mut visit: impl FnMut(&DMatrix<f64>, &Front)) {
        let fronts = &self.symbolic.fronts;
        let mut needed = vec![false; fronts.len()];
        for (f, front) in fronts.iter().enumerate() {
            let mut own = front.variables.clone();
            needed[f] |= own.any(|v| !chosen[v as usize].is_empty());
            if needed[f] && front.parent != u32::MAX {
                needed[front.parent as usize] = true;
            }
        }
        // The inverses on the path from the root to the current front.
        let mut path: Vec<Inverse> = Vec::new();
        for (f, front) in fronts.iter().enumerate().rev() {
            if !needed[f] {
                continue;
            }
            while path.last().is_some_and(|top| top.front != front.parent) {
                path.pop();
            }
            let values = self.front_inverse(f, path.last().map(|top| &top.values));
            visit(&values, front);
            path.push(Inverse {
                front: f as u32,
                values,
            });
        }
    }

    /// With `G = L₂₁ L₁₁⁻¹` and `Z₂₂` from the parent: `Z₂₁ = -Z₂₂ G` and
    /// `Z₁₁ = L₁₁⁻ᵀ L₁₁⁻¹ - Gᵀ Z₂₁`.
    fn front_inverse(&self, f: usize, parent: Option<&DMatrix<f64>>) -> DMatrix<f64> {
        let front = &self.symbolic.fronts[f];
        let place = self.places[f];
        let (p, r) = (front.pivots as usize, front.below as usize);
        let factor = &self.factor.get::<T>()[place.offset..];
        let entry = |i: usize, j: usize| factor[j * place.ld + i].widen();
        // Column by column, L₁₁⁻ᵀ from the rows of L₁₁.
        let mut inverse = DMatrix::<f64>::identity(p, p);
        let lower = DMatrix::from_fn(p, p, |i, j| if i >= j { entry(i, j) } else { 0.0 });
        lower.solve_lower_triangular_unchecked_mut(&mut inverse);
        let below = DMatrix::from_fn(r, p, |i, j| entry(p + i, j));
        let gain = below * &inverse;
        let mut values = DMatrix::zeros(p + r, p + r);
        if let Some(parent) = parent {
            let runs = self.symbolic.parent_runs(front);
            for a in runs {
                for b in runs {
                    let shape = (a.len as usize, b.len as usize);
                    let from = parent.view((a.to as usize, b.to as usize), shape);
                    let to = (p + a.from as usize, p + b.from as usize);
                    values.view_mut(to, shape).copy_from(&from);
                }
            }
        }
        let cross = -(values.view((p, p), (r, r)) * &gain);
        let mut pivots = inverse.tr_mul(&inverse) - gain.tr_mul(&cross);
        pivots.fill_upper_triangle_with_lower_triangle();
        values.view_mut((0, 0), (p, p)).copy_from(&pivots);
        values.view_mut((p, 0), (r, p)).copy_from(&cross);
        values
            .view_mut((0, p), (p, r))
            .copy_from(&cross.transpose());
        values
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use nalgebra::DMatrix;
    use proptest::prelude::*;

    use crate::cholesky::tests::{ORDERINGS, dense, factor, graphs, grid, spd};
    use crate::{Ordering, SymmetricBlocks, Threads};

    fn check(matrix: &SymmetricBlocks, variables: &[usize], ordering: Ordering) {
        let layout = matrix.layout();
        let full = dense(matrix);
        let inverse = full.clone().try_inverse().unwrap();
        // The error of a computed inverse is of order n κ u; with slack.
        let condition = full.norm() * inverse.norm();
        let bound = 10.0 * full.nrows() as f64 * condition * f64::EPSILON * inverse.amax();
        let close = |a: &DMatrix<f64>, b: &DMatrix<f64>| (a - b).amax() <= bound;
        let damping = vec![0.0; layout.scalars()];
        let cholesky = factor::<f64>(matrix, ordering, &damping, &Threads::single());
        let covariance = cholesky.covariance(variables);
        let marginals = cholesky.marginal_covariances(variables);
        for (a, &v) in variables.iter().enumerate() {
            for (b, &w) in variables.iter().enumerate() {
                let start = (layout.offset(v), layout.offset(w));
                let expected = inverse.view(start, (layout.dim(v), layout.dim(w)));
                let (expected, got) = (expected.into_owned(), covariance.block(a, b).into_owned());
                assert!(close(&got, &expected), "{v} {w} {got} {expected}");
                if a == b {
                    assert!(close(&marginals[a], &expected));
                    let wrong = &marginals[a] * 1.001;
                    assert!(!close(&wrong, &expected), "the check cannot fail");
                }
            }
        }
        let joint = covariance.joint();
        assert_eq!(joint, &joint.transpose());
    }

    #[test]
    fn covariances_on_a_lattice() {
        let matrix = spd(&[3; 80], &grid(10, 8), 0.5, 4);
        for ordering in ORDERINGS {
            check(&matrix, &[0, 1, 79, 40, 1], ordering);
        }
        check(&matrix, &(0..80).collect::<Vec<_>>(), Ordering::Amd);
        check(&matrix, &[], Ordering::Amd);
    }

    proptest! {
        #[test]
        fn covariances_of_random_matrices((dims, pairs, seed) in graphs()) {
            let matrix = spd(&dims, &pairs, 0.5, seed);
            let last = dims.len() - 1;
            for ordering in ORDERINGS {
                check(&matrix, &[last, 0, last / 2], ordering);
            }
        }
    }
}

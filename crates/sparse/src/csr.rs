//! The Jacobian as an ordinary sparse matrix, for reference paths and dumps.

use sprs::CsMat;

use crate::{Jacobian, NO_VARIABLE, Store};

impl<S: Store> Jacobian<S> {
    /// `J` in compressed rows, f64, factor sets one below the other. Entries
    /// of present blocks are stored even where they are zero.
    pub fn to_csr(&self) -> CsMat<f64> {
        let rows = self.structure().rows();
        let mut start = Vec::with_capacity(rows + 1);
        let (mut columns, mut values) = (Vec::new(), Vec::new());
        start.push(0);
        for blocks in &self.sets {
            let structure = blocks.structure();
            let shape = structure.shape();
            for f in 0..structure.factors() {
                let mut sides = [
                    (structure.var_a()[f], blocks.block_a(f)),
                    (structure.var_b()[f], blocks.block_b(f)),
                ];
                sides.sort_unstable_by_key(|(v, _)| *v);
                for r in 0..shape.rows {
                    for (v, block) in sides.iter().filter(|(v, _)| *v != NO_VARIABLE) {
                        for (c, column) in self.layout().range(*v as usize).enumerate() {
                            columns.push(column);
                            values.push(block[c * shape.rows + r].widen());
                        }
                    }
                    start.push(columns.len());
                }
            }
        }
        CsMat::new((rows, self.layout().scalars()), start, columns, values)
    }
}

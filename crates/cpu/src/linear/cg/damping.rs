//! `Λ = λ S D S`, the damping in scaled coordinates.

use slam16_sparse::{BlockLayout, ColumnScaling, Compute, scaled_damping};

/// `Λ = λ Sᵀ D S` for a diagonal `D` and a scaling `x = S s` of the unknowns.
#[derive(Clone, Debug, Default)]
pub(crate) enum Damping<V> {
    /// No damping.
    #[default]
    None,
    /// A diagonal `Λ`.
    Diagonal(Vec<V>),
    /// One full block per variable, column-major.
    Blocks(Vec<V>),
}

impl<V: Compute> Damping<V> {
    /// Sets `Λ` from `λ`, `D` and the scaling.
    pub(crate) fn set(
        &mut self,
        damping: f64,
        scale: &[f64],
        scaling: ColumnScaling<'_>,
        layout: &BlockLayout,
    ) {
        if damping == 0.0 {
            *self = Self::None;
            return;
        }
        let mut values = match std::mem::take(self) {
            Self::None => Vec::new(),
            Self::Diagonal(values) | Self::Blocks(values) => values,
        };
        values.clear();
        *self = match scaling {
            ColumnScaling::None => {
                values.extend(scale.iter().map(|d| V::encode(damping * d)));
                Self::Diagonal(values)
            }
            ColumnScaling::Scalars(s) => {
                let pairs = scale.iter().zip(s);
                values.extend(pairs.map(|(d, s)| V::encode(damping * d * s * s)));
                Self::Diagonal(values)
            }
            ColumnScaling::Upper(inverse) => {
                scaled_damping(damping, scale, inverse, layout, &mut values);
                Self::Blocks(values)
            }
        };
    }

    /// `z −= Λ x`.
    pub(crate) fn subtract_product(&self, layout: &BlockLayout, x: &[V], z: &mut [V]) {
        match self {
            Self::None => {}
            Self::Diagonal(values) => {
                for ((z, x), d) in z.iter_mut().zip(x).zip(values) {
                    *z -= *d * *x;
                }
            }
            Self::Blocks(values) => blocks(values, layout, |v, block| {
                let range = layout.range(v);
                let (x, z) = (&x[range.clone()], &mut z[range]);
                match z.len() {
                    6 => block_product::<V, 6>(block, x, z),
                    3 => block_product::<V, 3>(block, x, z),
                    dim => {
                        for (column, &x) in block.chunks_exact(dim.max(1)).zip(x) {
                            for (z, &l) in z.iter_mut().zip(column) {
                                *z -= l * x;
                            }
                        }
                    }
                }
            }),
        }
    }

    /// `xᵀ Λ x`.
    pub(crate) fn quadratic(&self, layout: &BlockLayout, x: &[V]) -> f64 {
        match self {
            Self::None => 0.0,
            Self::Diagonal(values) => x
                .iter()
                .zip(values)
                .map(|(x, d)| (*d * *x * *x).widen())
                .sum(),
            Self::Blocks(values) => {
                let mut sum = 0.0;
                blocks(values, layout, |v, block| {
                    let x = &x[layout.range(v)];
                    for (column, &x_j) in block.chunks_exact(x.len().max(1)).zip(x) {
                        let inner = column
                            .iter()
                            .zip(x)
                            .fold(V::default(), |sum, (l, x)| sum + *l * *x);
                        sum += (inner * x_j).widen();
                    }
                });
                sum
            }
        }
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Diagonal(values) | Self::Blocks(values) => size_of_val(values.as_slice()),
        }
    }
}

#[inline(always)]
fn block_product<V: Compute, const D: usize>(block: &[V], x: &[V], z: &mut [V]) {
    let (block, x, z) = (&block[..D * D], &x[..D], &mut z[..D]);
    for c in 0..D {
        for r in 0..D {
            z[r] -= block[c * D + r] * x[c];
        }
    }
}

fn blocks<V>(values: &[V], layout: &BlockLayout, mut op: impl FnMut(usize, &[V])) {
    let mut rest = values;
    for v in 0..layout.variables() {
        let dim = layout.dim(v);
        let (block, tail) = rest.split_at(dim * dim);
        rest = tail;
        op(v, block);
    }
}

//! The Jacobian with scaled columns in a storage precision.

use slam16_solver::HalfArithmetic;
use slam16_sparse::{
    BlockLayout, ColumnScaling, Compute, EdgeBlocks, Jacobian, JacobianStructure, Store, Threads,
    encode_blocks, jacobian_mul, jacobian_mul_half_sums, jacobian_transpose_mul,
    jacobian_transpose_mul_half_sums, row_count,
};

use super::VectorArithmetic;
use super::operator::Operator;
use super::vectors::{convert, half, same, same_mut};

/// Vectors that enter binary16 products are scaled to this largest entry; the
/// result was the same for exponents from 0 to 10.
const TARGET_EXPONENT: i32 = 6;

/// `A = J S` stored in `S`, for vectors in `V`; keeps a copy in `V` once one
/// is needed to check or replace the stored one.
pub(crate) struct ScaledJacobian<S: Store, V: Compute> {
    sets: Vec<EdgeBlocks<S>>,
    wide: Vec<EdgeBlocks<V>>,
    wide_ready: bool,
    escalated: bool,
    arithmetic: ProductArithmetic,
    overflows: usize,
    input: Vec<S::Compute>,
    output: Vec<S::Compute>,
}

impl<S: Store, V: Compute> ScaledJacobian<S, V> {
    pub(crate) fn new(
        structure: &JacobianStructure,
        arithmetic: HalfArithmetic,
        vectors: VectorArithmetic,
    ) -> Self {
        let sets = structure.sets.iter().cloned();
        Self {
            sets: sets.map(EdgeBlocks::zeros).collect(),
            wide: Vec::new(),
            wide_ready: false,
            escalated: false,
            arithmetic: ProductArithmetic {
                naive: vectors == VectorArithmetic::NaiveHalf,
                half: arithmetic,
            },
            overflows: 0,
            input: Vec::new(),
            output: Vec::new(),
        }
    }

    /// Takes new values.
    pub(crate) fn set(
        &mut self,
        jacobian: &Jacobian<f64>,
        scaling: ColumnScaling<'_>,
        threads: &Threads,
    ) {
        self.wide_ready = false;
        self.escalated = false;
        self.overflows = jacobian
            .sets
            .iter()
            .zip(&mut self.sets)
            .map(|(from, to)| encode_blocks(from, scaling, jacobian.layout(), to, threads))
            .sum();
    }

    /// For one solve: the values it came from are needed to refine it. Begins
    /// with the wide copy where an entry did not fit the storage.
    pub(crate) fn view<'a>(
        &'a mut self,
        jacobian: &'a Jacobian<f64>,
        scaling: ColumnScaling<'a>,
        threads: &Threads,
    ) -> JacobianView<'a, S, V> {
        self.escalated = false;
        let mut view = JacobianView {
            stored: self,
            jacobian,
            scaling,
        };
        if view.stored.overflows > 0 {
            view.escalate(threads);
        }
        view
    }

    /// Entries that did not fit the storage.
    pub(crate) fn overflows(&self) -> usize {
        self.overflows
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.sets.iter().map(EdgeBlocks::bytes).sum::<usize>()
            + self.wide.iter().map(EdgeBlocks::bytes).sum::<usize>()
            + size_of_val(self.input.as_slice())
            + size_of_val(self.output.as_slice())
    }
}

/// A [`ScaledJacobian`] during one solve.
pub(crate) struct JacobianView<'a, S: Store, V: Compute> {
    stored: &'a mut ScaledJacobian<S, V>,
    jacobian: &'a Jacobian<f64>,
    scaling: ColumnScaling<'a>,
}

impl<S: Store, V: Compute> JacobianView<'_, S, V> {
    fn ready_wide(&mut self, threads: &Threads) {
        let stored = &mut *self.stored;
        if stored.wide_ready {
            return;
        }
        if stored.wide.is_empty() {
            let structures = self.jacobian.structure().sets.iter().cloned();
            stored.wide = structures.map(EdgeBlocks::zeros).collect();
        }
        for (from, to) in self.jacobian.sets.iter().zip(&mut stored.wide) {
            encode_blocks(from, self.scaling, self.jacobian.layout(), to, threads);
        }
        stored.wide_ready = true;
    }
}

impl<S: Store, V: Compute> Operator<V> for JacobianView<'_, S, V> {
    fn rows(&self) -> usize {
        row_count(&self.stored.sets)
    }

    fn columns(&self) -> usize {
        self.jacobian.layout().scalars()
    }

    fn multiply(&mut self, x: &[V], y: &mut [V], threads: &Threads) {
        let layout = self.jacobian.layout();
        let stored = &mut *self.stored;
        if stored.escalated {
            jacobian_mul(&stored.wide, layout, x, y, threads);
        } else {
            let product = stored.arithmetic;
            let sets = &stored.sets;
            through(x, y, &mut stored.input, &mut stored.output, |x, y| {
                product.run(sets, layout, Direction::Forward, (x, y), threads);
            });
        }
    }

    fn transpose_multiply(&mut self, y: &[V], z: &mut [V], threads: &Threads) {
        let layout = self.jacobian.layout();
        let stored = &mut *self.stored;
        if stored.escalated {
            jacobian_transpose_mul(&stored.wide, layout, y, z, threads);
        } else {
            let product = stored.arithmetic;
            let sets = &stored.sets;
            through(y, z, &mut stored.input, &mut stored.output, |y, z| {
                product.run(sets, layout, Direction::Transposed, (y, z), threads);
            });
        }
    }

    fn rounded(&self) -> bool {
        // The naive mode is there to show what happens without a guard.
        let naive = self.stored.arithmetic.naive;
        !self.stored.escalated && !naive && size_of::<S>() < size_of::<V>()
    }

    fn true_multiply(&mut self, x: &[V], y: &mut [V], threads: &Threads) {
        if size_of::<S>() == size_of::<V>() {
            return self.multiply(x, y, threads);
        }
        self.ready_wide(threads);
        let layout = self.jacobian.layout();
        jacobian_mul(&self.stored.wide, layout, x, y, threads);
    }

    fn escalate(&mut self, threads: &Threads) -> bool {
        if !self.rounded() {
            return false;
        }
        self.ready_wide(threads);
        self.stored.escalated = true;
        true
    }
}

/// Runs `op` on vectors of type `T`, converting where `V` is another.
pub(super) fn through<V: Compute, T: Compute>(
    from: &[V],
    to: &mut [V],
    input: &mut Vec<T>,
    output: &mut Vec<T>,
    op: impl FnOnce(&[T], &mut [T]),
) {
    if let (Some(from), Some(to)) = (same(from), same_mut(&mut *to)) {
        return op(from, to);
    }
    input.resize(from.len(), T::default());
    output.resize(to.len(), T::default());
    convert(from, input);
    op(input, output);
    convert(output, to);
}

#[derive(Clone, Copy)]
enum Direction {
    Forward,
    Transposed,
}

/// How products with a binary16 Jacobian are made.
#[derive(Clone, Copy)]
struct ProductArithmetic {
    /// Everything in binary16 and nothing scaled.
    naive: bool,
    half: HalfArithmetic,
}

impl ProductArithmetic {
    /// One product, from the first vector into the second.
    #[allow(clippy::ptr_arg)] // A vector is sized, which downcasting needs.
    fn run<S: Store>(
        self,
        sets: &Vec<EdgeBlocks<S>>,
        layout: &BlockLayout,
        direction: Direction,
        (from, to): (&[S::Compute], &mut [S::Compute]),
        threads: &Threads,
    ) {
        let one = S::Compute::encode(1.0);
        let wide = |from: &[S::Compute], to: &mut [S::Compute]| match direction {
            Direction::Forward => jacobian_mul(sets, layout, from, to, threads),
            Direction::Transposed => jacobian_transpose_mul(sets, layout, from, to, threads),
        };
        let halves = (sets as &dyn std::any::Any).downcast_ref::<Vec<EdgeBlocks<half::f16>>>();
        let storage_only = !self.naive && self.half == HalfArithmetic::Storage;
        let Some(halves) = halves.filter(|_| !storage_only) else {
            return wide(from, to);
        };
        let (rounded, up) = if self.naive {
            (from.iter().map(|v| half(*v)).collect(), one)
        } else {
            enter_half(from)
        };
        if self.half == HalfArithmetic::Products && !self.naive {
            wide(&rounded, to);
        } else if let (Some(from), Some(to)) =
            (same::<_, f32>(&rounded), same_mut::<_, f32>(&mut *to))
        {
            match direction {
                Direction::Forward => jacobian_mul_half_sums(halves, layout, from, to, threads),
                Direction::Transposed => {
                    let across = self.naive;
                    jacobian_transpose_mul_half_sums(halves, layout, from, to, across, threads);
                }
            }
        }
        if up != one {
            to.iter_mut().for_each(|v| *v *= up);
        }
    }
}

/// A vector as it enters a binary16 product, scaled by a power of two; and the
/// factor that undoes the scaling.
pub(super) fn enter_half<V: Compute>(values: &[V]) -> (Vec<V>, V) {
    let (down, up) = power_of_two(values);
    let rounded = values.iter().map(|v| half(V::encode(v.widen() * down)));
    (rounded.collect(), V::encode(up))
}

/// Brings the largest entry to `m 2⁶` with `½ ≤ m < 1`; the factor and its inverse.
fn power_of_two<V: Compute>(values: &[V]) -> (f64, f64) {
    let largest = values.iter().fold(0.0_f64, |m, v| m.max(v.widen().abs()));
    if largest == 0.0 || !largest.is_finite() {
        return (1.0, 1.0);
    }
    let exponent = ((largest.to_bits() >> 52) & 0x7ff) as i32 - 1022;
    let shift = (TARGET_EXPONENT - exponent).clamp(-120, 120);
    (2.0_f64.powi(shift), 2.0_f64.powi(-shift))
}

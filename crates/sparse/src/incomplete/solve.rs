//! Solving with a triangular factor.

use half::f16;

use super::TriangularFactor;
use crate::isa::{Isa, Kernel, dispatch, load_block, load_into, madd};
use crate::{Compute, Store};

/// What is rounded to binary16 inside a triangular solve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TriangularArithmetic {
    /// Nothing: vector and sums in the factor's compute precision.
    #[default]
    Wide,
    /// The vector, after each row; the sums of a row are f32.
    HalfVector,
    /// The vector, every product and every sum.
    HalfSums,
}

/// Rounding of intermediate results.
trait Rounding: Copy {
    /// Scale the vector into binary16's range first.
    const RESCALE: bool;
    fn entry<T: Compute>(value: T) -> T;
    fn madd<I: Isa, T: Compute>(a: T, b: T, c: T) -> T;
    #[inline(always)]
    fn add<T: Compute>(a: T, b: T) -> T {
        a + b
    }
}

#[derive(Clone, Copy)]
struct Wide;
impl Rounding for Wide {
    const RESCALE: bool = false;
    #[inline(always)]
    fn entry<T: Compute>(value: T) -> T {
        value
    }
    #[inline(always)]
    fn madd<I: Isa, T: Compute>(a: T, b: T, c: T) -> T {
        madd::<I, T>(a, b, c)
    }
}

#[inline(always)]
fn half<T: Compute>(value: T) -> T {
    // Exact for f32, the only compute precision this is used with.
    T::encode(f16::store(value.widen() as f32).widen())
}

#[derive(Clone, Copy)]
struct HalfVector;
impl Rounding for HalfVector {
    const RESCALE: bool = true;
    #[inline(always)]
    fn entry<T: Compute>(value: T) -> T {
        half(value)
    }
    #[inline(always)]
    fn madd<I: Isa, T: Compute>(a: T, b: T, c: T) -> T {
        madd::<I, T>(a, b, c)
    }
}

#[derive(Clone, Copy)]
struct HalfSums;
impl Rounding for HalfSums {
    const RESCALE: bool = true;
    #[inline(always)]
    fn entry<T: Compute>(value: T) -> T {
        half(value)
    }
    #[inline(always)]
    fn madd<I: Isa, T: Compute>(a: T, b: T, c: T) -> T {
        half(c + half(a * b))
    }
    #[inline(always)]
    fn add<T: Compute>(a: T, b: T) -> T {
        half(a + b)
    }
}

/// Working vector of a solve, kept between calls.
#[derive(Clone, Debug, Default)]
pub struct SolveScratch<T> {
    vector: Vec<T>,
}

impl<S: Store> TriangularFactor<S> {
    /// `out = Pᵀ L⁻ᵀ L⁻¹ P rhs`: the preconditioner applied to `rhs`, both in
    /// the order of the unknowns.
    ///
    /// Where the vector is rounded to binary16 it is first scaled by a power
    /// of two so that its largest entry lies in `[½, 1)`, before each of the
    /// two solves, and scaled back at the end. What overflows all the same
    /// comes out as infinity or NaN.
    pub fn apply<V: Compute>(
        &self,
        rhs: &[V],
        out: &mut [V],
        arithmetic: TriangularArithmetic,
        scratch: &mut SolveScratch<S::Compute>,
    ) {
        let layout = self.layout();
        let vector = &mut scratch.vector;
        vector.clear();
        for (j, &origin) in self.origin.iter().enumerate() {
            let origin = origin as usize;
            let from = &rhs[origin..origin + layout.dim(j)];
            vector.extend(from.iter().map(|v| S::Compute::encode(v.widen())));
        }
        match arithmetic {
            TriangularArithmetic::Wide => self.both::<Wide>(vector),
            TriangularArithmetic::HalfVector => self.both::<HalfVector>(vector),
            TriangularArithmetic::HalfSums => self.both::<HalfSums>(vector),
        }
        for (j, &origin) in self.origin.iter().enumerate() {
            let origin = origin as usize;
            let to = &mut out[origin..origin + layout.dim(j)];
            for (to, from) in to.iter_mut().zip(&vector[layout.range(j)]) {
                *to = V::encode(from.widen());
            }
        }
    }

    fn both<A: Rounding>(&self, vector: &mut [S::Compute]) {
        let mut undo = rescale::<A, _>(vector);
        self.run::<A>(vector, false);
        undo *= rescale::<A, _>(vector);
        self.run::<A>(vector, true);
        if A::RESCALE {
            vector.iter_mut().for_each(|v| *v *= undo);
        }
    }

    /// `L y = x` in place, in elimination order.
    pub fn forward(&self, vector: &mut [S::Compute], arithmetic: TriangularArithmetic) {
        self.run_with(vector, arithmetic, false);
    }

    /// `Lᵀ x = y` in place, in elimination order.
    pub fn backward(&self, vector: &mut [S::Compute], arithmetic: TriangularArithmetic) {
        self.run_with(vector, arithmetic, true);
    }

    fn run_with(&self, x: &mut [S::Compute], arithmetic: TriangularArithmetic, transposed: bool) {
        match arithmetic {
            TriangularArithmetic::Wide => self.run::<Wide>(x, transposed),
            TriangularArithmetic::HalfVector => self.run::<HalfVector>(x, transposed),
            TriangularArithmetic::HalfSums => self.run::<HalfSums>(x, transposed),
        }
    }

    fn run<A: Rounding>(&self, vector: &mut [S::Compute], transposed: bool) {
        dispatch(Solve::<S, A> {
            factor: self,
            vector,
            transposed,
            rounding: std::marker::PhantomData,
        });
    }
}

/// Scales by a power of two so that the largest entry lies in `[½, 1)` and
/// rounds; returns the factor that undoes the scaling.
fn rescale<A: Rounding, T: Compute>(vector: &mut [T]) -> T {
    let one = T::encode(1.0);
    if !A::RESCALE {
        return one;
    }
    let largest = vector.iter().fold(0.0_f64, |m, v| m.max(v.widen().abs()));
    if largest == 0.0 || !largest.is_finite() {
        return one;
    }
    // largest = m 2^e with ½ ≤ m < 1; an f32 is never subnormal in f64.
    let e = ((largest.to_bits() >> 52) & 0x7ff) as i32 - 1022;
    let (down, up) = (2.0_f64.powi(-e), 2.0_f64.powi(e));
    vector
        .iter_mut()
        .for_each(|v| *v = A::entry(T::encode(v.widen() * down)));
    T::encode(up)
}

struct Solve<'a, S: Store, A> {
    factor: &'a TriangularFactor<S>,
    vector: &'a mut [S::Compute],
    transposed: bool,
    rounding: std::marker::PhantomData<A>,
}

impl<S: Store, A: Rounding> Kernel for Solve<'_, S, A> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        match (self.factor.uniform_dim(), self.transposed) {
            (Some(6), false) => self.forward::<I, 6>(isa),
            (Some(6), true) => self.backward::<I, 6>(isa),
            (Some(3), false) => self.forward::<I, 3>(isa),
            (Some(3), true) => self.backward::<I, 3>(isa),
            (_, false) => self.forward_any(isa),
            (_, true) => self.backward_any(isa),
        }
    }
}

impl<S: Store, A: Rounding> Solve<'_, S, A> {
    #[inline(always)]
    fn forward<I: Isa, const D: usize>(self, isa: I) {
        let (factor, x) = (self.factor, self.vector);
        let pattern = factor.pattern();
        for i in 0..pattern.columns() {
            let mut sum = [S::Compute::default(); D];
            sum.copy_from_slice(&x[i * D..(i + 1) * D]);
            for (&j, &k) in pattern.row(i).iter().zip(pattern.row_blocks(i)) {
                let block = load_block::<I, S, D, D>(isa, factor.below_block(k as usize, D * D));
                let x = &x[j as usize * D..(j as usize + 1) * D];
                for c in 0..D {
                    for r in 0..D {
                        sum[r] = A::madd::<I, _>(-block[c][r], x[c], sum[r]);
                    }
                }
            }
            let block = load_block::<I, S, D, D>(isa, factor.diagonal_block(i, D * D));
            let mut y = [S::Compute::default(); D];
            for c in 0..D {
                for r in 0..D {
                    y[r] = A::madd::<I, _>(block[c][r], sum[c], y[r]);
                }
            }
            for (x, y) in x[i * D..(i + 1) * D].iter_mut().zip(y) {
                *x = A::entry(y);
            }
        }
    }

    #[inline(always)]
    fn backward<I: Isa, const D: usize>(self, isa: I) {
        let (factor, x) = (self.factor, self.vector);
        let pattern = factor.pattern();
        let zero = S::Compute::default();
        for j in (0..pattern.columns()).rev() {
            let mut products = [[zero; D]; D];
            let first = pattern.first_block(j);
            for (k, &i) in pattern.column(j).iter().enumerate() {
                let block = load_block::<I, S, D, D>(isa, factor.below_block(first + k, D * D));
                let x = &x[i as usize * D..(i as usize + 1) * D];
                for c in 0..D {
                    for r in 0..D {
                        products[c][r] = A::madd::<I, _>(block[c][r], x[r], products[c][r]);
                    }
                }
            }
            let block = load_block::<I, S, D, D>(isa, factor.diagonal_block(j, D * D));
            let mut rest = [zero; D];
            for c in 0..D {
                let sum = products[c].iter().fold(zero, |sum, &p| A::add(sum, p));
                rest[c] = A::add(x[j * D + c], -sum);
            }
            for c in 0..D {
                let mut y = zero;
                for r in c..D {
                    y = A::madd::<I, _>(block[c][r], rest[r], y);
                }
                x[j * D + c] = A::entry(y);
            }
        }
    }

    #[inline(always)]
    fn forward_any<I: Isa>(self, isa: I) {
        let (factor, x) = (self.factor, self.vector);
        let (pattern, layout) = (factor.pattern(), factor.layout());
        let zero = S::Compute::default();
        let (mut block, mut sum) = (Vec::new(), Vec::new());
        for i in 0..pattern.columns() {
            let rows = layout.dim(i);
            sum.clear();
            sum.extend_from_slice(&x[layout.range(i)]);
            for (&j, &k) in pattern.row(i).iter().zip(pattern.row_blocks(i)) {
                let x = &x[layout.range(j as usize)];
                block.resize(rows * x.len(), zero);
                load_into(isa, factor.below_block(k as usize, block.len()), &mut block);
                for (column, &x) in block.chunks_exact(rows.max(1)).zip(x) {
                    for (sum, &l) in sum.iter_mut().zip(column) {
                        *sum = A::madd::<I, _>(-l, x, *sum);
                    }
                }
            }
            block.resize(rows * rows, zero);
            load_into(isa, factor.diagonal_block(i, rows * rows), &mut block);
            let x = &mut x[layout.range(i)];
            x.fill(zero);
            for (column, &s) in block.chunks_exact(rows.max(1)).zip(&sum) {
                for (x, &l) in x.iter_mut().zip(column) {
                    *x = A::madd::<I, _>(l, s, *x);
                }
            }
            x.iter_mut().for_each(|x| *x = A::entry(*x));
        }
    }

    #[inline(always)]
    fn backward_any<I: Isa>(self, isa: I) {
        let (factor, x) = (self.factor, self.vector);
        let (pattern, layout) = (factor.pattern(), factor.layout());
        let zero = S::Compute::default();
        let (mut block, mut rest) = (Vec::new(), Vec::new());
        for j in (0..pattern.columns()).rev() {
            let cols = layout.dim(j);
            rest.clear();
            rest.extend_from_slice(&x[layout.range(j)]);
            let first = pattern.first_block(j);
            for (k, &i) in pattern.column(j).iter().enumerate() {
                let x = &x[layout.range(i as usize)];
                block.resize(cols * x.len(), zero);
                load_into(isa, factor.below_block(first + k, block.len()), &mut block);
                for (rest, column) in rest.iter_mut().zip(block.chunks_exact(x.len().max(1))) {
                    for (&l, &x) in column.iter().zip(x) {
                        *rest = A::madd::<I, _>(-l, x, *rest);
                    }
                }
            }
            block.resize(cols * cols, zero);
            load_into(isa, factor.diagonal_block(j, cols * cols), &mut block);
            let x = &mut x[layout.range(j)];
            for (x, column) in x.iter_mut().zip(block.chunks_exact(cols.max(1))) {
                let y = column
                    .iter()
                    .zip(&rest)
                    .fold(zero, |y, (&l, &r)| A::madd::<I, _>(l, r, y));
                *x = A::entry(y);
            }
        }
    }
}

//! Vector arithmetic in one precision.

use std::any::TypeId;

use half::f16;
use slam16_solver::ScalarType;
use slam16_sparse::{Compute, Store, Threads};

/// Entries per parallel task; also the unit of summation.
const CHUNK: usize = 8192;
/// Partial sums inside a chunk.
const LANES: usize = 16;

/// Whether vectors are kept in their own precision or, to show what fails, in
/// binary16 with every operation rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum VectorArithmetic {
    /// As the type says.
    #[default]
    Native,
    /// Rounded to binary16 after every operation, sums too.
    NaiveHalf,
}

impl VectorArithmetic {
    /// That of vectors kept in `scalar`.
    pub(crate) fn of(scalar: ScalarType) -> Self {
        match scalar {
            ScalarType::F16 => Self::NaiveHalf,
            _ => Self::Native,
        }
    }

    /// Name of the scalars it leaves.
    pub(crate) fn name<V: Compute>(self) -> &'static str {
        match self {
            Self::Native => V::NAME,
            Self::NaiveHalf => f16::NAME,
        }
    }
}

/// Rounds to binary16 and back.
#[inline(always)]
pub(crate) fn half<V: Compute>(value: V) -> V {
    V::encode(f16::store(value.widen() as f32).widen())
}

/// The slice itself where both types are the same.
pub(crate) fn same<A: Store, B: Store>(values: &[A]) -> Option<&[B]> {
    (TypeId::of::<A>() == TypeId::of::<B>()).then(|| bytemuck::cast_slice(values))
}

/// The slice itself where both types are the same.
pub(crate) fn same_mut<A: Store, B: Store>(values: &mut [A]) -> Option<&mut [B]> {
    (TypeId::of::<A>() == TypeId::of::<B>()).then(|| bytemuck::cast_slice_mut(values))
}

/// `to = from` with one rounding.
pub(crate) fn convert<A: Store, B: Store>(from: &[A], to: &mut [B]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = B::encode(from.widen());
    }
}

impl VectorArithmetic {
    /// `aᵀ b`. Chunks are summed in the vectors' precision, their sums in f64
    /// in chunk order.
    pub(crate) fn dot<V: Compute>(self, a: &[V], b: &[V], threads: &Threads) -> f64 {
        if self == Self::NaiveHalf {
            let add = |sum, (&a, &b): (&V, &V)| half(sum + half(a * b));
            return a.iter().zip(b).fold(V::default(), add).widen();
        }
        if a.len() <= CHUNK {
            return dot_chunk(a, b).widen();
        }
        threads
            .map_ranges(a.len(), CHUNK, |r| dot_chunk(&a[r.clone()], &b[r]).widen())
            .into_iter()
            .sum()
    }

    /// `y += alpha x`.
    pub(crate) fn axpy<V: Compute>(self, alpha: f64, x: &[V], y: &mut [V], threads: &Threads) {
        let alpha = V::encode(alpha);
        match self {
            Self::Native => for_each(y, x, threads, |y, x| *y += alpha * *x),
            Self::NaiveHalf => for_each(y, x, threads, |y, x| {
                *y = half(*y + half(half(alpha) * *x));
            }),
        }
    }

    /// `p = w + beta p`.
    pub(crate) fn xpby<V: Compute>(self, w: &[V], beta: f64, p: &mut [V], threads: &Threads) {
        let beta = V::encode(beta);
        match self {
            Self::Native => for_each(p, w, threads, |p, w| *p = *w + beta * *p),
            Self::NaiveHalf => for_each(p, w, threads, |p, w| {
                *p = half(*w + half(half(beta) * *p));
            }),
        }
    }

    /// `y += x`.
    pub(crate) fn add<V: Compute>(self, x: &[V], y: &mut [V], threads: &Threads) {
        match self {
            Self::Native => for_each(y, x, threads, |y, x| *y += *x),
            Self::NaiveHalf => for_each(y, x, threads, |y, x| *y = half(*y + *x)),
        }
    }

    /// Rounds a vector made elsewhere.
    pub(crate) fn settle<V: Compute>(self, x: &mut [V]) {
        if self == Self::NaiveHalf {
            x.iter_mut().for_each(|x| *x = half(*x));
        }
    }
}

fn dot_chunk<V: Compute>(a: &[V], b: &[V]) -> V {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            let mut lanes = [V::default(); LANES];
            let (a, a_tail) = a.as_chunks::<LANES>();
            let (b, b_tail) = b.as_chunks::<LANES>();
            for (a, b) in a.iter().zip(b) {
                for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
                    *lane += *a * *b;
                }
            }
            for (lane, (a, b)) in lanes.iter_mut().zip(a_tail.iter().zip(b_tail)) {
                *lane += *a * *b;
            }
            let mut width = LANES / 2;
            while width > 0 {
                for i in 0..width {
                    let other = lanes[i + width];
                    lanes[i] += other;
                }
                width /= 2;
            }
            lanes[0]
        },
    )
}

/// `op` on every pair, in place of the first.
fn for_each<V: Compute>(
    y: &mut [V],
    x: &[V],
    threads: &Threads,
    op: impl Fn(&mut V, &V) + Sync + Send,
) {
    let run = |y: &mut [V], x: &[V]| {
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || {
                for (y, x) in y.iter_mut().zip(x) {
                    op(y, x);
                }
            },
        );
    };
    if threads.count() == 1 || y.len() <= CHUNK {
        run(y, x);
    } else {
        let tasks = y.chunks_mut(CHUNK).zip(x.chunks(CHUNK)).collect();
        threads.for_each(tasks, |(y, x): (&mut [V], &[V])| run(y, x));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn vector(n: usize, step: f64) -> Vec<f32> {
        (0..n).map(|i| ((i as f64 * step).sin()) as f32).collect()
    }

    /// A chunk's lanes hold at most `CHUNK / LANES` products, then four
    /// pairwise sums: relative to `Σ |a b|` the error is at most their number
    /// times the unit roundoff.
    #[test]
    fn operations_agree_with_f64_on_any_number_of_threads() {
        let two = Threads::new(2).unwrap();
        let one = Threads::single();
        let native = VectorArithmetic::Native;
        for n in [0, 1, 63, 64, 65, 20_000] {
            let (a, b) = (vector(n, 0.7), vector(n, 1.3));
            let exact: f64 = a
                .iter()
                .zip(&b)
                .map(|(a, b)| f64::from(*a) * f64::from(*b))
                .sum();
            let sizes: f64 = a
                .iter()
                .zip(&b)
                .map(|(a, b)| f64::from((a * b).abs()))
                .sum();
            let got = native.dot(&a, &b, &one);
            assert_eq!(got, native.dot(&a, &b, &two));
            let bound = (CHUNK / LANES + 6) as f64 * f64::from(f32::EPSILON) * sizes;
            assert!((got - exact).abs() <= bound, "{n}");
            let mut y = [b.clone(), b.clone()];
            native.axpy(0.3, &a, &mut y[0], &one);
            native.axpy(0.3, &a, &mut y[1], &two);
            assert_eq!(y[0], y[1]);
            for (y, (a, b)) in y[0].iter().zip(a.iter().zip(&b)) {
                assert!((f64::from(*y) - (f64::from(*b) + 0.3 * f64::from(*a))).abs() < 3e-7);
            }
            let mut p = b.clone();
            native.xpby(&a, -2.0, &mut p, &two);
            for (p, (a, b)) in p.iter().zip(a.iter().zip(&b)) {
                assert!((p - (a - 2.0 * b)).abs() < 6e-7);
            }
        }
    }

    #[test]
    fn naive_half_overflows_where_f32_does_not() {
        let x = vec![300.0_f32; 4];
        let one = Threads::single();
        assert_eq!(VectorArithmetic::Native.dot(&x, &x, &one), 360_000.0);
        assert!(VectorArithmetic::NaiveHalf.dot(&x, &x, &one).is_infinite());
        let mut y = vec![1.0_f32; 4];
        VectorArithmetic::NaiveHalf.axpy(1e-4, &[1.0; 4], &mut y, &one);
        assert_eq!(y, [1.0; 4], "too small a change for 11 bits");
    }
}

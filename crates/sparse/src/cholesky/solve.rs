//! Triangular solves.

use pulp::Simd;

use super::dense::{HALF, TILE, narrower};
use super::numeric::{Cholesky, PanelPlace};
use super::symbolic::Front;
use crate::Compute;

impl<T: Compute> Cholesky<T> {
    /// Solves `(A + D) x = b`; `rhs` holds `b` and then `x`, both in original
    /// numbering, one entry per scalar.
    pub fn solve_in_place(&self, rhs: &mut [T]) {
        let mut work = vec![T::ZERO; rhs.len() + self.symbolic.prediction().largest_front];
        self.solve_with(rhs, &mut work);
    }

    /// As [`Cholesky::solve_in_place`], with room given by the caller:
    /// [`Cholesky::solve_room`] scalars.
    pub fn solve_with(&self, rhs: &mut [T], room: &mut [T]) {
        let (x, front) = room.split_at_mut(rhs.len());
        self.permute(rhs, x);
        let arch = pulp::Arch::new();
        arch.dispatch(Lower {
            cholesky: self,
            x: &mut *x,
            front: &mut *front,
        });
        arch.dispatch(Upper {
            cholesky: self,
            x: &mut *x,
            front,
        });
        self.unpermute(x, rhs);
    }

    /// Scalars of room that [`Cholesky::solve_with`] needs.
    pub fn solve_room(&self) -> usize {
        self.symbolic.layout.scalars() + self.symbolic.prediction().largest_front
    }

    /// `to = P from`: from original to elimination numbering.
    pub fn permute(&self, from: &[T], to: &mut [T]) {
        let (layout, offsets) = (&self.symbolic.layout, &self.symbolic.offsets);
        for (&old, &at) in self.symbolic.permutation.old_from_new().iter().zip(offsets) {
            let range = layout.range(old as usize);
            to[at as usize..at as usize + range.len()].copy_from_slice(&from[range]);
        }
    }

    /// `to = Pᵀ from`: from elimination to original numbering.
    pub fn unpermute(&self, from: &[T], to: &mut [T]) {
        let (layout, offsets) = (&self.symbolic.layout, &self.symbolic.offsets);
        for (&old, &at) in self.symbolic.permutation.old_from_new().iter().zip(offsets) {
            let range = layout.range(old as usize);
            let len = range.len();
            to[range].copy_from_slice(&from[at as usize..at as usize + len]);
        }
    }

    /// `x ← L⁻¹ x` in elimination numbering.
    pub fn solve_lower(&self, x: &mut [T]) {
        let mut front = vec![T::ZERO; self.symbolic.prediction().largest_front];
        pulp::Arch::new().dispatch(Lower {
            cholesky: self,
            x,
            front: &mut front,
        });
    }

    /// `x ← L⁻ᵀ x` in elimination numbering.
    pub fn solve_upper(&self, x: &mut [T]) {
        let mut front = vec![T::ZERO; self.symbolic.prediction().largest_front];
        pulp::Arch::new().dispatch(Upper {
            cholesky: self,
            x,
            front: &mut front,
        });
    }

    fn columns(&self, front: &Front, place: PanelPlace) -> &[T] {
        let len = place.ld * front.pivots as usize;
        &self.factor.get::<T>()[place.offset..place.offset + len]
    }
}

struct Lower<'a, T: Compute> {
    cholesky: &'a Cholesky<T>,
    x: &'a mut [T],
    front: &'a mut [T],
}

impl<T: Compute> pulp::WithSimd for Lower<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let symbolic = &*self.cholesky.symbolic;
        for (front, &place) in symbolic.fronts.iter().zip(&self.cholesky.places) {
            let (pivots, below) = (front.pivots as usize, front.below as usize);
            let scalar = front.scalar as usize;
            let inverse = &self.cholesky.inverse[scalar..scalar + pivots];
            let y = &mut self.front[..pivots + below];
            y[..pivots].copy_from_slice(&self.x[scalar..scalar + pivots]);
            y[pivots..].fill(T::ZERO);
            let values = self.cholesky.columns(front, place);
            let mut j = 0;
            while j < pivots {
                let columns = &values[j * place.ld..];
                let wide = narrower(pivots - j);
                macro_rules! tile {
                    ($n:expr) => {
                        lower_tile::<T, S, { $n }>(simd, columns, place, j, &inverse[j..], y)
                    };
                }
                match wide {
                    TILE => tile!(TILE),
                    HALF => tile!(HALF),
                    _ => tile!(1),
                }
                j += wide;
            }
            self.x[scalar..scalar + pivots].copy_from_slice(&y[..pivots]);
            let y = &y[pivots..];
            for run in symbolic.vector_runs(front) {
                let (at, from, len) = (run.from as usize, run.to as usize, run.len as usize);
                for (x, &b) in self.x[at..at + len].iter_mut().zip(&y[from..from + len]) {
                    *x += b;
                }
            }
        }
    }
}

struct Upper<'a, T: Compute> {
    cholesky: &'a Cholesky<T>,
    x: &'a mut [T],
    front: &'a mut [T],
}

impl<T: Compute> pulp::WithSimd for Upper<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let symbolic = &*self.cholesky.symbolic;
        for (front, &place) in symbolic.fronts.iter().zip(&self.cholesky.places).rev() {
            let (pivots, below) = (front.pivots as usize, front.below as usize);
            let scalar = front.scalar as usize;
            let inverse = &self.cholesky.inverse[scalar..scalar + pivots];
            let y = &mut self.front[..pivots + below];
            y[..pivots].copy_from_slice(&self.x[scalar..scalar + pivots]);
            for run in symbolic.vector_runs(front) {
                let (at, len) = (run.from as usize, run.len as usize);
                let to = pivots + run.to as usize;
                y[to..to + len].copy_from_slice(&self.x[at..at + len]);
            }
            let values = self.cholesky.columns(front, place);
            let mut end = pivots;
            while end > 0 {
                // The tiles of the forward substitution, backwards.
                let wide = match end % TILE {
                    0 => TILE,
                    HALF => HALF,
                    _ => 1,
                };
                let j = end - wide;
                let columns = &values[j * place.ld..];
                macro_rules! tile {
                    ($n:expr) => {
                        upper_tile::<T, S, { $n }>(simd, columns, place, j, &inverse[j..], y)
                    };
                }
                match wide {
                    TILE => tile!(TILE),
                    HALF => tile!(HALF),
                    _ => tile!(1),
                }
                end = j;
            }
            self.x[scalar..scalar + pivots].copy_from_slice(&y[..pivots]);
        }
    }
}

/// The rows of column `n` of a tile from the diagonal of its first column on.
#[inline(always)]
fn rows<T>(columns: &[T], place: PanelPlace, n: usize, j: usize, len: usize) -> &[T] {
    let from = n * place.ld + j;
    &columns[from..from + len]
}

/// Forward substitution with `N` columns from column `j` on.
#[inline(always)]
fn lower_tile<T: Compute, S: Simd, const N: usize>(
    simd: S,
    columns: &[T],
    place: PanelPlace,
    j: usize,
    inverse: &[T],
    y: &mut [T],
) {
    let y = &mut y[j..];
    let len = y.len();
    let columns: [&[T]; N] = std::array::from_fn(|n| rows(columns, place, n, j, len));
    let (head, y) = y.split_at_mut(N);
    let mut factors = [T::broadcast(simd, T::ZERO); N];
    for n in 0..N {
        head[n] *= inverse[n];
        let value = head[n];
        factors[n] = T::broadcast(simd, value);
        for i in n + 1..N {
            head[i] -= columns[n][i] * value;
        }
    }
    let width = T::width::<S>();
    let whole = y.len() / width;
    let rest = whole * width;
    let columns: [&[T]; N] = std::array::from_fn(|n| &columns[n][N..]);
    let vectors: [&[T::Vector<S>]; N] =
        std::array::from_fn(|n| &T::vectors::<S>(columns[n])[..whole]);
    for (v, y) in T::vectors_mut::<S>(&mut y[..rest]).iter_mut().enumerate() {
        let mut acc = *y;
        for n in 0..N {
            acc = T::sub_mul(simd, acc, vectors[n][v], factors[n]);
        }
        *y = acc;
    }
    if rest < y.len() {
        let y = &mut y[rest..];
        let mut acc = T::load_partial(simd, y);
        for n in 0..N {
            let column = T::load_partial(simd, &columns[n][rest..]);
            acc = T::sub_mul(simd, acc, column, factors[n]);
        }
        T::store_partial(simd, y, acc);
    }
}

/// Back substitution with `N` columns from column `j` on.
#[inline(always)]
fn upper_tile<T: Compute, S: Simd, const N: usize>(
    simd: S,
    columns: &[T],
    place: PanelPlace,
    j: usize,
    inverse: &[T],
    y: &mut [T],
) {
    let y = &mut y[j..];
    let len = y.len();
    let columns: [&[T]; N] = std::array::from_fn(|n| rows(columns, place, n, j, len));
    let (head, y) = y.split_at_mut(N);
    let width = T::width::<S>();
    let whole = y.len() / width;
    let rest = whole * width;
    let below: [&[T]; N] = std::array::from_fn(|n| &columns[n][N..]);
    let vectors: [&[T::Vector<S>]; N] =
        std::array::from_fn(|n| &T::vectors::<S>(below[n])[..whole]);
    let mut sums = [T::broadcast(simd, T::ZERO); N];
    for (v, &y) in T::vectors::<S>(&y[..rest]).iter().enumerate() {
        for n in 0..N {
            sums[n] = T::sub_mul(simd, sums[n], vectors[n][v], y);
        }
    }
    if rest < y.len() {
        let y = T::load_partial(simd, &y[rest..]);
        for n in 0..N {
            let column = T::load_partial(simd, &below[n][rest..]);
            sums[n] = T::sub_mul(simd, sums[n], column, y);
        }
    }
    for n in (0..N).rev() {
        let mut value = head[n] + T::lane_sum(simd, sums[n]);
        for i in n + 1..N {
            value -= columns[n][i] * head[i];
        }
        head[n] = value * inverse[n];
    }
}

//! The three passes over the sights: normal blocks, elimination, back
//! substitution. Each is one task per thread; a task walks over the points in
//! order and writes only to the variables it owns, so every number is the
//! same sum in the same order on any number of threads.

// Indices of small matrices read like their formulas.
#![allow(clippy::needless_range_loop)]

use std::ops::Range;

use pulp::{Simd, WithSimd};
use slam16_sparse::Jacobian;

use super::block::{
    KEPT, STRIP, Small, Strip, add_product, add_strip_times, block_len, block_times, combine,
    inverse_root, lower_times, lower_transposed_times, madd, small_at, transposed,
};
use super::structure::Elimination;

/// Blocks and residuals of a set of sights.
#[derive(Clone, Copy)]
struct SetView<'a> {
    rows: usize,
    a: &'a [f64],
    b: &'a [f64],
    residuals: &'a [f64],
}

/// The sets of sights; the second is empty when there is one.
#[derive(Clone, Copy)]
pub(super) struct Views<'a>([SetView<'a>; 2]);

impl<'a> Views<'a> {
    pub(super) fn new(elimination: &Elimination, jacobian: &'a Jacobian<f64>) -> Self {
        let view = |which: usize| match elimination.mixed_sets.get(which) {
            Some(&s) => SetView {
                rows: jacobian.sets[s].structure().shape().rows,
                a: &jacobian.sets[s].a,
                b: &jacobian.sets[s].b,
                residuals: &jacobian.residuals[s],
            },
            None => SetView {
                rows: 0,
                a: &[],
                b: &[],
                residuals: &[],
            },
        };
        Self([view(0), view(1)])
    }
}

/// Kept and point block and residual of a sight with `R` rows.
struct Parts<'a> {
    a: &'a [f64],
    b: &'a [f64],
    residual: &'a [f64],
}

impl<'a> SetView<'a> {
    #[inline(always)]
    fn parts<const R: usize, const C: usize, const P: usize>(&self, f: usize) -> Parts<'a> {
        Parts {
            a: &self.a[f * R * C..(f + 1) * R * C],
            b: &self.b[f * R * P..(f + 1) * R * P],
            residual: &self.residuals[f * R..(f + 1) * R],
        }
    }
}

/// Calls `$body` with `R` bound to the rows of the sight's set.
macro_rules! with_rows {
    ($view:expr, $R:ident => $body:expr) => {
        match $view.rows {
            2 => {
                const $R: usize = 2;
                $body
            }
            _ => {
                const $R: usize = 3;
                $body
            }
        }
    };
}

/// First pass: `H_cc` diagonal blocks, `H_pp`, and the gradient.
pub(super) struct Gather<'a, const C: usize, const P: usize> {
    pub(super) elimination: &'a Elimination,
    pub(super) views: Views<'a>,
    /// Kept variables this task owns; the slices below are theirs.
    pub(super) share: Range<usize>,
    pub(super) kept_blocks: &'a mut [f64],
    pub(super) kept_gradient: &'a mut [f64],
    /// Points this task owns; the slices below are theirs.
    pub(super) points: Range<usize>,
    pub(super) point_blocks: &'a mut [Small],
    pub(super) point_gradient: &'a mut [f64],
}

impl<const C: usize, const P: usize> Gather<'_, C, P> {
    #[inline(always)]
    fn kept<S: Simd, const R: usize>(&mut self, simd: S, kept: usize, parts: &Parts<'_>) {
        let len = block_len(C);
        let k = kept - self.share.start;
        let rows = transposed::<R, C>(parts.a);
        let block = &mut self.kept_blocks[k * len..(k + 1) * len];
        add_product::<S, C, R, false>(simd, block, &rows, &rows);
        let mut residual = [0.0; R];
        residual.copy_from_slice(parts.residual);
        let gradient = &mut self.kept_gradient[k * KEPT..(k + 1) * KEPT];
        add_strip_times::<S, C, R>(simd, &rows, &residual, gradient);
    }
}

#[inline(always)]
fn add_point<S: Simd, const R: usize, const P: usize>(
    parts: &Parts<'_>,
    block: &mut Small,
    gradient: &mut [f64; P],
) {
    for j in 0..P {
        for i in j..P {
            let at = small_at(i, j);
            for r in 0..R {
                block[at] = madd::<S>(parts.b[i * R + r], parts.b[j * R + r], block[at]);
            }
        }
        for r in 0..R {
            gradient[j] = madd::<S>(parts.b[j * R + r], parts.residual[r], gradient[j]);
        }
    }
}

impl<const C: usize, const P: usize> WithSimd for Gather<'_, C, P> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        for point in 0..self.elimination.points {
            let sights = self.elimination.sights(point);
            let own = self.points.contains(&point);
            let mut block = [0.0; 6];
            let mut gradient = [0.0; P];
            for sight in sights {
                let view = &self.views.0[sight.set()];
                let kept = sight.kept as usize;
                with_rows!(view, R => {
                    let parts = view.parts::<R, C, P>(sight.index());
                    if own {
                        add_point::<S, R, P>(&parts, &mut block, &mut gradient);
                    }
                    if self.share.contains(&kept) {
                        self.kept::<S, R>(simd, kept, &parts);
                    }
                });
            }
            if own {
                let p = point - self.points.start;
                self.point_blocks[p] = block;
                self.point_gradient[p * P..(p + 1) * P].copy_from_slice(&gradient);
            }
        }
    }
}

/// A point whose block has no Cholesky factor.
#[derive(Clone, Copy, Debug)]
pub(super) struct BadPoint {
    pub(super) point: usize,
    pub(super) pivot: f64,
}

/// Damping and normal blocks, as the second pass reads them.
#[derive(Clone, Copy)]
pub(super) struct Damped<'a> {
    pub(super) damping: f64,
    /// `D` of the points.
    pub(super) point_scale: &'a [f64],
    pub(super) point_blocks: &'a [Small],
    pub(super) point_gradient: &'a [f64],
}

impl Damped<'_> {
    /// `L⁻¹` of `H_pp + λ D = L Lᵀ`. A zero on the diagonal is a held scalar.
    #[inline(always)]
    fn root<S: Simd, const P: usize>(&self, point: usize) -> Result<Small, BadPoint> {
        let mut block = self.point_blocks[point];
        for i in 0..P {
            let at = small_at(i, i);
            let value = self.damping * self.point_scale[point * P + i] + block[at];
            block[at] = if value == 0.0 { 1.0 } else { value };
        }
        inverse_root::<S, P>(&block).map_err(|pivot| BadPoint { point, pivot })
    }
}

/// Second pass: `S −= E Eᵀ` and `b += E L⁻¹ g_p` with `E = H_cp L⁻ᵀ`.
pub(super) struct Eliminate<'a, const C: usize, const P: usize> {
    pub(super) elimination: &'a Elimination,
    pub(super) views: Views<'a>,
    pub(super) damped: Damped<'a>,
    /// Columns of the reduced system this task owns; the slices are theirs.
    pub(super) share: Range<usize>,
    pub(super) diagonal: &'a mut [f64],
    /// Empty where only the diagonal is wanted.
    pub(super) below: &'a mut [f64],
    pub(super) rhs: &'a mut [f64],
    /// Points whose roots this task stores.
    pub(super) points: Range<usize>,
    pub(super) roots: &'a mut [Small],
}

/// `E` of one sight: `Aᵀ (B L⁻ᵀ)`.
#[inline(always)]
fn strip_of<S: Simd, const R: usize, const C: usize, const P: usize, const ADD: bool>(
    simd: S,
    parts: &Parts<'_>,
    root: &Small,
    strip: &mut Strip,
) {
    let mut weights = [[0.0; P]; R];
    for (r, weights) in weights.iter_mut().enumerate() {
        let mut row = [0.0; P];
        for (m, x) in row.iter_mut().enumerate() {
            *x = parts.b[m * R + r];
        }
        *weights = lower_times::<S, P>(root, &row);
    }
    let rows = transposed::<R, C>(parts.a);
    combine::<S, C, R, P, ADD>(simd, &rows, &weights, strip);
}

impl<const C: usize, const P: usize> WithSimd for Eliminate<'_, C, P> {
    type Output = Result<(), BadPoint>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Result<(), BadPoint> {
        let len = block_len(C);
        let elimination = self.elimination;
        let base = elimination.first_block(self.share.start);
        let pairs = !self.below.is_empty();
        let most = elimination.most_sights;
        let mut strips = vec![Strip([0.0; STRIP]); most];
        let mut kept = vec![0_u32; most];
        for point in 0..elimination.points {
            let root = self.damped.root::<S, P>(point)?;
            if self.points.contains(&point) {
                self.roots[point - self.points.start] = root;
            }
            let mut gradient = [0.0; P];
            gradient.copy_from_slice(&self.damped.point_gradient[point * P..(point + 1) * P]);
            let weight = lower_times::<S, P>(&root, &gradient);

            let mut count = 0;
            for sight in elimination.sights(point) {
                if (sight.kept as usize) < self.share.start {
                    continue;
                }
                let view = &self.views.0[sight.set()];
                // A kept variable that sees the point twice has one strip.
                let again = count > 0 && kept[count - 1] == sight.kept;
                count += usize::from(!again);
                kept[count - 1] = sight.kept;
                let strip = &mut strips[count - 1];
                with_rows!(view, R => {
                    let parts = view.parts::<R, C, P>(sight.index());
                    if again {
                        strip_of::<S, R, C, P, true>(simd, &parts, &root, strip);
                    } else {
                        strip_of::<S, R, C, P, false>(simd, &parts, &root, strip);
                    }
                });
            }
            let (strips, kept) = (&strips[..count], &kept[..count]);
            for (b, right) in strips.iter().enumerate() {
                let j = kept[b] as usize;
                if j >= self.share.end {
                    break;
                }
                let k = j - self.share.start;
                let diagonal = &mut self.diagonal[k * len..(k + 1) * len];
                add_product::<S, C, P, true>(simd, diagonal, right, right);
                let rhs = &mut self.rhs[k * KEPT..(k + 1) * KEPT];
                add_strip_times::<S, C, P>(simd, right, &weight, rhs);
                if !pairs {
                    continue;
                }
                for (left, &i) in strips[b + 1..].iter().zip(&kept[b + 1..]) {
                    let at = (elimination.block(i, j as u32) - base) * len;
                    let block = &mut self.below[at..at + len];
                    add_product::<S, C, P, true>(simd, block, left, right);
                }
            }
        }
        Ok(())
    }
}

/// Third pass: `δ_p = −(H_pp + λ D)⁻¹ (g_p + H_pc δ_c)`.
pub(super) struct Substitute<'a, const C: usize, const P: usize> {
    pub(super) elimination: &'a Elimination,
    pub(super) views: Views<'a>,
    pub(super) roots: &'a [Small],
    pub(super) point_gradient: &'a [f64],
    /// Step of the kept variables.
    pub(super) kept_step: &'a [f64],
    /// Points this task owns and their step.
    pub(super) points: Range<usize>,
    pub(super) step: &'a mut [f64],
}

impl<const C: usize, const P: usize> WithSimd for Substitute<'_, C, P> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let first = self.points.start;
        for point in self.points {
            let mut sum = [0.0; P];
            sum.copy_from_slice(&self.point_gradient[point * P..(point + 1) * P]);
            for sight in self.elimination.sights(point) {
                let view = &self.views.0[sight.set()];
                let kept = sight.kept as usize;
                let x = &self.kept_step[kept * C..(kept + 1) * C];
                with_rows!(view, R => {
                    let parts = view.parts::<R, C, P>(sight.index());
                    let y = block_times::<S, R, C>(parts.a, x);
                    for m in 0..P {
                        for r in 0..R {
                            sum[m] = madd::<S>(parts.b[m * R + r], y[r], sum[m]);
                        }
                    }
                });
            }
            let root = &self.roots[point];
            let half = lower_times::<S, P>(root, &sum);
            let full = lower_transposed_times::<S, P>(root, &half);
            let p = point - first;
            for (step, x) in self.step[p * P..(p + 1) * P].iter_mut().zip(full) {
                *step = -x;
            }
        }
    }
}

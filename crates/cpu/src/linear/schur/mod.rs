//! `schur` and `schur-pcg`: the points of a bundle or the landmarks of a graph
//! are eliminated one by one, the rest is solved directly or by conjugate
//! gradients.
//!
//! With `c` the kept and `p` the eliminated variables, damped,
//! ```text
//! S δ_c = −g_c + H_cp H_pp⁻¹ g_p,     S = H_cc − H_cp H_pp⁻¹ H_pc,
//! δ_p = −H_pp⁻¹ (g_p + H_pc δ_c).
//! ```
//! `S` is summed straight from the Jacobian blocks; `H_cp` is never stored.
//! Source: D. Brown, *A solution to the general problem of multiple station
//! analytical stereotriangulation*, 1958; B. Triggs et al., *Bundle
//! adjustment: a modern synthesis*, 2000.

mod block;
mod kept;
mod passes;
mod pcg;
mod reduced;
mod structure;
#[cfg(test)]
mod tests;

use slam16_problem::Setup;
use slam16_solver::{
    BackendError, CgOptions, Description, LinearOutcome, LinearRequest, LinearSolver, NumericError,
    RolePrecisions, ScalarType, SchurReduced,
};
use slam16_sparse::{Jacobian, Ordering, Threads};

use block::{KEPT, Line, Small, block_at, block_len};
use passes::{Damped, Eliminate, Gather, Substitute, Views};
use pcg::Pcg;
use reduced::{Direct, Reduced};
pub(crate) use structure::Unfit;
use structure::{Elimination, cut};

/// How the reduced system is solved.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Method {
    /// By a dense or sparse factor.
    Direct(SchurReduced, Ordering),
    /// By conjugate gradients.
    Iterative(CgOptions),
}

/// A solver by landmark elimination for a problem.
///
/// # Errors
/// Where elimination does not fit the problem.
pub(crate) fn schur(setup: &Setup, method: Method) -> Result<Box<dyn LinearSolver>, Unfit> {
    let elimination = Elimination::new(setup)?;
    Ok(match (elimination.kept_dim, elimination.point_dim) {
        (9, 3) => Box::new(Schur::<9, 3>::new(elimination, method)),
        (6, 3) => Box::new(Schur::<6, 3>::new(elimination, method)),
        (3, 2) => Box::new(Schur::<3, 2>::new(elimination, method)),
        _ => return Err(Unfit::Sizes),
    })
}

/// What solves the reduced system.
enum Inner {
    Direct(Box<Direct>),
    Pcg(Box<Pcg>),
}

/// Elimination of variables of `P` scalars from among variables of `C`.
struct Schur<const C: usize, const P: usize> {
    elimination: Elimination,
    /// Diagonal blocks of `H_cc`.
    kept_blocks: Vec<Line>,
    kept_gradient: Vec<Line>,
    point_blocks: Vec<Small>,
    /// `L⁻¹` of the damped `H_pp`.
    roots: Vec<Small>,
    diagonal: Vec<Line>,
    below: Vec<Line>,
    rhs: Vec<Line>,
    inner: Inner,
    shares: Shares,
}

/// What each thread owns.
#[derive(Default)]
struct Shares {
    kept: Vec<std::ops::Range<usize>>,
    points: Vec<std::ops::Range<usize>>,
}

fn lines(scalars: usize) -> Vec<Line> {
    vec![Line::default(); scalars.div_ceil(block::LINE)]
}

/// Splits a slice into consecutive pieces of the given lengths.
fn pieces<T>(slice: &mut [T], lengths: impl Iterator<Item = usize>) -> Vec<&mut [T]> {
    let mut rest = slice;
    lengths
        .map(|n| {
            let (piece, tail) = std::mem::take(&mut rest).split_at_mut(n);
            rest = tail;
            piece
        })
        .collect()
}

impl<const C: usize, const P: usize> Schur<C, P> {
    fn new(elimination: Elimination, method: Method) -> Self {
        let (kept, points) = (elimination.kept, elimination.points);
        let len = block_len(C);
        Self {
            kept_blocks: lines(kept * len),
            kept_gradient: lines(kept * KEPT),
            point_blocks: vec![[0.0; 6]; points],
            roots: vec![[0.0; 6]; points],
            diagonal: lines(kept * len),
            below: lines(elimination.pattern.blocks() * len),
            rhs: lines(kept * KEPT),
            inner: match method {
                Method::Direct(form, ordering) => {
                    Inner::Direct(Box::new(Direct::new(&elimination, form, ordering)))
                }
                Method::Iterative(options) => {
                    Inner::Pcg(Box::new(Pcg::new(options, elimination.pattern.clone())))
                }
            },
            shares: Shares::default(),
            elimination,
        }
    }

    fn share_out(&mut self, threads: &Threads) {
        let parts = threads.count();
        if self.shares.kept.len() != parts {
            let e = &self.elimination;
            let work: Vec<usize> = (0..e.points).map(|p| e.sights(p).len() + 1).collect();
            self.shares = Shares {
                kept: e.shares(parts),
                points: cut(&work, parts),
            };
        }
    }

    fn gather(&mut self, jacobian: &Jacobian<f64>, gradient: &mut [f64], threads: &Threads) {
        self.share_out(threads);
        let e = &self.elimination;
        let len = block_len(C);
        self.kept_blocks.fill(Line::default());
        self.kept_gradient.fill(Line::default());
        let kept_blocks: &mut [f64] = bytemuck::cast_slice_mut(&mut self.kept_blocks);
        let kept_gradient: &mut [f64] = bytemuck::cast_slice_mut(&mut self.kept_gradient);
        let (to_kept, to_points) = gradient.split_at_mut(e.kept * C);
        let Shares { kept, points } = &self.shares;
        let views = Views::new(e, jacobian);
        let tasks = kept
            .iter()
            .zip(points)
            .zip(pieces(kept_blocks, kept.iter().map(|r| r.len() * len)))
            .zip(pieces(kept_gradient, kept.iter().map(|r| r.len() * KEPT)))
            .zip(pieces(
                &mut self.point_blocks,
                points.iter().map(|r| r.len()),
            ))
            .zip(pieces(to_points, points.iter().map(|r| r.len() * P)))
            .map(
                |(((((share, points), blocks), kept_gradient), point_blocks), point_gradient)| {
                    Gather::<C, P> {
                        elimination: e,
                        views,
                        share: share.clone(),
                        kept_blocks: blocks,
                        kept_gradient,
                        points: points.clone(),
                        point_blocks,
                        point_gradient,
                    }
                },
            )
            .collect();
        threads.for_each(tasks, |task: Gather<'_, C, P>| {
            let (blocks, gradient) = (&mut *task.kept_blocks, &mut *task.kept_gradient);
            kept::add_diagonal(e, jacobian, &task.share, blocks, gradient);
            pulp::Arch::new().dispatch(task);
        });
        let kept_gradient: &[f64] = bytemuck::cast_slice(&self.kept_gradient);
        for (to, from) in to_kept
            .chunks_exact_mut(C)
            .zip(kept_gradient.chunks_exact(KEPT))
        {
            to.copy_from_slice(&from[..C]);
        }
    }

    /// `S` and the right-hand side, and the roots of the points.
    fn eliminate(
        &mut self,
        jacobian: &Jacobian<f64>,
        gradient: &[f64],
        scale: &[f64],
        damping: f64,
        threads: &Threads,
    ) -> Result<(), NumericError> {
        self.share_out(threads);
        let e = &self.elimination;
        let len = block_len(C);
        self.below.fill(Line::default());
        self.diagonal.copy_from_slice(&self.kept_blocks);
        let diagonal: &mut [f64] = bytemuck::cast_slice_mut(&mut self.diagonal);
        let rhs: &mut [f64] = bytemuck::cast_slice_mut(&mut self.rhs);
        for i in 0..e.kept {
            for k in 0..C {
                let entry = &mut diagonal[i * len + block_at(C, k, k)];
                *entry += damping * scale[i * C + k];
                // A held scalar's column is zero; its step must come out as zero.
                if *entry == 0.0 {
                    *entry = 1.0;
                }
                rhs[i * KEPT + k] = -gradient[i * C + k];
            }
        }
        let below: &mut [f64] = bytemuck::cast_slice_mut(&mut self.below);
        let Shares { kept, points } = &self.shares;
        let views = Views::new(e, jacobian);
        let damped = Damped {
            damping,
            point_scale: &scale[e.kept * C..],
            point_blocks: &self.point_blocks,
            point_gradient: &gradient[e.kept * C..],
        };
        let tasks = kept
            .iter()
            .zip(points)
            .zip(pieces(diagonal, kept.iter().map(|r| r.len() * len)))
            .zip(pieces(
                below,
                kept.iter()
                    .map(|r| (e.first_block(r.end) - e.first_block(r.start)) * len),
            ))
            .zip(pieces(rhs, kept.iter().map(|r| r.len() * KEPT)))
            .zip(pieces(&mut self.roots, points.iter().map(|r| r.len())))
            .map(
                |(((((share, points), diagonal), below), rhs), roots)| Eliminate::<C, P> {
                    elimination: e,
                    views,
                    damped,
                    share: share.clone(),
                    diagonal,
                    below,
                    rhs,
                    points: points.clone(),
                    roots,
                },
            )
            .collect();
        let results = threads.map(tasks, |task: Eliminate<'_, C, P>| {
            kept::add_below(e, jacobian, &task.share, &mut *task.below);
            pulp::Arch::new().dispatch(task)
        });
        for result in results {
            result.map_err(|bad| NumericError::NotPositiveDefinite {
                variable: e.kept + bad.point,
                pivot: bad.pivot,
            })?;
        }
        Ok(())
    }

    fn substitute(
        &self,
        jacobian: &Jacobian<f64>,
        gradient: &[f64],
        step: &mut [f64],
        threads: &Threads,
    ) {
        let e = &self.elimination;
        let (kept_step, point_step) = step.split_at_mut(e.kept * C);
        let views = Views::new(e, jacobian);
        let points = &self.shares.points;
        let tasks = points
            .iter()
            .zip(pieces(point_step, points.iter().map(|r| r.len() * P)))
            .map(|(points, step)| Substitute::<C, P> {
                elimination: e,
                views,
                roots: &self.roots,
                point_gradient: &gradient[e.kept * C..],
                kept_step,
                points: points.clone(),
                step,
            })
            .collect();
        threads.for_each(tasks, |task: Substitute<'_, C, P>| {
            pulp::Arch::new().dispatch(task);
        });
    }
}

impl<const C: usize, const P: usize> LinearSolver for Schur<C, P> {
    fn update(
        &mut self,
        jacobian: &Jacobian<f64>,
        gradient: &mut [f64],
        scale: &mut [f64],
        threads: &Threads,
    ) -> Result<(), BackendError> {
        self.gather(jacobian, gradient, threads);
        let e = &self.elimination;
        let len = block_len(C);
        let blocks: &[f64] = bytemuck::cast_slice(&self.kept_blocks);
        let (kept, points) = scale.split_at_mut(e.kept * C);
        for (i, scale) in kept.chunks_exact_mut(C).enumerate() {
            for (k, scale) in scale.iter_mut().enumerate() {
                *scale = blocks[i * len + block_at(C, k, k)];
            }
        }
        for (scale, block) in points.chunks_exact_mut(P).zip(&self.point_blocks) {
            for (k, scale) in scale.iter_mut().enumerate() {
                *scale = block[block::small_at(k, k)];
            }
        }
        Ok(())
    }

    fn solve(
        &mut self,
        jacobian: &Jacobian<f64>,
        gradient: &[f64],
        scale: &[f64],
        request: &LinearRequest,
        step: &mut [f64],
        threads: &Threads,
    ) -> Result<LinearOutcome, BackendError> {
        self.eliminate(jacobian, gradient, scale, request.damping, threads)?;
        let e = &self.elimination;
        let kept_step = &mut step[..e.kept * C];
        let system = Reduced {
            dim: C,
            diagonal: bytemuck::cast_slice(&self.diagonal),
            below: bytemuck::cast_slice(&self.below),
            rhs: bytemuck::cast_slice(&self.rhs),
        };
        let outcome = match &mut self.inner {
            Inner::Direct(direct) => {
                direct.solve(system, kept_step, threads)?;
                LinearOutcome {
                    iterations: 0,
                    factorizations: 1,
                    interrupted: false,
                }
            }
            Inner::Pcg(pcg) => pcg.solve(system, request, kept_step)?,
        };
        self.substitute(jacobian, gradient, step, threads);
        Ok(outcome)
    }

    fn exact(&self) -> bool {
        matches!(self.inner, Inner::Direct(_))
    }

    fn precision(&self) -> ScalarType {
        ScalarType::F64
    }

    fn describe(&self) -> Description {
        let f64s = || "f64".to_owned();
        let scalars = |v: &[Line]| std::mem::size_of_val(v);
        let (name, ordering, prediction, inner, triangular) = match &self.inner {
            Inner::Direct(direct) => (
                "schur",
                direct.ordering().to_owned(),
                Some(direct.prediction()),
                direct.bytes(),
                f64s(),
            ),
            Inner::Pcg(pcg) => ("schur-pcg", String::new(), None, pcg.bytes(), String::new()),
        };
        Description {
            name: name.to_owned(),
            ordering,
            precision: RolePrecisions {
                products: f64s(),
                triangular,
                vectors: f64s(),
                residual: f64s(),
                update: f64s(),
            },
            fallbacks: Vec::new(),
            prediction,
            device_bytes: 0,
            bytes: self.elimination.bytes()
                + inner
                + scalars(&self.kept_blocks)
                + scalars(&self.kept_gradient)
                + scalars(&self.diagonal)
                + scalars(&self.below)
                + scalars(&self.rhs)
                + std::mem::size_of_val(self.point_blocks.as_slice())
                + std::mem::size_of_val(self.roots.as_slice()),
        }
    }
}

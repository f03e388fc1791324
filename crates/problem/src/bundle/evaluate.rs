//! Residuals, Jacobians and objective of a bundle.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use slam16_geometry::CameraFrame;
use slam16_sparse::{EdgeBlocks, Jacobian, Threads};

use super::rows::{Kind, Prepared, Rows};
use super::setup::SET_ROWS;
use super::{Bundle, Camera, Lens, Observation, observation_name};
use crate::pose_graph::check_length;
use crate::{Cost, Loss, ProblemError, Setup};

/// Observations per chunk of work; partial costs are summed chunk by chunk,
/// so this number, not the number of threads, decides the order of summation.
const CHUNK: usize = 4096;

/// Adds one observation to the objective and returns the weight `√(w ρ')`
/// that whitens its residual and Jacobian.
#[inline(always)]
fn weigh(loss: Loss, squared_norm: f64, weight: f64, cost: &mut Cost) -> f64 {
    let s = weight * squared_norm;
    let (rho, slope) = loss.evaluate(s);
    cost.robust += 0.5 * rho;
    cost.plain += 0.5 * s;
    let squared = weight * slope;
    // The common case saves a root.
    if squared == 1.0 { 1.0 } else { squared.sqrt() }
}

/// Sums chunks in order; the first observation at fault wins.
fn total(parts: Vec<Result<Cost, ProblemError>>) -> Result<Cost, ProblemError> {
    let mut cost = Cost::default();
    for part in parts {
        cost += part?;
    }
    Ok(cost)
}

/// The objective over a range of a set.
struct SumCost<'a, const R: usize> {
    bundle: &'a Bundle,
    set: usize,
    cameras: &'a [Prepared],
    range: Range<usize>,
}

impl<const R: usize> WithSimd for SumCost<'_, R>
where
    Kind: Rows<R>,
{
    type Output = Result<Cost, ProblemError>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> Self::Output {
        let bundle = self.bundle;
        let mut cost = Cost::default();
        let first = self.range.start;
        for (i, index) in bundle.sets[self.set][self.range].iter().enumerate() {
            let o = &bundle.observations[*index as usize];
            let s = Kind::residual(
                &self.cameras[o.camera.index()],
                &bundle.lenses[o.lens.index()],
                &o.pixel,
                &bundle.points[o.point.index()],
            )
            .map(|r| r.norm_squared())
            .filter(|s| s.is_finite())
            .ok_or_else(|| bundle.not_finite(self.set, first + i))?;
            weigh(bundle.loss, s, o.weight, &mut cost);
        }
        Ok(cost)
    }
}

/// Residuals and Jacobian blocks over one chunk of a set.
struct Fill<'a, const R: usize, const C: usize> {
    bundle: &'a Bundle,
    set: usize,
    cameras: &'a [Prepared],
    point_held: &'a [bool],
    start: usize,
    indices: &'a [u32],
    a: &'a mut [f64],
    b: &'a mut [f64],
    residuals: &'a mut [f64],
}

impl<const R: usize, const C: usize> WithSimd for Fill<'_, R, C>
where
    Kind: Rows<R>,
{
    type Output = Result<Cost, ProblemError>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> Self::Output {
        let bundle = self.bundle;
        let mut cost = Cost::default();
        let blocks = self.a.chunks_exact_mut(R * C);
        let outputs = blocks
            .zip(self.b.chunks_exact_mut(R * 3))
            .zip(self.residuals.chunks_exact_mut(R));
        for (i, (index, ((a, b), r))) in self.indices.iter().zip(outputs).enumerate() {
            let o = &bundle.observations[*index as usize];
            let camera = &self.cameras[o.camera.index()];
            let linear = Kind::linearize(
                camera,
                &bundle.lenses[o.lens.index()],
                &o.pixel,
                &bundle.points[o.point.index()],
            )
            .filter(|l| l.residual.norm_squared().is_finite())
            .ok_or_else(|| bundle.not_finite(self.set, self.start + i))?;
            let s = linear.residual.norm_squared();
            let scale = weigh(bundle.loss, s, o.weight, &mut cost);
            let pose_scale = scale * camera.pose_mask;
            let intrinsics_scale = scale * camera.intrinsics_mask;
            let point_free = !self.point_held[o.point.index()];
            let point_scale = if point_free { scale } else { 0.0 };
            let (pose, intrinsics) = a.split_at_mut(R * 6);
            copy_scaled(pose, linear.pose.as_slice(), pose_scale);
            if C > 6 {
                copy_scaled(intrinsics, linear.intrinsics.as_slice(), intrinsics_scale);
            }
            copy_scaled(b, linear.point.as_slice(), point_scale);
            copy_scaled(r, linear.residual.as_slice(), scale);
        }
        Ok(cost)
    }
}

#[inline(always)]
fn copy_scaled(into: &mut [f64], from: &[f64], scale: f64) {
    for (into, from) in into.iter_mut().zip(from) {
        *into = from * scale;
    }
}

impl Bundle {
    /// Number of observations whose point is not in front of its camera.
    pub fn behind_camera(&self) -> usize {
        let frames: Vec<_> = self
            .cameras
            .iter()
            .map(|c| CameraFrame::new(&c.world_from_camera))
            .collect();
        let depth = |o: &Observation| {
            let point = &self.points[o.point.index()];
            let z = frames[o.camera.index()].point_in_camera(point).z;
            match self.lenses[o.lens.index()] {
                Lens::Bal => -z,
                Lens::Pinhole(_) | Lens::Stereo(_) => z,
            }
        };
        self.observations.iter().filter(|o| depth(o) <= 0.0).count()
    }

    #[cold]
    fn not_finite(&self, set: usize, index: usize) -> ProblemError {
        let observation = &self.observations[self.sets[set][index] as usize];
        ProblemError::NonFinite {
            factor: observation_name(observation),
            set,
            index,
        }
    }

    pub(super) fn total_cost(&self, threads: &Threads) -> Result<Cost, ProblemError> {
        let prepare = |c: &Camera| Prepared::new(c, &[]);
        let cameras: Vec<_> = self.cameras.iter().map(prepare).collect();
        let mut cost = total(self.cost_of_set::<2>(0, &cameras, threads))?;
        cost += total(self.cost_of_set::<3>(1, &cameras, threads))?;
        cost += self.prior_cost()?;
        Ok(cost)
    }

    fn cost_of_set<const R: usize>(
        &self,
        set: usize,
        cameras: &[Prepared],
        threads: &Threads,
    ) -> Vec<Result<Cost, ProblemError>>
    where
        Kind: Rows<R>,
    {
        threads.map_ranges(self.sets[set].len(), CHUNK, |range| {
            pulp::Arch::new().dispatch(SumCost::<R> {
                bundle: self,
                set,
                cameras,
                range,
            })
        })
    }

    /// Fills a Jacobian of the structure in `setup`.
    pub(super) fn fill(
        &self,
        setup: &Setup,
        jacobian: &mut Jacobian<f64>,
        threads: &Threads,
    ) -> Result<Cost, ProblemError> {
        self.check_fit(setup, jacobian)?;
        let layout = &setup.structure.layout;
        let held = |v: usize| &setup.held[layout.range(v)];
        let cameras: Vec<_> = self
            .cameras
            .iter()
            .enumerate()
            .map(|(c, camera)| Prepared::new(camera, held(c)))
            .collect();
        let point_held: Vec<bool> = (self.cameras.len()..layout.variables())
            .map(|v| held(v)[0])
            .collect();
        let state = (cameras.as_slice(), point_held.as_slice());
        let ([two, three], [r_two, r_three]) =
            (&mut jacobian.sets[..], &mut jacobian.residuals[..])
        else {
            // `check_fit` has counted them.
            return Ok(Cost::default());
        };
        let parts = if layout.dim(0) == 9 {
            [
                self.fill_set::<2, 9>(0, state, two, r_two, threads),
                self.fill_set::<3, 9>(1, state, three, r_three, threads),
            ]
        } else {
            [
                self.fill_set::<2, 6>(0, state, two, r_two, threads),
                self.fill_set::<3, 6>(1, state, three, r_three, threads),
            ]
        };
        let mut cost = Cost::default();
        for part in parts {
            cost += total(part)?;
        }
        cost += self.fill_prior(|c| held(c)[0], jacobian.dense.as_mut())?;
        Ok(cost)
    }

    /// A setup made before the last camera, point or observation was added.
    fn check_fit(&self, setup: &Setup, jacobian: &Jacobian<f64>) -> Result<(), ProblemError> {
        let layout = &setup.structure.layout;
        let variables = self.cameras.len() + self.points.len();
        check_length("setup", layout.variables(), variables)?;
        check_length("held", setup.held.len(), layout.scalars())?;
        check_length("jacobian", jacobian.sets.len(), self.sets.len())?;
        check_length("jacobian", jacobian.residuals.len(), self.sets.len())?;
        let dim = layout.dim(0);
        for ((observations, blocks), rows) in self.sets.iter().zip(&jacobian.sets).zip(SET_ROWS) {
            check_length("jacobian", blocks.a.len(), observations.len() * rows * dim)?;
        }
        let prior = self.prior.as_ref();
        check_length(
            "dense rows",
            jacobian.dense.as_ref().map_or(0, |d| d.values.len()),
            prior.map_or(0, |p| p.root().nrows() * dim * p.cameras().len()),
        )?;
        // As many rows of other cameras would go to the wrong variables.
        if let (Some(prior), Some(dense)) = (prior, &jacobian.dense) {
            let pairs = prior.cameras().iter().zip(dense.structure().variables());
            let same = pairs.filter(|(camera, v)| camera.index() == **v as usize);
            check_length(
                "cameras of the dense rows",
                same.count(),
                prior.cameras().len(),
            )?;
        }
        Ok(())
    }

    fn fill_set<const R: usize, const C: usize>(
        &self,
        set: usize,
        (cameras, point_held): (&[Prepared], &[bool]),
        blocks: &mut EdgeBlocks<f64>,
        residuals: &mut [f64],
        threads: &Threads,
    ) -> Vec<Result<Cost, ProblemError>>
    where
        Kind: Rows<R>,
    {
        let chunks: Vec<_> = self.sets[set]
            .chunks(CHUNK)
            .zip(blocks.a.chunks_mut(CHUNK * R * C))
            .zip(blocks.b.chunks_mut(CHUNK * R * 3))
            .zip(residuals.chunks_mut(CHUNK * R))
            .enumerate()
            .map(|(i, (((indices, a), b), residuals))| Fill::<R, C> {
                bundle: self,
                set,
                cameras,
                point_held,
                start: i * CHUNK,
                indices,
                a,
                b,
                residuals,
            })
            .collect();
        threads.map(chunks, |chunk| pulp::Arch::new().dispatch(chunk))
    }
}

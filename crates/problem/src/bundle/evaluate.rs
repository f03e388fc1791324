//! Residuals, Jacobians and objective of a bundle.

use nalgebra::{SMatrix, SVector, Vector3};
use slam16_geometry::{BalCamera, CameraFrame};
use slam16_sparse::{EdgeBlocks, Jacobian, Threads};

use super::{Bundle, Camera, Lens, Observation, observation_name};
use crate::{Cost, Loss, ProblemError, Setup};

/// Observations per chunk of work; partial costs are summed chunk by chunk,
/// so this number, not the number of threads, decides the order of summation.
const CHUNK: usize = 4096;

/// A camera prepared for many observations.
struct Prepared {
    frame: CameraFrame<f64>,
    bal: BalCamera<f64>,
    /// 0 where the pose is held, else 1.
    pose_mask: f64,
    /// 0 where the intrinsics are held, else 1.
    intrinsics_mask: f64,
}

impl Prepared {
    fn new(camera: &Camera, held: Option<&[bool]>) -> Self {
        let free = |i: usize| {
            held.and_then(|h| h.get(i))
                .map_or(1.0, |h| if *h { 0.0 } else { 1.0 })
        };
        let [focal, k1, k2] = camera.intrinsics;
        Self {
            frame: CameraFrame::new(&camera.world_from_camera),
            bal: BalCamera { focal, k1, k2 },
            pose_mask: free(0),
            intrinsics_mask: free(6),
        }
    }
}

/// Unweighted residual and Jacobian blocks of one observation.
struct Linear<const R: usize> {
    residual: SVector<f64, R>,
    pose: SMatrix<f64, R, 6>,
    intrinsics: SMatrix<f64, R, 3>,
    point: SMatrix<f64, R, 3>,
}

/// What is done differently for observations of two and of three rows.
trait Rows<const R: usize> {
    fn residual(
        camera: &Prepared,
        lens: &Lens,
        pixel: &[f64; 3],
        point: &Vector3<f64>,
    ) -> Option<SVector<f64, R>>;
    fn linearize(
        camera: &Prepared,
        lens: &Lens,
        pixel: &[f64; 3],
        point: &Vector3<f64>,
    ) -> Option<Linear<R>>;
}

/// A set's kind of observation.
struct Kind;

impl Rows<2> for Kind {
    #[inline(always)]
    fn residual(
        camera: &Prepared,
        lens: &Lens,
        pixel: &[f64; 3],
        point: &Vector3<f64>,
    ) -> Option<SVector<f64, 2>> {
        let seen = match lens {
            Lens::Bal => camera.bal.project(&camera.frame, point)?,
            Lens::Pinhole(pinhole) => pinhole.project(&camera.frame, point)?,
            // Three rows, never in this set.
            Lens::Stereo(_) => return None,
        };
        Some(SVector::from([
            seen.pixel[0] - pixel[0],
            seen.pixel[1] - pixel[1],
        ]))
    }

    #[inline(always)]
    fn linearize(
        camera: &Prepared,
        lens: &Lens,
        pixel: &[f64; 3],
        point: &Vector3<f64>,
    ) -> Option<Linear<2>> {
        let (linear, intrinsics) = match lens {
            Lens::Bal => camera.bal.project_with_jacobians(&camera.frame, point)?,
            Lens::Pinhole(pinhole) => (
                pinhole.project_with_jacobians(&camera.frame, point)?,
                SMatrix::zeros(),
            ),
            Lens::Stereo(_) => return None,
        };
        let seen = linear.projection.pixel;
        Some(Linear {
            residual: SVector::from([seen[0] - pixel[0], seen[1] - pixel[1]]),
            pose: linear.pose,
            intrinsics,
            point: linear.point,
        })
    }
}

impl Rows<3> for Kind {
    #[inline(always)]
    fn residual(
        camera: &Prepared,
        lens: &Lens,
        pixel: &[f64; 3],
        point: &Vector3<f64>,
    ) -> Option<SVector<f64, 3>> {
        let Lens::Stereo(stereo) = lens else {
            return None;
        };
        let seen = stereo.project(&camera.frame, point)?;
        Some(seen.pixel - SVector::from(*pixel))
    }

    #[inline(always)]
    fn linearize(
        camera: &Prepared,
        lens: &Lens,
        pixel: &[f64; 3],
        point: &Vector3<f64>,
    ) -> Option<Linear<3>> {
        let Lens::Stereo(stereo) = lens else {
            return None;
        };
        let linear = stereo.project_with_jacobians(&camera.frame, point)?;
        Some(Linear {
            residual: linear.projection.pixel - SVector::from(*pixel),
            pose: linear.pose,
            intrinsics: SMatrix::zeros(),
            point: linear.point,
        })
    }
}

/// Adds one observation to the objective and returns the weight `√(w ρ')`
/// that whitens its residual and Jacobian.
#[inline(always)]
fn weigh(loss: Loss, squared_norm: f64, weight: f64, cost: &mut Cost) -> f64 {
    let s = weight * squared_norm;
    let (rho, slope) = loss.evaluate(s);
    cost.robust += 0.5 * rho;
    cost.plain += 0.5 * s;
    (weight * slope).sqrt()
}

/// Sums chunks in order; the first observation at fault wins.
fn total(parts: Vec<Result<Cost, ProblemError>>) -> Result<Cost, ProblemError> {
    let mut cost = Cost::default();
    for part in parts {
        cost += part?;
    }
    Ok(cost)
}

/// The slices of one chunk of a set.
struct Chunk<'a> {
    start: usize,
    indices: &'a [u32],
    a: &'a mut [f64],
    b: &'a mut [f64],
    residuals: &'a mut [f64],
}

impl Bundle {
    /// Number of observations whose point is not in front of its camera.
    pub fn behind_camera(&self) -> usize {
        let cameras: Vec<_> = self
            .cameras
            .iter()
            .map(|c| Prepared::new(c, None))
            .collect();
        let depth = |o: &Observation| {
            let camera = &cameras[o.camera.index()];
            let point = &self.points[o.point.index()];
            let z = camera.frame.point_in_camera(point).z;
            match self.lenses[o.lens.index()] {
                Lens::Bal => -z,
                Lens::Pinhole(_) | Lens::Stereo(_) => z,
            }
        };
        self.observations.iter().filter(|o| depth(o) <= 0.0).count()
    }

    fn not_finite(&self, set: usize, index: usize) -> ProblemError {
        let observation = &self.observations[self.sets[set][index] as usize];
        ProblemError::NonFinite {
            factor: observation_name(observation),
            set,
            index,
        }
    }

    pub(super) fn total_cost(&self, threads: &Threads) -> Result<Cost, ProblemError> {
        let cameras: Vec<_> = self
            .cameras
            .iter()
            .map(|c| Prepared::new(c, None))
            .collect();
        let mut cost = total(self.cost_of_set::<2>(0, &cameras, threads))?;
        cost += total(self.cost_of_set::<3>(1, &cameras, threads))?;
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
        let indices = &self.sets[set];
        threads.map_ranges(indices.len(), CHUNK, |range| {
            let mut cost = Cost::default();
            for f in range {
                let o = &self.observations[indices[f] as usize];
                let s = Kind::residual(
                    &cameras[o.camera.index()],
                    &self.lenses[o.lens.index()],
                    &o.pixel,
                    &self.points[o.point.index()],
                )
                .map(|r| r.norm_squared())
                .filter(|s| s.is_finite())
                .ok_or_else(|| self.not_finite(set, f))?;
                weigh(self.loss, s, o.weight, &mut cost);
            }
            Ok(cost)
        })
    }

    pub(super) fn fill(
        &self,
        setup: &Setup,
        jacobian: &mut Jacobian<f64>,
        threads: &Threads,
    ) -> Result<Cost, ProblemError> {
        let layout = &setup.structure.layout;
        let held = &setup.held;
        let cameras: Vec<_> = self
            .cameras
            .iter()
            .enumerate()
            .map(|(c, camera)| Prepared::new(camera, Some(&held[layout.range(c)])))
            .collect();
        let point_held: Vec<bool> = (self.cameras.len()..layout.variables())
            .map(|v| held[layout.offset(v)])
            .collect();
        let state = (cameras.as_slice(), point_held.as_slice());
        let wide = setup.structure.sets[0].shape().cols_a == 9;
        let (two, three) = jacobian.sets.split_at_mut(1);
        let (residuals_two, residuals_three) = jacobian.residuals.split_at_mut(1);
        let (two, three) = (&mut two[0], &mut three[0]);
        let (residuals_two, residuals_three) = (&mut residuals_two[0], &mut residuals_three[0]);
        let parts = if wide {
            [
                self.fill_set::<2, 9>(0, state, two, residuals_two, threads),
                self.fill_set::<3, 9>(1, state, three, residuals_three, threads),
            ]
        } else {
            [
                self.fill_set::<2, 6>(0, state, two, residuals_two, threads),
                self.fill_set::<3, 6>(1, state, three, residuals_three, threads),
            ]
        };
        let [two, three] = parts;
        let mut cost = total(two)?;
        cost += total(three)?;
        Ok(cost)
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
            .map(|(i, (((indices, a), b), residuals))| Chunk {
                start: i * CHUNK,
                indices,
                a,
                b,
                residuals,
            })
            .collect();
        threads.map(chunks, |chunk| {
            let mut cost = Cost::default();
            let outputs = chunk
                .a
                .chunks_exact_mut(R * C)
                .zip(chunk.b.chunks_exact_mut(R * 3))
                .zip(chunk.residuals.chunks_exact_mut(R));
            for (i, (index, ((a, b), r))) in chunk.indices.iter().zip(outputs).enumerate() {
                let o = &self.observations[*index as usize];
                let camera = &cameras[o.camera.index()];
                let linear = Kind::linearize(
                    camera,
                    &self.lenses[o.lens.index()],
                    &o.pixel,
                    &self.points[o.point.index()],
                )
                .filter(|l| l.residual.norm_squared().is_finite())
                .ok_or_else(|| self.not_finite(set, chunk.start + i))?;
                let s = linear.residual.norm_squared();
                let scale = weigh(self.loss, s, o.weight, &mut cost);
                let pose_scale = scale * camera.pose_mask;
                let intrinsics_scale = scale * camera.intrinsics_mask;
                let point_scale = if point_held[o.point.index()] {
                    0.0
                } else {
                    scale
                };
                copy_scaled(&mut a[..R * 6], linear.pose.as_slice(), pose_scale);
                if C > 6 {
                    copy_scaled(
                        &mut a[R * 6..],
                        linear.intrinsics.as_slice(),
                        intrinsics_scale,
                    );
                }
                copy_scaled(b, linear.point.as_slice(), point_scale);
                copy_scaled(r, linear.residual.as_slice(), scale);
            }
            Ok(cost)
        })
    }
}

#[inline(always)]
fn copy_scaled(into: &mut [f64], from: &[f64], scale: f64) {
    for (into, from) in into.iter_mut().zip(from) {
        *into = from * scale;
    }
}

//! What a sliding window remembers of key frames it has left behind.

use nalgebra::{DMatrix, DVector, Vector6};
use slam16_geometry::Se3;
use slam16_sparse::DenseRows;

use super::Bundle;
use crate::pose_graph::{check_length, check_range};
use crate::{CameraId, Cost, ProblemError};

/// A dense prior on the poses of several cameras, as a square root:
/// `½ ‖R δ − d‖²`, δ the stacked `Log(X̄⁻¹ X)` of its cameras, X̄ the poses it
/// was linearised at. No robust loss applies.
#[derive(Clone, Debug, PartialEq)]
pub struct DensePrior {
    cameras: Vec<CameraId>,
    at: Vec<Se3<f64>>,
    root: DMatrix<f64>,
    target: DVector<f64>,
}

impl DensePrior {
    /// A prior on `cameras`, ascending, about the poses `at`, one each. `root`
    /// is R with six columns per camera `[ρ, φ]`, `target` is d.
    ///
    /// # Errors
    /// Cameras that are not ascending, wrong sizes, numbers that are not finite.
    pub fn new(
        cameras: Vec<CameraId>,
        at: Vec<Se3<f64>>,
        root: DMatrix<f64>,
        target: DVector<f64>,
    ) -> Result<Self, ProblemError> {
        check_length("list of poses of the dense prior", at.len(), cameras.len())?;
        check_length("row of the dense prior", root.ncols(), 6 * cameras.len())?;
        check_length("target of the dense prior", target.len(), root.nrows())?;
        let ascending = cameras.windows(2).take_while(|w| w[0] < w[1]).count() + 1;
        check_length(
            "ascending list of cameras of the dense prior",
            ascending.min(cameras.len()),
            cameras.len(),
        )?;
        let numbers = root.iter().chain(target.iter());
        let wrong = numbers.copied().find(|x| !x.is_finite());
        let lost = at.iter().any(|x| !x.is_finite()).then_some(f64::NAN);
        if let Some(value) = wrong.or(lost) {
            return Err(ProblemError::NotFinite {
                element: "the dense prior".to_owned(),
                value,
            });
        }
        Ok(Self {
            cameras,
            at,
            root,
            target,
        })
    }

    /// Its cameras, ascending.
    pub fn cameras(&self) -> &[CameraId] {
        &self.cameras
    }

    /// The poses it was linearised at.
    pub fn at(&self) -> &[Se3<f64>] {
        &self.at
    }

    /// `R`.
    pub fn root(&self) -> &DMatrix<f64> {
        &self.root
    }

    /// `d`.
    pub fn target(&self) -> &DVector<f64> {
        &self.target
    }

    /// `R δ − d` where each δ is given by its camera's place in the list.
    pub fn residual(&self, delta: impl Fn(usize) -> Vector6<f64>) -> DVector<f64> {
        let mut residual = -self.target.clone();
        for k in 0..self.cameras.len() {
            residual += self.root.columns(6 * k, 6) * delta(k);
        }
        residual
    }
}

impl Bundle {
    /// Sets the dense prior on camera poses, or takes it away.
    ///
    /// # Errors
    /// An unknown camera.
    pub fn set_dense_prior(&mut self, prior: Option<DensePrior>) -> Result<(), ProblemError> {
        if let Some(last) = prior.as_ref().and_then(|p| p.cameras.last()) {
            check_range("camera", last.index(), self.cameras.len())?;
        }
        self.prior = prior.filter(|p| !p.cameras.is_empty() && p.root.nrows() > 0);
        Ok(())
    }

    /// The dense prior on camera poses, if there is one.
    pub fn dense_prior(&self) -> Option<&DensePrior> {
        self.prior.as_ref()
    }

    fn prior_delta(&self, prior: &DensePrior, k: usize) -> Vector6<f64> {
        prior.at[k].local(&self.cameras[prior.cameras[k].index()].world_from_camera)
    }

    fn prior_residual(&self, prior: &DensePrior) -> Result<DVector<f64>, ProblemError> {
        let residual = prior.residual(|k| self.prior_delta(prior, k));
        match residual.iter().position(|x| !x.is_finite()) {
            None => Ok(residual),
            Some(index) => Err(ProblemError::NonFinite {
                factor: "the dense prior".to_owned(),
                set: self.sets.len(),
                index,
            }),
        }
    }

    /// The prior's part of the objective.
    pub(super) fn prior_cost(&self) -> Result<Cost, ProblemError> {
        let Some(prior) = &self.prior else {
            return Ok(Cost::default());
        };
        Ok(cost_of(&self.prior_residual(prior)?))
    }

    /// Fills the dense rows: `R Jᵣ⁻¹(δ)` by a perturbation on the right, and
    /// `R δ − d`.
    pub(super) fn fill_prior(
        &self,
        held: impl Fn(usize) -> bool,
        dense: Option<&mut DenseRows>,
    ) -> Result<Cost, ProblemError> {
        let (Some(prior), Some(dense)) = (&self.prior, dense) else {
            return Ok(Cost::default());
        };
        let residual = self.prior_residual(prior)?;
        dense.residuals.copy_from_slice(residual.as_slice());
        for (k, camera) in prior.cameras.iter().enumerate() {
            let block = dense.block_mut(k);
            block.fill(0.0);
            if held(camera.index()) {
                continue;
            }
            let turn = Se3::right_jacobian_inverse(&self.prior_delta(prior, k));
            let columns = prior.root.columns(6 * k, 6) * turn;
            // Intrinsics, where there are any, come after and stay zero.
            block[..columns.len()].copy_from_slice(columns.as_slice());
        }
        Ok(cost_of(&residual))
    }
}

fn cost_of(residual: &DVector<f64>) -> Cost {
    let value = 0.5 * residual.norm_squared();
    Cost {
        robust: value,
        plain: value,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use nalgebra::Vector3;
    use slam16_geometry::Stereo;
    use slam16_sparse::{Jacobian, Threads};

    use super::*;
    use crate::jacobian_check::{deviation, deviation_of};
    use crate::{Camera, LeastSquares, Lens, Note, Observation, PointId};

    fn some(k: usize) -> f64 {
        (1.7 * k as f64 + 0.3).sin()
    }

    fn pose(k: usize) -> Se3<f64> {
        Se3::exp(&Vector6::from_fn(|i, _| 0.3 * some(6 * k + i)))
    }

    /// Four cameras that see three points, a prior of seven rows on three of
    /// them, away from where they stand.
    fn bundle(bal: bool) -> Bundle {
        let mut bundle = Bundle::new();
        let stereo = Stereo {
            fx: 400.0,
            fy: 410.0,
            cx: 320.0,
            cy: 240.0,
            baseline: 0.3,
        };
        let lens = bundle.add_lens(if bal { Lens::Bal } else { Lens::Stereo(stereo) });
        let depth = if bal { -5.0 } else { 5.0 };
        for k in 0..4 {
            bundle
                .add_camera(Camera {
                    world_from_camera: pose(k),
                    intrinsics: [500.0, 0.01, 0.001],
                    pose_fixed: false,
                    intrinsics_fixed: false,
                })
                .unwrap();
        }
        for p in 0..3 {
            let at = Vector3::new(some(40 + p), some(50 + p), depth);
            bundle.add_point(at).unwrap();
            for c in 0..4 {
                bundle
                    .add_observation(Observation {
                        camera: CameraId::from(c),
                        point: PointId::from(p),
                        lens,
                        pixel: [some(c), some(p), 3.0],
                        weight: 1e-4,
                    })
                    .unwrap();
            }
        }
        bundle.set_dense_prior(Some(prior())).unwrap();
        bundle
    }

    fn prior() -> DensePrior {
        DensePrior::new(
            [0, 1, 3].map(CameraId).to_vec(),
            [10, 11, 12].map(pose).to_vec(),
            DMatrix::from_fn(7, 18, |r, c| some(70 + 18 * r + c)),
            DVector::from_fn(7, |r, _| some(300 + r)),
        )
        .unwrap()
    }

    #[test]
    fn the_jacobian_is_that_of_differences() {
        for bal in [false, true] {
            let deviation = deviation(&mut bundle(bal));
            assert!(deviation.jacobian < 1e-8, "{deviation:?}");
            assert!(deviation.gradient < 1e-8, "{deviation:?}");
            assert_eq!(deviation.held, 0.0);
        }
    }

    /// The check sees a prior without the turn `Jᵣ⁻¹(δ)`.
    #[test]
    fn a_wrong_jacobian_is_seen() {
        let plain = |b: &Bundle, s: &_, j: &mut Jacobian<f64>, t: &_| {
            let cost = b.linearize(s, j, t);
            let dense = j.dense.as_mut().unwrap();
            dense
                .block_mut(0)
                .copy_from_slice(&prior().root.as_slice()[..42]);
            cost
        };
        let deviation = deviation_of(&mut bundle(false), plain);
        assert!(deviation.jacobian > 1e-3, "{deviation:?}");
    }

    #[test]
    fn it_anchors_what_it_touches_and_holds_nothing() {
        let with = bundle(false);
        let setup = with.setup().unwrap();
        assert!(setup.notes.is_empty() && !setup.held.contains(&true));
        assert_eq!(setup.structure.rows(), 12 * 3 + 7);
        let mut without = with.clone();
        without.set_dense_prior(None).unwrap();
        let notes = without.setup().unwrap().notes;
        assert!(matches!(notes[..], [Note::GaugeFixed { variable: 0, .. }]));
        let mut held = with.clone();
        held.cameras[1].pose_fixed = true;
        assert_eq!(deviation(&mut held).held, 0.0);
        // A setup made without it is refused.
        let setup = without.setup().unwrap();
        let mut jacobian = Jacobian::zeros(setup.structure.clone());
        let filled = with.linearize(&setup, &mut jacobian, &Threads::single());
        assert!(matches!(filled, Err(ProblemError::Length { .. })));
    }

    /// A prior of the same size on other cameras needs another setup.
    #[test]
    fn it_does_not_go_to_other_cameras() {
        let mut bundle = bundle(false);
        let setup = bundle.setup().unwrap();
        let mut jacobian = Jacobian::zeros(setup.structure.clone());
        let mut fill =
            |bundle: &Bundle| bundle.linearize(&setup, &mut jacobian, &Threads::single());
        fill(&bundle).unwrap();
        let p = prior();
        let others = (0..4).filter(|k| CameraId::from(*k) != p.cameras[0]);
        let others: Vec<_> = others.map(CameraId::from).collect();
        let moved = DensePrior::new(others, p.at, p.root, p.target).unwrap();
        assert_ne!(moved.cameras, p.cameras);
        bundle.set_dense_prior(Some(moved)).unwrap();
        assert!(matches!(fill(&bundle), Err(ProblemError::Length { .. })));
    }

    #[test]
    fn what_fits_nothing_is_refused() {
        let p = prior();
        let (cameras, at) = (p.cameras.clone(), p.at.clone());
        let new = |cameras: Vec<CameraId>, root: DMatrix<f64>| {
            DensePrior::new(cameras, at.clone(), root, p.target.clone())
        };
        let backwards = cameras.iter().rev().copied().collect();
        assert!(new(backwards, p.root.clone()).is_err());
        assert!(new(cameras.clone(), DMatrix::zeros(7, 17)).is_err());
        assert!(new(cameras.clone(), DMatrix::zeros(6, 18)).is_err());
        let mut root = p.root.clone();
        root[(3, 3)] = f64::NAN;
        assert!(matches!(
            new(cameras, root),
            Err(ProblemError::NotFinite { .. })
        ));
        assert!(Bundle::new().set_dense_prior(Some(p)).is_err());
    }
}

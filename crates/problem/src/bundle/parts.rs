//! Building a bundle from whole arrays, and what both ways of building check.

use nalgebra::Vector3;

use super::{Bundle, Camera, Lens, Observation, observation_name};
use crate::pose_graph::check_range;
use crate::{CameraId, PointId, ProblemError};

impl Bundle {
    /// The bundle that adding everything one by one would give, without
    /// copying: for readers, as files list observations first.
    ///
    /// # Errors
    /// As for the `add_` functions.
    pub fn from_parts(
        cameras: Vec<Camera>,
        points: Vec<Vector3<f64>>,
        lenses: Vec<Lens>,
        observations: Vec<Observation>,
    ) -> Result<Self, ProblemError> {
        for (i, camera) in cameras.iter().enumerate() {
            check_camera(CameraId::from(i), camera)?;
        }
        for (i, point) in points.iter().enumerate() {
            check_point(PointId::from(i), point)?;
        }
        let mut bundle = Self {
            point_fixed: vec![false; points.len()],
            cameras,
            points,
            lenses,
            ..Self::default()
        };
        for (i, observation) in observations.iter().enumerate() {
            let rows = bundle.check_observation(observation)?;
            bundle.sets[usize::from(rows == 3)].push(i as u32);
        }
        bundle.observations = observations;
        Ok(bundle)
    }

    /// Number of rows of an observation that fits this bundle.
    pub(super) fn check_observation(
        &self,
        observation: &Observation,
    ) -> Result<usize, ProblemError> {
        check_range("camera", observation.camera.index(), self.cameras.len())?;
        check_range("point", observation.point.index(), self.points.len())?;
        check_range("lens", observation.lens.index(), self.lenses.len())?;
        let rows = self.lenses[observation.lens.index()].rows();
        let mut numbers = observation.pixel[..rows]
            .iter()
            .chain([&observation.weight]);
        if let Some(value) = numbers.find(|x| !x.is_finite()) {
            return Err(ProblemError::NotFinite {
                element: observation_name(observation),
                value: *value,
            });
        }
        if observation.weight < 0.0 {
            return Err(ProblemError::Indefinite {
                factor: observation_name(observation),
                smallest_eigenvalue: observation.weight,
            });
        }
        Ok(rows)
    }
}

pub(super) fn check_camera(id: CameraId, camera: &Camera) -> Result<(), ProblemError> {
    let value = match camera.intrinsics.iter().find(|x| !x.is_finite()) {
        Some(value) => *value,
        None if camera.world_from_camera.is_finite() => return Ok(()),
        None => f64::NAN,
    };
    Err(ProblemError::NotFinite {
        element: format!("camera {}", id.0),
        value,
    })
}

pub(super) fn check_point(id: PointId, in_world: &Vector3<f64>) -> Result<(), ProblemError> {
    match in_world.iter().find(|x| !x.is_finite()) {
        None => Ok(()),
        Some(value) => Err(ProblemError::NotFinite {
            element: format!("point {}", id.0),
            value: *value,
        }),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use slam16_geometry::{Pinhole, Stereo};

    use super::*;
    use crate::{LensId, Loss};

    fn parts() -> (Vec<Camera>, Vec<Vector3<f64>>, Vec<Lens>, Vec<Observation>) {
        let pinhole = Pinhole {
            fx: 500.0,
            fy: 500.0,
            cx: 320.0,
            cy: 240.0,
        };
        let stereo = Stereo {
            fx: 500.0,
            fy: 500.0,
            cx: 320.0,
            cy: 240.0,
            baseline: 0.1,
        };
        let observation = |lens| Observation {
            camera: CameraId(0),
            point: PointId(0),
            lens: LensId(lens),
            pixel: [300.0, 290.0, 240.0],
            weight: 1.0,
        };
        (
            vec![Camera::from_bal(&[0.0; 9])],
            vec![Vector3::new(0.0, 0.0, 4.0)],
            vec![Lens::Pinhole(pinhole), Lens::Stereo(stereo)],
            vec![observation(0), observation(1), observation(0)],
        )
    }

    #[test]
    fn equals_adding_one_by_one() {
        let (cameras, points, lenses, observations) = parts();
        let mut single = Bundle::new();
        single.add_camera(cameras[0].clone()).unwrap();
        single.add_point(points[0]).unwrap();
        for lens in &lenses {
            single.add_lens(*lens);
        }
        for observation in &observations {
            single.add_observation(*observation).unwrap();
        }
        let whole = Bundle::from_parts(cameras, points, lenses, observations).unwrap();
        assert_eq!(whole.cameras(), single.cameras());
        assert_eq!(whole.points(), single.points());
        assert_eq!(whole.point_fixed(), single.point_fixed());
        assert_eq!(whole.lenses(), single.lenses());
        assert_eq!(whole.observations(), single.observations());
        assert_eq!(whole.sets, single.sets);
        assert_eq!(whole.loss(), Loss::None);
    }

    #[test]
    fn refuses_what_adding_would_refuse() {
        let (cameras, points, lenses, mut observations) = parts();
        observations[1].lens = LensId(2);
        let error = ProblemError::OutOfRange {
            what: "lens",
            index: 2,
            count: 2,
        };
        assert_eq!(
            Bundle::from_parts(cameras, points, lenses, observations).err(),
            Some(error)
        );
        let (cameras, mut points, lenses, observations) = parts();
        points[0].y = f64::NAN;
        assert!(matches!(
            Bundle::from_parts(cameras, points, lenses, observations),
            Err(ProblemError::NotFinite { element, .. }) if element == "point 0"
        ));
    }
}

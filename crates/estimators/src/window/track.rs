//! Landmarks and where they were seen.

use nalgebra::{Matrix3, Vector3};
use slam16_geometry::Se3;
use slam16_problem::Lens;

/// Least sine of the angle between two rays whose crossing tells a depth.
const PARALLAX: f64 = 5e-3;

/// Least depth of a landmark, in units of the world.
const NEAREST: f64 = 1e-3;

#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) frame: u64,
    pub(super) lens: usize,
    pub(super) pixel: [f64; 3],
    pub(super) weight: f64,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Track {
    /// Ascending by key frame.
    pub(super) seen: Vec<Seen>,
    pub(super) point: Option<Vector3<f64>>,
}

impl Track {
    /// The landmark is in front of every camera that saw it.
    pub(super) fn is_in_front(&self, pose: impl Fn(u64) -> Option<Se3<f64>>) -> bool {
        let Some(point) = &self.point else {
            return false;
        };
        let depth = |s: &Seen| pose(s.frame).map(|x| x.inverse_act(point).z);
        self.seen
            .iter()
            .filter_map(depth)
            .all(|z| z.is_finite() && z > NEAREST)
    }

    /// Where its rays place it: by the first stereo pair with a disparity,
    /// else by the point nearest to all rays, if they are not parallel.
    pub(super) fn locate(
        &self,
        lenses: &[Lens],
        pose: impl Fn(u64) -> Option<Se3<f64>>,
    ) -> Option<Vector3<f64>> {
        let stereo = self.seen.iter().find_map(|s| match &lenses[s.lens] {
            Lens::Stereo(l) => {
                let [left, right, v] = s.pixel;
                let z = l.fx * l.baseline / (left - right);
                (z.is_finite() && z > NEAREST)
                    .then(|| Some(pose(s.frame)?.act(&l.at_depth(left, v, z))))?
            }
            _ => None,
        });
        stereo.or_else(|| self.cross(lenses, pose))
    }

    /// `min Σ ‖(I − d dᵀ)(x − c)‖²` over rays from c along d.
    fn cross(
        &self,
        lenses: &[Lens],
        pose: impl Fn(u64) -> Option<Se3<f64>>,
    ) -> Option<Vector3<f64>> {
        let mut normal = Matrix3::zeros();
        let mut right = Vector3::zeros();
        let mut first: Option<Vector3<f64>> = None;
        let mut widest = 0.0_f64;
        for s in &self.seen {
            let (fx, fy, cx, cy) = match &lenses[s.lens] {
                Lens::Pinhole(l) => (l.fx, l.fy, l.cx, l.cy),
                Lens::Stereo(l) => (l.fx, l.fy, l.cx, l.cy),
                Lens::Bal => return None,
            };
            let v = s.pixel[lenses[s.lens].rows() - 1];
            let pose = pose(s.frame)?;
            let ray = Vector3::new((s.pixel[0] - cx) / fx, (v - cy) / fy, 1.0).normalize();
            let ray = pose.rotation.act(&ray);
            let across = Matrix3::identity() - ray * ray.transpose();
            normal += across;
            right += across * pose.translation;
            widest = widest.max(first.get_or_insert(ray).cross(&ray).norm());
        }
        if widest < PARALLAX {
            return None;
        }
        Some(normal.cholesky()?.solve(&right))
    }
}

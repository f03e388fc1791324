//! The objective of observations, down to partial sums.

use slam16_problem::{LocalCamera, LocalLens, LocalObservation};

use super::camera::{in_camera, project};
use super::loss as losses;
use super::sums::tree;

/// `partials[robust + g] = ½ Σ ρ(w ‖r‖²)` and `partials[plain + g] =
/// ½ Σ w ‖r‖²` over the observations of workgroup `g` of `groups`: lane `l` of
/// `workgroup` adds those at `g W + l`, `g W + l + G W`, and so on. Infinite
/// where a point has depth 0.
pub fn cost(
    rows: usize,
    workgroup: usize,
    groups: usize,
    observations: &[LocalObservation],
    lenses: &[LocalLens],
    cameras: &[LocalCamera],
    points: &[f32],
    partials: &mut [f32],
    factors: usize,
    robust: usize,
    plain: usize,
    loss: u32,
    loss_scale: f32,
) {
    let squared = |f: usize| {
        let o: &LocalObservation = &observations[f];
        let camera = &cameras[o.camera as usize];
        let x = 3 * o.point as usize;
        let p = in_camera(camera, &points[x..x + 3]);
        let seen = project(&lenses[o.lens as usize], &camera.intrinsics, &p);
        let mut sum = 0.0;
        for r in 0..rows {
            let residual = seen.pixel[r] - o.pixel[r];
            sum += residual * residual;
        }
        if p[2] == 0.0 {
            f32::INFINITY
        } else {
            o.weight * sum
        }
    };
    for g in 0..groups {
        let mut robust_lanes = vec![0.0; workgroup];
        let mut plain_lanes = vec![0.0; workgroup];
        for lane in 0..workgroup {
            for f in (g * workgroup + lane..factors).step_by(groups * workgroup) {
                let s = squared(f);
                robust_lanes[lane] += 0.5 * losses::value(loss, loss_scale, s);
                plain_lanes[lane] += 0.5 * s;
            }
        }
        partials[robust + g] = tree(&mut robust_lanes);
        partials[plain + g] = tree(&mut plain_lanes);
    }
}

//! Residuals and Jacobian blocks of observations.

use slam16_problem::{LocalCamera, LocalLens, LocalObservation};
use slam16_sparse::{EdgeShape, Store, TiledLayout};

use super::camera::{in_camera, project};
use super::loss;
use super::sums::tree;

/// Weighted residuals and both blocks of `factors` observations of one set:
/// cameras of `shape.cols_a` columns (6 or 9), points of 3.
///
/// Residuals go to rows `row` on, blocks to tiles of `tile`, those of the
/// points `second` pairs on. Both are multiplied with `√(w ρ')`, columns with
/// `scale`, laid out like the unknowns with points from `point_column` on and
/// 0 for what is held. `partials[first + g]` counts the observations of
/// workgroup `g` whose residual or stored blocks are not finite.
pub fn linearize<S: Store<Compute = f32>>(
    shape: EdgeShape,
    workgroup: usize,
    tile: usize,
    observations: &[LocalObservation],
    lenses: &[LocalLens],
    scale: &[f32],
    cameras: &[LocalCamera],
    points: &[f32],
    blocks: &mut [S],
    residuals: &mut [f32],
    partials: &mut [f32],
    factors: usize,
    second: usize,
    row: usize,
    point_column: usize,
    first: usize,
    loss: u32,
    loss_scale: f32,
) {
    let (rows, cols) = (shape.rows, shape.cols_a);
    let (layout_a, layout_b) = (
        TiledLayout::new(tile, rows * cols),
        TiledLayout::new(tile, rows * 3),
    );
    let mut lanes = vec![0.0; workgroup];
    for f in 0..factors {
        let o = &observations[f];
        let (c, x) = (o.camera as usize, o.point as usize);
        let camera = &cameras[c];
        let p = in_camera(camera, &points[3 * x..3 * x + 3]);
        let seen = project(&lenses[o.lens as usize], &camera.intrinsics, &p);
        let mut residual = [0.0; 3];
        let mut squared = 0.0;
        for (r, residual) in residual.iter_mut().enumerate().take(rows) {
            *residual = seen.pixel[r] - o.pixel[r];
            squared += *residual * *residual;
        }
        let slope = loss::slope(loss, loss_scale, o.weight * squared);
        let whiten = (o.weight * slope).sqrt();
        let mut sound = p[2] != 0.0 && squared.is_finite() && whiten.is_finite();
        let mut put = |place: usize, value: f32| {
            let stored = S::store(value);
            blocks[place] = stored;
            sound &= stored.load().is_finite();
        };
        for r in 0..rows {
            let [gx, gy, gz] = seen.by_point[r];
            let pose = [
                -gx,
                -gy,
                -gz,
                gy * p[2] - gz * p[1],
                gz * p[0] - gx * p[2],
                gx * p[1] - gy * p[0],
            ];
            let camera_row = pose.iter().chain(&seen.by_intrinsics[r]).take(cols);
            for (k, value) in camera_row.enumerate() {
                let factor = whiten * scale[c * cols + k];
                put(layout_a.index(f, k * rows + r), value * factor);
            }
            let m = &camera.rows;
            for k in 0..3 {
                let value = gx * m[0][k] + gy * m[1][k] + gz * m[2][k];
                let factor = whiten * scale[point_column + 3 * x + k];
                put(2 * second + layout_b.index(f, k * rows + r), value * factor);
            }
            residuals[row + f * rows + r] = residual[r] * whiten;
        }
        // A block with an odd number of entries ends in a zero.
        if (rows * cols) % 2 == 1 {
            put(layout_a.index(f, rows * cols), 0.0);
        }
        if (rows * 3) % 2 == 1 {
            put(2 * second + layout_b.index(f, rows * 3), 0.0);
        }
        lanes[f % workgroup] = if sound { 0.0 } else { 1.0 };
        if f % workgroup == workgroup - 1 || f == factors - 1 {
            partials[first + f / workgroup] = tree(&mut lanes);
            lanes.fill(0.0);
        }
    }
}

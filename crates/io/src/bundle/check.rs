//! What is odd about a bundle as a whole.

use slam16_geometry::CameraFrame;
use slam16_problem::{Bundle, Lens};

use crate::graph::check::Sets;
use crate::warning::{WarningKind, Warnings};

/// Adds warnings about components, lone cameras, points seen too rarely and
/// points behind cameras.
pub(super) fn check(bundle: &Bundle, warnings: &mut Warnings) {
    let cameras = bundle.cameras().len();
    let mut sets = Sets::new(cameras + bundle.points().len());
    let mut views = vec![0u32; cameras + bundle.points().len()];
    // A stereo pair sees a point twice.
    let rays: Vec<u32> = bundle
        .lenses()
        .iter()
        .map(|lens| lens.rows() as u32 - 1)
        .collect();
    for observation in bundle.observations() {
        let (camera, point) = (
            observation.camera.index(),
            cameras + observation.point.index(),
        );
        sets.join(camera, point);
        views[camera] += 1;
        views[point] = views[point].saturating_add(rays[observation.lens.index()]);
    }

    let roots: Vec<usize> = (0..views.len())
        .filter(|v| views[*v] > 0 && sets.root(*v) == *v)
        .collect();
    if roots.len() > 1 {
        for root in roots {
            // Roots are lowest members, so each is a camera.
            warnings.add(WarningKind::SeveralComponents, None, || {
                format!("the one of camera {root}")
            });
        }
    }
    for camera in (0..cameras).filter(|c| views[*c] == 0) {
        warnings.add(WarningKind::VertexWithoutFactors, None, || {
            format!("camera {camera}")
        });
    }
    for point in (0..bundle.points().len()).filter(|p| views[cameras + p] < 2) {
        warnings.add(WarningKind::PointSeenOnce, None, || {
            format!("point {point}")
        });
    }
    behind(bundle, warnings);
}

fn behind(bundle: &Bundle, warnings: &mut Warnings) {
    let frames: Vec<CameraFrame> = bundle
        .cameras()
        .iter()
        .map(|camera| CameraFrame::new(&camera.world_from_camera))
        .collect();
    for observation in bundle.observations() {
        let point = &bundle.points()[observation.point.index()];
        let z = frames[observation.camera.index()].point_in_camera(point).z;
        let depth = match bundle.lenses()[observation.lens.index()] {
            Lens::Bal => -z,
            Lens::Pinhole(_) | Lens::Stereo(_) => z,
        };
        if depth <= 0.0 {
            warnings.add(WarningKind::BehindCamera, None, || {
                format!(
                    "point {} by camera {}",
                    observation.point.0, observation.camera.0
                )
            });
        }
    }
}

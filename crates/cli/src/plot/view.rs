//! What is seen from above.

/// Positions at one moment.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// Poses or cameras, in the order of the trajectory.
    pub path: Vec<[f64; 3]>,
    /// Landmarks or points.
    pub landmarks: Vec<[f64; 3]>,
}

/// What does not move.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// Pairs of places on the path that a factor joins and that do not follow
    /// one another.
    pub links: Vec<(u32, u32)>,
    /// A path that is travelled; else the places stand for themselves.
    pub travelled: bool,
    /// What a place on the path is called: `poses` or `cameras`.
    pub places: &'static str,
    /// Unit of length, empty where it is arbitrary.
    pub unit: &'static str,
}

/// Two coordinates of space, by index, that span the plane of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plane {
    /// To the right.
    pub right: usize,
    /// Upwards.
    pub up: usize,
}

impl Plane {
    /// The plane in which the path extends most: `x y` unless another one is
    /// wider, so that a camera whose y axis points down is seen from above too.
    pub fn of(view: &View) -> Self {
        let size: Vec<f64> = (0..3)
            .map(|k| {
                let (low, high) = span(view.path.iter().map(|p| p[k]), 0.0);
                high - low
            })
            .collect();
        // A tenth more is needed to leave the plane that everybody expects.
        let wider = |a: usize, b: usize| size[a] > 1.1 * size[b];
        if wider(2, 0) && size[0] <= size[1] {
            Self { right: 2, up: 1 }
        } else if wider(2, 1) {
            Self { right: 0, up: 2 }
        } else {
            Self { right: 0, up: 1 }
        }
    }

    /// A point of space in this plane.
    pub fn project(self, p: &[f64; 3]) -> (f64, f64) {
        (p[self.right], p[self.up])
    }
}

/// Least and greatest finite value, without the given fraction at both ends;
/// (0, 0) when there is none.
fn span(values: impl Iterator<Item = f64>, without: f64) -> (f64, f64) {
    let mut sorted: Vec<f64> = values.filter(|v| v.is_finite()).collect();
    if sorted.is_empty() {
        return (0.0, 0.0);
    }
    sorted.sort_unstable_by(f64::total_cmp);
    let skip = (without * sorted.len() as f64) as usize;
    (sorted[skip], sorted[sorted.len() - 1 - skip])
}

/// Ranges right and up that hold a view with the same scale on both axes, in
/// a panel `width` by `height`.
pub fn ranges(view: &View, plane: Plane, width: f64, height: f64) -> [(f64, f64); 2] {
    let axis = |k: usize| {
        let (low, high) = span(view.path.iter().map(|p| p[k]), 0.0);
        if view.landmarks.is_empty() {
            return (low, high);
        }
        // A point near infinity would leave nothing else to be seen.
        let (near, far) = span(view.landmarks.iter().map(|p| p[k]), 0.02);
        (low.min(near), high.max(far))
    };
    let (x, y) = (axis(plane.right), axis(plane.up));
    let middle = |(low, high): (f64, f64)| 0.5 * low + 0.5 * high;
    let size = |(low, high): (f64, f64)| (high - low).max(1e-9 * (1.0 + middle((low, high)).abs()));
    // Length per pixel that fits both, and a margin of a twentieth.
    let scale = 1.1 * (size(x) / width).max(size(y) / height);
    [(x, width), (y, height)].map(|(axis, pixels)| {
        let (centre, half) = (middle(axis), 0.5 * scale * pixels);
        (centre - half, centre + half)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(points: &[[f64; 3]]) -> View {
        View {
            path: points.to_vec(),
            landmarks: Vec::new(),
        }
    }

    #[test]
    fn the_plane_is_the_widest_and_x_y_when_in_doubt() {
        let flat = view(&[[0.0, 0.0, 0.0], [10.0, 5.0, 1.0]]);
        assert_eq!(Plane::of(&flat), Plane { right: 0, up: 1 });
        let ball = view(&[[0.0, 0.0, 0.0], [10.0, 10.0, 10.5]]);
        assert_eq!(Plane::of(&ball), Plane { right: 0, up: 1 });
        let driving = view(&[[0.0, 0.0, 0.0], [10.0, -1.0, 50.0]]);
        assert_eq!(Plane::of(&driving), Plane { right: 0, up: 2 });
        let along_y_z = view(&[[0.0, 0.0, 0.0], [1.0, 9.0, 50.0]]);
        assert_eq!(Plane::of(&along_y_z), Plane { right: 2, up: 1 });
    }

    #[test]
    fn both_axes_have_the_same_scale_and_hold_everything() {
        let v = view(&[[-3.0, 2.0, 0.0], [5.0, 4.0, 0.0]]);
        let [x, y] = ranges(&v, Plane { right: 0, up: 1 }, 400.0, 300.0);
        assert!(((x.1 - x.0) / 400.0 - (y.1 - y.0) / 300.0).abs() < 1e-12);
        assert!(x.0 < -3.0 && x.1 > 5.0 && y.0 < 2.0 && y.1 > 4.0);
        // 8 m over 400 pixels with a margin of a tenth.
        assert!((x.1 - x.0 - 8.8).abs() < 1e-12);
    }

    #[test]
    fn one_place_and_no_place_have_a_range() {
        for v in [view(&[[1.0, 1.0, 1.0]]), view(&[])] {
            let [x, y] = ranges(&v, Plane::of(&v), 400.0, 300.0);
            assert!(x.1 > x.0 && y.1 > y.0);
        }
    }

    #[test]
    fn points_near_infinity_do_not_widen_the_picture() {
        let mut v = view(&[[0.0; 3], [1.0, 1.0, 0.0]]);
        v.landmarks = vec![[0.5, 0.5, 0.0]; 99];
        v.landmarks.push([1e9, 0.0, 0.0]);
        let [x, _] = ranges(&v, Plane::of(&v), 100.0, 100.0);
        assert!(x.1 < 2.0);
    }
}

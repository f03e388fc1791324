//! Structure of a bundle: which scalars are held, and why.

use std::sync::Arc;

use slam16_sparse::{BlockLayout, DenseStructure, EdgeShape, EdgeStructure, JacobianStructure};

use super::{Bundle, Lens};
use crate::components::Components;
use crate::{Note, ProblemError, Setup};

/// Rows of an observation in each of the two factor sets.
pub(super) const SET_ROWS: [usize; 2] = [2, 3];

/// Rays a point needs before its depth is known; a stereo pair is two rays.
const RAYS_PER_POINT: u32 = 2;

/// Known points in a component that fix its position, orientation and scale.
const POINTS_THAT_FIX_GAUGE: u32 = 3;

/// What the observations say about each camera and point.
struct Seen {
    cameras: Vec<SeenCamera>,
    points: Vec<SeenPoint>,
}

#[derive(Clone, Copy, Default)]
struct SeenCamera {
    observed: bool,
    through_bal: bool,
}

#[derive(Clone, Copy, Default)]
struct SeenPoint {
    observations: u32,
    /// Rays from different cameras, counted up to [`RAYS_PER_POINT`].
    rays: u32,
    first_camera: u32,
}

impl Bundle {
    /// Scalars per camera: 9 when any camera's intrinsics are unknowns, else 6.
    fn camera_dim(&self, seen: &Seen) -> usize {
        let free = |(camera, seen): (&super::Camera, &SeenCamera)| {
            seen.through_bal && !camera.intrinsics_fixed
        };
        if self.cameras.iter().zip(&seen.cameras).any(free) {
            9
        } else {
            6
        }
    }

    /// Observations of weight zero say nothing and are not counted.
    fn seen(&self) -> Seen {
        let mut seen = Seen {
            cameras: vec![SeenCamera::default(); self.cameras.len()],
            points: vec![SeenPoint::default(); self.points.len()],
        };
        for observation in self.observations.iter().filter(|o| o.weight > 0.0) {
            let lens = &self.lenses[observation.lens.index()];
            let camera = &mut seen.cameras[observation.camera.index()];
            camera.observed = true;
            camera.through_bal |= matches!(lens, Lens::Bal);
            let point = &mut seen.points[observation.point.index()];
            if point.observations == 0 {
                point.first_camera = observation.camera.0;
                point.rays = 1;
            } else if point.first_camera != observation.camera.0 {
                point.rays = RAYS_PER_POINT;
            }
            if matches!(lens, Lens::Stereo(_)) {
                point.rays = RAYS_PER_POINT;
            }
            point.observations += 1;
        }
        for camera in self.prior.iter().flat_map(|p| p.cameras()) {
            seen.cameras[camera.index()].observed = true;
        }
        seen
    }

    pub(super) fn make_setup(&self) -> Result<Setup, ProblemError> {
        if self.cameras.is_empty() {
            return Err(ProblemError::Empty { what: "cameras" });
        }
        if self.observations.is_empty() && self.prior.is_none() {
            return Err(ProblemError::Empty { what: "factors" });
        }
        let (cameras, points) = (self.cameras.len(), self.points.len());
        let seen = self.seen();
        let camera_dim = self.camera_dim(&seen);
        let layout = BlockLayout::new(
            std::iter::repeat_n(camera_dim, cameras).chain(std::iter::repeat_n(3, points)),
        );
        let mut held = vec![false; layout.scalars()];
        let mut notes = Vec::new();

        for (c, (camera, seen)) in self.cameras.iter().zip(&seen.cameras).enumerate() {
            let scalars = &mut held[layout.range(c)];
            let pose = camera.pose_fixed || !seen.observed;
            let intrinsics = camera.intrinsics_fixed || !seen.through_bal;
            scalars[..6].fill(pose);
            scalars[6..].fill(intrinsics);
            if !seen.observed {
                notes.push(Note::Unconstrained {
                    variable: c,
                    label: c as u64,
                });
            }
        }
        for (p, seen) in seen.points.iter().enumerate() {
            let undetermined = seen.rays < RAYS_PER_POINT;
            held[layout.range(cameras + p)].fill(self.point_fixed[p] || undetermined);
            if undetermined && !self.point_fixed[p] {
                notes.push(Note::PointHeld {
                    point: p,
                    observations: seen.observations as usize,
                });
            }
        }
        self.fix_gauge(&seen, &layout, &mut held, &mut notes);

        let variables = layout.variables();
        let sets = SET_ROWS.map(|rows| {
            let shape = EdgeShape {
                rows,
                cols_a: camera_dim,
                cols_b: 3,
            };
            let of_set = || {
                self.observations
                    .iter()
                    .filter(move |o| self.lenses[o.lens.index()].rows() == rows)
            };
            let var_a = of_set().map(|o| o.camera.0).collect();
            let var_b = of_set().map(|o| cameras as u32 + o.point.0).collect();
            Arc::new(EdgeStructure::new(shape, var_a, var_b, variables))
        });
        let dense = self.prior.as_ref().map(|prior| {
            let cameras = prior.cameras().iter().map(|c| c.0).collect();
            Arc::new(DenseStructure::new(cameras, prior.root().nrows(), &layout))
        });
        Ok(Setup {
            structure: JacobianStructure {
                layout: Arc::new(layout),
                sets: sets.into(),
                dense,
            },
            held,
            notes,
            eliminable_from: cameras,
        })
    }

    /// Holds the first camera of each component in which nothing says where
    /// the world is. The scale stays free: damping alone keeps it in place,
    /// which costs fewer iterations than a constraint.
    fn fix_gauge(
        &self,
        seen: &Seen,
        layout: &BlockLayout,
        held: &mut [bool],
        notes: &mut Vec<Note>,
    ) {
        let cameras = self.cameras.len();
        let mut components = Components::new(layout.variables());
        for o in self.observations.iter().filter(|o| o.weight > 0.0) {
            components.union(o.camera.index(), cameras + o.point.index());
        }
        let prior = self.prior.as_ref().map_or(&[][..], |p| p.cameras());
        for pair in prior.windows(2) {
            components.union(pair[0].index(), pair[1].index());
        }
        let sizes = components.sizes();
        let mut fixed_points = vec![0_u32; layout.variables()];
        let mut anchored = vec![false; layout.variables()];
        for v in 0..layout.variables() {
            let root = components.find(v);
            if v < cameras {
                anchored[root] |= self.cameras[v].pose_fixed;
            } else if self.point_fixed[v - cameras] {
                fixed_points[root] += 1;
            }
        }
        // What was left behind was anchored, and its prior is where it was.
        if let Some(camera) = prior.first() {
            anchored[components.find(camera.index())] = true;
        }
        for c in (0..cameras).filter(|c| seen.cameras[*c].observed) {
            let root = components.find(c);
            if anchored[root] || fixed_points[root] >= POINTS_THAT_FIX_GAUGE {
                continue;
            }
            anchored[root] = true;
            held[layout.offset(c)..layout.offset(c) + 6].fill(true);
            notes.push(Note::GaugeFixed {
                variable: c,
                label: c as u64,
                component_size: sizes[root],
            });
        }
    }
}

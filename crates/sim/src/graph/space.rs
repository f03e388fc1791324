//! Paths in space.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use nalgebra::Vector3;
use slam16_geometry::{Se3, So3};

use super::{GraphNoise, GraphOptions, SimulatedGraph3, measure};
use crate::SimError;
use crate::error::{at_least, positive};

/// A spiral from pole to pole of a sphere, like the public sphere2500.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SphereOptions {
    /// Turns of the spiral.
    pub rings: usize,
    /// Poses of a turn.
    pub per_ring: usize,
    /// Radius of the sphere, metres.
    pub radius: f64,
    /// Noise and the rest.
    pub common: GraphOptions,
}

impl Default for SphereOptions {
    /// 50 turns of 50 poses at 50 m, 0.1 m and 0.05 rad.
    fn default() -> Self {
        Self {
            rings: 50,
            per_ring: 50,
            radius: 50.0,
            common: coarse(0.1, 0.05),
        }
    }
}

fn coarse(translation: f64, rotation: f64) -> GraphOptions {
    let noise = GraphNoise {
        translation,
        rotation,
    };
    GraphOptions {
        odometry: noise,
        closures: noise,
        ..GraphOptions::default()
    }
}

/// Each pose also sees the one a turn earlier. Source of the path: g2o's
/// `create_sphere`.
///
/// # Errors
/// [`SimError::Option`].
pub fn sphere(options: &SphereOptions) -> Result<SimulatedGraph3, SimError> {
    options.common.validate()?;
    at_least("rings", options.rings as f64, 1.0)?;
    at_least("per_ring", options.per_ring as f64, 3.0)?;
    positive("radius", options.radius)?;
    let count = options.rings * options.per_ring;
    let truth = (0..count).map(|k| {
        let longitude = TAU * k as f64 / options.per_ring as f64 - PI;
        let latitude = PI * k as f64 / count as f64 - FRAC_PI_2;
        let rotation = So3::from_roll_pitch_yaw(0.0, latitude, longitude);
        Se3::new(rotation.act(&(Vector3::x() * options.radius)), rotation)
    });
    let truth = truth.collect();
    measure(
        truth,
        &turn_by_turn(options.per_ring, count),
        &options.common,
    )
}

/// Poses one turn apart.
fn turn_by_turn(per_turn: usize, count: usize) -> Vec<(usize, usize)> {
    (per_turn..count).map(|k| (k - per_turn, k)).collect()
}

/// A thread wound around a torus, like the public torus3D.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TorusOptions {
    /// Turns around the tube.
    pub rings: usize,
    /// Poses of a turn.
    pub per_ring: usize,
    /// From the axis to the middle of the tube, metres.
    pub major: f64,
    /// Radius of the tube, metres.
    pub minor: f64,
    /// Noise and the rest.
    pub common: GraphOptions,
}

impl Default for TorusOptions {
    /// 100 turns of 50 poses, radii 10 m and 4 m, 0.05 m and 0.05 rad.
    fn default() -> Self {
        Self {
            rings: 100,
            per_ring: 50,
            major: 10.0,
            minor: 4.0,
            common: coarse(0.05, 0.05),
        }
    }
}

/// Each pose also sees the one a turn earlier, and the last turn the first.
///
/// # Errors
/// [`SimError::Option`].
pub fn torus(options: &TorusOptions) -> Result<SimulatedGraph3, SimError> {
    options.common.validate()?;
    at_least("rings", options.rings as f64, 3.0)?;
    at_least("per_ring", options.per_ring as f64, 3.0)?;
    positive("major", options.major)?;
    positive("minor", options.minor)?;
    let count = options.rings * options.per_ring;
    let truth = (0..count).map(|k| {
        let around = TAU * k as f64 / count as f64;
        let tube = TAU * k as f64 / options.per_ring as f64;
        let rotation = So3::from_roll_pitch_yaw(0.0, -tube, around);
        let out = options.major + options.minor * tube.cos();
        let place = Vector3::new(
            out * around.cos(),
            out * around.sin(),
            options.minor * tube.sin(),
        );
        Se3::new(place, rotation)
    });
    let mut loops = turn_by_turn(options.per_ring, count);
    loops.extend((0..options.per_ring).map(|k| (k, count - options.per_ring + k)));
    measure(truth.collect(), &loops, &options.common)
}

/// A walk through every point of a cubic lattice, like the public grid3D.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GridOptions {
    /// Points along x, y and z.
    pub size: [usize; 3],
    /// Distance of neighbours, metres.
    pub spacing: f64,
    /// Noise and the rest.
    pub common: GraphOptions,
}

impl Default for GridOptions {
    /// 10 × 10 × 10 points a metre apart, half of the closures, 0.05 m and 0.05 rad.
    fn default() -> Self {
        Self {
            size: [10, 10, 10],
            spacing: 1.0,
            common: GraphOptions {
                kept: 0.5,
                ..coarse(0.05, 0.05)
            },
        }
    }
}

/// To and fro along x, then y, then z, looking where it goes; neighbours on
/// the lattice that do not follow one another close loops.
///
/// # Errors
/// [`SimError::Option`].
pub fn grid(options: &GridOptions) -> Result<SimulatedGraph3, SimError> {
    options.common.validate()?;
    let [nx, ny, nz] = options.size;
    for n in options.size {
        at_least("size", n as f64, 1.0)?;
    }
    at_least("number of poses", (nx * ny * nz) as f64, 2.0)?;
    positive("spacing", options.spacing)?;
    // Position along the walk of a lattice point.
    let order = |x: usize, y: usize, z: usize| {
        let y_along = if z.is_multiple_of(2) { y } else { ny - 1 - y };
        let row = z * ny + y_along;
        row * nx + if row.is_multiple_of(2) { x } else { nx - 1 - x }
    };
    let count = nx * ny * nz;
    let mut places = vec![Vector3::zeros(); count];
    let mut loops = Vec::new();
    for z in 0..nz {
        for y in 0..ny {
            for x in 0..nx {
                let here = order(x, y, z);
                places[here] = Vector3::new(x as f64, y as f64, z as f64) * options.spacing;
                let next = [(x + 1, y, z), (x, y + 1, z), (x, y, z + 1)];
                let inside = next
                    .iter()
                    .filter(|(x, y, z)| *x < nx && *y < ny && *z < nz);
                for &(x, y, z) in inside {
                    let there = order(x, y, z);
                    if here.abs_diff(there) > 1 {
                        loops.push((here.min(there), here.max(there)));
                    }
                }
            }
        }
    }
    loops.sort_unstable_by_key(|(i, j)| (*j, *i));
    let truth = (0..count).map(|k| {
        let from = k.min(count - 2);
        let along = places[from + 1] - places[from];
        let yaw = along.y.atan2(along.x);
        let pitch = -along.z.atan2(along.xy().norm());
        Se3::new(places[k], So3::from_roll_pitch_yaw(0.0, pitch, yaw))
    });
    let truth = truth.collect();
    measure(truth, &loops, &options.common)
}

/// A drive up the ramps of a car park, like the public parking-garage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GarageOptions {
    /// Rounds.
    pub levels: usize,
    /// Poses of a round.
    pub per_level: usize,
    /// Half axes of the round, metres.
    pub half_axes: [f64; 2],
    /// Height gained in a round, metres.
    pub height: f64,
    /// Each pose sees this many on either side of the one a round earlier.
    pub neighbours: usize,
    /// Noise and the rest.
    pub common: GraphOptions,
}

impl Default for GarageOptions {
    /// Five rounds of 330 poses, 60 m by 30 m, 3 m high, one neighbour on either side.
    fn default() -> Self {
        Self {
            levels: 5,
            per_level: 330,
            half_axes: [30.0, 15.0],
            height: 3.0,
            neighbours: 1,
            common: coarse(0.02, 0.005),
        }
    }
}

/// An elliptic helix; each pose also sees those near it a round below.
///
/// # Errors
/// [`SimError::Option`].
pub fn garage(options: &GarageOptions) -> Result<SimulatedGraph3, SimError> {
    options.common.validate()?;
    at_least("levels", options.levels as f64, 1.0)?;
    at_least("per_level", options.per_level as f64, 3.0)?;
    positive("half_axes", options.half_axes[0])?;
    positive("half_axes", options.half_axes[1])?;
    at_least("height", options.height, 0.0)?;
    let count = options.levels * options.per_level;
    let [a, b] = options.half_axes;
    let truth = (0..count).map(|k| {
        let turns = k as f64 / options.per_level as f64;
        let (sin, cos) = (TAU * turns).sin_cos();
        let along = Vector3::new(-a * sin, b * cos, options.height / TAU);
        let yaw = along.y.atan2(along.x);
        let pitch = -along.z.atan2(along.xy().norm());
        let place = Vector3::new(a * cos, b * sin, options.height * turns);
        Se3::new(place, So3::from_roll_pitch_yaw(0.0, pitch, yaw))
    });
    let mut loops = Vec::new();
    for k in options.per_level..count {
        let below = k - options.per_level;
        let first = below.saturating_sub(options.neighbours);
        let last = (below + options.neighbours).min(k - 2);
        loops.extend((first..=last).map(|j| (j, k)));
    }
    let truth = truth.collect();
    measure(truth, &loops, &options.common)
}

//! Paths in the plane.

use std::collections::BTreeMap;
use std::f64::consts::{FRAC_PI_2, TAU};

use nalgebra::Vector2;
use slam16_geometry::{Se2, So2};

use super::{GraphNoise, GraphOptions, SimulatedGraph2, measure};
use crate::error::{at_least, positive};
use crate::{Random, SimError};

/// A walk along the streets of a square town, like the public M3500.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ManhattanOptions {
    /// Number of poses.
    pub poses: usize,
    /// Poses from one crossing to the next.
    pub block: usize,
    /// Crossings along each side of the town.
    pub crossings: usize,
    /// Distance between poses, metres.
    pub step: f64,
    /// Poses that must lie between two visits for them to close a loop.
    pub gap: usize,
    /// Noise and the rest.
    pub common: GraphOptions,
}

impl Default for ManhattanOptions {
    /// 3,500 poses, a crossing every 4 m in a town of 9 × 9, noise as in M3500.
    fn default() -> Self {
        let noise = GraphNoise {
            translation: 0.15,
            rotation: 0.0316,
        };
        Self {
            poses: 3500,
            block: 4,
            crossings: 9,
            step: 1.0,
            gap: 10,
            common: GraphOptions {
                odometry: noise,
                closures: noise,
                ..GraphOptions::default()
            },
        }
    }
}

/// A random walk through the town. At each crossing the robot goes straight
/// on, left or right, never leaving the town; each pose that comes back to
/// the place of earlier ones closes a loop to the latest of them.
///
/// # Errors
/// [`SimError::Option`].
pub fn manhattan(options: &ManhattanOptions) -> Result<SimulatedGraph2, SimError> {
    options.common.validate()?;
    at_least("poses", options.poses as f64, 2.0)?;
    at_least("block", options.block as f64, 1.0)?;
    at_least("crossings", options.crossings as f64, 2.0)?;
    positive("step", options.step)?;
    // The walk must not change with the number of closures that are kept.
    let mut random = Random::new(options.common.seed ^ 0x6d61_6e68_6174_7461);
    let last = ((options.crossings - 1) * options.block) as i64;
    let directions = [(1, 0), (0, 1), (-1, 0), (0, -1)];
    let (mut at, mut heading) = ((0_i64, 0_i64), 0_usize);
    let mut truth = Vec::with_capacity(options.poses);
    let mut loops = Vec::new();
    let mut visits: BTreeMap<(i64, i64), usize> = BTreeMap::new();
    for k in 0..options.poses {
        if k > 0 {
            let (dx, dy) = directions[heading];
            at = (at.0 + dx, at.1 + dy);
        }
        let block = options.block as i64;
        if at.0 % block == 0 && at.1 % block == 0 {
            let inside = |turn: &usize| {
                let (dx, dy) = directions[(heading + turn) % 4];
                (0..=last).contains(&(at.0 + dx)) && (0..=last).contains(&(at.1 + dy))
            };
            // Straight on, left, right; in a corner one of them is always inside.
            let open: Vec<usize> = [0, 1, 3].into_iter().filter(inside).collect();
            let turn = open.get(random.index(open.len())).copied().unwrap_or(2);
            heading = (heading + turn) % 4;
        }
        let place = Vector2::new(at.0 as f64, at.1 as f64) * options.step;
        truth.push(Se2::new(place, So2::exp(FRAC_PI_2 * heading as f64)));
        if let Some(before) = visits.insert(at, k)
            && k - before > options.gap
        {
            loops.push((before, k));
        }
    }
    measure(truth, &loops, &options.common)
}

/// Laps of a circle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RingOptions {
    /// Poses of a lap.
    pub per_lap: usize,
    /// Laps.
    pub laps: usize,
    /// Radius of the circle, metres.
    pub radius: f64,
    /// A loop is closed at every this many poses.
    pub every: usize,
    /// Noise and the rest.
    pub common: GraphOptions,
}

impl Default for RingOptions {
    /// Two laps of 200 poses at 50 m, closing at every tenth.
    fn default() -> Self {
        Self {
            per_lap: 200,
            laps: 2,
            radius: 50.0,
            every: 10,
            common: GraphOptions::default(),
        }
    }
}

/// A robot that goes round and round; poses of neighbouring laps close loops.
///
/// # Errors
/// [`SimError::Option`].
pub fn ring(options: &RingOptions) -> Result<SimulatedGraph2, SimError> {
    options.common.validate()?;
    at_least("per_lap", options.per_lap as f64, 3.0)?;
    at_least("laps", options.laps as f64, 1.0)?;
    at_least("every", options.every as f64, 1.0)?;
    positive("radius", options.radius)?;
    let count = options.per_lap * options.laps;
    let truth = (0..count).map(|k| {
        let angle = TAU * k as f64 / options.per_lap as f64;
        let place = Vector2::new(angle.cos(), angle.sin()) * options.radius;
        Se2::new(place, So2::exp(angle + FRAC_PI_2))
    });
    let closing = (options.per_lap..count).step_by(options.every);
    let loops: Vec<_> = closing.map(|k| (k - options.per_lap, k)).collect();
    measure(truth.collect(), &loops, &options.common)
}

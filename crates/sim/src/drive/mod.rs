//! A robot that drives through a building.

mod building;
mod route;
#[cfg(test)]
mod tests;

pub use building::{Building, Wall};
pub use route::{Route, RouteOptions};

use std::f64::consts::{PI, TAU};

use nalgebra::{Vector2, Vector3};
use slam16_geometry::{Se3, So3};

use crate::error::{at_least, positive};
use crate::{Random, SimError};
use route::Waypoints;

/// Nearest that a robot comes to a waypoint before it heads for the next, metres.
const REACH: f64 = 0.3;

/// How the robot moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DriveOptions {
    /// Where it goes.
    pub route: RouteOptions,
    /// Key frames per second.
    pub rate: f64,
    /// Metres per second, straight ahead.
    pub speed: f64,
    /// Largest turn, radians per second.
    pub turn_rate: f64,
    /// Height of the body above the floor, metres.
    pub height: f64,
    /// Amplitude of roll and pitch, radians; the body heaves by as many metres.
    pub sway: f64,
}

impl Default for DriveOptions {
    /// 0.5 m/s with 10 key frames a second, at 1 m, swaying by 0.01 rad.
    fn default() -> Self {
        Self {
            route: RouteOptions::default(),
            rate: 10.0,
            speed: 0.5,
            turn_rate: 1.0,
            height: 1.0,
            sway: 0.01,
        }
    }
}

/// A drive without end: an iterator over true poses, one per key frame.
///
/// `world_from_body`, x forward, y left, z up. The robot turns towards the
/// next waypoint of its route by at most `turn_rate / rate`, and moves by
/// `speed / rate` times the cosine of what is left to turn: it stops to turn
/// back.
#[derive(Clone, Debug)]
pub struct Drive {
    options: DriveOptions,
    waypoints: Waypoints,
    target: Vector2<f64>,
    place: Vector2<f64>,
    heading: f64,
    frame: u64,
    phases: [f64; 3],
}

impl Drive {
    /// A drive from a seed; other seeds begin elsewhere and stray differently.
    ///
    /// # Errors
    /// [`SimError::Option`].
    pub fn new(seed: u64, options: &DriveOptions) -> Result<Self, SimError> {
        positive("rate", options.rate)?;
        positive("speed", options.speed)?;
        positive("turn_rate", options.turn_rate)?;
        at_least("height", options.height, 0.0)?;
        at_least("sway", options.sway, 0.0)?;
        options.route.validate()?;
        let step = options.speed / options.rate;
        if step > options.route.room / 4.0 {
            return Err(SimError::Option {
                option: "speed / rate",
                range: "at most a quarter of a room",
                value: step,
            });
        }
        let mut random = Random::new(seed ^ 0x6472_6976_6500_0000);
        let phases = [(); 3].map(|()| TAU * random.uniform());
        let mut waypoints = Waypoints::new(options.route, random);
        let (place, target) = (waypoints.step(), waypoints.step());
        let way = target - place;
        Ok(Self {
            options: *options,
            waypoints,
            target,
            place,
            heading: way.y.atan2(way.x),
            frame: 0,
            phases,
        })
    }

    fn pose(&self) -> Se3<f64> {
        let time = self.frame as f64 / self.options.rate;
        let sway = self.options.sway;
        // Three frequencies without a common period, as steps and springs have.
        let wave = |k: usize, hertz: f64| sway * (TAU * hertz * time + self.phases[k]).sin();
        let z = self.options.height + wave(0, 0.55);
        let rotation = So3::from_roll_pitch_yaw(wave(1, 0.35), wave(2, 0.45), self.heading);
        Se3::new(Vector3::new(self.place.x, self.place.y, z), rotation)
    }

    fn advance(&mut self) {
        let o = &self.options;
        let reach = REACH.max(1.5 * o.speed / o.rate);
        if (self.target - self.place).norm() < reach {
            self.target = self.waypoints.step();
        }
        let way = self.target - self.place;
        let wanted = wrap(way.y.atan2(way.x) - self.heading);
        let most = o.turn_rate / o.rate;
        let turn = wanted.clamp(-most, most);
        self.heading = wrap(self.heading + turn);
        let step = o.speed / o.rate * (wanted - turn).cos().max(0.0);
        self.place += Vector2::new(self.heading.cos(), self.heading.sin()) * step;
        self.frame += 1;
    }
}

impl Iterator for Drive {
    type Item = Se3<f64>;

    fn next(&mut self) -> Option<Se3<f64>> {
        let pose = self.pose();
        self.advance();
        Some(pose)
    }
}

/// The same angle in (−π, π].
fn wrap(angle: f64) -> f64 {
    let turned = angle - TAU * (angle / TAU).round();
    if turned <= -PI { turned + TAU } else { turned }
}

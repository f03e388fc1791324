//! Where robots go: waypoints without end.

use std::collections::VecDeque;
use std::f64::consts::TAU;

use nalgebra::Vector2;

use crate::error::{at_least, positive};
use crate::{Random, SimError};

/// Width of the corridor, metres.
pub(super) const CORRIDOR: f64 = 2.5;

/// Waypoints of one figure of eight.
const EIGHT: usize = 24;

/// Largest distance of waypoints along a corridor, metres.
const STRETCH: f64 = 3.0;

/// The kind of trajectory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// Round and round a corridor about a block of rooms.
    Corridor,
    /// From room to room on a closed tour that enters each once.
    #[default]
    Rooms,
    /// A figure of eight about the two pillars of a hall.
    FigureEight,
    /// Through doors taken at random; loops close as they come.
    RandomWalk,
}

/// A building and a way through it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RouteOptions {
    /// The kind.
    pub route: Route,
    /// Rooms along x and y. A tour needs an even number along x and two at
    /// least along y.
    pub rooms: [usize; 2],
    /// Side of a room, metres.
    pub room: f64,
    /// Width of a door, metres.
    pub door: f64,
    /// Height of the ceiling, metres.
    pub ceiling: f64,
}

impl Default for RouteOptions {
    /// A tour of 4 × 2 rooms of 6 m × 6 m × 2.6 m with doors of 1.2 m.
    fn default() -> Self {
        Self {
            route: Route::default(),
            rooms: [4, 2],
            room: 6.0,
            door: 1.2,
            ceiling: 2.6,
        }
    }
}

impl RouteOptions {
    pub(super) fn validate(&self) -> Result<(), SimError> {
        let [nx, ny] = self.rooms;
        at_least("rooms", nx.min(ny) as f64, 1.0)?;
        at_least("room", self.room, 3.0)?;
        positive("ceiling", self.ceiling)?;
        at_least("door", self.door, 1.0)?;
        positive("room less door", self.room - self.door)?;
        if self.route == Route::RandomWalk {
            at_least("number of rooms", (nx * ny) as f64, 2.0)?;
        }
        if self.route == Route::Rooms && (nx % 2 != 0 || ny < 2) {
            return Err(SimError::Option {
                option: "rooms",
                range: "even along x and at least 2 along y for a tour",
                value: if ny < 2 { ny as f64 } else { nx as f64 },
            });
        }
        Ok(())
    }

    /// Width and depth of the rooms together, metres.
    pub(super) fn extent(&self) -> [f64; 2] {
        self.rooms.map(|n| n as f64 * self.room)
    }

    /// Centres of the pillars that a figure of eight goes about.
    pub(super) fn pillars(&self) -> [Vector2<f64>; 2] {
        let [width, depth] = self.extent();
        [-0.24, 0.24].map(|x| Vector2::new((0.5 + x) * width, 0.5 * depth))
    }
}

/// The waypoints of a route.
#[derive(Clone, Debug)]
pub(super) struct Waypoints {
    options: RouteOptions,
    random: Random,
    /// Closed tour of rooms, empty for other routes.
    tour: Vec<[usize; 2]>,
    /// Where on the tour, the corridor's corners or the eight it is next.
    at: usize,
    room: [usize; 2],
    before: [usize; 2],
    ahead: VecDeque<Vector2<f64>>,
}

impl Waypoints {
    pub(super) fn new(options: RouteOptions, mut random: Random) -> Self {
        let tour = match options.route {
            Route::Rooms => tour(options.rooms),
            _ => Vec::new(),
        };
        let at = match options.route {
            Route::Corridor => random.index(4),
            Route::FigureEight => random.index(EIGHT),
            Route::Rooms => random.index(tour.len()),
            Route::RandomWalk => 0,
        };
        let room = match options.route {
            Route::Rooms => tour[at],
            _ => options.rooms.map(|n| random.index(n)),
        };
        let mut waypoints = Self {
            options,
            random,
            tour,
            at,
            room,
            before: room,
            ahead: VecDeque::new(),
        };
        if options.route != Route::Corridor && options.route != Route::FigureEight {
            let centre = waypoints.in_room();
            waypoints.ahead.push_back(centre);
        }
        waypoints
    }

    /// The next waypoint; the first is where the drive begins.
    pub(super) fn step(&mut self) -> Vector2<f64> {
        loop {
            if let Some(next) = self.ahead.pop_front() {
                return next;
            }
            match self.options.route {
                Route::Corridor => self.along_corridor(),
                Route::FigureEight => self.round_the_eight(),
                Route::Rooms => {
                    self.at = (self.at + 1) % self.tour.len();
                    self.enter(self.tour[self.at]);
                }
                Route::RandomWalk => self.take_a_door(),
            }
        }
    }

    /// Uniform within `by` of 0 along each axis.
    fn stray(&mut self, by: f64) -> Vector2<f64> {
        Vector2::from_fn(|_, _| by * (2.0 * self.random.uniform() - 1.0))
    }

    fn in_room(&mut self) -> Vector2<f64> {
        let room = self.options.room;
        let [i, j] = self.room.map(|k| (k as f64 + 0.5) * room);
        Vector2::new(i, j) + self.stray(0.15 * room)
    }

    /// Through the door to a neighbouring room.
    fn enter(&mut self, next: [usize; 2]) {
        let room = self.options.room;
        let between = |k: usize| 0.5 * (self.room[k] as f64 + next[k] as f64 + 1.0) * room;
        self.ahead.push_back(Vector2::new(between(0), between(1)));
        self.before = self.room;
        self.room = next;
        let centre = self.in_room();
        self.ahead.push_back(centre);
    }

    fn take_a_door(&mut self) {
        let [nx, ny] = self.options.rooms;
        let [i, j] = self.room;
        let mut doors = Vec::with_capacity(4);
        if i > 0 {
            doors.push([i - 1, j]);
        }
        if i + 1 < nx {
            doors.push([i + 1, j]);
        }
        if j > 0 {
            doors.push([i, j - 1]);
        }
        if j + 1 < ny {
            doors.push([i, j + 1]);
        }
        // Back the same way only out of a dead end.
        if doors.len() > 1 {
            doors.retain(|door| *door != self.before);
        }
        let next = doors[self.random.index(doors.len())];
        self.enter(next);
    }

    /// From one corner to the next, straying a little.
    fn along_corridor(&mut self) {
        let [width, depth] = self.options.extent();
        let half = 0.5 * CORRIDOR;
        let corner = |k: usize| match k % 4 {
            0 => Vector2::new(-half, -half),
            1 => Vector2::new(width + half, -half),
            2 => Vector2::new(width + half, depth + half),
            _ => Vector2::new(-half, depth + half),
        };
        let (from, to) = (corner(self.at), corner(self.at + 1));
        let stretches = ((to - from).norm() / STRETCH).ceil();
        for k in 0..stretches as usize {
            let place = from + (to - from) * (k as f64 / stretches) + self.stray(0.4);
            self.ahead.push_back(place);
        }
        self.at = (self.at + 1) % 4;
    }

    /// One point of Gerono's lemniscate, `(a sin t, b sin t cos t)`.
    fn round_the_eight(&mut self) {
        let [width, depth] = self.options.extent();
        let (sin, cos) = (TAU * self.at as f64 / EIGHT as f64).sin_cos();
        let shape = Vector2::new((0.5 + 0.4 * sin) * width, (0.5 + 0.7 * sin * cos) * depth);
        let place = shape + self.stray(0.1);
        self.ahead.push_back(place);
        self.at = (self.at + 1) % EIGHT;
    }
}

/// Along the first row of rooms, and back up and down the columns above it.
pub(super) fn tour([nx, ny]: [usize; 2]) -> Vec<[usize; 2]> {
    let mut rooms: Vec<[usize; 2]> = (0..nx).map(|i| [i, 0]).collect();
    for i in (0..nx).rev() {
        // nx is even, so the last column is walked down, to the first row.
        let up = (nx - 1 - i).is_multiple_of(2);
        rooms.extend((1..ny).map(|j| if up { [i, j] } else { [i, ny - j] }));
    }
    rooms
}

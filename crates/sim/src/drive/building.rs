//! Walls, and what they hide.

use nalgebra::{Vector2, Vector3};

use super::route::{CORRIDOR, Route, RouteOptions};
use crate::Random;

/// How far landmarks stand out from their wall, metres: less than any map
/// resolves, enough to tell its two sides apart.
const RELIEF: f64 = 0.01;

/// A straight wall from floor to ceiling, in plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wall {
    /// One end.
    pub from: Vector2<f64>,
    /// The other end.
    pub to: Vector2<f64>,
}

impl Wall {
    /// The segment between two points crosses the wall.
    pub fn hides(&self, a: &Vector2<f64>, b: &Vector2<f64>) -> bool {
        let side = |p: &Vector2<f64>, q: &Vector2<f64>, r: &Vector2<f64>| {
            (q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x)
        };
        let apart = |x: f64, y: f64| (x > 0.0) != (y > 0.0);
        apart(side(a, b, &self.from), side(a, b, &self.to))
            && apart(side(&self.from, &self.to, a), side(&self.from, &self.to, b))
    }
}

/// The walls around a route, floor and ceiling.
#[derive(Clone, Debug, PartialEq)]
pub struct Building {
    walls: Vec<Wall>,
    /// Corners of floor and ceiling.
    extent: [Vector2<f64>; 2],
    ceiling: f64,
}

impl Building {
    /// The building of a route.
    pub fn new(options: &RouteOptions) -> Self {
        let [width, depth] = options.extent();
        let (mut low, mut high) = (Vector2::zeros(), Vector2::new(width, depth));
        let mut walls = rectangle(low, high);
        match options.route {
            Route::Corridor => {
                low -= Vector2::repeat(CORRIDOR);
                high += Vector2::repeat(CORRIDOR);
                walls.extend(rectangle(low, high));
            }
            Route::FigureEight => {
                for centre in options.pillars() {
                    let half = Vector2::repeat(0.1 * depth);
                    walls.extend(rectangle(centre - half, centre + half));
                }
            }
            Route::Rooms | Route::RandomWalk => walls.extend(partitions(options)),
        }
        Self {
            walls,
            extent: [low, high],
            ceiling: options.ceiling,
        }
    }

    /// All walls.
    pub fn walls(&self) -> &[Wall] {
        &self.walls
    }

    /// No wall stands between two points.
    pub fn sees(&self, a: &Vector3<f64>, b: &Vector3<f64>) -> bool {
        let (a, b) = (a.xy(), b.xy());
        !self.walls.iter().any(|wall| wall.hides(&a, &b))
    }

    /// Landmarks on both sides of every wall, on the floor and the ceiling:
    /// uniform, `density` per square metre.
    pub fn landmarks(&self, density: f64, random: &mut Random) -> Vec<Vector3<f64>> {
        let mut landmarks = Vec::new();
        for wall in &self.walls {
            let along = wall.to - wall.from;
            let normal = Vector2::new(-along.y, along.x).normalize() * RELIEF;
            for side in [normal, -normal] {
                for _ in 0..count(along.norm() * self.ceiling * density, random) {
                    let place = wall.from + along * random.uniform() + side;
                    let height = self.ceiling * random.uniform();
                    landmarks.push(Vector3::new(place.x, place.y, height));
                }
            }
        }
        let [low, high] = self.extent;
        let size = high - low;
        for height in [0.0, self.ceiling] {
            for _ in 0..count(size.x * size.y * density, random) {
                let x = low.x + size.x * random.uniform();
                let y = low.y + size.y * random.uniform();
                landmarks.push(Vector3::new(x, y, height));
            }
        }
        landmarks
    }
}

/// A whole number with the given mean, next to it.
fn count(mean: f64, random: &mut Random) -> usize {
    mean as usize + usize::from(random.chance(mean.fract()))
}

fn rectangle(low: Vector2<f64>, high: Vector2<f64>) -> Vec<Wall> {
    let corners = [
        low,
        Vector2::new(high.x, low.y),
        high,
        Vector2::new(low.x, high.y),
    ];
    (0..4)
        .map(|k| Wall {
            from: corners[k],
            to: corners[(k + 1) % 4],
        })
        .collect()
}

/// Walls between neighbouring rooms, each with a door in the middle.
fn partitions(options: &RouteOptions) -> Vec<Wall> {
    let [nx, ny] = options.rooms;
    let room = options.room;
    let mut walls = Vec::new();
    let mut with_door = |start: Vector2<f64>, along: Vector2<f64>| {
        let jamb = 0.5 * (room - options.door);
        walls.push(Wall {
            from: start,
            to: start + along * jamb,
        });
        walls.push(Wall {
            from: start + along * (room - jamb),
            to: start + along * room,
        });
    };
    for i in 0..nx {
        for j in 0..ny {
            let (x, y) = (i as f64 * room, j as f64 * room);
            if i > 0 {
                with_door(Vector2::new(x, y), Vector2::y());
            }
            if j > 0 {
                with_door(Vector2::new(x, y), Vector2::x());
            }
        }
    }
    walls
}

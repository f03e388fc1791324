//! A set of vertices whose removal splits a connected graph in two.

use std::collections::BinaryHeap;

use super::graph::Graph;
use super::rcm::Levels;

/// Where a vertex is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Left,
    Right,
    Between,
    /// Not part of this graph.
    Outside,
}

/// Neither side may have less than this fraction of the weight.
const LEAST: f64 = 0.2;

/// Moves without a better separator after which a pass ends.
const PATIENCE: usize = 40;

/// Passes over the separator.
const PASSES: usize = 4;

/// Working storage for one separator after the other.
pub(crate) struct Separator {
    side: Vec<Side>,
    locked: Vec<bool>,
    /// Weight on the left, on the right and between.
    weight: [i64; 3],
}

/// A vertex that may leave the separator; the largest gain comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Move {
    gain: i64,
    vertex: std::cmp::Reverse<u32>,
    to: Side,
}

impl Separator {
    pub fn new(n: usize) -> Self {
        Self {
            side: vec![Side::Outside; n],
            locked: vec![false; n],
            weight: [0; 3],
        }
    }

    /// The vertices of `all` on one side.
    pub fn on(&self, all: &[u32], side: Side) -> Vec<u32> {
        let members = all.iter().filter(|&&v| self.side[v as usize] == side);
        members.copied().collect()
    }

    /// Splits the vertices in `levels.queue`, which `inside` accepts and
    /// which are connected.
    pub fn find(&mut self, graph: &Graph, levels: &Levels, inside: impl Fn(u32) -> bool) {
        self.cut_level(graph, levels, &inside);
        for _ in 0..PASSES {
            if !self.refine(graph, levels, &inside) {
                break;
            }
        }
    }

    /// How bad a separation is: small separators and even sides are good. The
    /// work on a separator grows with its cube, on the sides it is shared out.
    fn badness(weight: [i64; 3]) -> f64 {
        let [left, right, between] = weight.map(|w| w as f64);
        let total = left + right + between;
        if left.min(right) < LEAST * total {
            return f64::INFINITY;
        }
        between * (1.0 + 0.5 * (left - right).abs() / total)
    }

    /// Takes the best level as the separator, less what does not touch the
    /// next level.
    fn cut_level(&mut self, graph: &Graph, levels: &Levels, inside: &impl Fn(u32) -> bool) {
        let height = levels.height() as usize + 1;
        let mut weights = vec![0_i64; height];
        for &v in &levels.queue {
            weights[levels.depth[v as usize] as usize] += i64::from(graph.weights[v as usize]);
        }
        let total: i64 = weights.iter().sum();
        let (mut before, mut best, mut cut, mut half) = (0, f64::INFINITY, None, 0);
        for (level, &weight) in weights.iter().enumerate() {
            let badness = Self::badness([before, total - before - weight, weight]);
            if badness < best {
                best = badness;
                cut = Some(level);
            }
            if 2 * before < total {
                half = level;
            }
            before += weight;
        }
        let cut = cut.unwrap_or(half) as u32;
        self.weight = [0; 3];
        for &v in &levels.queue {
            let depth = levels.depth[v as usize];
            let touches_next = || {
                let mut neighbours = graph.of(v).iter();
                neighbours.any(|&u| inside(u) && levels.depth[u as usize] > cut)
            };
            let side = if depth > cut {
                Side::Right
            } else if depth == cut && touches_next() {
                Side::Between
            } else {
                Side::Left
            };
            self.side[v as usize] = side;
            self.weight[side as usize] += i64::from(graph.weights[v as usize]);
        }
    }

    /// What moving `v` out of the separator to `to` takes off its weight:
    /// `v` leaves, its neighbours on the other side enter.
    fn gain(&self, graph: &Graph, v: u32, to: Side, inside: &impl Fn(u32) -> bool) -> i64 {
        let other = opposite(to);
        let mut gain = i64::from(graph.weights[v as usize]);
        for &u in graph.of(v) {
            if inside(u) && self.side[u as usize] == other {
                gain -= i64::from(graph.weights[u as usize]);
            }
        }
        gain
    }

    /// One pass of moves, best first, each vertex at most once, back to the
    /// best state seen. Returns whether that is better than before.
    fn refine(&mut self, graph: &Graph, levels: &Levels, inside: &impl Fn(u32) -> bool) -> bool {
        let mut heap = BinaryHeap::new();
        for &v in &levels.queue {
            self.locked[v as usize] = false;
            if self.side[v as usize] == Side::Between {
                self.offer(graph, v, inside, &mut heap);
            }
        }
        let before = Self::badness(self.weight);
        let mut best = before;
        let mut log: Vec<(u32, Side)> = Vec::new();
        let mut kept = 0;
        let mut since = 0;
        while let Some(Move { gain, vertex, to }) = heap.pop() {
            let v = vertex.0;
            if self.locked[v as usize] || self.side[v as usize] != Side::Between {
                continue;
            }
            let now = self.gain(graph, v, to, inside);
            if now != gain {
                // Its neighbourhood has changed since it was offered.
                heap.push(Move {
                    gain: now,
                    vertex,
                    to,
                });
                continue;
            }
            let own = i64::from(graph.weights[v as usize]);
            let mut weight = self.weight;
            weight[to as usize] += own;
            weight[Side::Between as usize] -= gain;
            weight[opposite(to) as usize] -= own - gain;
            if Self::badness(weight).is_infinite() && best.is_finite() {
                continue;
            }
            self.weight = weight;
            self.locked[v as usize] = true;
            self.side[v as usize] = to;
            log.push((v, Side::Between));
            for &u in graph.of(v) {
                if inside(u) && self.side[u as usize] == opposite(to) {
                    log.push((u, opposite(to)));
                    self.side[u as usize] = Side::Between;
                    if !self.locked[u as usize] {
                        self.offer(graph, u, inside, &mut heap);
                    }
                }
            }
            let badness = Self::badness(self.weight);
            if badness < best {
                best = badness;
                kept = log.len();
                since = 0;
            } else {
                since += 1;
                if since > PATIENCE {
                    break;
                }
            }
        }
        for &(v, side) in log[kept..].iter().rev() {
            let own = i64::from(graph.weights[v as usize]);
            self.weight[self.side[v as usize] as usize] -= own;
            self.weight[side as usize] += own;
            self.side[v as usize] = side;
        }
        best < before
    }

    fn offer(
        &self,
        graph: &Graph,
        v: u32,
        inside: &impl Fn(u32) -> bool,
        heap: &mut BinaryHeap<Move>,
    ) {
        for to in [Side::Left, Side::Right] {
            heap.push(Move {
                gain: self.gain(graph, v, to, inside),
                vertex: std::cmp::Reverse(v),
                to,
            });
        }
    }
}

fn opposite(side: Side) -> Side {
    match side {
        Side::Left => Side::Right,
        Side::Right => Side::Left,
        other => other,
    }
}

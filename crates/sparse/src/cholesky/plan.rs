//! Where the update matrices live, and which subtrees run side by side.

use std::ops::Range;

use super::padded;
use super::run::packing_room;
use super::symbolic::{Front, SymbolicCholesky};

/// One cache line; storage made of these is aligned for whole registers.
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
struct Line([u8; super::LINE]);

/// Scalars that start on a cache line.
#[derive(Clone, Default)]
pub(crate) struct Aligned {
    lines: Vec<Line>,
}

impl std::fmt::Debug for Aligned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Aligned({} bytes)", self.bytes())
    }
}

impl Aligned {
    /// Room for at least `count` scalars, all zero.
    pub fn zeros<T>(count: usize) -> Self {
        let lines = padded::<T>(count) * size_of::<T>() / super::LINE;
        Self {
            lines: vec![bytemuck::Zeroable::zeroed(); lines],
        }
    }

    pub fn get<T: bytemuck::Pod>(&self) -> &[T] {
        bytemuck::cast_slice(&self.lines)
    }

    pub fn get_mut<T: bytemuck::Pod>(&mut self) -> &mut [T] {
        bytemuck::cast_slice_mut(&mut self.lines)
    }

    pub fn bytes(&self) -> usize {
        self.lines.len() * super::LINE
    }
}

/// Where an update matrix is kept: two stacks per worker, one for fronts of
/// even depth and one for odd depth. A front reads its children from one
/// stack and writes its own update matrix to the other.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Slot {
    pub stack: u32,
    pub offset: usize,
}

/// A set of subtrees for one worker.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    /// Fronts of each subtree, ascending.
    pub subtrees: Vec<Range<usize>>,
}

/// How a factorisation is spread over threads.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub threads: usize,
    /// Run side by side.
    pub groups: Vec<Group>,
    /// Fronts that run after the groups, ascending.
    pub top: Vec<u32>,
    pub slots: Vec<Slot>,
    /// Scalars of each stack: even and odd of each group, then of the top.
    pub stacks: Vec<usize>,
    /// Scalars of packing room of each group, then of the top.
    pub rooms: Vec<usize>,
}

/// Shape of a front's update matrix in memory.
///
/// Row `i` below the pivots is kept at row `lead + i`, which makes registers
/// hold the same rows here and in the front's columns of L.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UpdateShape {
    pub lead: usize,
    pub ld: usize,
    pub columns: usize,
}

impl UpdateShape {
    #[inline(always)]
    pub fn of<T>(front: &Front) -> Self {
        let lead = front.pivots as usize % (super::LINE / size_of::<T>());
        let columns = front.below as usize;
        Self {
            lead,
            ld: if columns > 0 {
                padded::<T>(lead + columns)
            } else {
                0
            },
            columns,
        }
    }

    #[inline(always)]
    pub fn len(self) -> usize {
        self.ld * self.columns
    }
}

impl Plan {
    pub fn new<T>(symbolic: &SymbolicCholesky, threads: usize) -> Self {
        let fronts = &symbolic.fronts;
        let groups = if threads > 1 {
            split(symbolic, threads)
        } else {
            Vec::new()
        };
        let mut owner = vec![groups.len(); fronts.len()];
        for (g, group) in groups.iter().enumerate() {
            for subtree in &group.subtrees {
                owner[subtree.clone()].fill(g);
            }
        }
        let top: Vec<u32> = (0..fronts.len())
            .filter(|&f| owner[f] == groups.len())
            .map(|f| f as u32)
            .collect();
        let mut plan = Self {
            threads,
            stacks: vec![0; 2 * groups.len() + 2],
            slots: vec![Slot::default(); fronts.len()],
            rooms: vec![0; groups.len() + 1],
            groups,
            top,
        };
        let mut used = vec![0_usize; plan.stacks.len()];
        for (f, front) in fronts.iter().enumerate() {
            let room = &mut plan.rooms[owner[f]];
            *room = packing_room::<T>(front).max(*room);
            let stack = 2 * owner[f] + (front.depth as usize & 1);
            plan.slots[f] = Slot {
                stack: stack as u32,
                offset: used[stack],
            };
            // One line more, so that whole registers can be read anywhere.
            used[stack] += UpdateShape::of::<T>(front).len() + padded::<T>(1);
            plan.stacks[stack] = plan.stacks[stack].max(used[stack]);
            // Children are popped once assembled; those that belong to
            // another worker stay where they are.
            for &child in symbolic.children(front) {
                let slot = plan.slots[child as usize];
                if owner[child as usize] == owner[f] {
                    used[slot.stack as usize] = used[slot.stack as usize].min(slot.offset);
                }
            }
        }
        plan
    }
}

/// Expected work of a front, in flops and then some for moving data.
fn work(front: &Front) -> f64 {
    let (p, r) = (f64::from(front.pivots), f64::from(front.below));
    p * p * (p / 3.0 + r) + p * r * r + 5.0 * r * r + 1000.0
}

/// Cuts the tree into subtrees of balanced total work for each thread.
fn split(symbolic: &SymbolicCholesky, threads: usize) -> Vec<Group> {
    let fronts = &symbolic.fronts;
    let mut below: Vec<f64> = fronts.iter().map(work).collect();
    let mut first: Vec<usize> = (0..fronts.len()).collect();
    for (f, front) in fronts.iter().enumerate() {
        for &child in symbolic.children(front) {
            below[f] += below[child as usize];
            first[f] = first[f].min(first[child as usize]);
        }
    }
    let roots = (0..fronts.len()).filter(|&f| fronts[f].parent == u32::MAX);
    let mut subtrees: Vec<usize> = roots.collect();
    let total: f64 = subtrees.iter().map(|&f| below[f]).sum();
    let mut groups = pack(&subtrees, &below, threads);
    for _ in 0..8 * threads {
        let sum: f64 = subtrees.iter().map(|&f| below[f]).sum();
        let largest = load(&groups, &below);
        if largest <= 1.05 * sum / threads as f64 || sum < 0.5 * total {
            break;
        }
        let Some(at) = (0..subtrees.len()).max_by(|&a, &b| {
            let key = |k: usize| below[subtrees[k]];
            key(a).total_cmp(&key(b)).then(b.cmp(&a))
        }) else {
            break;
        };
        let heaviest = subtrees.swap_remove(at);
        subtrees.extend(
            symbolic
                .children(&fronts[heaviest])
                .iter()
                .map(|&c| c as usize),
        );
        groups = pack(&subtrees, &below, threads);
    }
    groups
        .into_iter()
        .filter(|g| !g.is_empty())
        .map(|mut roots| {
            roots.sort_unstable();
            Group {
                subtrees: roots.into_iter().map(|f| first[f]..f + 1).collect(),
            }
        })
        .collect()
}

fn load(groups: &[Vec<usize>], work: &[f64]) -> f64 {
    groups
        .iter()
        .map(|g| g.iter().map(|&f| work[f]).sum())
        .fold(0.0, f64::max)
}

/// Heaviest first, each to the group with the least work.
fn pack(subtrees: &[usize], work: &[f64], threads: usize) -> Vec<Vec<usize>> {
    let mut order = subtrees.to_vec();
    order.sort_by(|&a, &b| work[b].total_cmp(&work[a]).then(a.cmp(&b)));
    let mut groups = vec![Vec::new(); threads];
    let mut loads = vec![0.0; threads];
    for f in order {
        let mut least = 0;
        for g in 1..threads {
            if loads[g] < loads[least] {
                least = g;
            }
        }
        groups[least].push(f);
        loads[least] += work[f];
    }
    groups
}

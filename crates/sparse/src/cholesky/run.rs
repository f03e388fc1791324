//! The order in which fronts are factored, on one thread or several.

use super::extend::Columns;
use super::front::{AssemblePanel, Input, PanelWork, SmallFront, Source, UpdateWork};
use super::numeric::PanelPlace;
use super::packed::room;
use super::padded;
use super::plan::{Aligned, Plan, UpdateShape};
use super::symbolic::Front;
use crate::{Compute, Threads};

/// Columns factored before the rest of a large front is updated.
const BLOCK: usize = 96;

/// Columns of a large front that one task updates.
const STRIPE: usize = 48;

/// First bad pivot, by its scalar in elimination numbering.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failure {
    pub front: usize,
    pub scalar: usize,
    pub pivot: f64,
}

/// Everything a factorisation reads and writes.
pub(crate) struct Workspace<'a, T: Compute> {
    pub input: Input<'a>,
    pub places: &'a [PanelPlace],
    pub plan: &'a Plan,
    pub factor: &'a mut [T],
    pub inverse: &'a mut [T],
    pub stacks: &'a mut [Aligned],
    pub rooms: &'a mut [Aligned],
}

/// What one worker writes: columns of L and pivots from some front on, and
/// its two stacks.
struct Worker<'a, T> {
    factor: &'a mut [T],
    factor_start: usize,
    inverse: &'a mut [T],
    inverse_start: usize,
    even: &'a mut [T],
    odd: &'a mut [T],
    /// For packing columns of large fronts.
    room: &'a mut [T],
    /// Stacks of workers that are done.
    finished: &'a [Aligned],
}

/// What all workers read.
struct Shared<'a> {
    arch: pulp::Arch,
    input: Input<'a>,
    places: &'a [PanelPlace],
    plan: &'a Plan,
}

impl<T: Compute> Workspace<'_, T> {
    /// Factors all fronts.
    pub fn run(self, arch: pulp::Arch, threads: &Threads) -> Result<(), Failure> {
        let shared = Shared {
            arch,
            input: self.input,
            places: self.places,
            plan: self.plan,
        };
        let own = 2 * self.plan.groups.len();
        let (finished, top) = self.stacks.split_at_mut(own);
        let (rooms, top_room) = self.rooms.split_at_mut(self.plan.groups.len());
        let failed = if own > 0 {
            run_groups(&shared, threads, self.factor, self.inverse, finished, rooms)
        } else {
            None
        };
        let (even, odd) = top.split_at_mut(1);
        let mut worker = Worker {
            factor: self.factor,
            factor_start: 0,
            inverse: self.inverse,
            inverse_start: 0,
            even: even[0].get_mut::<T>(),
            odd: odd[0].get_mut::<T>(),
            room: top_room[0].get_mut::<T>(),
            finished,
        };
        let limit = failed.map_or(usize::MAX, |f: Failure| f.front);
        for &f in &self.plan.top {
            if f as usize > limit {
                break;
            }
            worker.factor_front(&shared, f as usize, threads)?;
        }
        failed.map_or(Ok(()), Err)
    }
}

/// Runs the groups side by side; returns the failure of the earliest front.
fn run_groups<T: Compute>(
    shared: &Shared<'_>,
    threads: &Threads,
    mut factor: &mut [T],
    mut inverse: &mut [T],
    stacks: &mut [Aligned],
    rooms: &mut [Aligned],
) -> Option<Failure> {
    let fronts = &shared.input.symbolic.fronts;
    let groups = &shared.plan.groups;
    let mut order: Vec<(usize, std::ops::Range<usize>)> = Vec::new();
    for (g, group) in groups.iter().enumerate() {
        order.extend(group.subtrees.iter().map(|s| (g, s.clone())));
    }
    order.sort_by_key(|(_, subtree)| subtree.start);
    let mut tasks: Vec<Vec<_>> = groups.iter().map(|_| Vec::new()).collect();
    let (mut factor_at, mut inverse_at) = (0, 0);
    for (g, subtree) in order {
        let (first, last) = (subtree.start, subtree.end - 1);
        let begin = shared.places[first].offset;
        let end =
            shared.places[last].offset + shared.places[last].ld * fronts[last].pivots as usize;
        let (_, rest) = factor.split_at_mut(begin - factor_at);
        let (own_factor, rest) = rest.split_at_mut(end - begin);
        (factor, factor_at) = (rest, end);
        let begin = fronts[first].scalar as usize;
        let end = (fronts[last].scalar + fronts[last].pivots) as usize;
        let (_, rest) = inverse.split_at_mut(begin - inverse_at);
        let (own_inverse, rest) = rest.split_at_mut(end - begin);
        (inverse, inverse_at) = (rest, end);
        tasks[g].push((subtree, own_factor, own_inverse));
    }
    let workers = tasks.into_iter().zip(stacks.chunks_exact_mut(2)).zip(rooms);
    let failures = threads.map(workers.collect(), |((pieces, stacks), room)| {
        let (even, odd) = stacks.split_at_mut(1);
        let (even, odd) = (even[0].get_mut::<T>(), odd[0].get_mut::<T>());
        let single = Threads::single();
        for (subtree, factor, inverse) in pieces {
            let mut worker = Worker {
                factor,
                factor_start: shared.places[subtree.start].offset,
                inverse,
                inverse_start: fronts[subtree.start].scalar as usize,
                even: &mut *even,
                odd: &mut *odd,
                room: room.get_mut::<T>(),
                finished: &[],
            };
            for f in subtree {
                if let Err(failure) = worker.factor_front(shared, f, &single) {
                    return Some(failure);
                }
            }
        }
        None
    });
    failures.into_iter().flatten().min_by_key(|f| f.front)
}

impl<T: Compute> Worker<'_, T> {
    fn factor_front(
        &mut self,
        shared: &Shared<'_>,
        f: usize,
        threads: &Threads,
    ) -> Result<(), Failure> {
        let symbolic = shared.input.symbolic;
        let front = &symbolic.fronts[f];
        let pivots = front.pivots as usize;
        let slots = &shared.plan.slots;
        let first_own = slots[f].stack & !1;
        let (own, read) = if front.depth & 1 == 0 {
            (&mut *self.even, &*self.odd)
        } else {
            (&mut *self.odd, &*self.even)
        };
        let finished = self.finished;
        let child = |c: u32| {
            let slot = slots[c as usize];
            let stack = if slot.stack >= first_own {
                read
            } else {
                finished[slot.stack as usize].get::<T>()
            };
            &stack[slot.offset..]
        };
        let shape = UpdateShape::of::<T>(front);
        let at = slots[f].offset;
        let place = shared.places[f];
        let start = place.offset - self.factor_start;
        let panel = Columns {
            values: &mut self.factor[start..start + place.ld * pivots],
            ld: place.ld,
            first: 0,
            row: 0,
        };
        let update = Columns {
            values: &mut own[at..at + shape.len()],
            ld: shape.ld,
            first: pivots,
            row: pivots - shape.lead,
        };
        let start = front.scalar as usize - self.inverse_start;
        let inverse = &mut self.inverse[start..start + pivots];
        let source = Source {
            input: shared.input,
            front,
            child,
        };
        let outcome = if is_large(front) {
            factor_large(
                shared.arch,
                &source,
                panel,
                update,
                inverse,
                self.room,
                threads,
            )
        } else {
            shared.arch.dispatch(SmallFront {
                source,
                panel,
                update,
                inverse,
            })
        };
        outcome.map_err(|(column, pivot)| Failure {
            front: f,
            scalar: front.scalar as usize + column,
            pivot: pivot.widen(),
        })
    }
}

/// Worth cutting into stripes: its update matrix leaves the first level of
/// the cache, and there is some 10 µs of work in it.
pub(crate) fn is_large(front: &Front) -> bool {
    let (p, r) = (f64::from(front.pivots), f64::from(front.below));
    front.pivots > BLOCK as u32 || (r > 2.0 * STRIPE as f64 && p * r * r > 2e5)
}

/// Scalars of room that a front's packed columns need.
pub(crate) fn packing_room<T>(front: &Front) -> usize {
    if !is_large(front) {
        return 0;
    }
    let (pivots, below) = (front.pivots as usize, front.below as usize);
    let rows = padded::<T>(pivots + below);
    room::<T>(rows, pivots.min(BLOCK))
}

/// Assembles and factors a front block by block, the update of the rest cut
/// into stripes. Entry by entry the arithmetic is that of a small front.
fn factor_large<'c, T: Compute>(
    arch: pulp::Arch,
    source: &Source<'_, impl Fn(u32) -> &'c [T] + Sync>,
    mut panel: Columns<'_, T>,
    update: Columns<'_, T>,
    inverse: &mut [T],
    room: &mut [T],
    threads: &Threads,
) -> Result<(), (usize, T)> {
    arch.dispatch(AssemblePanel {
        source,
        panel: &mut panel,
    });
    let (pivots, ld) = (inverse.len(), panel.ld);
    let mut begin = 0;
    while begin < pivots {
        let end = (begin + BLOCK).min(pivots);
        let (done, rest) = panel.values.split_at_mut(end * ld);
        let block = &mut done[begin * ld..];
        let finished = arch.dispatch(PanelWork {
            values: block,
            ld,
            lead: begin,
            inverse: &mut inverse[begin..end],
            room: &mut *room,
        });
        let finished = finished.map_err(|(column, pivot)| (begin + column, pivot))?;
        let of_panel = stripes(rest, ld, end, 0).map(|target| (None, target));
        let first = (begin == 0).then_some(source);
        let of_update =
            stripes(update.values, update.ld, pivots, update.row).map(|target| (first, target));
        let work = of_panel
            .chain(of_update)
            .map(|(source, target)| UpdateWork {
                source,
                target,
                finished,
            });
        if threads.count() > 1 {
            threads.for_each(work.collect(), |work| arch.dispatch(work));
        } else {
            work.for_each(|work| arch.dispatch(work));
        }
        begin = end;
    }
    Ok(())
}

/// Cuts columns into stripes; the first column of all is the front's `first`.
fn stripes<T>(
    values: &mut [T],
    ld: usize,
    first: usize,
    row: usize,
) -> impl Iterator<Item = Columns<'_, T>> {
    let stripes = values.chunks_mut((STRIPE * ld).max(1)).enumerate();
    stripes.map(move |(k, values)| Columns {
        values,
        ld,
        first: first + k * STRIPE,
        row,
    })
}

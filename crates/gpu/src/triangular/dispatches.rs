//! Which levels go into one dispatch.

/// Steps after which a dispatch ends, so that none runs long enough for a
/// driver to think that the device hangs.
const MOST_STEPS: usize = 4096;

/// Some steps in one dispatch. A step is a range of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dispatch {
    /// Number of the first step.
    pub first: usize,
    /// Steps.
    pub steps: usize,
    /// Rows of the widest step.
    pub rows: usize,
}

/// The steps of a solve and their dispatches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Steps {
    /// First row and end of each step.
    pub rows: Vec<u32>,
    pub dispatches: Vec<Dispatch>,
}

/// Levels in the order in which they are solved. One of more than `narrow` rows
/// gets a dispatch of its own; narrower ones in a row share one, in which a
/// single workgroup takes at most `per_group` rows at a time.
pub(super) fn steps(
    levels: impl Iterator<Item = (u32, u32)>,
    narrow: usize,
    per_group: usize,
) -> Steps {
    let mut made = Steps::default();
    let mut open = false;
    for (first, end) in levels {
        let width = (end - first) as usize;
        if width > narrow {
            made.begin();
            made.step(first, end);
            open = false;
            continue;
        }
        for first in (first..end).step_by(per_group.max(1)) {
            let full = made
                .dispatches
                .last()
                .is_some_and(|d| d.steps == MOST_STEPS);
            if !open || full {
                made.begin();
                open = true;
            }
            made.step(first, end.min(first + per_group as u32));
        }
    }
    made
}

impl Steps {
    fn begin(&mut self) {
        self.dispatches.push(Dispatch {
            first: self.rows.len() / 2,
            steps: 0,
            rows: 0,
        });
    }

    fn step(&mut self, first: u32, end: u32) {
        self.rows.extend([first, end]);
        if let Some(dispatch) = self.dispatches.last_mut() {
            dispatch.steps += 1;
            dispatch.rows = dispatch.rows.max((end - first) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dispatch(first: usize, steps: usize, rows: usize) -> Dispatch {
        Dispatch { first, steps, rows }
    }

    /// Levels of 2, 7, 30, 1 and 40 rows, 4 rows at a time, narrow up to 8.
    #[test]
    fn narrow_levels_share_a_dispatch() {
        let levels = [(0, 2), (2, 9), (9, 39), (39, 40), (40, 80)];
        let made = steps(levels.into_iter(), 8, 4);
        assert_eq!(made.rows, [0, 2, 2, 6, 6, 9, 9, 39, 39, 40, 40, 80]);
        let want = [
            dispatch(0, 3, 4),
            dispatch(3, 1, 30),
            dispatch(4, 1, 1),
            dispatch(5, 1, 40),
        ];
        assert_eq!(made.dispatches, want);
        assert_eq!(steps(std::iter::empty(), 8, 4), Steps::default());
    }

    #[test]
    fn long_chains_are_cut() {
        let count = 2 * MOST_STEPS as u32 + 1;
        let made = steps((0..count).map(|l| (l, l + 1)), 8, 4);
        let lengths: Vec<usize> = made.dispatches.iter().map(|d| d.steps).collect();
        assert_eq!(lengths, [MOST_STEPS, MOST_STEPS, 1]);
        assert_eq!(made.dispatches[2], dispatch(2 * MOST_STEPS, 1, 1));
    }
}

//! Who sees whom: the eliminated variables with their factors, and the
//! pattern of the reduced system.

use std::ops::Range;
use std::sync::Arc;

use slam16_problem::Setup;
use slam16_sparse::{BlockLayout, DenseStructure, EdgeStructure, NO_VARIABLE, SymmetricPattern};

/// A factor between a kept and an eliminated variable.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight {
    /// The kept variable.
    pub(super) kept: u32,
    /// Twice the factor's index in its set, plus 1 in the second of the two
    /// sets that may hold such factors.
    pub(super) factor: u32,
}

impl Sight {
    /// Which of the two sets.
    #[inline(always)]
    pub(super) fn set(self) -> usize {
        (self.factor & 1) as usize
    }

    /// Index within the set.
    #[inline(always)]
    pub(super) fn index(self) -> usize {
        (self.factor >> 1) as usize
    }
}

/// Largest number of kept variables for which a table of all pairs is kept.
const TABLE_LIMIT: usize = 2048;

/// What elimination needs to know and never changes.
#[derive(Clone, Debug)]
pub(super) struct Elimination {
    /// Dimension of every kept variable.
    pub(super) kept_dim: usize,
    /// Dimension of every eliminated variable.
    pub(super) point_dim: usize,
    /// Number of kept variables.
    pub(super) kept: usize,
    /// Number of eliminated variables.
    pub(super) points: usize,
    /// Sets (at most two) of factors between a kept and an eliminated variable.
    pub(super) mixed_sets: Vec<usize>,
    /// Sets among kept variables only.
    pub(super) kept_sets: Vec<usize>,
    /// Where each eliminated variable's sights start; one more than there are.
    start: Vec<u32>,
    /// Sights by eliminated variable, ascending by kept variable.
    sights: Vec<Sight>,
    /// Most sights of one eliminated variable.
    pub(super) most_sights: usize,
    /// Layout of the kept variables alone.
    pub(super) kept_layout: Arc<BlockLayout>,
    /// Pattern of the reduced system, block (i, j) with i > j.
    pub(super) pattern: Arc<SymmetricPattern>,
    /// Block of row `i` in column `j` at `j * kept + i`; empty when there are
    /// too many kept variables.
    table: Vec<u32>,
}

/// Why landmark elimination does not fit a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// No variable may be eliminated.
    NothingToEliminate,
    /// Variables of one kind differ in size, or have sizes without a kernel.
    Sizes,
    /// Factor sets of a kind that elimination does not handle.
    Sets,
}

impl Unfit {
    /// What a user is told.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::NothingToEliminate => "the problem has no points or landmarks to eliminate",
            Self::Sizes => "the variables have sizes that landmark elimination does not handle",
            Self::Sets => {
                "the factors join variables in ways that landmark elimination does not handle"
            }
        }
    }
}

fn common_dim(layout: &BlockLayout, variables: Range<usize>) -> Option<usize> {
    let first = layout.dim(variables.start);
    variables
        .clone()
        .all(|v| layout.dim(v) == first)
        .then_some(first)
}

impl Elimination {
    /// Analyses a problem.
    ///
    /// # Errors
    /// Where elimination does not fit.
    pub(super) fn new(setup: &Setup) -> Result<Self, Unfit> {
        let layout = &setup.structure.layout;
        let kept = setup.eliminable_from;
        let points = layout.variables() - kept;
        if points == 0 || kept == 0 {
            return Err(Unfit::NothingToEliminate);
        }
        let kept_dim = common_dim(layout, 0..kept).ok_or(Unfit::Sizes)?;
        let point_dim = common_dim(layout, kept..layout.variables()).ok_or(Unfit::Sizes)?;
        let (mut mixed_sets, mut kept_sets) = (Vec::new(), Vec::new());
        for (s, set) in setup.structure.sets.iter().enumerate() {
            if set.factors() == 0 {
                continue;
            }
            let is_kept = |v: &u32| (*v as usize) < kept;
            let first_kept = set.var_a().iter().all(is_kept);
            if !first_kept {
                return Err(Unfit::Sets);
            }
            let rows = set.shape().rows;
            if set.var_b().iter().all(|v| *v == NO_VARIABLE || is_kept(v)) {
                kept_sets.push(s);
            } else if set.var_b().iter().all(|v| *v != NO_VARIABLE && !is_kept(v)) {
                if !(2..=3).contains(&rows) {
                    return Err(Unfit::Sizes);
                }
                mixed_sets.push(s);
            } else {
                return Err(Unfit::Sets);
            }
        }
        let dense = setup.structure.dense.as_deref();
        if dense.is_some_and(|d| d.variables().iter().any(|v| *v as usize >= kept)) {
            return Err(Unfit::Sets);
        }
        if mixed_sets.len() > 2 {
            return Err(Unfit::Sets);
        }
        let sets = &setup.structure.sets;
        let (start, sights) = collect_sights(sets, &mixed_sets, kept, points);
        let most_sights = start.windows(2).map(|w| w[1] - w[0]).max().unwrap_or(0) as usize;
        let mut elimination = Self {
            kept_dim,
            point_dim,
            kept,
            points,
            mixed_sets,
            kept_sets,
            start,
            sights,
            most_sights,
            kept_layout: Arc::new(BlockLayout::new(std::iter::repeat_n(kept_dim, kept))),
            pattern: Arc::new(SymmetricPattern::from_pairs(0, std::iter::empty())),
            table: Vec::new(),
        };
        elimination.pattern =
            Arc::new(elimination.find_pattern(sets, setup.structure.dense.as_deref()));
        if kept <= TABLE_LIMIT {
            elimination.table = vec![u32::MAX; kept * kept];
            for j in 0..kept {
                for (k, &i) in elimination.pattern.rows(j).iter().enumerate() {
                    elimination.table[j * kept + i as usize] =
                        (elimination.pattern.start(j) + k) as u32;
                }
            }
        }
        Ok(elimination)
    }

    /// The sights of an eliminated variable, ascending by kept variable.
    #[inline(always)]
    pub(super) fn sights(&self, point: usize) -> &[Sight] {
        &self.sights[self.start[point] as usize..self.start[point + 1] as usize]
    }

    /// Number of blocks below the diagonal before column `j`, which may be
    /// the number of columns.
    pub(super) fn first_block(&self, j: usize) -> usize {
        if j < self.kept {
            self.pattern.start(j)
        } else {
            self.pattern.blocks()
        }
    }

    /// Number of block (i, j), i > j, which must be in the pattern.
    #[inline(always)]
    pub(super) fn block(&self, i: u32, j: u32) -> usize {
        if self.table.is_empty() {
            self.pattern.find(i, j).unwrap_or(usize::MAX)
        } else {
            self.table[j as usize * self.kept + i as usize] as usize
        }
    }

    /// Pairs of kept variables that share a factor or a point, each once.
    fn find_pattern(
        &self,
        sets: &[Arc<EdgeStructure>],
        dense: Option<&DenseStructure>,
    ) -> SymmetricPattern {
        let mut pairs = Vec::new();
        let mut seen = vec![u32::MAX; self.kept];
        for j in 0..self.kept {
            let mut add = |i: u32| {
                if i as usize > j && seen[i as usize] != j as u32 {
                    seen[i as usize] = j as u32;
                    pairs.push((i, j as u32));
                }
            };
            for &s in &self.mixed_sets {
                for &item in sets[s].incidence_items(j) {
                    let point = sets[s].var_b()[item as usize >> 1] as usize - self.kept;
                    for sight in self.sights(point).iter().rev() {
                        if sight.kept as usize <= j {
                            break;
                        }
                        add(sight.kept);
                    }
                }
            }
            let in_dense = dense.and_then(|d| {
                let variables = d.variables();
                let own = variables.binary_search(&(j as u32)).ok()?;
                Some(&variables[own + 1..])
            });
            in_dense.iter().copied().flatten().for_each(|&i| add(i));
            for &s in &self.kept_sets {
                for &item in sets[s].incidence_items(j) {
                    let f = item as usize >> 1;
                    for v in [sets[s].var_a()[f], sets[s].var_b()[f]] {
                        if v != NO_VARIABLE {
                            add(v);
                        }
                    }
                }
            }
        }
        SymmetricPattern::from_pairs(self.kept, pairs.iter().copied())
    }

    /// Cuts the kept variables into `parts` ranges with about as many pairs
    /// of sights each, for one thread each.
    pub(super) fn shares(&self, parts: usize) -> Vec<Range<usize>> {
        let mut work = vec![0_usize; self.kept];
        for point in 0..self.points {
            let sights = self.sights(point);
            for (b, sight) in sights.iter().enumerate() {
                work[sight.kept as usize] += sights.len() - b + 2;
            }
        }
        cut(&work, parts)
    }

    /// Bytes of the index lists.
    pub(super) fn bytes(&self) -> usize {
        4 * (self.start.len() + self.table.len() + self.pattern.blocks()) + 8 * self.sights.len()
    }
}

/// Cuts `0..work.len()` into consecutive ranges of about equal work.
pub(super) fn cut(work: &[usize], parts: usize) -> Vec<Range<usize>> {
    let total: usize = work.iter().sum();
    let mut ranges = Vec::with_capacity(parts);
    let (mut begin, mut done) = (0, 0);
    for part in 1..=parts {
        let goal = total * part / parts;
        let mut end = begin;
        while end < work.len() && (part == parts || done < goal) {
            done += work[end];
            end += 1;
        }
        ranges.push(begin..end);
        begin = end;
    }
    ranges
}

fn collect_sights(
    sets: &[Arc<EdgeStructure>],
    mixed_sets: &[usize],
    kept: usize,
    points: usize,
) -> (Vec<u32>, Vec<Sight>) {
    let total: usize = mixed_sets.iter().map(|s| sets[*s].factors()).sum();
    let mut start = Vec::with_capacity(points + 1);
    let mut sights = Vec::with_capacity(total);
    start.push(0);
    for point in 0..points {
        let first = sights.len();
        for (which, &s) in mixed_sets.iter().enumerate() {
            let set = &sets[s];
            sights.extend(set.incidence_items(kept + point).iter().map(|&item| {
                let f = item >> 1;
                Sight {
                    kept: set.var_a()[f as usize],
                    factor: 2 * f + which as u32,
                }
            }));
        }
        // Stable: factors of one kept variable stay in order.
        sights[first..].sort_by_key(|s: &Sight| s.kept);
        start.push(sights.len() as u32);
    }
    (start, sights)
}

//! The quotient graph of a partial elimination.

use super::super::graph::Graph;

pub(super) const NONE: i32 = -1;

/// Marks an index as absorbed into another one.
#[inline(always)]
pub(super) fn flip(i: i32) -> i32 {
    -i - 2
}

/// Working arrays; names follow the sources.
pub(super) struct State {
    /// Vertices: start of the list in `list`. Absorbed: `flip(parent)`.
    pub(super) at: Vec<i32>,
    pub(super) list: Vec<i32>,
    pub(super) len: Vec<i32>,
    /// Weight of the supervariable; negative while in the pivot's element; 0 once absorbed.
    pub(super) nv: Vec<i32>,
    pub(super) next: Vec<i32>,
    pub(super) last: Vec<i32>,
    /// Degree buckets.
    pub(super) head: Vec<i32>,
    /// Number of elements in front of a variable's list; -2 for an element, -1 when dead.
    pub(super) elements: Vec<i32>,
    pub(super) degree: Vec<i32>,
    pub(super) mark: Vec<i32>,
    pub(super) hash_head: Vec<i32>,
    pub(super) used: usize,
    /// Variables from here on are never eliminated.
    pub(super) halo: usize,
}

impl State {
    pub(super) fn new(graph: &Graph, halo: usize, total: usize) -> Self {
        let n = graph.vertices();
        let entries = graph.neighbours.len();
        let mut list = Vec::with_capacity(entries + entries / 5 + 2 * n + 16);
        list.extend(graph.neighbours.iter().map(|&v| v as i32));
        list.resize(entries + entries / 5 + 2 * n + 16, 0);
        let degree: Vec<i32> = (0..n)
            .map(|v| {
                let neighbours = graph.of(v as u32).iter();
                neighbours.map(|&u| graph.weights[u as usize] as i32).sum()
            })
            .collect();
        let mut state = Self {
            at: graph.start[..n].iter().map(|&s| s as i32).collect(),
            list,
            len: (0..n)
                .map(|v| (graph.start[v + 1] - graph.start[v]) as i32)
                .collect(),
            nv: graph.weights.iter().map(|&w| w as i32).collect(),
            next: vec![NONE; n],
            last: vec![NONE; n],
            head: vec![NONE; total + 1],
            elements: vec![0; n],
            degree,
            mark: vec![1; n],
            hash_head: vec![NONE; n],
            used: entries,
            halo,
        };
        for v in (0..n).rev() {
            if state.len[v] > 0 {
                state.link(v);
            } else {
                state.at[v] = NONE;
                state.elements[v] = -2;
                state.mark[v] = 0;
            }
        }
        state
    }

    /// Puts a variable into the bucket of its degree.
    pub(super) fn link(&mut self, i: usize) {
        if i >= self.halo {
            return;
        }
        let d = self.degree[i] as usize;
        let first = self.head[d];
        if first != NONE {
            self.last[first as usize] = i as i32;
        }
        self.next[i] = first;
        self.last[i] = NONE;
        self.head[d] = i as i32;
    }

    /// Takes a variable out of its bucket.
    pub(super) fn unlink(&mut self, i: usize) {
        if i >= self.halo {
            return;
        }
        let (next, last) = (self.next[i], self.last[i]);
        if next != NONE {
            self.last[next as usize] = last;
        }
        if last != NONE {
            self.next[last as usize] = next;
        } else {
            self.head[self.degree[i] as usize] = next;
        }
    }

    /// Starts a new marking epoch; `reach` bounds how far marks may rise above it.
    pub(super) fn next_epoch(&mut self, epoch: i32, reach: i32) -> i32 {
        if epoch < 2 || epoch.checked_add(reach).is_none() {
            for m in &mut self.mark {
                if *m != 0 {
                    *m = 1;
                }
            }
            return 2;
        }
        epoch
    }

    /// Squeezes the dead space out of `list`.
    pub(super) fn collect_garbage(&mut self) {
        for (j, at) in self.at.iter_mut().enumerate() {
            if *at >= 0 {
                let p = *at as usize;
                *at = self.list[p];
                self.list[p] = flip(j as i32);
            }
        }
        let (mut to, mut from) = (0, 0);
        while from < self.used {
            let j = flip(self.list[from]);
            from += 1;
            if j >= 0 {
                let j = j as usize;
                self.list[to] = self.at[j];
                self.at[j] = to as i32;
                to += 1;
                for _ in 1..self.len[j] {
                    self.list[to] = self.list[from];
                    to += 1;
                    from += 1;
                }
            }
        }
        self.used = to;
    }

    /// Forms the element of pivot `k`: the union of its variables and those
    /// of its elements. Returns the element's range in `list` and its degree.
    pub(super) fn form_element(&mut self, k: usize) -> (usize, usize, i32) {
        let old = self.elements[k];
        let mut degree = 0;
        self.nv[k] = -self.nv[k];
        let mut p = self.at[k] as usize;
        let begin = if old == 0 { p } else { self.used };
        let mut end = begin;
        for step in 0..=old {
            let (e, mut from, count) = if step == old {
                (k, p, self.len[k] - old)
            } else {
                let e = self.list[p] as usize;
                p += 1;
                (e, self.at[e] as usize, self.len[e])
            };
            for _ in 0..count {
                let i = self.list[from] as usize;
                from += 1;
                let weight = self.nv[i];
                if weight <= 0 {
                    continue;
                }
                degree += weight;
                self.nv[i] = -weight;
                self.list[end] = i as i32;
                end += 1;
                self.unlink(i);
            }
            if e != k {
                self.at[e] = flip(k as i32);
                self.mark[e] = 0;
            }
        }
        if old != 0 {
            self.used = end;
        }
        self.degree[k] = degree;
        self.at[k] = begin as i32;
        self.len[k] = (end - begin) as i32;
        self.elements[k] = -2;
        (begin, end, degree)
    }

    /// For every element e next to the pivot's element: `mark[e] - epoch`
    /// becomes the weight of e outside it.
    pub(super) fn outside_weights(&mut self, begin: usize, end: usize, epoch: i32) {
        for q in begin..end {
            let i = self.list[q] as usize;
            let count = self.elements[i];
            if count <= 0 {
                continue;
            }
            let weight = -self.nv[i];
            let from = self.at[i] as usize;
            for p in from..from + count as usize {
                let e = self.list[p] as usize;
                if self.mark[e] >= epoch {
                    self.mark[e] -= weight;
                } else if self.mark[e] != 0 {
                    self.mark[e] = self.degree[e] + epoch - weight;
                }
            }
        }
    }

    /// Degree update of the pivot's variables, with aggressive absorption and
    /// mass elimination. Returns the weight that was eliminated with the pivot.
    pub(super) fn update_degrees(&mut self, k: usize, begin: usize, end: usize, epoch: i32) -> i32 {
        let n = self.at.len();
        let mut eliminated = 0;
        for q in begin..end {
            let i = self.list[q] as usize;
            let p1 = self.at[i] as usize;
            let p2 = p1 + self.elements[i] as usize;
            let p4 = p1 + self.len[i] as usize;
            let (mut to, mut d, mut hash) = (p1, 0_i32, 0_usize);
            for p in p1..p2 {
                let e = self.list[p] as usize;
                if self.mark[e] == 0 {
                    continue;
                }
                let outside = self.mark[e] - epoch;
                if outside > 0 {
                    d += outside;
                    self.list[to] = e as i32;
                    to += 1;
                    hash += e;
                } else {
                    self.at[e] = flip(k as i32);
                    self.mark[e] = 0;
                }
            }
            self.elements[i] = (to - p1 + 1) as i32;
            let variables = to;
            for p in p2..p4 {
                let j = self.list[p] as usize;
                let weight = self.nv[j];
                if weight <= 0 {
                    continue;
                }
                d += weight;
                self.list[to] = j as i32;
                to += 1;
                hash += j;
            }
            if d == 0 && i < self.halo {
                self.at[i] = flip(k as i32);
                eliminated -= self.nv[i];
                self.nv[i] = 0;
                self.elements[i] = -1;
            } else {
                self.degree[i] = self.degree[i].min(d);
                self.list[to] = self.list[variables];
                self.list[variables] = self.list[p1];
                self.list[p1] = k as i32;
                self.len[i] = (to - p1 + 1) as i32;
                if i < self.halo {
                    let hash = hash % n;
                    self.next[i] = self.hash_head[hash];
                    self.hash_head[hash] = i as i32;
                    self.last[i] = hash as i32;
                }
            }
        }
        eliminated
    }

    /// Merges variables that have become indistinguishable.
    pub(super) fn merge_twins(&mut self, begin: usize, end: usize, mut epoch: i32) -> i32 {
        for q in begin..end {
            let first = self.list[q] as usize;
            if self.nv[first] >= 0 || first >= self.halo {
                continue;
            }
            let hash = self.last[first] as usize;
            let mut i = self.hash_head[hash];
            self.hash_head[hash] = NONE;
            while i != NONE && self.next[i as usize] != NONE {
                let iu = i as usize;
                let (len, elements) = (self.len[iu], self.elements[iu]);
                let from = self.at[iu] as usize;
                for p in from + 1..from + len as usize {
                    self.mark[self.list[p] as usize] = epoch;
                }
                let mut previous = iu;
                let mut j = self.next[iu];
                while j != NONE {
                    let ju = j as usize;
                    let other = self.at[ju].max(0) as usize;
                    let twins = self.len[ju] == len
                        && self.elements[ju] == elements
                        && self.list[other + 1..other + len as usize]
                            .iter()
                            .all(|&v| self.mark[v as usize] == epoch);
                    let following = self.next[ju];
                    if twins {
                        self.at[ju] = flip(i);
                        self.nv[iu] += self.nv[ju];
                        self.nv[ju] = 0;
                        self.elements[ju] = -1;
                        self.next[previous] = following;
                    } else {
                        previous = ju;
                    }
                    j = following;
                }
                i = self.next[iu];
                epoch += 1;
            }
        }
        epoch
    }
}

//! How many threads a solve may use, and how work is cut so that the number
//! of threads never changes a bit of the result.

use std::sync::Arc;

use rayon::prelude::*;

/// A handle on the threads of one solve.
///
/// Work is cut into chunks whose size does not depend on the number of
/// threads, and partial results are combined in chunk order: one thread and
/// many give the same bits. One thread starts no pool at all.
#[derive(Clone, Debug, Default)]
pub struct Threads {
    pool: Option<Arc<rayon::ThreadPool>>,
}

impl Threads {
    /// Runs everything on the calling thread.
    pub fn single() -> Self {
        Self { pool: None }
    }

    /// Uses `count` threads; 0 and 1 mean the calling thread alone.
    ///
    /// # Errors
    /// When the operating system refuses to start the threads.
    pub fn new(count: usize) -> Result<Self, rayon::ThreadPoolBuildError> {
        if count <= 1 {
            return Ok(Self::single());
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(count)
            .thread_name(|i| format!("slam16-{i}"))
            .build()?;
        Ok(Self {
            pool: Some(Arc::new(pool)),
        })
    }

    /// Number of threads in use.
    pub fn count(&self) -> usize {
        self.pool.as_ref().map_or(1, |p| p.current_num_threads())
    }

    /// Runs both closures, in parallel where there are two threads.
    pub fn join<A: Send, B: Send>(
        &self,
        a: impl FnOnce() -> A + Send,
        b: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        match &self.pool {
            None => (a(), b()),
            Some(pool) => pool.install(|| rayon::join(a, b)),
        }
    }

    /// Evaluates `task` on every item and returns the results in item order.
    pub fn map<T: Send, R: Send>(
        &self,
        items: Vec<T>,
        task: impl Fn(T) -> R + Sync + Send,
    ) -> Vec<R> {
        match &self.pool {
            None => items.into_iter().map(task).collect(),
            Some(pool) => pool.install(|| items.into_par_iter().map(task).collect()),
        }
    }

    /// Runs `task` on every item.
    pub fn for_each<T: Send>(&self, items: Vec<T>, task: impl Fn(T) + Sync + Send) {
        match &self.pool {
            None => items.into_iter().for_each(task),
            Some(pool) => pool.install(|| items.into_par_iter().for_each(task)),
        }
    }

    /// Cuts `0..len` into ranges of `chunk` (the last one shorter), evaluates
    /// `task` on each and returns the results in order.
    pub fn map_ranges<R: Send>(
        &self,
        len: usize,
        chunk: usize,
        task: impl Fn(std::ops::Range<usize>) -> R + Sync + Send,
    ) -> Vec<R> {
        let chunk = chunk.max(1);
        let ranges = (0..len.div_ceil(chunk)).map(|i| i * chunk..((i + 1) * chunk).min(len));
        match &self.pool {
            None => ranges.map(task).collect(),
            Some(pool) => pool.install(|| {
                let ranges: Vec<_> = ranges.collect();
                ranges.into_par_iter().map(task).collect()
            }),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn ranges_cover_everything_in_order_on_any_number_of_threads() {
        for count in [1, 2, 3] {
            let threads = Threads::new(count).unwrap();
            assert_eq!(threads.count(), count);
            for len in [0, 1, 63, 64, 65, 1000] {
                let ranges = threads.map_ranges(len, 64, |r| r);
                let flat: Vec<usize> = ranges.into_iter().flatten().collect();
                assert_eq!(flat, (0..len).collect::<Vec<_>>());
            }
            assert_eq!(threads.join(|| 1, || 2), (1, 2));
            assert_eq!(threads.map(vec![1, 2, 3], |x| x * 2), vec![2, 4, 6]);
        }
    }
}

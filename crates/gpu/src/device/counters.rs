//! What a device has been asked to do.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Counts since the device was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Command buffers handed over.
    pub submissions: usize,
    /// Kernels dispatched.
    pub dispatches: usize,
    /// Blocking reads: times the host waited for the device.
    pub readbacks: usize,
    /// Kernels compiled.
    pub pipelines: usize,
    /// Buffers allocated.
    pub buffers: usize,
    /// Bytes of buffers alive.
    pub bytes: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counting {
    pub submissions: AtomicUsize,
    pub dispatches: AtomicUsize,
    pub readbacks: AtomicUsize,
    pub pipelines: AtomicUsize,
    pub buffers: AtomicUsize,
    pub bytes: AtomicU64,
}

impl Counting {
    pub(crate) fn add(counter: &AtomicUsize, n: usize) {
        counter.fetch_add(n, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> Counters {
        let of = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        Counters {
            submissions: of(&self.submissions),
            dispatches: of(&self.dispatches),
            readbacks: of(&self.readbacks),
            pipelines: of(&self.pipelines),
            buffers: of(&self.buffers),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }
}

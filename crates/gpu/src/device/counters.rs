//! What a device has been asked to do.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

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
    /// Buffers alive and their bytes, by name.
    named: Mutex<BTreeMap<String, (usize, u64)>>,
}

/// Buffers of one name that are alive on a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BufferUse {
    /// What they hold.
    pub name: String,
    /// How many there are.
    pub count: usize,
    /// Their bytes together.
    pub bytes: u64,
}

impl Counting {
    pub(crate) fn add(counter: &AtomicUsize, n: usize) {
        counter.fetch_add(n, Ordering::Relaxed);
    }

    pub(crate) fn allocated(&self, name: &str, bytes: u64) {
        Self::add(&self.buffers, 1);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = named.entry(name.to_owned()).or_default();
        *entry = (entry.0 + 1, entry.1 + bytes);
    }

    pub(crate) fn freed(&self, name: &str, bytes: u64) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = named.get_mut(name) {
            *entry = (entry.0.saturating_sub(1), entry.1.saturating_sub(bytes));
        }
    }

    pub(super) fn memory(&self) -> Vec<BufferUse> {
        let named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        let alive = named.iter().filter(|(_, (count, _))| *count > 0);
        alive
            .map(|(name, (count, bytes))| BufferUse {
                name: name.clone(),
                count: *count,
                bytes: *bytes,
            })
            .collect()
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

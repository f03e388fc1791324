//! A ring of buffers that the host can map.

use std::marker::PhantomData;
use std::ops::Range;

use bytemuck::Pod;

/// Buffers waiting to be used again; the smallest that fits is taken.
#[derive(Debug, Default)]
pub(crate) struct Staging {
    free: Vec<wgpu::Buffer>,
}

/// Kept for the next reading; more are given back to the driver.
const KEPT: usize = 4;

impl Staging {
    /// A free buffer of at least `bytes`, if there is one.
    pub(crate) fn take(&mut self, bytes: u64) -> Option<wgpu::Buffer> {
        let best = (0..self.free.len())
            .filter(|i| self.free[*i].size() >= bytes)
            .min_by_key(|i| self.free[*i].size())?;
        Some(self.free.swap_remove(best))
    }

    pub(crate) fn give_back(&mut self, buffer: wgpu::Buffer) {
        if self.free.len() == KEPT {
            let least = (0..KEPT).min_by_key(|i| self.free[*i].size());
            if let Some(i) = least {
                self.free.swap_remove(i);
            }
        }
        self.free.push(buffer);
    }
}

/// A range of a buffer on its way to the host.
#[derive(Clone, Copy, Debug)]
pub struct Reading<T> {
    pub(crate) at: u64,
    pub(crate) len: usize,
    pub(crate) holds: PhantomData<T>,
}

/// A copy that a recording makes at its end.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) source: wgpu::Buffer,
    pub(crate) from: Range<u64>,
    pub(crate) at: u64,
}

/// What has come back.
#[derive(Clone, Copy, Debug)]
pub struct Data<'a> {
    pub(crate) bytes: &'a [u8],
}

impl<'a> Data<'a> {
    /// The numbers of a reading of the same recording.
    pub fn get<T: Pod>(&self, reading: &Reading<T>) -> &'a [T] {
        // An empty slice of bytes may lie anywhere, which the cast refuses.
        if reading.len == 0 {
            return &[];
        }
        let at = reading.at as usize;
        let bytes = self.bytes.get(at..at + reading.len * size_of::<T>());
        bytemuck::cast_slice(bytes.unwrap_or_default())
    }
}

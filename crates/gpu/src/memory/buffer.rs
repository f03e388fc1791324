//! Buffers that know what they hold.

use std::marker::PhantomData;
use std::sync::Arc;

use bytemuck::Pod;

use crate::device::Counting;
use crate::{DeviceError, Gpu};

/// A storage buffer of `len` numbers of type `T`.
#[derive(Debug)]
pub struct Buffer<T> {
    pub(crate) raw: wgpu::Buffer,
    len: usize,
    name: String,
    counting: Arc<Counting>,
    holds: PhantomData<T>,
}

impl<T> Buffer<T> {
    /// Numbers in it.
    pub fn len(&self) -> usize {
        self.len
    }

    /// `true` when it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes on the device.
    pub fn bytes(&self) -> u64 {
        self.raw.size()
    }
}

impl<T> Drop for Buffer<T> {
    fn drop(&mut self) {
        self.counting.freed(&self.name, self.raw.size());
    }
}

/// The uniform structure of a launch.
#[derive(Debug)]
pub struct Uniform<T> {
    pub(crate) raw: wgpu::Buffer,
    holds: PhantomData<T>,
}

/// Something that can stand in a binding.
pub(crate) trait Bound {
    fn raw(&self) -> &wgpu::Buffer;
}

impl<T> Bound for Buffer<T> {
    fn raw(&self) -> &wgpu::Buffer {
        &self.raw
    }
}

impl<T> Bound for Uniform<T> {
    fn raw(&self) -> &wgpu::Buffer {
        &self.raw
    }
}

impl Gpu {
    /// A storage buffer, all zero.
    ///
    /// # Errors
    /// Larger than the adapter binds, or than its memory.
    pub fn storage<T: Pod>(&self, name: &str, len: usize) -> Result<Buffer<T>, DeviceError> {
        // An empty buffer cannot be bound, nor one smaller than an element; two
        // words fit the pairs that are declared as words.
        let least = size_of::<T>().max(8);
        let bytes = (len * size_of::<T>()).max(least).next_multiple_of(4) as u64;
        let limit = self
            .capabilities()
            .binding_bytes
            .min(self.capabilities().buffer_bytes);
        if bytes > limit {
            return Err(DeviceError::TooLarge {
                buffer: name.to_owned(),
                bytes,
                limit,
            });
        }
        let raw = self.scoped(name, |device| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(name),
                size: bytes,
                usage: wgpu::BufferUsages::STORAGE
                    | wgpu::BufferUsages::COPY_SRC
                    | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            })
        })?;
        let counting = self.inner.counting.clone();
        counting.allocated(name, bytes);
        Ok(Buffer {
            raw,
            len,
            name: name.to_owned(),
            counting,
            holds: PhantomData,
        })
    }

    /// A storage buffer with these values.
    ///
    /// # Errors
    /// As for [`Gpu::storage`].
    pub fn storage_from<T: Pod>(&self, name: &str, values: &[T]) -> Result<Buffer<T>, DeviceError> {
        let buffer = self.storage(name, values.len())?;
        self.write(&buffer, 0, values)?;
        Ok(buffer)
    }

    /// A uniform structure. Its size is a multiple of 4 bytes.
    ///
    /// # Errors
    /// No memory, or the device is lost.
    pub fn uniform<T: Pod>(&self, name: &str, value: &T) -> Result<Uniform<T>, DeviceError> {
        let raw = self.scoped(name, |device| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(name),
                size: size_of::<T>().next_multiple_of(16) as u64,
                usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            })
        })?;
        Counting::add(&self.inner.counting.buffers, 1);
        let uniform = Uniform {
            raw,
            holds: PhantomData,
        };
        self.set(&uniform, value)?;
        Ok(uniform)
    }

    /// Overwrites numbers from `first` on, before anything submitted later.
    ///
    /// # Errors
    /// They do not fit, or the device is lost.
    pub fn write<T: Pod>(
        &self,
        buffer: &Buffer<T>,
        first: usize,
        values: &[T],
    ) -> Result<(), DeviceError> {
        if values.is_empty() {
            return Ok(());
        }
        let at = (first * size_of::<T>()) as u64;
        self.scoped("writing a buffer", |_| {
            let bytes = bytemuck::cast_slice(values);
            self.inner.queue.write_buffer(&buffer.raw, at, bytes);
        })
    }

    /// Overwrites a uniform structure, before anything submitted later.
    ///
    /// # Errors
    /// The device is lost.
    pub fn set<T: Pod>(&self, uniform: &Uniform<T>, value: &T) -> Result<(), DeviceError> {
        self.scoped("writing a uniform", |_| {
            let bytes = bytemuck::bytes_of(value);
            self.inner.queue.write_buffer(&uniform.raw, 0, bytes);
        })
    }

    /// All numbers of a buffer: one submission and one blocking read.
    ///
    /// # Errors
    /// The device is lost or too slow.
    pub fn read<T: Pod>(&self, buffer: &Buffer<T>) -> Result<Vec<T>, DeviceError> {
        let mut recorder = self.record("read")?;
        let reading = recorder.read(buffer, 0..buffer.len());
        recorder.submit()?.wait(|data| data.get(&reading).to_vec())
    }
}

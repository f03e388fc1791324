//! Recording launches into one compute pass, and waiting for what it read.

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::PoisonError;
use std::sync::mpsc;

use bytemuck::Pod;

use super::Launch;
use crate::device::Counting;
use crate::memory::{Buffer, Data, Reading, Slot};
use crate::{DeviceError, Gpu};

/// A recording: launches in order, in one compute pass; readings at its end.
pub struct Recorder<'g> {
    gpu: &'g Gpu,
    encoder: wgpu::CommandEncoder,
    pass: Option<wgpu::ComputePass<'static>>,
    reads: Vec<Slot>,
    bytes: u64,
    dispatches: usize,
}

impl Gpu {
    /// Begins a recording.
    ///
    /// # Errors
    /// The device is lost.
    pub fn record(&self, name: &str) -> Result<Recorder<'_>, DeviceError> {
        let encoder = self.scoped(name, |device| {
            device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some(name) })
        })?;
        Ok(Recorder {
            gpu: self,
            encoder,
            pass: None,
            reads: Vec::new(),
            bytes: 0,
            dispatches: 0,
        })
    }
}

impl<'g> Recorder<'g> {
    /// Dispatches a kernel after all before it. One with nothing to do is left
    /// out.
    pub fn run(&mut self, launch: &Launch) {
        if launch.grid.contains(&0) {
            return;
        }
        let pass = self.pass.get_or_insert_with(|| {
            self.encoder
                .begin_compute_pass(&wgpu::ComputePassDescriptor::default())
                .forget_lifetime()
        });
        pass.set_pipeline(&launch.pipeline.raw);
        for (index, group) in (0..).zip(&launch.groups) {
            pass.set_bind_group(index, group, &[]);
        }
        let [x, y, z] = launch.grid;
        pass.dispatch_workgroups(x, y, z);
        self.dispatches += 1;
    }

    /// Asks for numbers as they are at the end of the recording.
    pub fn read<T: Pod>(&mut self, buffer: &Buffer<T>, range: Range<usize>) -> Reading<T> {
        let size = size_of::<T>() as u64;
        let reading = Reading {
            at: self.bytes,
            len: range.len(),
            holds: PhantomData,
        };
        let from = range.start as u64 * size..range.end as u64 * size;
        if from.start < from.end {
            // Copies and typed views want multiples of 8.
            self.bytes += (from.end - from.start).next_multiple_of(8);
            self.reads.push(Slot {
                source: buffer.raw.clone(),
                from,
                at: reading.at,
            });
        }
        reading
    }

    /// Hands the recording over.
    ///
    /// # Errors
    /// A call in it was not valid, or the device is lost.
    pub fn submit(self) -> Result<Submission<'g>, DeviceError> {
        let Self {
            gpu,
            mut encoder,
            pass,
            reads,
            bytes,
            dispatches,
        } = self;
        drop(pass);
        let inner = &gpu.inner;
        let mut staging = inner.staging.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = if bytes > 0 { staging.take(bytes) } else { None };
        drop(staging);
        let (target, index) = gpu.scoped("submission", |device| {
            let target = (bytes > 0).then(|| {
                kept.unwrap_or_else(|| {
                    Counting::add(&inner.counting.buffers, 1);
                    device.create_buffer(&wgpu::BufferDescriptor {
                        label: Some("staging"),
                        size: bytes.next_power_of_two().max(256),
                        usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
                        mapped_at_creation: false,
                    })
                })
            });
            if let Some(target) = &target {
                for slot in &reads {
                    let bytes = slot.from.end - slot.from.start;
                    let (source, from) = (&slot.source, slot.from.start);
                    encoder.copy_buffer_to_buffer(source, from, target, slot.at, bytes);
                }
            }
            (target, inner.queue.submit([encoder.finish()]))
        })?;
        Counting::add(&inner.counting.submissions, 1);
        Counting::add(&inner.counting.dispatches, dispatches);
        Ok(Submission {
            gpu,
            target,
            bytes,
            index,
        })
    }
}

/// A recording on its way through the device.
#[must_use = "results are lost unless they are waited for"]
pub struct Submission<'g> {
    gpu: &'g Gpu,
    target: Option<wgpu::Buffer>,
    bytes: u64,
    index: wgpu::SubmissionIndex,
}

impl Submission<'_> {
    /// Waits for the device and shows what was read. Counted as one blocking
    /// read.
    ///
    /// # Errors
    /// The device is lost, or slower than the timeout.
    pub fn wait<R>(self, view: impl FnOnce(Data<'_>) -> R) -> Result<R, DeviceError> {
        let inner = &self.gpu.inner;
        Counting::add(&inner.counting.readbacks, 1);
        let Some(target) = self.target else {
            poll(self.gpu, self.index)?;
            return Ok(view(Data { bytes: &[] }));
        };
        let (sender, receiver) = mpsc::channel();
        let slice = target.slice(..self.bytes);
        self.gpu.scoped("mapping", |_| {
            slice.map_async(wgpu::MapMode::Read, move |result| {
                // Nobody listens any more when waiting has failed.
                let _ = sender.send(result);
            });
        })?;
        poll(self.gpu, self.index)?;
        // Another thread's poll may have taken the answer and not said so yet.
        let answer = receiver.recv_timeout(inner.timeout);
        let mapped = answer.is_ok_and(|result| result.is_ok());
        let lost = || DeviceError::Lost {
            reason: "a buffer could not be mapped".to_owned(),
        };
        if !mapped {
            inner.fate.check()?;
            return Err(lost());
        }
        let result = {
            let range = slice.get_mapped_range().map_err(|_| lost())?;
            view(Data { bytes: &range })
        };
        target.unmap();
        let mut staging = inner.staging.lock().unwrap_or_else(PoisonError::into_inner);
        staging.give_back(target);
        Ok(result)
    }

    /// Waits until the device has done it, without reading anything.
    ///
    /// # Errors
    /// As for [`Submission::wait`].
    pub fn finish(self) -> Result<(), DeviceError> {
        self.wait(|_| ())
    }
}

fn poll(gpu: &Gpu, index: wgpu::SubmissionIndex) -> Result<(), DeviceError> {
    let inner = &gpu.inner;
    let waiting = wgpu::PollType::Wait {
        submission_index: Some(index),
        timeout: Some(inner.timeout),
    };
    let polled = inner.device.poll(waiting);
    inner.fate.check()?;
    match polled {
        Ok(_) => Ok(()),
        Err(wgpu::PollError::Timeout) => Err(DeviceError::Timeout {
            seconds: inner.timeout.as_secs_f64(),
        }),
        Err(error) => Err(DeviceError::Invalid {
            what: "waiting".to_owned(),
            reason: error.to_string(),
        }),
    }
}

//! The device in use.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::adapters::{find, instance, select};
use super::canary::{self, CanaryReport};
use super::capabilities::{WANTED, limits};
use super::counters::Counting;
use super::scope::{Fate, scoped};
use super::{AdapterSummary, BufferUse, Capabilities, Counters, GpuOptions};
use crate::memory::Staging;
use crate::plan::Plan;
use crate::run::Pipelines;
use crate::{DeviceError, Rung};
use slam16_solver::Roles;

/// An open device: buffers, kernels and submissions begin here. Clones are the
/// same device.
#[derive(Clone, Debug)]
pub struct Gpu {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub summary: AdapterSummary,
    pub capabilities: Capabilities,
    pub forbid: Vec<Rung>,
    pub timeout: Duration,
    pub workgroup: u32,
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    pub fate: Fate,
    pub counting: Arc<Counting>,
    pub pipelines: Pipelines,
    pub staging: Mutex<Staging>,
    canary: CanaryReport,
}

impl Gpu {
    /// Opens the adapter that the options name and lets the canary try its
    /// 16-bit conversions: ways to read them that fail are not used.
    ///
    /// # Errors
    /// No such adapter, or one that opens no device.
    pub fn open(options: &GpuOptions) -> Result<Self, DeviceError> {
        let found = select(find(&instance()), &options.adapter)?;
        let mut capabilities = found.summary.capabilities.clone();
        let workgroup = options
            .workgroup
            .map_or(if capabilities.software { 64 } else { 128 }, |w| {
                w.clamp(32, 256).next_power_of_two()
            })
            .min(capabilities.workgroup_size);
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("slam16"),
            required_features: found.raw.features() & WANTED,
            required_limits: limits(&found.raw),
            experimental_features: wgpu::ExperimentalFeatures::disabled(),
            memory_hints: wgpu::MemoryHints::Performance,
            trace: wgpu::Trace::Off,
        };
        let (device, queue) =
            pollster::block_on(found.raw.request_device(&descriptor)).map_err(|error| {
                DeviceError::Refused {
                    adapter: found.summary.to_string(),
                    reason: error.to_string(),
                }
            })?;
        let fate = Fate::default();
        fate.watch(&device);
        let pipelines = Pipelines::new(&device, &found.raw.get_info(), options.cache.as_deref());
        let opened = |forbid, capabilities, canary| Self {
            inner: Arc::new(Inner {
                summary: found.summary.clone(),
                capabilities,
                forbid,
                timeout: options.timeout,
                workgroup,
                device: device.clone(),
                queue: queue.clone(),
                fate: fate.clone(),
                counting: Arc::default(),
                pipelines: pipelines.clone(),
                staging: Mutex::default(),
                canary,
            }),
        };
        let trial = opened(
            options.forbid.clone(),
            capabilities.clone(),
            CanaryReport::default(),
        );
        let report = canary::run(&trial)?;
        report.apply(&mut capabilities);
        let forbid = report.forbid(&options.forbid);
        Ok(opened(forbid, capabilities, report))
    }

    /// The adapter.
    pub fn adapter(&self) -> &AdapterSummary {
        &self.inner.summary
    }

    /// What it can do, less what the canary found broken.
    pub fn capabilities(&self) -> &Capabilities {
        &self.inner.capabilities
    }

    /// What the canary found.
    pub fn canary(&self) -> &CanaryReport {
        &self.inner.canary
    }

    /// The way to run these roles here, see [`Plan::choose`].
    ///
    /// # Errors
    /// No rung is left.
    pub fn plan(&self, roles: Roles) -> Result<Plan, DeviceError> {
        Plan::choose(&self.inner.capabilities, roles, &self.inner.forbid)
    }

    /// Lanes of a workgroup.
    pub fn workgroup(&self) -> u32 {
        self.inner.workgroup
    }

    /// What it has been asked to do so far.
    pub fn counters(&self) -> Counters {
        self.inner.counting.read()
    }

    /// Storage buffers alive, by name.
    pub fn memory(&self) -> Vec<BufferUse> {
        self.inner.counting.memory()
    }

    /// Keeps the compiled pipelines in the cache folder, where there is one.
    /// Returns the number of bytes written.
    pub fn save_pipelines(&self) -> std::io::Result<usize> {
        self.inner.pipelines.save()
    }

    /// Gives the device back; every later call fails with
    /// [`DeviceError::Lost`].
    pub fn close(&self) {
        self.inner.fate.set(DeviceError::Lost {
            reason: "closed".to_owned(),
        });
        self.inner.device.destroy();
    }

    pub(crate) fn scoped<T>(
        &self,
        what: &str,
        calls: impl FnOnce(&wgpu::Device) -> T,
    ) -> Result<T, DeviceError> {
        self.inner.fate.check()?;
        scoped(&self.inner.device, what, || calls(&self.inner.device))
    }
}

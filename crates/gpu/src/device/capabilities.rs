//! What an adapter can do, as far as kernels care.

use serde::{Deserialize, Serialize};

/// The part of an adapter's features and limits that decides how kernels are
/// composed and how large buffers may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// 16-bit floats in shaders and in storage buffers.
    pub native_half: bool,
    /// `unpack2x16float` and `pack2x16float`.
    pub unpack_half: bool,
    /// Timestamps inside passes.
    pub timestamps: bool,
    /// Compiled pipelines can be kept on disk.
    pub pipeline_cache: bool,
    /// Largest storage buffer that can be bound, in bytes.
    pub binding_bytes: u64,
    /// Largest buffer, in bytes.
    pub buffer_bytes: u64,
    /// Workgroup memory, in bytes.
    pub workgroup_bytes: u32,
    /// Invocations in one workgroup.
    pub workgroup_size: u32,
    /// Workgroups in one dimension of a dispatch.
    pub workgroups: u32,
    /// A device of its own, with memory of its own.
    pub discrete: bool,
    /// Runs on the processor: never faster than the CPU backend.
    pub software: bool,
}

impl Default for Capabilities {
    /// What every adapter has.
    fn default() -> Self {
        Self {
            native_half: false,
            unpack_half: false,
            timestamps: false,
            pipeline_cache: false,
            binding_bytes: 128 << 20,
            buffer_bytes: 256 << 20,
            workgroup_bytes: 16 << 10,
            workgroup_size: 256,
            workgroups: 65535,
            discrete: false,
            software: false,
        }
    }
}

/// Features that are used where they are offered.
pub(super) const WANTED: wgpu::Features = wgpu::Features::SHADER_F16
    .union(wgpu::Features::TIMESTAMP_QUERY)
    .union(wgpu::Features::TIMESTAMP_QUERY_INSIDE_PASSES)
    .union(wgpu::Features::PIPELINE_CACHE);

/// Limits worth having beyond the defaults; an adapter's own may be lower.
pub(super) fn limits(adapter: &wgpu::Adapter) -> wgpu::Limits {
    let offered = adapter.limits();
    let mut wanted = wgpu::Limits::defaults();
    wanted.max_storage_buffer_binding_size = 2 << 30;
    wanted.max_buffer_size = 2 << 30;
    wanted.or_worse_values_from(&offered)
}

impl Capabilities {
    pub(super) fn of(adapter: &wgpu::Adapter) -> Self {
        let (features, info) = (adapter.features(), adapter.get_info());
        let flags = adapter.get_downlevel_capabilities().flags;
        let limits = limits(adapter);
        Self {
            native_half: features.contains(wgpu::Features::SHADER_F16),
            unpack_half: flags.contains(wgpu::DownlevelFlags::SHADER_F16_IN_F32),
            timestamps: features.contains(
                wgpu::Features::TIMESTAMP_QUERY | wgpu::Features::TIMESTAMP_QUERY_INSIDE_PASSES,
            ),
            pipeline_cache: features.contains(wgpu::Features::PIPELINE_CACHE),
            binding_bytes: limits.max_storage_buffer_binding_size,
            buffer_bytes: limits.max_buffer_size,
            workgroup_bytes: limits.max_compute_workgroup_storage_size,
            workgroup_size: limits
                .max_compute_invocations_per_workgroup
                .min(limits.max_compute_workgroup_size_x),
            workgroups: limits.max_compute_workgroups_per_dimension,
            discrete: info.device_type == wgpu::DeviceType::DiscreteGpu,
            software: info.device_type == wgpu::DeviceType::Cpu,
        }
    }
}

//! Compiled kernels, kept by what they were compiled from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::device::Counting;
use crate::shader::{Access, KernelSpec, Storage, Variant};
use crate::{DeviceError, Gpu};

/// A compiled kernel and the layouts of its groups.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub raw: wgpu::ComputePipeline,
    pub groups: Vec<wgpu::BindGroupLayout>,
}

type Key = (&'static str, Storage, Vec<u32>);

/// The pipelines of a device; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Pipelines {
    compiled: Arc<Mutex<BTreeMap<Key, Arc<Pipeline>>>>,
    disk: Option<Arc<Disk>>,
}

#[derive(Debug)]
struct Disk {
    file: PathBuf,
    cache: wgpu::PipelineCache,
}

impl Pipelines {
    pub(crate) fn new(
        device: &wgpu::Device,
        info: &wgpu::AdapterInfo,
        folder: Option<&Path>,
    ) -> Self {
        let disk = folder.and_then(|folder| Disk::open(device, info, folder));
        Self {
            compiled: Arc::default(),
            disk: disk.map(Arc::new),
        }
    }

    /// Bytes written; 0 without a cache.
    pub(crate) fn save(&self) -> std::io::Result<usize> {
        self.disk.as_ref().map_or(Ok(0), |disk| disk.save())
    }
}

impl Disk {
    fn open(device: &wgpu::Device, info: &wgpu::AdapterInfo, folder: &Path) -> Option<Self> {
        if !device.features().contains(wgpu::Features::PIPELINE_CACHE) {
            return None;
        }
        let file = folder.join(wgpu::util::pipeline_cache_key(info)?);
        let data = std::fs::read(&file).ok().and_then(unseal);
        // SAFETY: the data came from `get_data` for an adapter with this key:
        // the file is named by it, and its seal shows that it is whole.
        #[allow(unsafe_code)]
        let cache = unsafe {
            device.create_pipeline_cache(&wgpu::PipelineCacheDescriptor {
                label: Some("slam16"),
                data: data.as_deref(),
                fallback: true,
            })
        };
        Some(Self { file, cache })
    }

    fn save(&self) -> std::io::Result<usize> {
        let Some(data) = self.cache.get_data() else {
            return Ok(0);
        };
        let sealed = seal(data);
        if let Some(folder) = self.file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let part = self
            .file
            .with_extension(format!("{}.part", std::process::id()));
        std::fs::write(&part, &sealed)?;
        std::fs::rename(&part, &self.file)?;
        Ok(sealed.len())
    }
}

/// FNV-1a, 64 bits.
fn digest(data: &[u8]) -> [u8; 8] {
    data.iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
        .to_le_bytes()
}

fn seal(data: Vec<u8>) -> Vec<u8> {
    [digest(&data).to_vec(), data].concat()
}

/// The data, unless the file was cut or changed.
fn unseal(file: Vec<u8>) -> Option<Vec<u8>> {
    let (seal, data) = file.split_at_checked(8)?;
    (seal == digest(data)).then(|| data.to_vec())
}

impl Gpu {
    pub(crate) fn pipeline(&self, variant: &Variant) -> Result<Arc<Pipeline>, DeviceError> {
        let pipelines = &self.inner.pipelines;
        let key = (
            variant.spec.name,
            variant.storage,
            variant.constants.clone(),
        );
        let mut compiled = pipelines
            .compiled
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(pipeline) = compiled.get(&key) {
            return Ok(pipeline.clone());
        }
        let cache = pipelines.disk.as_ref().map(|disk| &disk.cache);
        let pipeline = self
            .scoped(variant.spec.name, |device| {
                compile(device, variant, self.workgroup(), cache)
            })
            .map_err(|error| match error {
                DeviceError::Invalid { what, reason } => DeviceError::Shader {
                    kernel: what,
                    reason,
                },
                other => other,
            })?;
        Counting::add(&self.inner.counting.pipelines, 1);
        let pipeline = Arc::new(pipeline);
        compiled.insert(key, pipeline.clone());
        Ok(pipeline)
    }
}

fn compile(
    device: &wgpu::Device,
    variant: &Variant,
    workgroup: u32,
    cache: Option<&wgpu::PipelineCache>,
) -> Pipeline {
    let name = variant.spec.name;
    let groups = layouts(device, variant.spec);
    let slots: Vec<Option<&wgpu::BindGroupLayout>> = groups.iter().map(Some).collect();
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(name),
        bind_group_layouts: &slots,
        immediate_size: 0,
    });
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some(name),
        source: wgpu::ShaderSource::Wgsl(variant.compose().into()),
    });
    let raw = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(name),
        layout: Some(&layout),
        module: &module,
        entry_point: Some("main"),
        compilation_options: wgpu::PipelineCompilationOptions {
            constants: &[("W", f64::from(workgroup))],
            // Kernels write workgroup memory before they read it.
            zero_initialize_workgroup_memory: false,
        },
        cache,
    });
    Pipeline { raw, groups }
}

/// One layout per group from 0 to the last one used; a group without bindings
/// is empty.
fn layouts(device: &wgpu::Device, spec: &KernelSpec) -> Vec<wgpu::BindGroupLayout> {
    let count = spec.bindings.iter().map(|b| b.group + 1).max().unwrap_or(0);
    (0..count)
        .map(|group| {
            let entries: Vec<wgpu::BindGroupLayoutEntry> = spec
                .bindings
                .iter()
                .filter(|b| b.group == group)
                .map(|b| wgpu::BindGroupLayoutEntry {
                    binding: b.binding,
                    visibility: wgpu::ShaderStages::COMPUTE,
                    ty: wgpu::BindingType::Buffer {
                        ty: match b.access {
                            Access::Uniform => wgpu::BufferBindingType::Uniform,
                            Access::Read => wgpu::BufferBindingType::Storage { read_only: true },
                            Access::ReadWrite => {
                                wgpu::BufferBindingType::Storage { read_only: false }
                            }
                        },
                        has_dynamic_offset: false,
                        min_binding_size: None,
                    },
                    count: None,
                })
                .collect();
            device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
                label: Some(spec.name),
                entries: &entries,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_cache_file_is_not_used() {
        let sealed = seal(vec![1, 2, 3]);
        assert_eq!(unseal(sealed.clone()), Some(vec![1, 2, 3]));
        assert_eq!(unseal(sealed[..10].to_vec()), None);
        assert_eq!(unseal(vec![1]), None);
        let mut changed = sealed;
        changed[9] ^= 1;
        assert_eq!(unseal(changed), None);
    }
}

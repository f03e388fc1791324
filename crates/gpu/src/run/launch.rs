//! A kernel with its buffers: ready to be dispatched any number of times.

use std::sync::Arc;

use super::pipelines::Pipeline;
use crate::memory::Bound;
use crate::shader::{KernelSpec, Storage, Variant};
use crate::{DeviceError, Gpu};

/// A kernel, its buffers and its grid. Made once at setup; dispatching it
/// allocates nothing.
#[derive(Clone, Debug)]
pub struct Launch {
    pub(super) pipeline: Arc<Pipeline>,
    pub(super) groups: Vec<wgpu::BindGroup>,
    pub(super) grid: [u32; 3],
}

/// Workgroups for `items`, `per_group` in each: one row, or several where one
/// holds too few. Kernels use `group_index`.
pub(crate) fn grid(gpu: &Gpu, items: usize, per_group: usize) -> [u32; 3] {
    let groups = items.div_ceil(per_group.max(1));
    let most = gpu.capabilities().workgroups as usize;
    let rows = groups.div_ceil(most).max(1);
    let columns = groups.div_ceil(rows);
    [columns as u32, rows as u32, 1]
}

impl Gpu {
    /// Makes a kernel ready: `buffers` by name, in the order of its table.
    ///
    /// # Errors
    /// The kernel does not compile here, a name is not the table's, or a
    /// buffer does not fit its binding.
    pub(crate) fn launch(
        &self,
        spec: &'static KernelSpec,
        storage: Storage,
        constants: &[u32],
        buffers: &[(&str, &dyn Bound)],
        grid: [u32; 3],
    ) -> Result<Launch, DeviceError> {
        let names = spec.bindings.iter().map(|b| b.name);
        if constants.len() != spec.constants.len()
            || !names.eq(buffers.iter().map(|(name, _)| *name))
        {
            return Err(DeviceError::Invalid {
                what: spec.name.to_owned(),
                reason: "buffers or constants are not those of its table".to_owned(),
            });
        }
        let pipeline = self.pipeline(&Variant {
            spec,
            storage,
            constants: constants.to_vec(),
        })?;
        let groups = self.scoped(spec.name, |device| {
            (0..)
                .zip(&pipeline.groups)
                .map(|(group, layout)| {
                    let entries: Vec<wgpu::BindGroupEntry<'_>> = spec
                        .bindings
                        .iter()
                        .zip(buffers)
                        .filter(|(binding, _)| binding.group == group)
                        .map(|(binding, (_, buffer))| wgpu::BindGroupEntry {
                            binding: binding.binding,
                            resource: buffer.raw().as_entire_binding(),
                        })
                        .collect();
                    device.create_bind_group(&wgpu::BindGroupDescriptor {
                        label: Some(spec.name),
                        layout,
                        entries: &entries,
                    })
                })
                .collect()
        })?;
        Ok(Launch {
            pipeline,
            groups,
            grid,
        })
    }
}

//! The landmark-projected Jacobian on the device.

use std::sync::Arc;

use slam16_sparse::{
    BlockLayout, DiagonalBlocks, EdgeShape, EdgeStructure, Jacobian, NO_VARIABLE, ProjectedBlocks,
    ProjectedScaling, ProjectedStructure, Threads, scaled_damping,
};

use super::factor_set::{DeviceStore, FactorSet, Reach};
use crate::memory::Buffer;
use crate::shader::Storage;
use crate::{DeviceError, Gpu, Launch};

/// `A = (I − Q Qᵀ) [C; 0]` in one storage: every part is a factor set, and a
/// product is a run of products with them.
#[derive(Debug)]
pub(super) struct ProjectedOperator<S: DeviceStore> {
    host: ProjectedBlocks<S>,
    /// Plain sets, then the kept side of the mixed ones.
    kept: Vec<FactorSet>,
    /// `Q` of the mixed sets.
    eliminated: Vec<FactorSet>,
    /// `√Λ_j R_j⁻¹`, one factor per eliminated variable.
    damping: Option<FactorSet>,
    /// `Qᵀ C x`.
    inner: Buffer<f32>,
}

/// A unary structure: factor `f` touches `variables[f]`.
fn unary(rows: usize, cols: usize, variables: Vec<u32>, count: usize) -> EdgeStructure {
    let shape = EdgeShape {
        rows,
        cols_a: cols,
        cols_b: 0,
    };
    let none = vec![NO_VARIABLE; variables.len()];
    EdgeStructure::new(shape, variables, none, count)
}

/// The one dimension of all variables, if there is one.
pub(super) fn common_dimension(layout: &BlockLayout) -> Option<usize> {
    let mut dims = (0..layout.variables()).map(|v| layout.dim(v));
    let first = dims.next().unwrap_or(0);
    dims.all(|dim| dim == first).then_some(first)
}

impl<S: DeviceStore> ProjectedOperator<S> {
    pub(super) fn new(
        gpu: &Gpu,
        structure: &Arc<ProjectedStructure>,
        storage: Storage,
        round: bool,
    ) -> Result<Self, DeviceError> {
        let host = ProjectedBlocks::<S>::zeros(structure.clone());
        let (kept_layout, layout) = (structure.kept_layout(), structure.eliminated_layout());
        let mut kept = Vec::new();
        let mut rows = Vec::new();
        let mut row = 0;
        for blocks in host.kept() {
            let set = blocks.structure();
            let reach = (Reach::Touched, round);
            kept.push(FactorSet::new(gpu, set, kept_layout, row, storage, reach)?);
            rows.push(row);
            row += set.factors() * set.shape().rows;
        }
        let mut eliminated = Vec::new();
        for (k, mixed) in structure.mixed_sets().iter().enumerate() {
            let shape = mixed.shape();
            let variables = mixed.eliminated().to_vec();
            let set = unary(shape.rows, shape.cols_b, variables, layout.variables());
            // The first set writes every inner product, others add.
            let reach = if k == 0 { Reach::All } else { Reach::Touched };
            let row = rows[structure.plain_sets() + k];
            let set = FactorSet::new(gpu, &set, layout, row, storage, (reach, round))?;
            eliminated.push(set);
        }
        let count = layout.variables();
        let dim = common_dimension(layout).unwrap_or(0);
        let damping = (count > 0)
            .then(|| {
                let set = unary(dim, dim, (0..count as u32).collect(), count);
                FactorSet::new(gpu, &set, layout, row, storage, (Reach::Touched, round))
            })
            .transpose()?;
        Ok(Self {
            host,
            kept,
            eliminated,
            damping,
            inner: gpu.storage("inner products", layout.scalars())?,
        })
    }

    /// Takes a linearisation; returns how many entries overflowed.
    pub(super) fn update(
        &mut self,
        gpu: &Gpu,
        jacobian: &Jacobian<f64>,
        scaling: &ProjectedScaling,
        threads: &Threads,
    ) -> Result<usize, DeviceError> {
        let overflows = self.host.set(jacobian, scaling, threads);
        for (set, blocks) in self.kept.iter_mut().zip(self.host.kept()) {
            set.update(gpu, &blocks.a, &blocks.b)?;
        }
        for (set, blocks) in self.eliminated.iter_mut().zip(self.host.eliminated()) {
            set.update(gpu, blocks, &[])?;
        }
        if let Some(set) = &mut self.damping {
            set.update(gpu, self.host.damping(), &[])?;
        }
        Ok(overflows)
    }

    /// `y = sign · A x`.
    pub(super) fn multiply(
        &self,
        gpu: &Gpu,
        x: &Buffer<f32>,
        y: &Buffer<f32>,
        sign: f32,
    ) -> Result<Vec<Launch>, DeviceError> {
        let mut launches = Vec::new();
        for set in &self.kept {
            launches.push(set.multiply(gpu, x, y, (sign, 0.0))?);
        }
        for (k, set) in self.eliminated.iter().enumerate() {
            let beta = if k == 0 { 0.0 } else { 1.0 };
            set.transpose_multiply(gpu, y, &self.inner, (1.0, beta), &mut launches)?;
        }
        for set in &self.eliminated {
            launches.push(set.multiply(gpu, &self.inner, y, (-1.0, 1.0))?);
        }
        if let Some(set) = &self.damping {
            launches.push(set.multiply(gpu, &self.inner, y, (-1.0, 0.0))?);
        }
        Ok(launches)
    }

    /// `z += Cᵀ y`: `Aᵀ y` for a `y` made by products with `A`.
    pub(super) fn transpose_multiply(
        &self,
        gpu: &Gpu,
        y: &Buffer<f32>,
        z: &Buffer<f32>,
    ) -> Result<Vec<Launch>, DeviceError> {
        let mut launches = Vec::new();
        for set in &self.kept {
            set.transpose_multiply(gpu, y, z, (1.0, 1.0), &mut launches)?;
        }
        Ok(launches)
    }

    pub(super) fn structure(&self) -> &Arc<ProjectedStructure> {
        self.host.structure()
    }

    pub(super) fn host_bytes(&self) -> usize {
        let sets = self.kept.iter().chain(&self.eliminated);
        let sets = sets.chain(&self.damping).map(FactorSet::host_bytes);
        self.host.bytes() + sets.sum::<usize>()
    }
}

/// `Λ` in scaled coordinates: a full block per kept variable, one factor set
/// for each run of variables of one dimension.
#[derive(Debug)]
pub(super) struct BlockDamping {
    runs: Vec<(usize, FactorSet)>,
    blocks: Vec<f32>,
}

impl BlockDamping {
    pub(super) fn new(gpu: &Gpu, layout: &BlockLayout) -> Result<Self, DeviceError> {
        let storage = Storage::Single;
        let count = layout.variables();
        let mut runs = Vec::new();
        let mut start = 0;
        while start < count {
            let dim = layout.dim(start);
            let length = (start..count).take_while(|v| layout.dim(*v) == dim).count();
            if dim > 0 {
                let variables = (start as u32..(start + length) as u32).collect();
                let set = unary(dim, dim, variables, count);
                let row = layout.offset(start);
                let set = FactorSet::new(gpu, &set, layout, row, storage, (Reach::Touched, false))?;
                runs.push((length * dim * dim, set));
            }
            start += length;
        }
        Ok(Self {
            runs,
            blocks: Vec::new(),
        })
    }

    /// `Λ = λ Sᵀ D S`.
    pub(super) fn update(
        &mut self,
        gpu: &Gpu,
        damping: f64,
        scale: &[f64],
        inverse: &DiagonalBlocks,
        layout: &BlockLayout,
    ) -> Result<(), DeviceError> {
        self.blocks.clear();
        scaled_damping(damping, scale, inverse, layout, &mut self.blocks);
        let mut rest = self.blocks.as_slice();
        for (size, set) in &mut self.runs {
            let (blocks, tail) = rest.split_at(*size);
            rest = tail;
            set.update(gpu, blocks, &[])?;
        }
        Ok(())
    }

    pub(super) fn host_bytes(&self) -> usize {
        let sets = self.runs.iter().map(|(_, set)| set.host_bytes());
        size_of_val(self.blocks.as_slice()) + sets.sum::<usize>()
    }

    /// `y = alpha Λ x + beta y`.
    pub(super) fn multiply(
        &self,
        gpu: &Gpu,
        x: &Buffer<f32>,
        y: &Buffer<f32>,
        factors: (f32, f32),
    ) -> Result<Vec<Launch>, DeviceError> {
        self.runs
            .iter()
            .map(|(_, set)| set.multiply(gpu, x, y, factors))
            .collect()
    }
}

//! One factor set on the device, and its products.

use slam16_sparse::{BlockLayout, EdgeShape, EdgeStructure, NO_VARIABLE, Store, TiledLayout};

use crate::kernels::TILE;
use crate::kernels::jacobian_mul::{JacobianMul, JacobianMulParams};
use crate::kernels::jacobian_transpose_mul::{
    JacobianTransposeMul, JacobianTransposeMulParams, lanes,
};
use crate::memory::Buffer;
use crate::shader::Storage;
use crate::{DeviceError, Gpu, Launch};

/// Which variables a transposed product writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Those that a factor of the set touches.
    Touched,
    /// All that have as many unknowns as a block has columns.
    All,
}

/// One side's variables, for the transposed product.
#[derive(Debug)]
struct Side {
    starts: Buffer<u32>,
    items: Buffer<u32>,
    columns: Buffer<u32>,
    variables: usize,
    cols: usize,
    lanes: usize,
    base: usize,
    split: usize,
}

/// Blocks and index lists of one factor set.
#[derive(Debug)]
pub(super) struct FactorSet {
    shape: EdgeShape,
    factors: usize,
    /// First row of the set in a vector of rows.
    row: usize,
    storage: Storage,
    round: bool,
    layouts: [TiledLayout; 2],
    columns: Buffer<u32>,
    sides: Vec<Side>,
    blocks: Buffer<u32>,
    /// Tiles on their way to the device.
    words: Vec<u32>,
}

/// Blocks in the storages a device has.
pub(super) trait DeviceStore: Store<Compute = f32> {}
impl DeviceStore for f32 {}
impl DeviceStore for half::f16 {}

impl FactorSet {
    /// Index lists of a structure whose variables lie as `layout` says; blocks
    /// are zero. `round` rounds results of products to `storage`.
    pub(super) fn new(
        gpu: &Gpu,
        structure: &EdgeStructure,
        layout: &BlockLayout,
        row: usize,
        storage: Storage,
        (reach, round): (Reach, bool),
    ) -> Result<Self, DeviceError> {
        let shape = structure.shape();
        let factors = structure.factors();
        let layouts =
            [shape.cols_a, shape.cols_b].map(|cols| TiledLayout::new(TILE, shape.rows * cols));
        let mut columns = Vec::new();
        for (a, b) in structure.var_a().iter().zip(structure.var_b()) {
            columns.push(layout.offset(*a as usize) as u32);
            if *b != NO_VARIABLE {
                columns.push(layout.offset(*b as usize) as u32);
            }
        }
        let words =
            layouts.iter().map(|l| l.len(factors)).sum::<usize>() / 2 * storage.words_per_pair();
        let mut set = Self {
            shape,
            factors,
            row,
            storage,
            round,
            layouts,
            columns: gpu.storage_from("factor columns", &columns)?,
            sides: Vec::new(),
            blocks: gpu.storage("factor blocks", words)?,
            words: vec![0; words],
        };
        let never = u32::MAX as usize;
        let alike = shape.cols_a == shape.cols_b;
        let padded = factors.next_multiple_of(TILE);
        let sides: &[(&[u32], usize, usize, usize)] = match shape.cols_b {
            0 => &[(&[0], shape.cols_a, 0, never)],
            _ if alike => &[(&[0, 1], shape.cols_a, 0, padded)],
            _ => &[
                (&[0], shape.cols_a, 0, never),
                (&[1], shape.cols_b, set.second(), never),
            ],
        };
        for &(which, cols, base, split) in sides {
            let side = set.side(gpu, structure, layout, (which, cols, base, split), reach)?;
            set.sides.push(side);
        }
        Ok(set)
    }

    /// Pairs before the blocks of second variables.
    fn second(&self) -> usize {
        self.layouts[0].len(self.factors) / 2
    }

    fn side(
        &self,
        gpu: &Gpu,
        structure: &EdgeStructure,
        layout: &BlockLayout,
        (which, cols, base, split): (&[u32], usize, usize, usize),
        reach: Reach,
    ) -> Result<Side, DeviceError> {
        let (mut starts, mut items, mut columns) = (vec![0], Vec::new(), Vec::new());
        for v in 0..layout.variables() {
            if layout.dim(v) != cols || cols == 0 {
                continue;
            }
            let before = items.len();
            for item in structure.incidence_items(v) {
                let (f, side) = (item >> 1, item & 1);
                if which.contains(&side) {
                    let second = which.len() > 1 && side == 1;
                    items.push(f + if second { split as u32 } else { 0 });
                }
            }
            if items.len() > before || reach == Reach::All {
                starts.push(items.len() as u32);
                columns.push(layout.offset(v) as u32);
            }
        }
        Ok(Side {
            starts: gpu.storage_from("side starts", &starts)?,
            items: gpu.storage_from("side items", &items)?,
            columns: gpu.storage_from("side columns", &columns)?,
            variables: columns.len(),
            cols,
            lanes: lanes(items.len(), columns.len()),
            base,
            split,
        })
    }

    /// Bytes that stay on the host.
    pub(super) fn host_bytes(&self) -> usize {
        size_of_val(self.words.as_slice())
    }

    /// New blocks, column-major, in the set's storage.
    pub(super) fn update<S: DeviceStore>(
        &mut self,
        gpu: &Gpu,
        a: &[S],
        b: &[S],
    ) -> Result<(), DeviceError> {
        let values: &mut [S] = bytemuck::cast_slice_mut(&mut self.words);
        let (first, second) = values.split_at_mut(self.layouts[0].len(self.factors));
        self.layouts[0].arrange(a, first);
        self.layouts[1].arrange(b, second);
        gpu.write(&self.blocks, 0, &self.words)
    }

    /// `y = alpha J x + beta y` on the set's rows.
    pub(super) fn multiply(
        &self,
        gpu: &Gpu,
        x: &Buffer<f32>,
        y: &Buffer<f32>,
        (alpha, beta): (f32, f32),
    ) -> Result<Launch, DeviceError> {
        let params = JacobianMulParams {
            factors: self.factors as u32,
            second: self.second() as u32,
            row: self.row as u32,
            alpha,
            beta,
        };
        JacobianMul {
            blocks: &self.blocks,
            columns: &self.columns,
            x,
            y,
            params: &gpu.uniform("jacobian_mul", &params)?,
            shape: self.shape,
            factors: self.factors,
            round: self.round,
        }
        .launch(gpu, self.storage)
    }

    /// `z = alpha Jᵀ y + beta z` on the variables that the set reaches.
    pub(super) fn transpose_multiply(
        &self,
        gpu: &Gpu,
        y: &Buffer<f32>,
        z: &Buffer<f32>,
        (alpha, beta): (f32, f32),
        launches: &mut Vec<Launch>,
    ) -> Result<(), DeviceError> {
        for side in &self.sides {
            let params = JacobianTransposeMulParams {
                variables: side.variables as u32,
                base: side.base as u32,
                split: side.split as u32,
                row: self.row as u32,
                alpha,
                beta,
            };
            let launch = JacobianTransposeMul {
                blocks: &self.blocks,
                starts: &side.starts,
                items: &side.items,
                columns: &side.columns,
                y,
                z,
                params: &gpu.uniform("jacobian_transpose_mul", &params)?,
                size: (self.shape.rows, side.cols),
                lanes: side.lanes,
                variables: side.variables,
                round: self.round,
            };
            launches.push(launch.launch(gpu, self.storage)?);
        }
        Ok(())
    }
}

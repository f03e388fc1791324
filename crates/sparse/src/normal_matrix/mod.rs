//! Assembling the normal matrix `JᵀJ` and the gradient `Jᵀ r`.

mod kernel;

use std::ops::Range;
use std::sync::Arc;

use crate::kernels::{dispatch_shape, split_by_ends};
use crate::{
    BlockLayout, DenseRows, Jacobian, JacobianStructure, SymmetricBlocks, SymmetricPattern, Threads,
};
use kernel::AddBelow;
pub(crate) use kernel::AddDiagonal;

/// Variables per parallel task.
const VARIABLES: usize = 256;
/// Off-diagonal blocks per parallel task.
const BLOCKS: usize = 512;

/// Where every product of two Jacobian blocks goes in the normal matrix; made
/// once per structure, so that assembling searches for nothing.
///
/// Each diagonal block gathers over its variable's factors and each
/// off-diagonal block over the factors that join its two variables, sets in
/// order and factors ascending: the bits do not depend on the number of threads.
#[derive(Clone, Debug)]
pub struct NormalAssembly {
    layout: Arc<BlockLayout>,
    pattern: Arc<SymmetricPattern>,
    sets: Vec<SetMap>,
}

/// The factors of one set sorted by the off-diagonal block they add to.
#[derive(Clone, Debug, Default)]
pub(crate) struct SetMap {
    /// Block number of each entry, ascending.
    pub(crate) blocks: Vec<u32>,
    /// `2 f`, plus 1 where the second variable has the higher index.
    pub(crate) factors: Vec<u32>,
}

impl NormalAssembly {
    /// Analyses a structure. The two variables of a factor must differ.
    pub fn new(structure: &JacobianStructure) -> Self {
        let pattern = Arc::new(SymmetricPattern::of_normal_matrix(structure));
        let sets = structure
            .sets
            .iter()
            .map(|set| {
                if set.shape().cols_b == 0 {
                    return SetMap::default();
                }
                let block_of = |f: usize| {
                    let (a, b) = (set.var_a()[f], set.var_b()[f]);
                    pattern.find(a.max(b), a.min(b)).unwrap_or(0)
                };
                let mut next = vec![0_u32; pattern.blocks() + 1];
                for f in 0..set.factors() {
                    next[block_of(f) + 1] += 1;
                }
                for k in 0..pattern.blocks() {
                    next[k + 1] += next[k];
                }
                let mut map = SetMap {
                    blocks: vec![0; set.factors()],
                    factors: vec![0; set.factors()],
                };
                for f in 0..set.factors() {
                    let block = block_of(f);
                    let at = next[block] as usize;
                    next[block] += 1;
                    map.blocks[at] = block as u32;
                    let second_is_higher = set.var_b()[f] > set.var_a()[f];
                    map.factors[at] = 2 * f as u32 + u32::from(second_is_higher);
                }
                map
            })
            .collect();
        Self {
            layout: structure.layout.clone(),
            pattern,
            sets,
        }
    }

    /// Pattern of the normal matrix.
    pub fn pattern(&self) -> &Arc<SymmetricPattern> {
        &self.pattern
    }

    /// An all-zero normal matrix.
    pub fn zeros(&self) -> SymmetricBlocks {
        SymmetricBlocks::zeros(self.layout.clone(), self.pattern.clone())
    }

    /// Bytes of the mapping and the pattern's index.
    pub fn bytes(&self) -> usize {
        let pattern = 8 * (self.layout.variables() + 1) + 4 * self.pattern.blocks();
        pattern + self.sets.iter().map(|s| 8 * s.blocks.len()).sum::<usize>()
    }

    /// `normal = JᵀJ`, `gradient = Jᵀ r`.
    ///
    /// A zero on the diagonal (a held scalar's column) becomes 1, so that the
    /// matrix stays positive definite and the held step comes out as 0.
    pub fn assemble(
        &self,
        jacobian: &Jacobian<f64>,
        normal: &mut SymmetricBlocks,
        gradient: &mut [f64],
        threads: &Threads,
    ) {
        debug_assert!(Arc::ptr_eq(normal.pattern(), &self.pattern));
        debug_assert_eq!(gradient.len(), self.layout.scalars());
        self.assemble_diagonal(jacobian, normal, gradient, threads);
        self.assemble_below(jacobian, normal, threads);
        if let Some(dense) = &jacobian.dense {
            self.add_dense_below(dense, normal);
        }
    }

    fn add_dense_diagonal(
        &self,
        dense: &DenseRows,
        variables: Range<usize>,
        mut diagonal: &mut [f64],
        mut gradient: &mut [f64],
    ) {
        let touched = dense.structure().variables();
        let mut k = touched.partition_point(|v| (*v as usize) < variables.start);
        for v in variables {
            let dim = self.layout.dim(v);
            let (block, blocks) = diagonal.split_at_mut(dim * dim);
            let (g, gradients) = gradient.split_at_mut(dim);
            if touched.get(k) == Some(&(v as u32)) {
                dense.add_gram(k, k, block, |i, j| j * dim + i);
                dense.add_gradient(k, g);
                k += 1;
            }
            (diagonal, gradient) = (blocks, gradients);
        }
    }

    fn add_dense_below(&self, dense: &DenseRows, normal: &mut SymmetricBlocks) {
        let touched = dense.structure().variables();
        for (k, &low) in touched.iter().enumerate() {
            for (l, &high) in touched.iter().enumerate().skip(k + 1) {
                let Some(number) = self.pattern.find(high, low) else {
                    continue;
                };
                let at = normal.below_start(number);
                let dim = self.layout.dim(high as usize);
                let block = &mut normal.below[at..];
                dense.add_gram(l, k, block, |i, j| j * dim + i);
            }
        }
    }

    fn assemble_diagonal(
        &self,
        jacobian: &Jacobian<f64>,
        normal: &mut SymmetricBlocks,
        gradient: &mut [f64],
        threads: &Threads,
    ) {
        let variables = self.layout.variables();
        let chunk = if threads.count() == 1 {
            variables.max(1)
        } else {
            VARIABLES
        };
        let ends = || (1..=variables.div_ceil(chunk)).map(|i| (i * chunk).min(variables));
        let starts: Vec<usize> = ends().map(|v| normal.diagonal_start(v)).collect();
        let blocks = split_by_ends(&mut normal.diagonal, starts);
        let gradients = split_by_ends(gradient, ends().map(|v| self.layout.offsets()[v]));
        let tasks = blocks.into_iter().zip(gradients).enumerate().collect();
        threads.for_each(
            tasks,
            |(i, (diagonal, gradient)): (usize, (&mut [f64], &mut [f64]))| {
                let range = i * chunk..((i + 1) * chunk).min(variables);
                diagonal.fill(0.0);
                gradient.fill(0.0);
                for (blocks, residuals) in jacobian.sets.iter().zip(&jacobian.residuals) {
                    let kernel = AddDiagonal {
                        layout: &self.layout,
                        blocks,
                        residuals: Some(residuals),
                        variables: range.clone(),
                        diagonal: &mut *diagonal,
                        gradient: &mut *gradient,
                    };
                    dispatch_shape(blocks.structure().shape(), kernel);
                }
                if let Some(dense) = &jacobian.dense {
                    self.add_dense_diagonal(dense, range.clone(), diagonal, gradient);
                }
                self.replace_zeros(range, diagonal);
            },
        );
    }

    fn replace_zeros(&self, variables: Range<usize>, mut diagonal: &mut [f64]) {
        for v in variables {
            let dim = self.layout.dim(v);
            let (block, rest) = diagonal.split_at_mut(dim * dim);
            for value in block.iter_mut().step_by(dim + 1) {
                if *value == 0.0 {
                    *value = 1.0;
                }
            }
            diagonal = rest;
        }
    }

    fn assemble_below(
        &self,
        jacobian: &Jacobian<f64>,
        normal: &mut SymmetricBlocks,
        threads: &Threads,
    ) {
        let blocks = self.pattern.blocks();
        let chunk = if threads.count() == 1 {
            blocks.max(1)
        } else {
            BLOCKS
        };
        let starts: Vec<usize> = (0..=blocks).map(|k| normal.below_start(k)).collect();
        let ends = (1..=blocks.div_ceil(chunk)).map(|i| (i * chunk).min(blocks));
        let pieces = split_by_ends(&mut normal.below, ends.map(|k| starts[k]));
        let tasks = pieces.into_iter().enumerate().collect();
        // With one binary set and no dense rows every block is written exactly once.
        let overwrite = self.sets.iter().filter(|s| !s.blocks.is_empty()).count() == 1
            && jacobian.dense.is_none();
        threads.for_each(tasks, |(i, below): (usize, &mut [f64])| {
            let range = i * chunk..((i + 1) * chunk).min(blocks);
            if !overwrite {
                below.fill(0.0);
            }
            for (edges, map) in jacobian.sets.iter().zip(&self.sets) {
                let from = map.blocks.partition_point(|&k| (k as usize) < range.start);
                let to = map.blocks.partition_point(|&k| (k as usize) < range.end);
                if from < to {
                    let kernel = AddBelow {
                        edges,
                        block_of: &map.blocks[from..to],
                        factors: &map.factors[from..to],
                        starts: &starts,
                        first: range.start,
                        overwrite,
                        below: &mut *below,
                    };
                    dispatch_shape(edges.structure().shape(), kernel);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests;

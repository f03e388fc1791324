//! Random triangular systems as the solves take them, and what f64 makes of them.

use half::f16;
use slam16::sparse::{Store, TiledLayout, TriangularArithmetic};
use slam16_gpu::Gpu;
use slam16_gpu::kernels::TILE;
use slam16_gpu::shader::Storage;

use super::{Bounded, Random};

/// Numbers before the parts of a buffer, so that a wrong place is seen.
const BEFORE: usize = 6;

pub const ARITHMETICS: [TriangularArithmetic; 3] = [
    TriangularArithmetic::Wide,
    TriangularArithmetic::HalfVector,
    TriangularArithmetic::HalfSums,
];

/// `x_i = D_i (b_i − Σ B_ij x_j)` in levels.
pub struct Rows {
    pub dim: usize,
    /// First row of each level, and the end.
    pub levels: Vec<usize>,
    /// First block of each row, and the end.
    pub starts: Vec<usize>,
    pub neighbours: Vec<usize>,
    /// Column-major blocks.
    pub below: Vec<f64>,
    pub diagonal: Vec<f64>,
}

/// A system in buffers.
pub struct Packed<S> {
    pub blocks: Vec<S>,
    pub tables: Vec<u32>,
}

/// Where a system lies in them.
#[derive(Clone, Copy)]
pub struct Place {
    pub below: usize,
    pub diagonal: usize,
    pub starts: usize,
    pub neighbours: usize,
}

impl<S: Store> Packed<S> {
    pub fn new() -> Self {
        Self {
            blocks: vec![S::encode(9.0); BEFORE],
            tables: vec![7; BEFORE],
        }
    }

    pub fn words(&self) -> Vec<u32> {
        bytemuck::pod_collect_to_vec(&self.blocks)
    }

    fn arrange(&mut self, dim: usize, values: &[f64]) -> usize {
        let column = dim.next_multiple_of(2);
        let layout = TiledLayout::new(TILE, column * dim);
        let count = values.len() / (dim * dim);
        let at = self.blocks.len();
        self.blocks
            .resize(at + layout.len(count).max(2), S::default());
        for (n, value) in values.iter().enumerate() {
            let (block, c, r) = (n / (dim * dim), n / dim % dim, n % dim);
            self.blocks[at + layout.index(block, c * column + r)] = S::encode(*value);
        }
        at / 2
    }

    pub fn push(&mut self, rows: &Rows) -> Place {
        let below = self.arrange(rows.dim, &rows.below);
        let diagonal = self.arrange(rows.dim, &rows.diagonal);
        let starts = self.table(rows.starts.iter().copied());
        let neighbours = self.table(rows.neighbours.iter().copied());
        Place {
            below,
            diagonal,
            starts,
            neighbours,
        }
    }

    pub fn table(&mut self, values: impl Iterator<Item = usize>) -> usize {
        let at = self.tables.len();
        self.tables.extend(values.map(|v| v as u32));
        at
    }
}

impl Rows {
    /// Values are representable in f16, so that all storages hold the same.
    /// Rows of `|D| (1 + |B|)` sum to less than 2 and those of `|D| |B|` to less
    /// than 0.9, so that errors do not grow.
    pub fn random(dim: usize, rows: usize) -> Self {
        let mut random = Random((1000 * dim + rows) as u64);
        let mut levels = vec![0];
        let mut starts = vec![0];
        let mut neighbours = Vec::new();
        while *levels.last().unwrap() < rows {
            let first = *levels.last().unwrap();
            // Wide levels and narrow ones.
            let most = [3, 40, 250][random.below(3)];
            let width = 1 + random.below(most);
            let end = rows.min(first + width);
            for _ in first..end {
                if first > 0 {
                    // The first neighbour is of the level before.
                    let before = levels[levels.len() - 2];
                    neighbours.push(before + random.below(first - before));
                    let more = random.below(40) / 5;
                    neighbours.extend((0..more).map(|_| random.below(first)));
                }
                starts.push(neighbours.len());
            }
            levels.push(end);
        }
        let mut value = |scale: f64| f16::from_f64(scale * random.value()).to_f64();
        let below = (0..neighbours.len() * dim * dim)
            .map(|_| value(0.9 / (8 * dim) as f64))
            .collect();
        let mut diagonal: Vec<f64> = (0..rows * dim * dim)
            .map(|_| value(0.2 / dim as f64))
            .collect();
        for n in 0..rows * dim {
            let (row, r) = (n / dim, n % dim);
            diagonal[row * dim * dim + r * (dim + 1)] = f16::from_f64(0.7 + value(0.1)).to_f64();
        }
        Self {
            dim,
            levels,
            starts,
            neighbours,
            below,
            diagonal,
        }
    }

    pub fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// Steps one after the other, each a first row and an end: the levels, in
    /// pieces of at most `most` rows.
    pub fn steps(&self, most: usize) -> Vec<usize> {
        let mut steps = Vec::new();
        for level in self.levels.windows(2) {
            for first in (level[0]..level[1]).step_by(most) {
                steps.extend([first, level[1].min(first.saturating_add(most))]);
            }
        }
        steps
    }

    /// In f64, in the order of the kernel, with bounds on what a storage and an
    /// arithmetic make of it.
    pub fn solve(
        &self,
        rhs: &[Bounded],
        lanes: usize,
        storage: Storage,
        arithmetic: TriangularArithmetic,
    ) -> Vec<Bounded> {
        let half = matches!(storage, Storage::Half(_));
        let round = |v: Bounded, when: bool| if half && when { v.to_half() } else { v };
        let every = arithmetic == TriangularArithmetic::HalfSums;
        let entries = arithmetic != TriangularArithmetic::Wide;
        let dim = self.dim;
        let madd = |sum: Bounded, a: f64, x: Bounded| {
            let product = round(Bounded::exact(a) * round(x, every), every);
            round(round(sum, every) + product, every)
        };
        let mut x = rhs.to_vec();
        for i in 0..self.rows() {
            let mut sums = vec![Bounded::default(); lanes * dim];
            sums[..dim].copy_from_slice(&x[i * dim..(i + 1) * dim]);
            for at in self.starts[i]..self.starts[i + 1] {
                let lane = (at - self.starts[i]) % lanes;
                for c in 0..dim {
                    for r in 0..dim {
                        let entry = self.below[(at * dim + c) * dim + r];
                        let sum = &mut sums[lane * dim + r];
                        *sum = madd(*sum, entry, -x[self.neighbours[at] * dim + c]);
                    }
                }
            }
            let mut width = lanes / 2;
            while width > 0 {
                for k in 0..width * dim {
                    sums[k] = round(sums[k] + sums[k + width * dim], every);
                }
                width /= 2;
            }
            for r in 0..dim {
                let sum = (0..dim).fold(Bounded::default(), |sum, c| {
                    madd(sum, self.diagonal[(i * dim + c) * dim + r], sums[c])
                });
                x[i * dim + r] = round(sum, entries);
            }
        }
        x
    }
}

/// Times a power of two, exactly.
pub fn scaled(values: &[Bounded], factor: f64) -> Vec<Bounded> {
    let times = |v: &Bounded| Bounded {
        value: v.value * factor,
        error: v.error * factor,
    };
    values.iter().map(times).collect()
}

/// Scales by a power of two and rounds, as before a solve that rounds; also
/// what undoes it. One power below the kernel's, or two where f32 sees a largest
/// entry beyond a power: the absolute part of rounding to half is no smaller.
pub fn rescaled(
    values: &[Bounded],
    storage: Storage,
    arithmetic: TriangularArithmetic,
) -> (Vec<Bounded>, f64) {
    if arithmetic == TriangularArithmetic::Wide {
        return (values.to_vec(), 1.0);
    }
    let most = values.iter().fold(0.0_f64, |m, v| m.max(v.value.abs()));
    let up = if most > 0.0 {
        2.0_f64.powi(most.log2().floor() as i32 + 2)
    } else {
        1.0
    };
    let mut values = scaled(values, 1.0 / up);
    if matches!(storage, Storage::Half(_)) {
        values.iter_mut().for_each(|v| *v = v.to_half());
    }
    (values, up)
}

/// Rows that one workgroup solves side by side.
pub fn per_group(gpu: &Gpu, lanes: usize) -> usize {
    gpu.workgroup() as usize / lanes
}

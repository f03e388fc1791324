//! A random factor set as kernels take it.

use half::f16;
use slam16::sparse::{EdgeShape, Store, TiledLayout};
use slam16_gpu::kernels::TILE;
use slam16_gpu::shader::Storage;
use slam16_gpu::{Buffer, Gpu};

use super::Random;

/// One factor set. `first` variables have `cols_a` columns, the others, after
/// them, `cols_b`.
pub struct Set {
    pub shape: EdgeShape,
    pub factors: usize,
    /// Widths of all variables' columns before each, and the end.
    pub offsets: Vec<usize>,
    /// Variables of each factor.
    pub variables: Vec<[usize; 2]>,
    /// Column-major blocks.
    pub a: Vec<f64>,
    pub b: Vec<f64>,
}

/// The items of one side's variables, as the transposed product takes them.
pub struct Side {
    pub variables: Vec<usize>,
    pub starts: Vec<u32>,
    pub items: Vec<u32>,
    pub columns: Vec<u32>,
    pub cols: usize,
    pub base: usize,
    pub split: usize,
}

impl Set {
    /// Values are representable in f16, so that all storages hold the same.
    pub fn random((rows, cols_a, cols_b): (usize, usize, usize), factors: usize) -> Self {
        let mut random = Random((factors * 1000 + rows * 100 + cols_a * 10 + cols_b) as u64);
        let (first, second) = (7, if cols_b > 0 { 11 } else { 0 });
        let alike = cols_a == cols_b;
        let mut offsets = vec![0];
        for v in 0..first + second {
            let cols = if v < first { cols_a } else { cols_b };
            offsets.push(offsets[v] + cols);
        }
        let variables = (0..factors)
            .map(|_| {
                let a = random.below(if alike { first + second } else { first });
                let b = match second {
                    0 => usize::MAX,
                    _ if alike => (a + 1 + random.below(first + second - 1)) % (first + second),
                    _ => first + random.below(second),
                };
                [a, b]
            })
            .collect();
        let mut values = |n| -> Vec<f64> {
            (0..n)
                .map(|_| f16::from_f64(random.value()).to_f64())
                .collect()
        };
        Self {
            shape: EdgeShape {
                rows,
                cols_a,
                cols_b,
            },
            factors,
            variables,
            a: values(factors * rows * cols_a),
            b: values(factors * rows * cols_b),
            offsets,
        }
    }

    /// One factor, `A = [1 3; 2 4]`, `B = [5; 6]`, for cases worked by hand.
    pub fn worked() -> Self {
        Self {
            shape: EdgeShape {
                rows: 2,
                cols_a: 2,
                cols_b: 1,
            },
            factors: 1,
            offsets: vec![0, 2, 3],
            variables: vec![[0, 1]],
            a: vec![1.0, 2.0, 3.0, 4.0],
            b: vec![5.0, 6.0],
        }
    }

    pub fn unknowns(&self) -> usize {
        self.offsets[self.offsets.len() - 1]
    }

    pub fn rows(&self) -> usize {
        self.factors * self.shape.rows
    }

    fn sides(&self) -> usize {
        if self.shape.cols_b > 0 { 2 } else { 1 }
    }

    fn layouts(&self) -> [TiledLayout; 2] {
        let EdgeShape {
            rows,
            cols_a,
            cols_b,
        } = self.shape;
        [cols_a, cols_b].map(|cols| TiledLayout::new(TILE, rows * cols))
    }

    /// Pairs before the second blocks.
    pub fn second(&self) -> usize {
        self.layouts()[0].len(self.factors) / 2
    }

    pub fn columns(&self) -> Vec<u32> {
        self.variables
            .iter()
            .flat_map(|pair| &pair[..self.sides()])
            .map(|v| self.offsets[*v] as u32)
            .collect()
    }

    /// Both sides' blocks in tiles.
    pub fn blocks<S: Store>(&self) -> Vec<S> {
        let mut all = Vec::new();
        for (layout, values) in self.layouts().iter().zip([&self.a, &self.b]) {
            let encoded: Vec<S> = values.iter().map(|v| S::encode(*v)).collect();
            let mut tiles = vec![S::default(); layout.len(self.factors)];
            layout.arrange(&encoded, &mut tiles);
            all.append(&mut tiles);
        }
        all
    }

    pub fn upload(&self, gpu: &Gpu, storage: Storage) -> Buffer<u32> {
        let words: Vec<u32> = match storage {
            Storage::Half(_) => bytemuck::pod_collect_to_vec(&self.blocks::<f16>()),
            Storage::Single => bytemuck::pod_collect_to_vec(&self.blocks::<f32>()),
        };
        gpu.storage_from("blocks", &words).unwrap()
    }

    /// Entry of factor `f`, side, row, column.
    pub fn entry(&self, f: usize, side: usize, r: usize, c: usize) -> f64 {
        let (values, cols) = match side {
            0 => (&self.a, self.shape.cols_a),
            _ => (&self.b, self.shape.cols_b),
        };
        values[(f * cols + c) * self.shape.rows + r]
    }

    /// One product over all entries: `visit(row, column, entry)`.
    pub fn each(&self, mut visit: impl FnMut(usize, usize, f64)) {
        for f in 0..self.factors {
            for side in 0..self.sides() {
                let cols = [self.shape.cols_a, self.shape.cols_b][side];
                for c in 0..cols {
                    for r in 0..self.shape.rows {
                        let column = self.offsets[self.variables[f][side]] + c;
                        visit(f * self.shape.rows + r, column, self.entry(f, side, r, c));
                    }
                }
            }
        }
    }

    /// The dispatches that a transposed product takes: one where both sides
    /// are alike or there is one, else one a side.
    pub fn split(&self) -> Vec<Side> {
        let EdgeShape { cols_a, cols_b, .. } = self.shape;
        let padded = self.factors.next_multiple_of(TILE);
        let count = self.offsets.len() - 1;
        let side = |sides: &[usize], cols: usize, base: usize, split: usize| {
            let mut found = Side {
                variables: Vec::new(),
                starts: vec![0],
                items: Vec::new(),
                columns: Vec::new(),
                cols,
                base,
                split,
            };
            for v in 0..count {
                if self.offsets[v + 1] - self.offsets[v] != cols {
                    continue;
                }
                for f in 0..self.factors {
                    for &s in sides {
                        if self.variables[f][s] == v {
                            let second = sides.len() > 1 && s == 1;
                            found
                                .items
                                .push((f + if second { padded } else { 0 }) as u32);
                        }
                    }
                }
                found.variables.push(v);
                found.starts.push(found.items.len() as u32);
                found.columns.push(self.offsets[v] as u32);
            }
            found
        };
        let never = u32::MAX as usize;
        if cols_b == 0 {
            vec![side(&[0], cols_a, 0, never)]
        } else if cols_a == cols_b {
            vec![side(&[0, 1], cols_a, 0, padded)]
        } else {
            vec![
                side(&[0], cols_a, 0, never),
                side(&[1], cols_b, self.second(), never),
            ]
        }
    }
}

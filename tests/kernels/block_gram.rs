//! Diagonal blocks of `JᵀJ`.

use half::f16;
use slam16::cpu::kernels;
use slam16_gpu::Gpu;
use slam16_gpu::kernels::TILE;
use slam16_gpu::kernels::block_gram::{BlockGram, BlockGramParams, triangle_numbers};
use slam16_gpu::shader::Storage;

use crate::harness::{
    Guarded, POISON, SIZES, Set, close, for_each, gpus, same_in_half, sum_bound, triangles, twice,
};

const SHAPES: [(usize, usize, usize); 4] = [(2, 9, 3), (3, 6, 3), (6, 6, 6), (1, 2, 2)];

struct Case {
    set: Set,
    lanes: usize,
    /// In every place before, or nothing that may be read.
    before: Option<f32>,
}

impl Case {
    fn new(shape: (usize, usize, usize), factors: usize, lanes: usize, add: bool) -> Self {
        Self {
            set: Set::random(shape, factors),
            lanes,
            before: add.then_some(0.75),
        }
    }

    /// Triangles of all variables, those of the first side first.
    fn device(&self, gpu: &Gpu, storage: Storage) -> Vec<f32> {
        let blocks = self.set.upload(gpu, storage);
        let mut all = Vec::new();
        for side in self.set.split() {
            let variables = side.variables.len();
            let filler = self.before.map_or(POISON, f32::to_bits);
            let mut words = triangles::words(side.cols, variables, 2, filler);
            if self.before.is_some() {
                let start = vec![filler; variables * triangles::size(side.cols)];
                words = triangles::arrange(side.cols, &start);
            }
            let before: Vec<f32> = words.iter().map(|w| f32::from_bits(*w)).collect();
            assert_eq!(before.len(), triangle_numbers(side.cols, variables));
            let gram = Guarded::with(gpu, &before);
            let params = BlockGramParams {
                variables: variables as u32,
                base: side.base as u32,
                add: u32::from(self.before.is_some()),
            };
            let launch = BlockGram {
                blocks: &blocks,
                starts: &gpu.storage_from("starts", &side.starts).unwrap(),
                items: &gpu.storage_from("items", &side.items).unwrap(),
                gram: &gram.buffer,
                params: &gpu.uniform("params", &params).unwrap(),
                size: (self.set.shape.rows, side.cols),
                lanes: self.lanes,
                variables,
            }
            .launch(gpu, storage)
            .unwrap();
            let mut recorder = gpu.record("block_gram").unwrap();
            recorder.run(&launch);
            recorder.submit().unwrap().finish().unwrap();
            all.extend(triangles::gather(side.cols, variables, &gram.values(gpu)));
        }
        all
    }

    fn twin(&self, storage: Storage) -> Vec<f32> {
        let mut all = Vec::new();
        for side in self.set.split() {
            let (rows, cols) = (self.set.shape.rows, side.cols);
            let variables = side.variables.len();
            let start = vec![self.before.unwrap_or(0.0); variables * triangles::size(cols)];
            let mut gram = triangles::arrange(cols, &start);
            let add = u32::from(self.before.is_some());
            let (starts, items) = (&side.starts, &side.items);
            match storage {
                Storage::Half(_) => kernels::block_gram::<f16>(
                    (rows, cols),
                    self.lanes,
                    TILE,
                    &self.set.blocks(),
                    starts,
                    items,
                    &mut gram,
                    variables,
                    side.base,
                    add,
                ),
                Storage::Single => kernels::block_gram::<f32>(
                    (rows, cols),
                    self.lanes,
                    TILE,
                    &self.set.blocks(),
                    starts,
                    items,
                    &mut gram,
                    variables,
                    side.base,
                    add,
                ),
            }
            all.extend(triangles::gather(cols, variables, &gram));
        }
        all
    }

    /// In f64, with the sums of magnitudes that bound f32.
    fn oracle(&self) -> (Vec<f64>, impl Fn(usize) -> f64) {
        let start = f64::from(self.before.unwrap_or(0.0));
        let (mut want, mut sizes) = (Vec::new(), Vec::new());
        for side in self.set.split() {
            for v in side.variables {
                for j in 0..side.cols {
                    for i in 0..=j {
                        let (mut sum, mut size) = (start, start);
                        for f in 0..self.set.factors {
                            for s in 0..2 {
                                if self.set.variables[f][s] != v {
                                    continue;
                                }
                                for r in 0..self.set.shape.rows {
                                    let entry = |c| self.set.entry(f, s, r, c);
                                    sum += entry(i) * entry(j);
                                    size += (entry(i) * entry(j)).abs();
                                }
                            }
                        }
                        want.push(sum);
                        sizes.push(size);
                    }
                }
            }
        }
        let terms = self.set.rows() + 2;
        (want, move |i| sum_bound(terms, sizes[i]))
    }
}

/// `A = [1 3; 2 4]`, `B = [5; 6]`: `[5 11; 25]` and `[61]`, and 1 more each.
#[test]
fn worked_by_hand() {
    let case = Case {
        set: Set::worked(),
        lanes: 4,
        before: Some(1.0),
    };
    let want = [6.0, 12.0, 26.0, 62.0];
    for_each(|gpu, storage| {
        assert_eq!(case.twin(storage), want);
        assert_eq!(case.device(gpu, storage), want);
    });
}

#[test]
fn twin_against_f64() {
    for shape in SHAPES {
        for factors in SIZES {
            for (lanes, add) in [(1, false), (8, true)] {
                let case = Case::new(shape, factors, lanes, add);
                let (want, bound) = case.oracle();
                for storage in Storage::ALL {
                    let got = case.twin(storage);
                    close(&got, &want, &bound).unwrap();
                    let mut wrong = got.clone();
                    wrong[0] = 1.01 * wrong[0] + 0.01;
                    close(&wrong, &want, &bound).unwrap_err();
                }
            }
        }
    }
}

#[test]
fn device_against_twin() {
    for_each(|gpu, storage| {
        for shape in SHAPES {
            for (i, factors) in SIZES.into_iter().enumerate() {
                let lanes = if shape.0 == 2 { 8 } else { 1 };
                let case = Case::new(shape, factors, lanes, i % 2 == 1);
                let (_, bound) = case.oracle();
                let twin: Vec<f64> = case.twin(storage).iter().map(|v| f64::from(*v)).collect();
                let got = case.device(gpu, storage);
                close(&got, &twin, |i| 2.0 * bound(i))
                    .unwrap_or_else(|e| panic!("{} {storage:?} {shape:?}: {e}", gpu.adapter()));
            }
        }
    });
}

#[test]
fn runs_and_half_storages_have_the_same_bits() {
    for gpu in gpus() {
        let case = Case::new((2, 9, 3), 1000, 8, true);
        same_in_half(gpu, |s| twice(|| case.device(gpu, s)));
    }
}

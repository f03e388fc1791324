//! Squared norms of columns.

use half::f16;
use slam16::cpu::kernels;
use slam16_gpu::Gpu;
use slam16_gpu::kernels::TILE;
use slam16_gpu::kernels::column_norms::{ColumnNorms, ColumnNormsParams};
use slam16_gpu::shader::Storage;

use crate::harness::{
    Guarded, Random, SIZES, Set, close, for_each, gpus, same_in_half, sum_bound, twice,
};

const SHAPES: [(usize, usize, usize); 5] = [(2, 9, 3), (2, 6, 0), (3, 6, 3), (6, 6, 6), (1, 2, 2)];

struct Case {
    set: Set,
    lanes: usize,
    /// What is there before, or nothing that may be read.
    before: Option<Vec<f32>>,
}

impl Case {
    fn new(shape: (usize, usize, usize), factors: usize, lanes: usize, add: bool) -> Self {
        let set = Set::random(shape, factors);
        let before = Random(factors as u64).vector(set.unknowns());
        let before: Vec<f32> = before.iter().map(|v| v.abs()).collect();
        Self {
            set,
            lanes,
            before: add.then_some(before),
        }
    }

    fn device(&self, gpu: &Gpu, storage: Storage) -> Vec<f32> {
        let norms = match &self.before {
            Some(before) => Guarded::with(gpu, before),
            None => Guarded::new(gpu, self.set.unknowns()),
        };
        let blocks = self.set.upload(gpu, storage);
        let mut recorder = gpu.record("column_norms").unwrap();
        for side in self.set.split() {
            let params = ColumnNormsParams {
                variables: side.variables.len() as u32,
                base: side.base as u32,
                add: u32::from(self.before.is_some()),
            };
            let launch = ColumnNorms {
                blocks: &blocks,
                starts: &gpu.storage_from("starts", &side.starts).unwrap(),
                items: &gpu.storage_from("items", &side.items).unwrap(),
                columns: &gpu.storage_from("columns", &side.columns).unwrap(),
                norms: &norms.buffer,
                params: &gpu.uniform("params", &params).unwrap(),
                size: (self.set.shape.rows, side.cols),
                lanes: self.lanes,
                variables: side.variables.len(),
            }
            .launch(gpu, storage)
            .unwrap();
            recorder.run(&launch);
        }
        recorder.submit().unwrap().finish().unwrap();
        norms.values(gpu)
    }

    fn twin(&self, storage: Storage) -> Vec<f32> {
        let mut norms = self
            .before
            .clone()
            .unwrap_or_else(|| vec![f32::NAN; self.set.unknowns()]);
        for side in self.set.split() {
            let size = (self.set.shape.rows, side.cols);
            let add = u32::from(self.before.is_some());
            let variables = side.variables.len();
            let (starts, items, columns) = (&side.starts, &side.items, &side.columns);
            match storage {
                Storage::Half(_) => kernels::column_norms::<f16>(
                    size,
                    self.lanes,
                    TILE,
                    &self.set.blocks(),
                    starts,
                    items,
                    columns,
                    &mut norms,
                    variables,
                    side.base,
                    add,
                ),
                Storage::Single => kernels::column_norms::<f32>(
                    size,
                    self.lanes,
                    TILE,
                    &self.set.blocks(),
                    starts,
                    items,
                    columns,
                    &mut norms,
                    variables,
                    side.base,
                    add,
                ),
            }
        }
        norms
    }

    /// In f64, all of it positive, so that the sum bounds its own error: all
    /// squares and what was there.
    fn oracle(&self) -> (Vec<f64>, impl Fn(usize) -> f64) {
        let mut want: Vec<f64> = match &self.before {
            Some(before) => before.iter().map(|v| f64::from(*v)).collect(),
            None => vec![0.0; self.set.unknowns()],
        };
        self.set
            .each(|_, column, entry| want[column] += entry * entry);
        let terms = self.set.rows() + 2;
        let sizes = want.clone();
        (want, move |i| sum_bound(terms, sizes[i]))
    }
}

/// `A = [1 3; 2 4]`, `B = [5; 6]`: norms 5, 25 and 61, and 100 more each.
#[test]
fn worked_by_hand() {
    let case = Case {
        set: Set::worked(),
        lanes: 2,
        before: Some(vec![100.0; 3]),
    };
    let want = [105.0, 125.0, 161.0];
    for_each(|gpu, storage| {
        assert_eq!(case.twin(storage), want);
        assert_eq!(case.device(gpu, storage), want);
    });
}

#[test]
fn twin_against_f64() {
    for shape in SHAPES {
        for factors in SIZES {
            for (lanes, add) in [(1, false), (8, true), (32, false)] {
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
        // Each shape and number of lanes is compiled: not all of them.
        for shape in SHAPES.into_iter().step_by(2) {
            for (i, factors) in SIZES.into_iter().enumerate() {
                let case = Case::new(shape, factors, [1, 8][i % 2], i % 3 == 1);
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
        let case = Case::new((2, 9, 3), 1000, 16, true);
        same_in_half(gpu, |s| twice(|| case.device(gpu, s)));
    }
}

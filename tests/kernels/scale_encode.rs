//! Columns scaled and rounded to storage.

use half::f16;
use slam16::cpu::kernels;
use slam16::sparse::{EdgeShape, Store, TiledLayout};
use slam16_gpu::Gpu;
use slam16_gpu::kernels::TILE;
use slam16_gpu::kernels::scale_encode::{ScaleEncode, ScaleEncodeParams, groups};
use slam16_gpu::shader::{HalfAccess, Storage};

use crate::harness::{Guarded, POISON, Random, SIZES, Set, close, for_each, same_bits};

const SHAPES: [(usize, usize, usize); 5] = [(2, 9, 3), (2, 6, 0), (3, 6, 3), (6, 6, 6), (1, 2, 2)];

/// Counts before the first one.
const FIRST: usize = 2;

struct Case {
    set: Set,
    scale: Vec<f32>,
}

/// Encoded blocks, widened, and counts.
type Outcome = (Vec<f32>, Vec<f32>);

impl Case {
    /// Numbers of twenty binades, columns held or scaled by powers of two.
    fn new(shape: (usize, usize, usize), factors: usize) -> Self {
        let mut set = Set::random(shape, factors);
        let mut random = Random(factors as u64);
        for value in set.a.iter_mut().chain(&mut set.b) {
            *value = f64::from((*value * 2.0_f64.powi(random.below(20) as i32 - 10)) as f32);
        }
        let scale = (0..set.unknowns())
            .map(|i| match i % 5 {
                0 => 0.0,
                k => 2.0_f32.powi(k as i32 - 3),
            })
            .collect();
        Self { set, scale }
    }

    fn blocks(&self) -> Vec<f32> {
        self.set.blocks()
    }

    /// Whether each pair of both sides belongs to a factor.
    fn used(&self) -> Vec<bool> {
        let EdgeShape {
            rows,
            cols_a,
            cols_b,
        } = self.set.shape;
        let mut used = vec![false; self.blocks().len() / 2];
        for (side, cols) in [cols_a, cols_b].into_iter().enumerate() {
            let layout = TiledLayout::new(TILE, rows * cols);
            for f in 0..self.set.factors {
                for k in 0..layout.pairs() {
                    used[side * self.set.second() + layout.index(f, 2 * k) / 2] = true;
                }
            }
        }
        used
    }

    fn device(&self, gpu: &Gpu, storage: Storage) -> Outcome {
        let set = &self.set;
        // Places of no factor are zero and stay so.
        let words: Vec<u32> = self
            .used()
            .into_iter()
            .flat_map(|used| vec![if used { POISON } else { 0 }; storage.words_per_pair()])
            .collect();
        let encoded = Guarded::with(gpu, &words);
        let mut counts = vec![0.0; FIRST];
        let groups = groups(set.factors, gpu.workgroup() as usize);
        counts.resize(FIRST + groups, f32::from_bits(POISON));
        let partials = Guarded::with(gpu, &counts);
        let params = ScaleEncodeParams {
            factors: set.factors as u32,
            second: set.second() as u32,
            first: FIRST as u32,
        };
        let launch = ScaleEncode {
            columns: &gpu.storage_from("columns", &set.columns()).unwrap(),
            scale: &gpu.storage_from("scale", &self.scale).unwrap(),
            blocks: &set.upload(gpu, Storage::Single),
            encoded: &encoded.buffer,
            partials: &partials.buffer,
            params: &gpu.uniform("params", &params).unwrap(),
            shape: set.shape,
            factors: set.factors,
        }
        .launch(gpu, storage)
        .unwrap();
        let mut recorder = gpu.record("scale_encode").unwrap();
        recorder.run(&launch);
        recorder.submit().unwrap().finish().unwrap();
        let words = encoded.values(gpu);
        let numbers = match storage {
            Storage::Half(_) => widen(&bytemuck::pod_collect_to_vec::<u32, f16>(&words)),
            Storage::Single => bytemuck::pod_collect_to_vec(&words),
        };
        (numbers, partials.values(gpu))
    }

    fn twin_in<S: Store<Compute = f32>>(&self, workgroup: usize) -> Outcome {
        let set = &self.set;
        let blocks = self.blocks();
        let mut encoded = vec![S::default(); blocks.len()];
        let mut partials = vec![0.0; FIRST + groups(set.factors, workgroup)];
        kernels::scale_encode(
            set.shape,
            workgroup,
            TILE,
            &set.columns(),
            &self.scale,
            &blocks,
            &mut encoded,
            &mut partials,
            set.factors,
            set.second(),
            FIRST,
        );
        (widen(&encoded), partials)
    }

    fn twin(&self, workgroup: usize, storage: Storage) -> Outcome {
        match storage {
            Storage::Half(_) => self.twin_in::<f16>(workgroup),
            Storage::Single => self.twin_in::<f32>(workgroup),
        }
    }
}

fn widen<S: Store<Compute = f32>>(values: &[S]) -> Vec<f32> {
    values.iter().map(|v| v.load()).collect()
}

/// `A = [1 3; 2 4]`, `B = [5; 6]` times (2, 0, ½).
#[test]
fn worked_by_hand() {
    let case = Case {
        set: Set::worked(),
        scale: vec![2.0, 0.0, 0.5],
    };
    let pairs = [(0, [2.0, 4.0]), (TILE, [0.0, 0.0]), (2 * TILE, [2.5, 3.0])];
    for_each(|gpu, storage| {
        for (numbers, counts) in [case.twin(64, storage), case.device(gpu, storage)] {
            for (pair, want) in pairs {
                assert_eq!(numbers[2 * pair..2 * pair + 2], want);
            }
            assert_eq!(counts, [0.0; FIRST + 1]);
        }
    });
}

/// Scaling by powers of two is exact, so all that differs is one rounding: of
/// 11 bits, or half a step of 2⁻²⁴, or none.
#[test]
fn twin_against_f64() {
    for shape in SHAPES {
        for factors in SIZES {
            let case = Case::new(shape, factors);
            let set = &case.set;
            let EdgeShape {
                rows,
                cols_a,
                cols_b,
            } = set.shape;
            let mut want = vec![0.0; case.blocks().len()];
            for (side, cols) in [cols_a, cols_b].into_iter().enumerate() {
                let layout = TiledLayout::new(TILE, rows * cols);
                for f in 0..factors {
                    for i in 0..rows * cols {
                        let (r, c) = (i % rows, i / rows);
                        let column = set.offsets[set.variables[f][side]] + c;
                        want[2 * side * set.second() + layout.index(f, i)] =
                            set.entry(f, side, r, c) * f64::from(case.scale[column]);
                    }
                }
            }
            let (half, _) = case.twin(64, Storage::Half(HalfAccess::Packed));
            let bound = |i: usize| {
                let value: f64 = want[i];
                (value.abs() * 2.0_f64.powi(-11)).max(2.0_f64.powi(-25))
            };
            close(&half, &want, bound).unwrap();
            let (single, _) = case.twin(64, Storage::Single);
            close(&single, &want, |_| 0.0).unwrap();
            if let Some(i) = want.iter().position(|v| v.abs() > 1.0) {
                let mut wrong = half.clone();
                wrong[i] *= 1.002;
                close(&wrong, &want, bound).unwrap_err();
            }
        }
    }
}

/// One product and one rounding: the same bits, run after run.
#[test]
fn device_against_twin() {
    for_each(|gpu, storage| {
        for shape in SHAPES {
            for factors in SIZES {
                let case = Case::new(shape, factors);
                let (numbers, counts) = case.device(gpu, storage);
                let (want, none) = case.twin(gpu.workgroup() as usize, storage);
                // A held column may keep the sign of its zeros or not.
                let positive = |v: &[f32]| v.iter().map(|v| v + 0.0).collect::<Vec<f32>>();
                same_bits(&positive(&numbers), &positive(&want))
                    .unwrap_or_else(|e| panic!("{} {storage:?} {shape:?}: {e}", gpu.adapter()));
                assert_eq!(counts, none);
                same_bits(&numbers, &case.device(gpu, storage).0).unwrap();
            }
        }
    });
}

/// Numbers beyond half, and numbers that were not finite, are counted.
#[test]
fn what_does_not_fit_is_counted() {
    let shape = (2, 6, 3);
    let size = shape.0 * shape.1;
    let mut case = Case::new(shape, 200);
    case.scale.fill(0.5);
    for f in [3, 64, 65, 199] {
        case.set.a[f * size + 7] = 131_072.0;
    }
    let counted = |case: &Case, wanted: f32, storage: Storage| {
        let (_, counts) = case.twin(64, storage);
        assert_eq!(counts[FIRST..].iter().sum::<f32>(), wanted);
        for gpu in crate::harness::gpus() {
            if crate::harness::storages(gpu).contains(&storage) {
                let (_, want) = case.twin(gpu.workgroup() as usize, storage);
                assert_eq!(case.device(gpu, storage).1, want);
            }
        }
    };
    for half in &Storage::ALL[..3] {
        counted(&case, 4.0, *half);
    }
    counted(&case, 0.0, Storage::Single);
    case.set.b[0] = f64::INFINITY;
    case.set.b[9 * 6] = f64::NAN;
    counted(&case, 2.0, Storage::Single);
}

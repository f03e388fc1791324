//! Static factors of grids of poses, applied on devices.

use std::sync::Arc;

use half::f16;
use nalgebra::{DMatrix, DVector};
use slam16::sparse::{
    BlockFactor, BlockLayout, FactorPattern, FillRule, LevelSchedule, Ordering, PermutedPattern,
    PivotRule, SolveScratch, Store, SymmetricBlocks, SymmetricPattern, TriangularArithmetic,
    TriangularFactor, Whitening,
};
use slam16_gpu::shader::Storage;
use slam16_gpu::{DeviceError, Gpu, TriangularForm, TriangularOptions, TriangularSolver};

use crate::harness::triangular::ARITHMETICS;
use crate::harness::{Random, UNIT, close, for_each, gpus, same_bits, same_in_half, twice};

/// The normal matrix of a grid whose edges have blocks near `(I, −I)`.
struct Grid {
    matrix: SymmetricBlocks,
    whitening: Whitening,
}

impl Grid {
    fn new(width: usize, height: usize, dim: impl Fn(usize) -> usize) -> Self {
        let count = width * height;
        let layout = Arc::new(BlockLayout::new((0..count).map(&dim)));
        let mut pairs = Vec::new();
        for v in 0..count {
            if v % width > 0 {
                pairs.push((v as u32, v as u32 - 1));
            }
            if v >= width {
                pairs.push((v as u32, (v - width) as u32));
            }
        }
        let pattern = Arc::new(SymmetricPattern::from_pairs(count, pairs.iter().copied()));
        let mut matrix = SymmetricBlocks::zeros(layout.clone(), pattern);
        let mut random = Random(count as u64);
        let mut block = |rows: usize, cols: usize, sign: f64| {
            DMatrix::from_fn(rows, cols, |r, c| {
                sign * f64::from(u8::from(r == c)) + 0.3 * random.value()
            })
        };
        for &(i, j) in &pairs {
            let (i, j) = (i as usize, j as usize);
            let rows = dim(i).max(dim(j));
            let (a, b) = (block(rows, dim(i), 1.0), block(rows, dim(j), -1.0));
            for (v, block) in [(i, &a), (j, &b)] {
                let at = matrix.diagonal_start(v);
                let product = block.transpose() * block;
                for (k, value) in product.iter().enumerate() {
                    matrix.diagonal[at + k] += value;
                }
            }
            let product = a.transpose() * b;
            let k = matrix.pattern().find(i as u32, j as u32).unwrap();
            let at = matrix.below_start(k);
            matrix.below[at..at + product.len()].copy_from_slice(product.as_slice());
        }
        for v in 0..count {
            // Hold the first; a little weight on the others.
            let at = matrix.diagonal_start(v);
            for r in 0..dim(v) {
                matrix.diagonal[at + r * (dim(v) + 1)] += if v == 0 { 1.0 } else { 0.05 };
            }
        }
        let mut whitening = Whitening::new(layout);
        whitening.set(|v| matrix.diagonal_block(v));
        Self { matrix, whitening }
    }

    fn factor<S: Store>(&self, ordering: Ordering, complete: bool) -> TriangularFactor<S> {
        let (pattern, layout) = (self.matrix.pattern(), self.matrix.layout());
        let order = ordering.compute(pattern, layout);
        let permuted = PermutedPattern::new(pattern, layout, order.old_from_new());
        let pattern = if complete {
            FactorPattern::complete(&permuted)
        } else {
            FactorPattern::with_level(&permuted, 0)
        };
        let fill = FillRule::Pattern(Arc::new(pattern));
        let rule = PivotRule::default();
        let (factor, _) =
            BlockFactor::new(&self.matrix, &self.whitening, &permuted, &fill, &rule).unwrap();
        let (factor, overflows) = TriangularFactor::encode(&factor, layout);
        assert_eq!(overflows, 0);
        factor
    }

    /// The factor as a storage holds it, in f64.
    fn stored(
        &self,
        storage: Storage,
        ordering: Ordering,
        complete: bool,
    ) -> TriangularFactor<f64> {
        let mut wide = self.factor::<f64>(ordering, complete);
        let store = |values: &mut Vec<f64>| {
            for v in values {
                *v = match storage {
                    Storage::Half(_) => f16::encode(*v).widen(),
                    Storage::Single => f32::encode(*v).widen(),
                };
            }
        };
        store(&mut wide.below);
        store(&mut wide.inverse_diagonal);
        wide
    }
}

/// Beyond the range of half.
fn rhs(count: usize) -> Vec<f32> {
    let values = Random(count as u64).vector(count);
    values.iter().map(|v| 1e6 * v).collect()
}

fn options(storage: Storage, arithmetic: TriangularArithmetic) -> TriangularOptions {
    let mut options = TriangularOptions {
        arithmetic,
        ..TriangularOptions::default()
    };
    if let Storage::Half(access) = storage {
        options.access = access;
    }
    options
}

struct Applied {
    out: Vec<f32>,
    dispatches: usize,
    levels: usize,
}

fn apply<S: Store<Compute = f32>>(
    gpu: &Gpu,
    factor: &TriangularFactor<S>,
    options: &TriangularOptions,
    rhs: &[f32],
) -> Applied {
    let input = gpu.storage_from("rhs", rhs).unwrap();
    let out = gpu.storage::<f32>("out", rhs.len()).unwrap();
    let solver = TriangularSolver::new(gpu, factor, options, &input, &out).unwrap();
    let mut recorder = gpu.record("factor").unwrap();
    solver.record(&mut recorder);
    recorder.submit().unwrap().finish().unwrap();
    assert!(solver.bytes() > 0);
    Applied {
        out: gpu.read(&out).unwrap(),
        dispatches: solver.dispatches(),
        levels: solver.levels(),
    }
}

fn apply_in(
    gpu: &Gpu,
    storage: Storage,
    grid: &Grid,
    (ordering, complete): (Ordering, bool),
    options: &TriangularOptions,
    rhs: &[f32],
) -> Applied {
    match storage {
        Storage::Half(_) => apply(gpu, &grid.factor::<f16>(ordering, complete), options, rhs),
        Storage::Single => apply(gpu, &grid.factor::<f32>(ordering, complete), options, rhs),
    }
}

/// `L` of a factor, from what it holds.
fn dense(factor: &TriangularFactor<f64>) -> DMatrix<f64> {
    let (layout, pattern) = (factor.layout(), factor.pattern());
    let mut l = DMatrix::zeros(layout.scalars(), layout.scalars());
    let (mut below, mut diagonal) = (0, 0);
    for j in 0..layout.variables() {
        let (at, dim) = (layout.offset(j), layout.dim(j));
        let inverse = &factor.inverse_diagonal[diagonal..diagonal + dim * dim];
        let block = DMatrix::from_column_slice(dim, dim, inverse);
        l.view_mut((at, at), (dim, dim))
            .copy_from(&block.try_inverse().unwrap());
        diagonal += dim * dim;
        for &i in pattern.column(j) {
            let (first, rows) = (layout.offset(i as usize), layout.dim(i as usize));
            let block = &factor.below[below..below + rows * dim];
            l.view_mut((first, at), (rows, dim))
                .copy_from(&DMatrix::from_column_slice(rows, dim, block));
            below += rows * dim;
        }
    }
    l
}

/// What any order of the sums in a precision gives, to first order.
struct Oracle {
    want: Vec<f64>,
    bound: Vec<f64>,
}

impl Oracle {
    /// Rounding entry `y_i` perturbs it by `u |y_i|`, `u` being the precision of
    /// the vector, which spreads like `L⁻¹ L` through later rows; sums of `n`
    /// products in precision `v` add `n v |L⁻¹| |L| |y|`, and likewise the
    /// inverse diagonal blocks. Underflow of a vector scaled below 1 adds
    /// `2⁻²⁵` of its scale. A factor of 2 covers what is not of first order.
    fn new(
        factor: &TriangularFactor<f64>,
        grid: &Grid,
        rhs: &[f32],
        storage: Storage,
        arithmetic: TriangularArithmetic,
    ) -> Self {
        let half = matches!(storage, Storage::Half(_));
        let eleven = 2.0_f64.powi(-11);
        let (u, v) = match arithmetic {
            TriangularArithmetic::HalfVector if half => (eleven, UNIT),
            TriangularArithmetic::HalfSums if half => (eleven, eleven),
            _ => (UNIT, UNIT),
        };
        let layout = grid.matrix.layout();
        let scalars: Vec<usize> = factor
            .old_from_new()
            .iter()
            .flat_map(|v| layout.range(*v as usize))
            .collect();
        let n = scalars.len();
        let l = dense(factor);
        let inverse = l.clone().try_inverse().unwrap();
        let b = DVector::from_fn(n, |k, _| f64::from(rhs[scalars[k]]));
        let y = &inverse * &b;
        let x = inverse.transpose() * &y;
        let mut blocks = DMatrix::zeros(n, n);
        for j in 0..layout.variables() {
            let (at, dim) = (factor.layout().offset(j), factor.layout().dim(j));
            let block = l.view((at, at), (dim, dim)).into_owned();
            let both = block.abs() * block.try_inverse().unwrap().abs();
            blocks.view_mut((at, at), (dim, dim)).copy_from(&both);
        }
        let terms = 9.0 + l.map(|x| f64::from(u8::from(x != 0.0))).row_sum().max();
        let (l, inverse) = (l.abs(), inverse.abs());
        let step =
            |v: &DVector<f64>| 2.0 * v.amax() * 2.0_f64.powi(-25) * f64::from(u8::from(half));
        let local = |l: &DMatrix<f64>, y: &DVector<f64>, step: f64| {
            let sums = &blocks * (l * y.abs()) * (2.0 * terms * v);
            sums + (y.abs() * u).add_scalar(step)
        };
        let first = &inverse * (&l * local(&l, &y, step(&b)) + (b.abs() * u).add_scalar(step(&b)));
        let transposed = l.transpose();
        let carried = first + (y.abs() * u).add_scalar(step(&y));
        let second =
            inverse.transpose() * (carried + &transposed * local(&transposed, &x, step(&y)));
        let mut oracle = Self {
            want: vec![0.0; n],
            bound: vec![0.0; n],
        };
        for (k, at) in scalars.into_iter().enumerate() {
            oracle.want[at] = x[k];
            oracle.bound[at] = 2.0 * second[k];
        }
        oracle
    }

    fn judge(&self, got: &[f32]) -> Result<(), String> {
        close(got, &self.want, |i| self.bound[i])
    }
}

const FACTORS: [(Ordering, bool); 4] = [
    (Ordering::Natural, false),
    (Ordering::Rcm, false),
    (Ordering::Amd, false),
    (Ordering::Amd, true),
];

#[test]
fn the_oracle_is_the_hosts_solve() {
    let grid = Grid::new(8, 5, |_| 3);
    let b = rhs(120);
    for (ordering, complete) in FACTORS {
        let stored = grid.stored(Storage::Single, ordering, complete);
        let arithmetic = TriangularArithmetic::Wide;
        let oracle = Oracle::new(&stored, &grid, &b, Storage::Single, arithmetic);
        let mut out = vec![f64::NAN; 120];
        let wide: Vec<f64> = b.iter().map(|v| f64::from(*v)).collect();
        stored.apply(&wide, &mut out, arithmetic, &mut SolveScratch::default());
        for (a, b) in out.iter().zip(&oracle.want) {
            assert!((a - b).abs() < 1e-9 * 1e6, "{a} {b}");
        }
        // And the host's f32 is within the bounds, which are no wider than 1 %.
        let factor = grid.factor::<f32>(ordering, complete);
        let mut single = vec![f32::NAN; 120];
        factor.apply(&b, &mut single, arithmetic, &mut SolveScratch::default());
        oracle.judge(&single).unwrap();
        let largest = oracle.want.iter().fold(0.0_f64, |m, v| v.abs().max(m));
        assert!(oracle.bound.iter().all(|b| *b < 0.01 * largest));
    }
}

#[test]
fn grids_of_poses() {
    let grids = [
        Grid::new(6, 4, |_| 6),
        Grid::new(7, 5, |_| 3),
        // Poses in the plane and landmarks.
        Grid::new(6, 4, |v| if v % 3 == 0 { 2 } else { 3 }),
        Grid::new(1, 1, |_| 6),
        Grid::new(0, 0, |_| 3),
    ];
    for grid in &grids {
        let b = rhs(grid.matrix.layout().scalars());
        for case in FACTORS {
            let schedule =
                LevelSchedule::forward(grid.factor::<f32>(case.0, case.1).pattern()).levels();
            for arithmetic in ARITHMETICS {
                let oracles = [Storage::ALL[1], Storage::Single].map(|storage| {
                    let stored = grid.stored(storage, case.0, case.1);
                    Oracle::new(&stored, grid, &b, storage, arithmetic)
                });
                for_each(|gpu, storage| {
                    let oracle = &oracles[usize::from(storage == Storage::Single)];
                    for form in [TriangularForm::Streaming, TriangularForm::Resident] {
                        let options = TriangularOptions {
                            form,
                            ..options(storage, arithmetic)
                        };
                        let got = apply_in(gpu, storage, grid, case, &options, &b);
                        oracle.judge(&got.out).unwrap_or_else(|e| {
                            panic!(
                                "{} {storage:?} {arithmetic:?} {form:?} {case:?}: {e}",
                                gpu.adapter()
                            )
                        });
                        assert_eq!(got.levels, schedule);
                        let mut wrong = got.out;
                        if let Some(value) = wrong.last_mut() {
                            let last = oracle.bound.len() - 1;
                            *value += 2.1 * oracle.bound[last] as f32;
                            oracle.judge(&wrong).unwrap_err();
                        }
                    }
                });
            }
        }
    }
}

/// How levels are dispatched changes their number, not a bit.
#[test]
fn levels_are_merged() {
    let grid = Grid::new(12, 9, |_| 3);
    let b = rhs(grid.matrix.layout().scalars());
    let case = (Ordering::Natural, false);
    for gpu in gpus() {
        let arithmetic = TriangularArithmetic::Wide;
        let apply = |narrow, lanes| {
            let options = TriangularOptions {
                narrow,
                lanes,
                ..options(Storage::Single, arithmetic)
            };
            apply_in(gpu, Storage::Single, &grid, case, &options, &b)
        };
        let each = apply(Some(0), Some(4));
        // Fronts of the grid along its diagonals, both ways; two gathers.
        assert_eq!((each.levels, each.dispatches), (20, 42));
        let one = apply(Some(usize::MAX), Some(4));
        assert_eq!(one.dispatches, 4);
        same_bits(&each.out, &one.out).unwrap();
        // One row at a time: levels in several steps.
        let wide = apply(Some(usize::MAX), Some(gpu.workgroup() as usize));
        assert_eq!(wide.dispatches, 4);
    }
}

#[test]
fn half_storage_has_the_same_bits_however_it_is_read() {
    let grid = Grid::new(8, 5, |_| 6);
    let b = rhs(240);
    for gpu in gpus() {
        for arithmetic in ARITHMETICS {
            same_in_half(gpu, |s| {
                let options = options(s, arithmetic);
                twice(|| apply_in(gpu, s, &grid, FACTORS[3], &options, &b).out)
            });
        }
    }
}

/// Vectors of another length are refused by name.
#[test]
fn vectors_of_another_length_are_refused() {
    let factor = Grid::new(3, 2, |_| 3).factor::<f32>(Ordering::Natural, false);
    for gpu in gpus() {
        let [short, right] = [17, 18].map(|len| gpu.storage::<f32>("vector", len).unwrap());
        for (name, rhs, out) in [("rhs", &short, &right), ("out", &right, &short)] {
            let options = TriangularOptions::default();
            let error = TriangularSolver::new(gpu, &factor, &options, rhs, out).unwrap_err();
            assert!(matches!(error, DeviceError::Invalid { .. }), "{error}");
            let words = format!("{name} has 17 numbers, the factor 18 unknowns");
            assert!(error.to_string().contains(&words), "{error}");
        }
    }
}

//! Kernels from a bundle to `J x`, in one recording.

use slam16::problem::Bundle;
use slam16::sparse::TiledLayout;
use slam16_gpu::kernels::TILE;
use slam16_gpu::kernels::column_norms::{ColumnNorms, ColumnNormsParams};
use slam16_gpu::kernels::column_scale::{ColumnScale, ColumnScaleParams};
use slam16_gpu::kernels::cost::{self, CostParams, EvaluateCost};
use slam16_gpu::kernels::jacobian_mul::{JacobianMul, JacobianMulParams};
use slam16_gpu::kernels::jacobian_transpose_mul::lanes;
use slam16_gpu::kernels::linearize::{Linearize, LinearizeParams, groups};
use slam16_gpu::kernels::reduce::{Reduce, ReduceParams};
use slam16_gpu::kernels::scale_encode::{ScaleEncode, ScaleEncodeParams};
use slam16_gpu::shader::Storage;
use slam16_gpu::{Buffer, Gpu, Recorder};

use super::Random;
use super::linearization::Case;

/// Slots of the scalars.
pub const FAULTS: usize = 0;
pub const OVERFLOWS: usize = 1;
pub const ROBUST: usize = 2;
pub const PLAIN: usize = 3;

/// One set of a bundle, columns of held unknowns masked.
pub struct Chain {
    pub case: Case,
    pub x: Vec<f32>,
}

/// What is left on the device.
pub struct Found {
    pub residuals: Vec<f32>,
    pub norms: Vec<f32>,
    pub scale: Vec<f32>,
    pub product: Vec<f32>,
    pub scalars: Vec<f32>,
}

impl Chain {
    pub fn new(bundle: Bundle, set: usize) -> Self {
        let mut case = Case::of(bundle, set);
        let held = case.setup.held.iter();
        case.scale = held.map(|held| if *held { 0.0 } else { 1.0 }).collect();
        let x = Random(3).vector(case.scale.len());
        Self { case, x }
    }

    pub fn factors(&self) -> usize {
        self.case.local.observations[self.case.set].len()
    }

    fn point_column(&self) -> usize {
        let cameras = self.case.bundle.cameras().len();
        self.case.setup.structure.layout.offset(cameras)
    }

    pub fn columns(&self) -> Vec<u32> {
        let (cols, first) = (self.case.shape().cols_a as u32, self.point_column() as u32);
        let observations = self.case.local.observations[self.case.set].iter();
        observations
            .flat_map(|o| [cols * o.camera, first + 3 * o.point])
            .collect()
    }

    fn reduce(
        recorder: &mut Recorder<'_>,
        gpu: &Gpu,
        (partials, scalars): (&Buffer<f32>, &Buffer<f32>),
        (first, count, slot): (usize, usize, usize),
    ) {
        let params = ReduceParams {
            first: first as u32,
            count: count as u32,
            slot: slot as u32,
            add: 0,
            scale: 1.0,
        };
        let launch = Reduce {
            partials,
            scalars,
            params: &gpu.uniform("params", &params).unwrap(),
        }
        .launch(gpu, Storage::Single)
        .unwrap();
        recorder.run(&launch);
    }

    pub fn run(&self, gpu: &Gpu, storage: Storage) -> Found {
        let Case {
            bundle,
            local,
            setup,
            set,
            scale,
        } = &self.case;
        let (shape, factors) = (self.case.shape(), self.factors());
        let (loss, loss_scale) = bundle.loss().code();
        let counts = groups(factors, gpu.workgroup() as usize);
        let sums = cost::groups(factors, gpu.workgroup() as usize);
        let sides = [shape.cols_a, 3].map(|cols| TiledLayout::new(TILE, shape.rows * cols));
        let second = sides[0].len(factors) / 2;
        let pairs = second + sides[1].len(factors) / 2;

        let from = |name, values: &[f32]| gpu.storage_from(name, values).unwrap();
        let zeros = |name, len| gpu.storage::<f32>(name, len).unwrap();
        let observations = gpu
            .storage_from("observations", &local.observations[*set])
            .unwrap();
        let lenses = gpu.storage_from("lenses", &local.lenses).unwrap();
        let cameras = gpu.storage_from("cameras", &local.cameras).unwrap();
        let points = from("points", &local.points);
        let columns = gpu.storage_from("columns", &self.columns()).unwrap();
        let (mask, x) = (from("mask", scale), from("x", &self.x));
        let blocks = gpu.storage::<u32>("blocks", 2 * pairs).unwrap();
        let words = pairs * storage.words_per_pair();
        let encoded = gpu.storage::<u32>("encoded", words).unwrap();
        let residuals = zeros("residuals", factors * shape.rows);
        let product = zeros("product", factors * shape.rows);
        let norms = zeros("norms", scale.len());
        let scale = zeros("scale", scale.len());
        let partials = zeros("partials", 2 * counts + 2 * sums);
        let scalars = zeros("scalars", 4);
        let [faults, overflows, robust, plain] = [0, counts, 2 * counts, 2 * counts + sums];

        let mut recorder = gpu.record("chain").unwrap();
        let params = LinearizeParams {
            factors: factors as u32,
            second: second as u32,
            row: 0,
            point_column: self.point_column() as u32,
            first: faults as u32,
            loss,
            loss_scale,
        };
        let linearize = Linearize {
            observations: &observations,
            lenses: &lenses,
            scale: &mask,
            cameras: &cameras,
            points: &points,
            blocks: &blocks,
            residuals: &residuals,
            partials: &partials,
            params: &gpu.uniform("params", &params).unwrap(),
            shape,
            factors,
        };
        recorder.run(&linearize.launch(gpu, Storage::Single).unwrap());

        let structure = &setup.structure.sets[*set];
        let layout = &setup.structure.layout;
        let split = bundle.cameras().len();
        for (variables, cols, base) in [
            (0..split, shape.cols_a, 0),
            (split..layout.variables(), 3, second),
        ] {
            let (mut starts, mut items) = (vec![0], Vec::new());
            for v in variables.clone() {
                items.extend(structure.incidence_items(v).iter().map(|item| item >> 1));
                starts.push(items.len() as u32);
            }
            let first: Vec<u32> = variables.clone().map(|v| layout.offset(v) as u32).collect();
            let params = ColumnNormsParams {
                variables: variables.len() as u32,
                base: base as u32,
                add: 0,
            };
            let launch = ColumnNorms {
                blocks: &blocks,
                starts: &gpu.storage_from("starts", &starts).unwrap(),
                items: &gpu.storage_from("items", &items).unwrap(),
                columns: &gpu.storage_from("first", &first).unwrap(),
                norms: &norms,
                params: &gpu.uniform("params", &params).unwrap(),
                size: (shape.rows, cols),
                lanes: lanes(items.len(), variables.len()),
                variables: variables.len(),
            };
            recorder.run(&launch.launch(gpu, Storage::Single).unwrap());
        }
        let params = ColumnScaleParams {
            count: scale.len() as u32,
        };
        let column_scale = ColumnScale {
            norms: &norms,
            scale: &scale,
            params: &gpu.uniform("params", &params).unwrap(),
            count: scale.len(),
        };
        recorder.run(&column_scale.launch(gpu).unwrap());
        let params = ScaleEncodeParams {
            factors: factors as u32,
            second: second as u32,
            first: overflows as u32,
        };
        let scale_encode = ScaleEncode {
            columns: &columns,
            scale: &scale,
            blocks: &blocks,
            encoded: &encoded,
            partials: &partials,
            params: &gpu.uniform("params", &params).unwrap(),
            shape,
            factors,
        };
        recorder.run(&scale_encode.launch(gpu, storage).unwrap());
        let params = JacobianMulParams {
            factors: factors as u32,
            second: second as u32,
            row: 0,
            alpha: 1.0,
            beta: 0.0,
        };
        let jacobian_mul = JacobianMul {
            blocks: &encoded,
            columns: &columns,
            x: &x,
            y: &product,
            params: &gpu.uniform("params", &params).unwrap(),
            shape,
            factors,
            round: false,
        };
        recorder.run(&jacobian_mul.launch(gpu, storage).unwrap());
        let params = CostParams {
            factors: factors as u32,
            robust: robust as u32,
            plain: plain as u32,
            loss,
            loss_scale,
        };
        let evaluate = EvaluateCost {
            observations: &observations,
            lenses: &lenses,
            cameras: &cameras,
            points: &points,
            partials: &partials,
            params: &gpu.uniform("params", &params).unwrap(),
            rows: shape.rows,
            factors,
        };
        recorder.run(&evaluate.launch(gpu).unwrap());
        for range in [
            (faults, counts, FAULTS),
            (overflows, counts, OVERFLOWS),
            (robust, sums, ROBUST),
            (plain, sums, PLAIN),
        ] {
            Self::reduce(&mut recorder, gpu, (&partials, &scalars), range);
        }
        let buffers = [&residuals, &norms, &scale, &product, &scalars];
        let readings = buffers.map(|buffer| recorder.read(buffer, 0..buffer.len()));
        let found = recorder.submit().unwrap();
        let [residuals, norms, scale, product, scalars] = found
            .wait(|data| readings.map(|reading| data.get(&reading).to_vec()))
            .unwrap();
        Found {
            residuals,
            norms,
            scale,
            product,
            scalars,
        }
    }
}

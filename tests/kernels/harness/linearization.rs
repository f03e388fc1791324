//! One set of a bundle through `linearize`: on a device, in the twin, in f64.

use half::f16;
use slam16::cpu::kernels;
use slam16::problem::{Bundle, LeastSquares, LocalBundle, Loss, Setup};
use slam16::sparse::{EdgeShape, Jacobian, Store, Threads, TiledLayout};
use slam16_gpu::Gpu;
use slam16_gpu::kernels::TILE;
use slam16_gpu::kernels::linearize::{Linearize, LinearizeParams, groups};
use slam16_gpu::shader::Storage;

use super::scenes::{self, Expected, Scene};
use super::{Bounded, Guarded, POISON, losses};

/// Rows before the set, and counts before its first one.
const ROW: usize = 5;
const FIRST: usize = 3;

/// A set of observations to be linearised.
pub struct Case {
    pub bundle: Bundle,
    pub local: LocalBundle,
    pub setup: Setup,
    pub set: usize,
    pub scale: Vec<f32>,
}

/// What a run leaves.
#[derive(Debug)]
pub struct Outcome {
    /// Both blocks of every observation, column-major, in their order; then
    /// the residuals.
    pub numbers: Vec<f32>,
    /// Everything that belongs to no observation.
    pub idle: Vec<f32>,
    pub faults: Vec<f32>,
}

impl Case {
    pub fn new(scene: Scene, count: usize, loss: Loss, offset: f64) -> Self {
        let bundle = scenes::bundle(scene, count, loss, offset);
        Self::of(bundle, scene.set())
    }

    pub fn of(bundle: Bundle, set: usize) -> Self {
        let (local, setup) = scenes::local(&bundle);
        let scale = scenes::scale(&setup);
        Self {
            bundle,
            local,
            setup,
            set,
            scale,
        }
    }

    pub fn shape(&self) -> EdgeShape {
        self.setup.structure.sets[self.set].shape()
    }

    fn count(&self) -> usize {
        self.local.observations[self.set].len()
    }

    fn layouts(&self) -> [TiledLayout; 2] {
        let shape = self.shape();
        [shape.cols_a, 3].map(|cols| TiledLayout::new(TILE, shape.rows * cols))
    }

    fn second(&self) -> usize {
        self.layouts()[0].len(self.count()) / 2
    }

    fn point_column(&self) -> usize {
        let layout = &self.setup.structure.layout;
        layout.offset(self.bundle.cameras().len())
    }

    /// Place of each block number, in the order of [`Outcome::numbers`].
    fn places(&self) -> Vec<usize> {
        let [a, b] = self.layouts();
        let shape = self.shape();
        let mut places = Vec::new();
        for f in 0..self.count() {
            places.extend((0..shape.rows * shape.cols_a).map(|i| a.index(f, i)));
            places.extend((0..shape.rows * 3).map(|i| 2 * self.second() + b.index(f, i)));
        }
        places
    }

    fn scalars(&self) -> usize {
        2 * self.second() + self.layouts()[1].len(self.count())
    }

    fn outcome<S: Store<Compute = f32>>(
        &self,
        blocks: &[S],
        residuals: &[f32],
        partials: &[f32],
    ) -> Outcome {
        let places = self.places();
        let mut idle: Vec<f32> = blocks.iter().map(|v| v.load()).collect();
        let mut numbers: Vec<f32> = places.iter().map(|i| idle[*i]).collect();
        for i in places {
            idle[i] = 0.0;
        }
        idle.extend(&residuals[..ROW]);
        idle.extend(&partials[..FIRST]);
        numbers.extend(&residuals[ROW..]);
        Outcome {
            numbers,
            idle,
            faults: partials[FIRST..].to_vec(),
        }
    }

    pub fn device(&self, gpu: &Gpu, storage: Storage) -> Outcome {
        let (shape, factors) = (self.shape(), self.count());
        let (loss, loss_scale) = self.bundle.loss().code();
        // Places of no observation are zero and stay so.
        let mut words = vec![0_u32; self.scalars() * storage.words_per_pair() / 2];
        for f in 0..factors {
            for (side, layout) in self.layouts().iter().enumerate() {
                for k in 0..layout.pairs() {
                    let pair = side * self.second() + layout.index(f, 2 * k) / 2;
                    let width = storage.words_per_pair();
                    words[pair * width..(pair + 1) * width].fill(POISON);
                }
            }
        }
        let poison = f32::from_bits(POISON);
        let mut rows = vec![0.0; ROW];
        rows.resize(ROW + factors * shape.rows, poison);
        let mut counts = vec![0.0; FIRST];
        counts.resize(FIRST + groups(factors, gpu.workgroup() as usize), poison);
        let blocks = Guarded::with(gpu, &words);
        let residuals = Guarded::with(gpu, &rows);
        let partials = Guarded::with(gpu, &counts);
        let params = LinearizeParams {
            factors: factors as u32,
            second: self.second() as u32,
            row: ROW as u32,
            point_column: self.point_column() as u32,
            first: FIRST as u32,
            loss,
            loss_scale,
        };
        let observations = &self.local.observations[self.set];
        let launch = Linearize {
            observations: &gpu.storage_from("observations", observations).unwrap(),
            lenses: &gpu.storage_from("lenses", &self.local.lenses).unwrap(),
            scale: &gpu.storage_from("scale", &self.scale).unwrap(),
            cameras: &gpu.storage_from("cameras", &self.local.cameras).unwrap(),
            points: &gpu.storage_from("points", &self.local.points).unwrap(),
            blocks: &blocks.buffer,
            residuals: &residuals.buffer,
            partials: &partials.buffer,
            params: &gpu.uniform("params", &params).unwrap(),
            shape,
            factors,
        }
        .launch(gpu, storage)
        .unwrap();
        let mut recorder = gpu.record("linearize").unwrap();
        recorder.run(&launch);
        recorder.submit().unwrap().finish().unwrap();
        let (words, rows, counts) = (
            blocks.values(gpu),
            residuals.values(gpu),
            partials.values(gpu),
        );
        match storage {
            Storage::Half(_) => {
                let blocks: Vec<f16> = bytemuck::pod_collect_to_vec(&words);
                self.outcome(&blocks, &rows, &counts)
            }
            Storage::Single => {
                let blocks: Vec<f32> = bytemuck::pod_collect_to_vec(&words);
                self.outcome(&blocks, &rows, &counts)
            }
        }
    }

    fn twin_in<S: Store<Compute = f32>>(&self, workgroup: usize) -> Outcome {
        let (loss, loss_scale) = self.bundle.loss().code();
        let factors = self.count();
        let mut blocks = vec![S::default(); self.scalars()];
        let mut residuals = vec![0.0; ROW + factors * self.shape().rows];
        let mut partials = vec![0.0; FIRST + groups(factors, workgroup)];
        kernels::linearize(
            self.shape(),
            workgroup,
            TILE,
            &self.local.observations[self.set],
            &self.local.lenses,
            &self.scale,
            &self.local.cameras,
            &self.local.points,
            &mut blocks,
            &mut residuals,
            &mut partials,
            factors,
            self.second(),
            ROW,
            self.point_column(),
            FIRST,
            loss,
            loss_scale,
        );
        self.outcome(&blocks, &residuals, &partials)
    }

    pub fn twin(&self, workgroup: usize, storage: Storage) -> Outcome {
        match storage {
            Storage::Half(_) => self.twin_in::<f16>(workgroup),
            Storage::Single => self.twin_in::<f32>(workgroup),
        }
    }

    /// The library's Jacobian and residuals in f64, columns scaled, as
    /// [`Outcome::numbers`].
    pub fn oracle(&self) -> Vec<f64> {
        let mut jacobian = Jacobian::zeros(self.setup.structure.clone());
        self.bundle
            .linearize(&self.setup, &mut jacobian, &Threads::single())
            .unwrap();
        let blocks = &jacobian.sets[self.set];
        let rows = self.shape().rows;
        let mut numbers = Vec::new();
        for (f, o) in self.local.observations[self.set].iter().enumerate() {
            let camera = self.shape().cols_a * o.camera as usize;
            let point = self.point_column() + 3 * o.point as usize;
            for (block, first) in [(blocks.block_a(f), camera), (blocks.block_b(f), point)] {
                for (i, value) in block.iter().enumerate() {
                    numbers.push(value * f64::from(self.scale[first + i / rows]));
                }
            }
        }
        numbers.extend(&jacobian.residuals[self.set]);
        numbers
    }

    /// What f32 may make of it.
    pub fn expected(&self, storage: Storage) -> Vec<Bounded> {
        let rows = self.shape().rows;
        let stored = |v: Bounded| match storage {
            Storage::Half(_) => v.to_half(),
            Storage::Single => v,
        };
        let (mut blocks, mut residuals) = (Vec::new(), Vec::new());
        for o in scenes::observations(&self.bundle, self.set) {
            let expected = Expected::new(&self.bundle, &o, self.local.anchor, self.shape().cols_a);
            let slope = losses::slope(self.bundle.loss(), expected.squared);
            let whiten = (expected.weight * slope).sqrt();
            let camera = self.shape().cols_a * o.camera.index();
            let point = self.point_column() + 3 * o.point.index();
            for (block, first) in [(&expected.camera, camera), (&expected.point, point)] {
                for (i, value) in block.iter().enumerate() {
                    let scale = f64::from(self.scale[first + i / rows]);
                    blocks.push(stored(*value * whiten * Bounded::exact(scale)));
                }
            }
            residuals.extend(expected.residual.iter().map(|r| *r * whiten));
        }
        blocks.append(&mut residuals);
        blocks
    }

    pub fn bounds(&self, storage: Storage) -> Vec<f64> {
        self.expected(storage).iter().map(|b| b.error).collect()
    }
}

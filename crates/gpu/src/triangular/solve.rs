//! A factor on a device, and the launches that apply it.

use slam16_sparse::{Store, TriangularArithmetic, TriangularFactor};

use super::dispatches::{Steps, steps};
use super::options::{TriangularForm, TriangularOptions};
use super::packed::{Numbering, Packed, Side};
use crate::kernels::axpby::{Axpby, AxpbyParams};
use crate::kernels::gather::{Gather, GatherParams};
use crate::kernels::largest::{Largest, LargestParams, groups};
use crate::kernels::power_of_two::{PowerOfTwo, PowerOfTwoParams};
use crate::kernels::triangular_resident::{TriangularResident, TriangularResidentParams};
use crate::kernels::triangular_solve::{TriangularSolve, TriangularSolveParams};
use crate::kernels::{NONE, dot};
use crate::memory::Buffer;
use crate::run::{Launch, Recorder};
use crate::shader::Storage;
use crate::{DeviceError, Gpu};

/// A static factor on a device: `out = Pᵀ L⁻ᵀ L⁻¹ P rhs`.
///
/// The factor is uploaded once, rows in the order of their levels, with a
/// transposed copy for the backward solve, so that both read their blocks one
/// after the other. Blocks smaller than the largest are padded. Where the vector
/// is rounded to half it is first scaled by a power of two so that its largest
/// entry lies in `[½, 1)`, before each of the two solves, and scaled back at the
/// end; the scale stays on the device.
#[derive(Debug)]
pub struct TriangularSolver {
    launches: Vec<Launch>,
    levels: usize,
    /// What the launches read; kept so that its bytes are counted.
    held: Vec<Buffer<u32>>,
    work: Vec<Buffer<f32>>,
}

/// Slots of the scalars.
const DOWN: u32 = 0;
const UP_FORWARD: u32 = 1;
const UP: u32 = 2;

impl TriangularSolver {
    /// Uploads a factor and makes its launches ready. `rhs` and `out` have as
    /// many numbers as there are unknowns, in the order of the unknowns, and are
    /// not the same buffer.
    ///
    /// # Errors
    /// `rhs` or `out` of another length, too large for a buffer, no memory, or a
    /// kernel does not compile here.
    pub fn new<S: Store<Compute = f32>>(
        gpu: &Gpu,
        factor: &TriangularFactor<S>,
        options: &TriangularOptions,
        rhs: &Buffer<f32>,
        out: &Buffer<f32>,
    ) -> Result<Self, DeviceError> {
        let expected = factor.layout().scalars();
        for (name, found) in [("rhs", rhs.len()), ("out", out.len())] {
            if found != expected {
                return Err(DeviceError::Invalid {
                    what: "triangular solver".to_owned(),
                    reason: format!("{name} has {found} numbers, the factor {expected} unknowns"),
                });
            }
        }
        let numbering = Numbering::new(factor);
        let rows = numbering.rows.len().max(1);
        let workgroup = gpu.workgroup() as usize;
        let mean = factor.pattern().blocks().div_ceil(rows);
        let lanes = options.lanes.unwrap_or(mean.clamp(1, 32));
        let lanes = lanes.clamp(1, workgroup).next_power_of_two();
        let storage = match size_of::<S>() {
            2 => Storage::Half(options.access),
            _ => Storage::Single,
        };
        let mut setup = Setup {
            gpu,
            storage,
            // Nothing is rounded in single storage.
            arithmetic: match storage {
                Storage::Single => TriangularArithmetic::Wide,
                Storage::Half(_) => options.arithmetic,
            },
            lanes,
            per_group: workgroup / lanes,
            rhs,
            out,
            made: Self {
                launches: Vec::new(),
                levels: numbering.levels.len().saturating_sub(1),
                held: Vec::new(),
                work: Vec::new(),
            },
        };
        let unknowns = numbering.unknowns(factor);
        match options.form {
            TriangularForm::Streaming => {
                let narrow = options.narrow.unwrap_or(2 * setup.per_group);
                setup.streaming(factor, &numbering, unknowns, narrow)?;
            }
            TriangularForm::Resident => setup.resident(factor, &numbering, &unknowns)?,
        }
        Ok(setup.made)
    }

    /// Records both solves: reads `rhs`, writes `out`.
    pub fn record(&self, recorder: &mut Recorder<'_>) {
        for launch in &self.launches {
            recorder.run(launch);
        }
    }

    /// Dispatches of one application.
    pub fn dispatches(&self) -> usize {
        self.launches.len()
    }

    /// Levels of each solve.
    pub fn levels(&self) -> usize {
        self.levels
    }

    /// Bytes on the device.
    pub fn bytes(&self) -> u64 {
        let held = self.held.iter().map(Buffer::bytes);
        held.chain(self.work.iter().map(Buffer::bytes)).sum()
    }
}

struct Setup<'a> {
    gpu: &'a Gpu,
    storage: Storage,
    arithmetic: TriangularArithmetic,
    lanes: usize,
    per_group: usize,
    rhs: &'a Buffer<f32>,
    out: &'a Buffer<f32>,
    made: TriangularSolver,
}

/// The levels of a direction, first to last.
fn ordered(numbering: &Numbering, backward: bool) -> impl Iterator<Item = (u32, u32)> + '_ {
    let count = numbering.levels.len().saturating_sub(1);
    (0..count).map(move |l| {
        let l = if backward { count - 1 - l } else { l };
        (numbering.levels[l], numbering.levels[l + 1])
    })
}

impl Setup<'_> {
    fn streaming<S: Store<Compute = f32>>(
        &mut self,
        factor: &TriangularFactor<S>,
        numbering: &Numbering,
        unknowns: Vec<u32>,
        narrow: usize,
    ) -> Result<(), DeviceError> {
        let gpu = self.gpu;
        let scalars = numbering.scalars();
        let mut places = vec![NONE; self.out.len()];
        for (place, &unknown) in (0..).zip(&unknowns) {
            if let Some(at) = places.get_mut(unknown as usize) {
                *at = place;
            }
        }
        let index = gpu.storage_from("unknowns", &unknowns)?;
        let inverse = gpu.storage_from("places", &places)?;
        let x = gpu.storage::<f32>("triangular vector", scalars)?;
        let y = gpu.storage::<f32>("triangular vector", scalars)?;
        let slots = gpu.storage::<f32>("triangular scalars", 3)?;
        let partials = gpu.storage::<f32>("triangular maxima", dot::MOST_GROUPS)?;
        let rounds = self.arithmetic != TriangularArithmetic::Wide;

        if rounds {
            self.power(self.rhs, &partials, &slots, UP_FORWARD, NONE)?;
        }
        let down = if rounds { DOWN } else { NONE };
        let entries = if rounds {
            self.storage
        } else {
            Storage::Single
        };
        self.gather(&index, &slots, (self.rhs, &x), scalars, down, entries)?;
        self.direction(factor, numbering, narrow, &x, false)?;
        let mut last = &x;
        if rounds {
            self.power(&x, &partials, &slots, UP, UP_FORWARD)?;
            let params = AxpbyParams {
                count: scalars as u32,
                alpha_slot: DOWN,
                beta_slot: NONE,
                alpha: 1.0,
                beta: 0.0,
            };
            let scaling = Axpby {
                scalars: &slots,
                x: &x,
                y: &y,
                params: &gpu.uniform("params", &params)?,
                count: scalars,
            };
            self.made.launches.push(scaling.launch(gpu, self.storage)?);
            last = &y;
        }
        self.direction(factor, numbering, narrow, last, true)?;
        let up = if rounds { UP } else { NONE };
        let unknowns = self.out.len();
        self.gather(
            &inverse,
            &slots,
            (last, self.out),
            unknowns,
            up,
            Storage::Single,
        )?;
        self.made.held.extend([index, inverse]);
        self.made.work.extend([x, y, slots, partials]);
        Ok(())
    }

    /// Makes ready what scales a vector: the power of two, and its inverse times
    /// that of an earlier one.
    fn power(
        &mut self,
        x: &Buffer<f32>,
        partials: &Buffer<f32>,
        scalars: &Buffer<f32>,
        undo: u32,
        earlier: u32,
    ) -> Result<(), DeviceError> {
        let gpu = self.gpu;
        let count = x.len();
        let params = LargestParams {
            count: count as u32,
            first: 0,
        };
        let largest = Largest {
            x,
            partials,
            params: &gpu.uniform("params", &params)?,
            count,
        };
        let params = PowerOfTwoParams {
            first: 0,
            count: groups(count, gpu.workgroup() as usize) as u32,
            slot: DOWN,
            undo,
            earlier,
        };
        let power = PowerOfTwo {
            partials,
            scalars,
            params: &gpu.uniform("params", &params)?,
        };
        let launches = [
            largest.launch(gpu, Storage::Single)?,
            power.launch(gpu, Storage::Single)?,
        ];
        self.made.launches.extend(launches);
        Ok(())
    }

    fn gather(
        &mut self,
        index: &Buffer<u32>,
        scalars: &Buffer<f32>,
        (x, y): (&Buffer<f32>, &Buffer<f32>),
        count: usize,
        slot: u32,
        storage: Storage,
    ) -> Result<(), DeviceError> {
        let params = GatherParams {
            count: count as u32,
            slot,
        };
        let gather = Gather {
            index,
            scalars,
            x,
            y,
            params: &self.gpu.uniform("params", &params)?,
            count,
        };
        self.made.launches.push(gather.launch(self.gpu, storage)?);
        Ok(())
    }

    /// One direction, in place in `vector`.
    fn direction<S: Store<Compute = f32>>(
        &mut self,
        factor: &TriangularFactor<S>,
        numbering: &Numbering,
        narrow: usize,
        vector: &Buffer<f32>,
        backward: bool,
    ) -> Result<(), DeviceError> {
        let gpu = self.gpu;
        let mut packed = Packed::<S>::default();
        let side = packed.push(factor, numbering, backward);
        let steps = steps(ordered(numbering, backward), narrow, self.per_group);
        let table = packed.table(&steps.rows);
        let blocks = gpu.storage_from("triangular blocks", &packed.words())?;
        let tables = gpu.storage_from("triangular tables", &packed.tables)?;
        for dispatch in &steps.dispatches {
            let params = TriangularSolveParams {
                below: side.below,
                diagonal: side.diagonal,
                starts: side.starts,
                neighbours: side.neighbours,
                first: table + 2 * dispatch.first as u32,
                steps: dispatch.steps as u32,
            };
            let solve = TriangularSolve {
                blocks: &blocks,
                tables: &tables,
                vector,
                params: &gpu.uniform("params", &params)?,
                dim: numbering.dim,
                lanes: self.lanes,
                arithmetic: self.arithmetic,
                rows: dispatch.rows,
            };
            self.made.launches.push(solve.launch(gpu, self.storage)?);
        }
        self.made.held.extend([blocks, tables]);
        Ok(())
    }

    fn resident<S: Store<Compute = f32>>(
        &mut self,
        factor: &TriangularFactor<S>,
        numbering: &Numbering,
        unknowns: &[u32],
    ) -> Result<(), DeviceError> {
        let gpu = self.gpu;
        let scalars = numbering.scalars();
        let mut packed = Packed::<S>::default();
        let index = packed.table(unknowns);
        let mut sides = [Side::default(); 2];
        let mut first = [0; 2];
        let mut counts = [0; 2];
        for (n, backward) in [false, true].into_iter().enumerate() {
            sides[n] = packed.push(factor, numbering, backward);
            let Steps { rows, .. } =
                steps(ordered(numbering, backward), usize::MAX, self.per_group);
            first[n] = packed.table(&rows);
            counts[n] = (rows.len() / 2) as u32;
        }
        let [forward, back] = sides;
        let params = TriangularResidentParams {
            scalars: scalars as u32,
            index,
            below: forward.below,
            diagonal: forward.diagonal,
            starts: forward.starts,
            neighbours: forward.neighbours,
            first: first[0],
            steps: counts[0],
            below_back: back.below,
            diagonal_back: back.diagonal,
            starts_back: back.starts,
            neighbours_back: back.neighbours,
            first_back: first[1],
            steps_back: counts[1],
        };
        let blocks = gpu.storage_from("triangular blocks", &packed.words())?;
        let tables = gpu.storage_from("triangular tables", &packed.tables)?;
        let vector = gpu.storage::<f32>("triangular vector", scalars)?;
        let solve = TriangularResident {
            blocks: &blocks,
            tables: &tables,
            rhs: self.rhs,
            vector: &vector,
            result: self.out,
            params: &gpu.uniform("params", &params)?,
            dim: numbering.dim,
            lanes: self.lanes,
            arithmetic: self.arithmetic,
        };
        self.made.launches.push(solve.launch(gpu, self.storage)?);
        self.made.held.extend([blocks, tables]);
        self.made.work.push(vector);
        Ok(())
    }
}

//! Vectors, scalars and launches of conjugate gradients, kept between solves.

use std::collections::BTreeMap;
use std::sync::Arc;

use slam16_solver::{CgState, CgStatus, StopTests};

use crate::kernels::NONE;
use crate::kernels::axpby::{Axpby, AxpbyParams};
use crate::kernels::cg_scalar::{CgScalar, CgScalarParams, Operation, slot};
use crate::kernels::dot::{Dot, DotParams, MOST_GROUPS, groups};
use crate::kernels::reduce::{Reduce, ReduceParams};
use crate::memory::Buffer;
use crate::shader::Storage;
use crate::{DeviceError, Gpu, Launch};

/// A vector on the device; clones are the same vector.
#[derive(Clone, Debug)]
pub(super) struct Vector {
    pub(super) buffer: Arc<Buffer<f32>>,
    pub(super) id: u32,
}

/// A scalar on the device, by its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scalar(pub(super) u32);

/// Slots for scalars.
const SLOTS: usize = 64;

/// An operation and what it is done to. Launches are made once for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Task {
    /// `y = alpha x + beta y` by factors (their bits) and slots.
    Axpby {
        x: u32,
        y: u32,
        alpha: (u32, u32),
        beta: (u32, u32),
    },
    /// `out = scale aᵀ b`, or added to it.
    Dot {
        a: u32,
        b: u32,
        out: u32,
        scale: u32,
        add: bool,
    },
    /// A scalar operation on slots.
    Scalar(Operation, [u32; 4]),
    /// A product of an operator, by a number of its own.
    Product { which: u8, from: u32, to: u32 },
}

/// What stays on the device between solves.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) gpu: Gpu,
    /// Vectors are rounded to this after every operation.
    keep: Storage,
    pub(super) scalars: Buffer<f32>,
    partials: Buffer<f32>,
    launches: BTreeMap<Task, Arc<[Launch]>>,
    vectors: u32,
    slots: u32,
    /// Blocking reads so far.
    pub(super) readbacks: usize,
}

impl Machine {
    pub(super) fn new(gpu: &Gpu, keep: Storage) -> Result<Self, DeviceError> {
        Ok(Self {
            gpu: gpu.clone(),
            keep,
            scalars: gpu.storage("scalars", SLOTS)?,
            partials: gpu.storage("partial sums", MOST_GROUPS)?,
            launches: BTreeMap::new(),
            vectors: 0,
            slots: slot::FREE as u32,
            readbacks: 0,
        })
    }

    /// A new vector of zeros.
    pub(super) fn vector(&mut self, name: &str, len: usize) -> Result<Vector, DeviceError> {
        self.vectors += 1;
        Ok(Vector {
            buffer: Arc::new(self.gpu.storage(name, len)?),
            id: self.vectors,
        })
    }

    /// A new scalar.
    pub(super) fn scalar(&mut self) -> Scalar {
        debug_assert!((self.slots as usize) < SLOTS, "a solve needs fewer scalars");
        self.slots += 1;
        Scalar(self.slots - 1)
    }

    /// The launches of a task, made by `make` the first time.
    pub(super) fn launches(
        &mut self,
        task: Task,
        make: impl FnOnce(&Self) -> Result<Vec<Launch>, DeviceError>,
    ) -> Result<Arc<[Launch]>, DeviceError> {
        if let Some(launches) = self.launches.get(&task) {
            return Ok(launches.clone());
        }
        let made: Arc<[Launch]> = make(self)?.into();
        self.launches.insert(task, made.clone());
        Ok(made)
    }

    /// `y = alpha x + beta y`; a scalar multiplies its factor.
    pub(super) fn axpby(
        &mut self,
        (alpha, x): ((f32, Option<Scalar>), &Vector),
        (beta, y): ((f32, Option<Scalar>), &Vector),
    ) -> Result<Arc<[Launch]>, DeviceError> {
        let slot_of = |scalar: Option<Scalar>| scalar.map_or(NONE, |s| s.0);
        let task = Task::Axpby {
            x: x.id,
            y: y.id,
            alpha: (alpha.0.to_bits(), slot_of(alpha.1)),
            beta: (beta.0.to_bits(), slot_of(beta.1)),
        };
        self.launches(task, |machine| {
            let (gpu, count) = (&machine.gpu, y.buffer.len());
            let params = AxpbyParams {
                count: count as u32,
                alpha_slot: slot_of(alpha.1),
                beta_slot: slot_of(beta.1),
                alpha: alpha.0,
                beta: beta.0,
            };
            let kernel = Axpby {
                scalars: &machine.scalars,
                x: &x.buffer,
                y: &y.buffer,
                params: &gpu.uniform("axpby", &params)?,
                count,
            };
            Ok(vec![kernel.launch(gpu, machine.keep)?])
        })
    }

    /// `out = scale aᵀ b`, or with `add` `out += scale aᵀ b`.
    pub(super) fn dot(
        &mut self,
        a: &Vector,
        b: &Vector,
        out: Scalar,
        scale: f32,
        add: bool,
    ) -> Result<Arc<[Launch]>, DeviceError> {
        let task = Task::Dot {
            a: a.id,
            b: b.id,
            out: out.0,
            scale: scale.to_bits(),
            add,
        };
        self.launches(task, |machine| {
            let (gpu, count) = (&machine.gpu, a.buffer.len());
            let partials = groups(count, gpu.workgroup() as usize);
            let params = DotParams {
                count: count as u32,
                first: 0,
            };
            let dot = Dot {
                a: &a.buffer,
                b: &b.buffer,
                partials: &machine.partials,
                params: &gpu.uniform("dot", &params)?,
                count,
            };
            let params = ReduceParams {
                first: 0,
                count: partials as u32,
                slot: out.0,
                add: u32::from(add),
                scale,
            };
            let reduce = Reduce {
                partials: &machine.partials,
                scalars: &machine.scalars,
                params: &gpu.uniform("reduce", &params)?,
            };
            Ok(vec![
                dot.launch(gpu, machine.keep)?,
                reduce.launch(gpu, machine.keep)?,
            ])
        })
    }

    /// A scalar operation: operands, result.
    pub(super) fn scalar_operation(
        &mut self,
        operation: Operation,
        operands: [Scalar; 4],
    ) -> Result<Arc<[Launch]>, DeviceError> {
        let [a, b, c, result] = operands.map(|s| s.0);
        self.launches(Task::Scalar(operation, [a, b, c, result]), |machine| {
            let gpu = &machine.gpu;
            let params = CgScalarParams {
                operation: operation as u32,
                a,
                b,
                c,
                result,
            };
            let kernel = CgScalar {
                scalars: &machine.scalars,
                params: &gpu.uniform("cg_scalar", &params)?,
            };
            Ok(vec![kernel.launch(gpu, machine.keep)?])
        })
    }

    /// A product by its number.
    pub(super) fn product(
        &mut self,
        which: u8,
        (from, to): (&Vector, &Vector),
        make: impl FnOnce() -> Result<Vec<Launch>, DeviceError>,
    ) -> Result<Arc<[Launch]>, DeviceError> {
        let task = Task::Product {
            which,
            from: from.id,
            to: to.id,
        };
        self.launches(task, |_| make())
    }

    /// Writes the tolerances, before anything submitted later.
    pub(super) fn set_tests(&self, tests: StopTests) -> Result<(), DeviceError> {
        let values = [tests.tolerance as f32, tests.model_tolerance as f32];
        self.gpu.write(&self.scalars, slot::TOLERANCE, &values)
    }
}

/// The status in the first slots.
pub(super) fn status(scalars: &[f32]) -> CgStatus {
    let at = |slot: usize| scalars.get(slot).copied().unwrap_or(f32::NAN);
    CgStatus {
        state: match at(slot::STATE) {
            0.0 => CgState::Running,
            1.0 => CgState::Residual,
            2.0 => CgState::Model,
            _ => CgState::Broken,
        },
        iteration: at(slot::ITERATIONS) as usize,
        residual: f64::from(at(slot::RESIDUAL)),
        decrease: f64::from(at(slot::DECREASE)),
    }
}

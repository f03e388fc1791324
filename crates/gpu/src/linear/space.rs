//! Conjugate gradients' space on the device: everything is recorded, and only
//! reading the status or a scalar waits.

use std::sync::Arc;

use slam16_solver::{CgState, CgStatus, Space, StopTests};
use slam16_sparse::{Jacobian, ProjectedScaling, Threads};

use super::factor_set::DeviceStore;
use super::machine::{Machine, Scalar, Vector};
use super::projected::{BlockDamping, ProjectedOperator};
use super::seen::Seen;
use crate::kernels::cg_scalar::{Operation, slot};
use crate::run::{Launch, Recorder};
use crate::shader::Storage;
use crate::{DeviceError, Gpu};

/// Numbers of the products, by which their launches are kept.
mod product {
    pub(super) const STORED: u8 = 0;
    pub(super) const STORED_TRANSPOSED: u8 = 1;
    pub(super) const WIDE: u8 = 2;
    pub(super) const WIDE_NEGATIVE: u8 = 3;
    pub(super) const WIDE_TRANSPOSED: u8 = 4;
    pub(super) const DAMPING: u8 = 5;
    pub(super) const MINUS_DAMPING: u8 = 6;
}

/// The projected Jacobian as stored, and in f32 once that is needed.
#[derive(Debug)]
pub(super) struct Operators<S: DeviceStore> {
    pub stored: ProjectedOperator<S>,
    pub wide: Option<ProjectedOperator<f32>>,
    /// `wide` belongs to the current linearisation and damping.
    pub wide_ready: bool,
    /// Products are in f32 for the rest of this solve.
    pub escalated: bool,
}

/// What the stored values came from.
#[derive(Clone, Copy)]
pub(super) struct Origin<'a> {
    pub jacobian: &'a Jacobian<f64>,
    pub scaling: &'a ProjectedScaling,
    pub threads: &'a Threads,
}

/// The system `(AᵀA + Λ) x = b` during one solve.
pub(super) struct GpuSpace<'a, S: DeviceStore> {
    pub gpu: &'a Gpu,
    pub machine: &'a mut Machine,
    pub operators: &'a mut Operators<S>,
    pub damping: Option<&'a BlockDamping>,
    pub origin: Origin<'a>,
    pub b: &'a Vector,
    /// `Λ x`.
    pub damped: &'a Vector,
    /// Products are rounded more coarsely than vectors, which are not.
    pub guarded: bool,
    pub recorder: Option<Recorder<'a>>,
    /// Nothing was judged since the solve began.
    pub fresh: bool,
    pub seen: &'a mut Seen,
    pub error: Option<DeviceError>,
}

impl<'a, S: DeviceStore> GpuSpace<'a, S> {
    fn fail(&mut self, error: DeviceError) {
        self.error.get_or_insert(error);
    }

    /// Records what `task` gives; an error ends the solve at the next status.
    fn record(&mut self, task: impl FnOnce(&mut Self) -> Result<Arc<[Launch]>, DeviceError>) {
        if self.error.is_some() {
            return;
        }
        let recorded = task(self).and_then(|launches| {
            let mut recorder = self.take_recorder()?;
            launches.iter().for_each(|launch| recorder.run(launch));
            self.recorder = Some(recorder);
            Ok(())
        });
        if let Err(error) = recorded {
            self.fail(error);
        }
    }

    /// Records what a checkpoint at the current solution will ask for.
    fn check_ahead(&mut self) {
        let Some(x) = self.seen.x.clone() else { return };
        let rows = self.seen.rows.clone();
        let out = self.seen.model;
        self.record_true_rows(&x, &rows);
        self.record_model(&rows, &x, out);
    }

    fn record_true_rows(&mut self, x: &Vector, r: &Vector) {
        if let Err(error) = self.ready_wide() {
            return self.fail(error);
        }
        self.record(|s| {
            s.product(
                (product::WIDE_NEGATIVE, x, r),
                |operators, gpu| match &operators.wide {
                    Some(wide) => wide.multiply(gpu, &x.buffer, &r.buffer, -1.0),
                    None => operators.stored.multiply(gpu, &x.buffer, &r.buffer, -1.0),
                },
            )
        });
    }

    fn record_model(&mut self, r: &Vector, x: &Vector, out: Scalar) {
        let b = self.b.clone();
        self.record(|s| s.machine.dot(r, r, out, 0.5, false));
        self.record(|s| s.machine.dot(&b, x, out, -1.0, true));
        self.add_damped_square(x, out, 0.5);
    }

    /// The operator in f32, made when first needed. Where the stored one is
    /// f32, that is it.
    fn ready_wide(&mut self) -> Result<(), DeviceError> {
        if size_of::<S>() == 4 {
            return Ok(());
        }
        let Origin {
            jacobian,
            scaling,
            threads,
        } = self.origin;
        let operators = &mut *self.operators;
        if operators.wide.is_none() {
            let structure = operators.stored.structure();
            let wide = ProjectedOperator::new(self.gpu, structure, Storage::Single, false)?;
            operators.wide = Some(wide);
        }
        if let Some(wide) = &mut operators.wide
            && !operators.wide_ready
        {
            wide.update(self.gpu, jacobian, scaling, threads)?;
            operators.wide_ready = true;
        }
        Ok(())
    }

    fn product(
        &mut self,
        (which, from, to): (u8, &Vector, &Vector),
        make: impl FnOnce(&Operators<S>, &Gpu) -> Result<Vec<Launch>, DeviceError>,
    ) -> Result<Arc<[Launch]>, DeviceError> {
        let (operators, gpu) = (&*self.operators, self.gpu);
        self.machine
            .product(which, (from, to), || make(operators, gpu))
    }

    /// `damped = Λ x`, then `out += scale xᵀ Λ x`.
    fn add_damped_square(&mut self, x: &Vector, out: Scalar, scale: f32) {
        let Some(damping) = self.damping else { return };
        let damped = self.damped.clone();
        self.record(|s| {
            s.product((product::DAMPING, x, &damped), |_, gpu| {
                damping.multiply(gpu, &x.buffer, &damped.buffer, (1.0, 0.0))
            })
        });
        self.record(|s| s.machine.dot(x, &damped, out, scale, true));
    }

    fn scalar_operation(&mut self, operation: Operation, operands: [Scalar; 4]) {
        self.record(|s| s.machine.scalar_operation(operation, operands));
    }
}

const UNUSED: Scalar = Scalar(slot::FREE as u32 - 1);

impl<S: DeviceStore> Space for GpuSpace<'_, S> {
    type Unknowns = Vector;
    type Rows = Vector;
    type Scalar = Scalar;

    fn unknowns(&mut self) -> Vector {
        let len = self.b.buffer.len();
        self.machine
            .vector("unknowns", len)
            .unwrap_or_else(|error| {
                self.fail(error);
                self.b.clone()
            })
    }

    fn rows(&mut self) -> Vector {
        let len = self.operators.stored.structure().rows();
        self.machine.vector("rows", len).unwrap_or_else(|error| {
            self.fail(error);
            self.b.clone()
        })
    }

    fn scalar(&mut self) -> Scalar {
        self.machine.scalar()
    }

    fn clear(&mut self, x: &mut Vector) {
        self.seen.forget(x);
        let from = self.damped.clone();
        self.record(|s| s.machine.axpby(((0.0, None), &from), ((0.0, None), x)));
    }

    fn clear_rows(&mut self, r: &mut Vector) {
        self.clear(r);
    }

    fn copy(&mut self, from: &Vector, to: &mut Vector) {
        self.seen.forget(to);
        self.record(|s| s.machine.axpby(((1.0, None), from), ((0.0, None), to)));
    }

    fn right_hand_side(&mut self, z: &mut Vector) {
        let b = self.b.clone();
        self.copy(&b, z);
    }

    fn multiply(&mut self, x: &Vector, y: &mut Vector) {
        let y = &*y;
        let wide = self.operators.escalated;
        self.record(|s| {
            let which = if wide { product::WIDE } else { product::STORED };
            s.product((which, x, y), |operators, gpu| match &operators.wide {
                Some(wide) if operators.escalated => wide.multiply(gpu, &x.buffer, &y.buffer, 1.0),
                _ => operators.stored.multiply(gpu, &x.buffer, &y.buffer, 1.0),
            })
        });
    }

    fn residual(&mut self, r: &Vector, x: &Vector, z: &mut Vector) {
        self.right_hand_side(z);
        let z = &*z;
        let wide = self.operators.escalated;
        self.record(|s| {
            let which = if wide {
                product::WIDE_TRANSPOSED
            } else {
                product::STORED_TRANSPOSED
            };
            s.product((which, r, z), |operators, gpu| match &operators.wide {
                Some(wide) if operators.escalated => {
                    wide.transpose_multiply(gpu, &r.buffer, &z.buffer)
                }
                _ => operators
                    .stored
                    .transpose_multiply(gpu, &r.buffer, &z.buffer),
            })
        });
        if let Some(damping) = self.damping {
            self.record(|s| {
                s.product((product::MINUS_DAMPING, x, z), |_, gpu| {
                    damping.multiply(gpu, &x.buffer, &z.buffer, (-1.0, 1.0))
                })
            });
        }
    }

    fn precondition(&mut self, z: &Vector, w: &mut Vector) {
        self.copy(z, w);
    }

    fn dot(&mut self, a: &Vector, b: &Vector, out: &mut Scalar) {
        let out = *out;
        self.record(|s| s.machine.dot(a, b, out, 1.0, false));
    }

    fn curvature(&mut self, y: &Vector, p: &Vector, out: &mut Scalar) {
        self.dot(y, y, out);
        self.add_damped_square(p, *out, 1.0);
    }

    fn model(&mut self, r: &Vector, x: &Vector, out: &mut Scalar) {
        // Only ever read by the host, so it need not be made again there.
        if self.seen.is(x) && self.seen.checked {
            self.seen.known = Some(*out);
            return;
        }
        self.seen.known = None;
        self.record_model(r, x, *out);
    }

    fn advance(&mut self, alpha: &Scalar, p: &Vector, y: &Vector, x: &mut Vector, r: &mut Vector) {
        if self.seen.x.as_ref().is_none_or(|seen| seen.id != x.id) {
            self.seen.x = Some(x.clone());
        }
        self.seen.forget(x);
        for (factor, from, to) in [(1.0, p, &*x), (-1.0, y, &*r)] {
            self.record(|s| {
                s.machine
                    .axpby(((factor, Some(*alpha)), from), ((1.0, None), to))
            });
        }
    }

    fn direction(&mut self, w: &Vector, beta: &Scalar, p: &mut Vector) {
        self.record(|s| s.machine.axpby(((1.0, None), w), ((1.0, Some(*beta)), p)));
    }

    fn step_length(&mut self, gamma: &Scalar, curvature: &Scalar, alpha: &mut Scalar) {
        self.scalar_operation(Operation::StepLength, [*gamma, *curvature, UNUSED, *alpha]);
    }

    fn fletcher_reeves(&mut self, new: &Scalar, old: &Scalar, beta: &mut Scalar) {
        self.scalar_operation(Operation::FletcherReeves, [*new, *old, UNUSED, *beta]);
    }

    fn polak_ribiere(&mut self, new: &Scalar, mixed: &Scalar, old: &Scalar, beta: &mut Scalar) {
        self.scalar_operation(Operation::PolakRibiere, [*new, *mixed, *old, *beta]);
    }

    fn begin(&mut self, tests: StopTests, first: &Scalar) {
        if let Err(error) = self.machine.set_tests(tests) {
            self.fail(error);
        }
        self.scalar_operation(Operation::Begin, [*first, UNUSED, UNUSED, UNUSED]);
        self.fresh = true;
    }

    fn judge(&mut self, _iteration: usize, alpha: &Scalar, gamma: &Scalar, next: &Scalar) {
        self.scalar_operation(Operation::Judge, [*alpha, *gamma, *next, UNUSED]);
        self.fresh = false;
    }

    fn resume(&mut self) {
        self.scalar_operation(Operation::Resume, [UNUSED; 4]);
    }

    fn status(&mut self) -> CgStatus {
        // What the beginning decides is seen after the first iterations, which
        // change nothing if it decided to stop.
        if self.fresh && self.error.is_none() {
            return CgStatus {
                residual: 1.0,
                ..CgStatus::default()
            };
        }
        self.seen.checked = self.rounded();
        if self.seen.checked {
            self.check_ahead();
        }
        self.wait_for_status().unwrap_or_else(|error| {
            self.fail(error);
            CgStatus {
                state: CgState::Broken,
                ..CgStatus::default()
            }
        })
    }

    fn read(&mut self, scalar: &Scalar) -> f64 {
        if self.seen.known == Some(*scalar) {
            return self.seen.model_value;
        }
        self.wait_for_scalar(*scalar).unwrap_or_else(|error| {
            self.fail(error);
            f64::NAN
        })
    }

    fn rounded(&self) -> bool {
        self.guarded && !self.operators.escalated && self.error.is_none()
    }

    fn true_rows(&mut self, x: &Vector, r: &mut Vector) {
        if self.seen.is(x) && self.seen.checked {
            let rows = self.seen.rows.clone();
            return self.copy(&rows, r);
        }
        self.record_true_rows(x, r);
    }

    fn escalate(&mut self) -> bool {
        if !self.rounded() {
            return false;
        }
        match self.ready_wide() {
            Ok(()) => self.operators.escalated = true,
            Err(error) => self.fail(error),
        }
        self.operators.escalated
    }
}

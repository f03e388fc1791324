//! Waiting for the device, as seldom as can be.

use slam16_solver::CgStatus;

use super::factor_set::DeviceStore;
use super::machine::{Scalar, Vector, status};
use super::space::GpuSpace;
use crate::DeviceError;
use crate::run::Recorder;

/// What the last reading of the status brought along, so that what usually
/// follows it needs no further round trip: the solution, and where products are
/// rounded the true rows and the model's true value there.
#[derive(Debug)]
pub(super) struct Seen {
    /// The solution on the device; set by the first iteration.
    pub(super) x: Option<Vector>,
    /// `x` is still what was read.
    valid: bool,
    values: Vec<f32>,
    /// `−A x` by the most accurate `A`.
    pub(super) rows: Vector,
    /// Whether `rows` and `model` were made as well.
    pub(super) checked: bool,
    pub(super) model: Scalar,
    pub(super) model_value: f64,
    /// A scalar that is the model's value, though not on the device.
    pub(super) known: Option<Scalar>,
}

impl Seen {
    pub(super) fn new(rows: Vector, model: Scalar) -> Self {
        Self {
            x: None,
            valid: false,
            values: Vec::new(),
            rows,
            checked: false,
            model,
            model_value: 0.0,
            known: None,
        }
    }

    /// Bytes that stay on the host.
    pub(super) fn host_bytes(&self) -> usize {
        size_of_val(self.values.as_slice())
    }

    pub(super) fn is(&self, x: &Vector) -> bool {
        self.valid && self.x.as_ref().is_some_and(|seen| seen.id == x.id)
    }

    /// A vector changes.
    pub(super) fn forget(&mut self, x: &Vector) {
        if self.x.as_ref().is_some_and(|seen| seen.id == x.id) {
            self.valid = false;
            self.known = None;
        }
    }
}

impl<'a, S: DeviceStore> GpuSpace<'a, S> {
    /// Hands over what was recorded and waits for the status, the solution and
    /// the model's value.
    pub(super) fn wait_for_status(&mut self) -> Result<CgStatus, DeviceError> {
        let mut recorder = self.waiting()?;
        let slots = self.seen.model.0 as usize + 1;
        let scalars = recorder.read(&self.machine.scalars, 0..slots);
        let x = self.seen.x.clone();
        let x = x.map(|x| recorder.read(&x.buffer, 0..x.buffer.len()));
        let seen = &mut *self.seen;
        recorder.submit()?.wait(|data| {
            if let Some(x) = &x {
                seen.values.clear();
                seen.values.extend_from_slice(data.get(x));
                seen.valid = true;
            }
            let scalars = data.get(&scalars);
            seen.model_value = scalars.last().map_or(f64::NAN, |v| f64::from(*v));
            status(scalars)
        })
    }

    /// Hands over what was recorded and waits for one scalar.
    pub(super) fn wait_for_scalar(&mut self, scalar: Scalar) -> Result<f64, DeviceError> {
        let mut recorder = self.waiting()?;
        let at = scalar.0 as usize;
        let reading = recorder.read(&self.machine.scalars, at..at + 1);
        recorder.submit()?.wait(|data| {
            let value = data.get(&reading).first();
            value.map_or(f64::NAN, |v| f64::from(*v))
        })
    }

    /// What was recorded, to be waited for; the error that ended the solve,
    /// where there is one.
    fn waiting(&mut self) -> Result<Recorder<'a>, DeviceError> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        self.machine.readbacks += 1;
        self.take_recorder()
    }

    /// What was recorded, or a new recording.
    pub(super) fn take_recorder(&mut self) -> Result<Recorder<'a>, DeviceError> {
        match self.recorder.take() {
            Some(recorder) => Ok(recorder),
            None => self.gpu.record("conjugate gradients"),
        }
    }

    /// Waits for a vector.
    pub(super) fn solution(&mut self, x: &Vector, to: &mut Vec<f32>) -> Result<(), DeviceError> {
        if self.error.is_none() && self.seen.is(x) {
            to.clear();
            to.extend_from_slice(&self.seen.values);
            return Ok(());
        }
        let mut recorder = self.waiting()?;
        let reading = recorder.read(&*x.buffer, 0..x.buffer.len());
        recorder.submit()?.wait(|data| {
            to.clear();
            to.extend_from_slice(data.get(&reading));
        })
    }
}

//! Errors of the driver layer as results.

use std::sync::{Arc, Mutex, PoisonError};

use crate::DeviceError;

/// What happened to a device outside any call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fate {
    state: Arc<Mutex<Option<DeviceError>>>,
}

impl Fate {
    /// Records what the driver reports by itself: the first report counts.
    pub(super) fn watch(&self, device: &wgpu::Device) {
        let lost = self.clone();
        device.set_device_lost_callback(move |reason, message| {
            lost.set(DeviceError::Lost {
                reason: format!("{reason:?}: {message}")
                    .trim_end_matches(": ")
                    .to_owned(),
            });
        });
        // The default handler ends the process.
        let stray = self.clone();
        device.on_uncaptured_error(Arc::new(move |error| {
            stray.set(of_error("an unwatched call", error));
        }));
    }

    pub(super) fn set(&self, error: DeviceError) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.get_or_insert(error);
    }

    pub(crate) fn check(&self) -> Result<(), DeviceError> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.clone().map_or(Ok(()), Err)
    }
}

fn of_error(what: &str, error: wgpu::Error) -> DeviceError {
    match error {
        wgpu::Error::OutOfMemory { .. } => DeviceError::OutOfMemory {
            what: what.to_owned(),
        },
        wgpu::Error::Validation { description, .. } | wgpu::Error::Internal { description, .. } => {
            DeviceError::Invalid {
                what: what.to_owned(),
                reason: description.trim().to_owned(),
            }
        }
    }
}

/// Runs calls to the driver layer and returns the first error among them.
pub(crate) fn scoped<T>(
    device: &wgpu::Device,
    what: &str,
    calls: impl FnOnce() -> T,
) -> Result<T, DeviceError> {
    let scopes = [
        wgpu::ErrorFilter::Internal,
        wgpu::ErrorFilter::OutOfMemory,
        wgpu::ErrorFilter::Validation,
    ]
    .map(|filter| device.push_error_scope(filter));
    let value = calls();
    let mut first = None;
    // Scopes end in the reverse of the order they began in.
    for scope in scopes.into_iter().rev() {
        let error = pollster::block_on(scope.pop());
        first = first.or(error);
    }
    match first {
        Some(error) => Err(of_error(what, error)),
        None => Ok(value),
    }
}

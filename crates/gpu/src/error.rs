//! Everything a device can refuse.

use crate::device::AdapterList;

/// Why a device gives no trustworthy result.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// No adapter matches what was asked for.
    #[error(
        "no GPU adapter answers to {wanted}; {found}; choose one by index, name or backend, or install a driver"
    )]
    NoAdapter {
        /// What was asked for.
        wanted: String,
        /// What there is.
        found: AdapterList,
    },
    /// The adapter refused to open a device.
    #[error("{adapter} opens no device: {reason}; choose another adapter or use the CPU")]
    Refused {
        /// The adapter.
        adapter: String,
        /// What it said.
        reason: String,
    },
    /// Every way to run the precision asked for is missing or forbidden.
    #[error(
        "precision {precision} cannot run on this adapter ({reason}): allow another rung, another precision, or use the CPU"
    )]
    NoPlan {
        /// The precision.
        precision: String,
        /// What was missing.
        reason: String,
    },
    /// A kernel does not compile on this adapter.
    #[error("kernel {kernel} does not compile here: {reason}; forbid this rung or use the CPU")]
    Shader {
        /// The kernel.
        kernel: String,
        /// The compiler's words.
        reason: String,
    },
    /// A call that the driver layer finds invalid.
    #[error("{what}: {reason}; this is a fault of slam16, please report it")]
    Invalid {
        /// What was being done.
        what: String,
        /// The validation's words.
        reason: String,
    },
    /// Not enough memory on the device.
    #[error("{what}: the device is out of memory; use a smaller problem or the CPU")]
    OutOfMemory {
        /// What was being done.
        what: String,
    },
    /// A buffer larger than the adapter can bind.
    #[error(
        "{buffer} takes {bytes} bytes, this adapter binds at most {limit}; use half precision, a smaller problem or the CPU"
    )]
    TooLarge {
        /// The buffer.
        buffer: String,
        /// Its size.
        bytes: u64,
        /// The adapter's limit.
        limit: u64,
    },
    /// The device is gone: everything on it is lost.
    #[error("the device was lost ({reason}); open it anew or use the CPU")]
    Lost {
        /// The driver's words.
        reason: String,
    },
    /// The device did not finish in time.
    #[error("the device did not finish within {seconds} s; raise the timeout or use the CPU")]
    Timeout {
        /// The limit.
        seconds: f64,
    },
}

impl From<DeviceError> for slam16_solver::BackendError {
    fn from(error: DeviceError) -> Self {
        Self::Device {
            reason: error.to_string(),
        }
    }
}

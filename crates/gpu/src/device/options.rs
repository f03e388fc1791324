//! How a device is opened.

use std::path::PathBuf;
use std::time::Duration;

use super::AdapterChoice;
use crate::Rung;

/// How a device is opened and used.
#[derive(Clone, Debug, PartialEq)]
pub struct GpuOptions {
    /// Which adapter; by default what the environment says, else the first.
    pub adapter: AdapterChoice,
    /// Rungs of the ladder not to be used, see [`Rung`].
    pub forbid: Vec<Rung>,
    /// Longest wait for one submission.
    pub timeout: Duration,
    /// Folder for compiled pipelines; `None` keeps nothing.
    pub cache: Option<PathBuf>,
    /// Lanes of a workgroup; `None` takes what suits the adapter. A power of
    /// two from 32 to 256.
    pub workgroup: Option<u32>,
}

impl Default for GpuOptions {
    fn default() -> Self {
        Self {
            adapter: AdapterChoice::from_environment(),
            forbid: Vec::new(),
            timeout: Duration::from_secs(10),
            cache: None,
            workgroup: None,
        }
    }
}

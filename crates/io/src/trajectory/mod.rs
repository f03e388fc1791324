//! Reading trajectories: TUM, KITTI and EuRoC.

mod rows;

use std::path::{Path, PathBuf};

use slam16_problem::Trajectory;

use crate::error::ReadError;
use crate::format::sniff;
use crate::read::load_problem;
use crate::scan::{Scan, Scanner, What};
use crate::source::{self, Compression};
use crate::warning::{Warning, Warnings};
use crate::write::trajectory_of;
use crate::{Format, ReadOptions};

/// A trajectory with what the file said about it.
#[derive(Clone, Debug)]
pub struct LoadedTrajectory {
    /// The trajectory.
    pub trajectory: Trajectory,
    /// The format, told from the content.
    pub format: Format,
    /// The compression, told from the first bytes.
    pub compression: Compression,
    /// What is odd.
    pub warnings: Vec<Warning>,
}

/// Reads a trajectory in the TUM, KITTI or EuRoC format, or the poses of a
/// problem (their labels stand for moments).
///
/// KITTI keeps moments in a file of their own: with `times` the poses get
/// them, without they are numbered. Other formats ignore `times`: the file is
/// not opened.
///
/// # Errors
/// [`ReadError`] says what is wrong, and where.
pub fn read_trajectory(
    path: impl AsRef<Path>,
    times: Option<&Path>,
    options: &ReadOptions,
) -> Result<LoadedTrajectory, ReadError> {
    let read = || {
        let (scanner, compression) = source::open(path.as_ref(), options)?;
        load(scanner, compression, times, options)
    };
    read().map_err(|error| *error)
}

/// Reads a trajectory from bytes; `name` stands for the path in errors.
///
/// # Errors
/// As for [`read_trajectory`].
pub fn read_trajectory_bytes(
    name: impl Into<PathBuf>,
    bytes: &[u8],
    options: &ReadOptions,
) -> Result<LoadedTrajectory, ReadError> {
    let (scanner, compression) = source::over(&name.into(), bytes, options);
    load(scanner, compression, None, options).map_err(|error| *error)
}

fn load(
    mut scanner: Scanner<'_>,
    compression: Compression,
    times: Option<&Path>,
    options: &ReadOptions,
) -> Scan<LoadedTrajectory> {
    let format = sniff(&mut scanner)?;
    if !format.is_trajectory() {
        let loaded = load_problem(scanner, compression, format, options)?;
        return Ok(LoadedTrajectory {
            trajectory: trajectory_of(&loaded.problem),
            format,
            compression,
            warnings: loaded.warnings,
        });
    }
    let mut warnings = Warnings::default();
    let scanner = &mut scanner;
    let trajectory = match format {
        Format::Kitti => {
            let times = times.map(|times| read_times(times, options)).transpose()?;
            rows::read_kitti(scanner, times, &mut warnings)?
        }
        Format::Euroc => rows::read_euroc(scanner)?,
        _ => rows::read_tum(scanner)?,
    };
    Ok(LoadedTrajectory {
        trajectory,
        format,
        compression,
        warnings: warnings.into_vec(),
    })
}

/// One moment a line.
fn read_times(path: &Path, options: &ReadOptions) -> Scan<Vec<f64>> {
    let (mut scanner, _) = source::open(path, options)?;
    let mut times = Vec::new();
    while scanner.next_line()? {
        times.push(scanner.float(What::Name("a time in seconds"))?);
        scanner.end_line()?;
    }
    Ok(times)
}

//! Writing BAL.

use std::io::{self, Write};
use std::path::Path;

use slam16_problem::{Bundle, Lens, Observation};

use super::number::{Row, Shortest};
use super::{ProblemRef, write_atomically};
use crate::error::WriteError;

/// Writes a bundle as BAL, each pose as angle-axis vector and translation of
/// `camera_from_world`. Numbers are the shortest that read back to the same
/// bits. What is held and robust losses are not part of the format.
///
/// # Errors
/// [`WriteError`]: no bundle, a lens other than [`Lens::Bal`], weights other
/// than 1, numbers that are not finite, or no way to write there.
pub fn write_bal<'p>(
    path: impl AsRef<Path>,
    problem: impl Into<ProblemRef<'p>>,
) -> Result<(), WriteError> {
    let path = path.as_ref();
    let unsupported = |what: &str| {
        Err(WriteError::Unsupported {
            path: path.to_owned(),
            format: "BAL",
            what: what.into(),
        })
    };
    let ProblemRef::Bundle(bundle) = problem.into() else {
        return unsupported("a pose graph");
    };
    let is_bal = |o: &Observation| bundle.lenses()[o.lens.index()] == Lens::Bal;
    if !bundle.observations().iter().all(is_bal) {
        return unsupported("lenses other than its own");
    }
    if bundle.observations().iter().any(|o| o.weight != 1.0) {
        return unsupported("observations with weights");
    }
    let cameras = bundle.cameras().iter().map(|c| c.to_bal());
    let finite = cameras.flatten().all(f64::is_finite)
        && bundle.points().iter().flatten().all(|x| x.is_finite());
    if !finite {
        return unsupported("numbers that are not finite");
    }
    write_atomically(path, |out| write_bundle(out, bundle))
}

fn write_bundle(out: &mut dyn Write, bundle: &Bundle) -> io::Result<()> {
    let (cameras, points) = (bundle.cameras(), bundle.points());
    let observations = bundle.observations();
    writeln!(
        out,
        "{} {} {}",
        cameras.len(),
        points.len(),
        observations.len()
    )?;
    for o in observations {
        writeln!(out, "{} {} {}", o.camera.0, o.point.0, Row(&o.pixel[..2]))?;
    }
    for number in cameras.iter().flat_map(|c| c.to_bal()) {
        writeln!(out, "{}", Shortest(number))?;
    }
    for number in points.iter().flatten() {
        writeln!(out, "{}", Shortest(*number))?;
    }
    Ok(())
}

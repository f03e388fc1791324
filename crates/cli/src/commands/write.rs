//! Writing problems and trajectories in the format a path asks for.

use std::path::Path;

use serde_json::Value;
use slam16::io::{self, AnyProblem};
use slam16::problem::{Lens, Trajectory};

use crate::args::Target;
use crate::failure::Failure;
use crate::paths;

/// Extension that suits a problem, where the user leaves it open.
pub fn extension_for(problem: &AnyProblem) -> &'static str {
    match problem {
        AnyProblem::Graph2(_) | AnyProblem::Graph3(_) => "g2o",
        // BAL holds no other lens.
        AnyProblem::Bundle(bundle) if bundle.lenses().iter().all(|l| *l == Lens::Bal) => "txt",
        AnyProblem::Bundle(_) => "json",
    }
}

/// The format of a path; `bundle` tells what `.txt` means.
pub fn target(path: &Path, bundle: bool) -> Result<Target, Failure> {
    match paths::extension(path).as_str() {
        "g2o" => Ok(Target::G2o),
        "bal" => Ok(Target::Bal),
        "tum" => Ok(Target::Tum),
        "kitti" => Ok(Target::Kitti),
        "json" => Ok(Target::Dump),
        "txt" if bundle => Ok(Target::Bal),
        other => Err(Failure::usage(format!(
            "{}: {}; use .g2o, .bal, .tum, .kitti or .json, or say --to with convert",
            path.display(),
            match other {
                "" => "a name without extension tells no format".to_owned(),
                "txt" => "the extension .txt stands for BAL, which holds bundles only".to_owned(),
                other => format!("the extension .{other} stands for no format that can be written"),
            }
        ))),
    }
}

/// Writes a problem, or the trajectory of its poses.
pub fn problem(
    path: &Path,
    target: Target,
    problem: &AnyProblem,
    sensor_labels: &[Option<u64>],
    options: &Value,
) -> Result<(), Failure> {
    match target {
        Target::G2o => io::write_g2o(path, problem, sensor_labels)?,
        Target::Bal => io::write_bal(path, problem)?,
        Target::Tum => io::write_tum(path, &io::trajectory_of(problem))?,
        Target::Kitti => io::write_kitti(path, &io::trajectory_of(problem))?,
        Target::Dump => io::dump(path, problem, options, sensor_labels)?,
    }
    Ok(())
}

/// Writes a trajectory.
pub fn trajectory(path: &Path, target: Target, trajectory: &Trajectory) -> Result<(), Failure> {
    match target {
        Target::Tum => io::write_tum(path, trajectory)?,
        Target::Kitti => io::write_kitti(path, trajectory)?,
        Target::G2o | Target::Bal | Target::Dump => {
            return Err(Failure::usage(format!(
                "{}: a trajectory has no edges or observations; write it as .tum or .kitti",
                path.display()
            )));
        }
    }
    Ok(())
}

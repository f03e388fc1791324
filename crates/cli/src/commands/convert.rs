//! `slam16 convert`.

use slam16::io::{self, Format, ReadError};

use super::write;
use crate::args::{ConvertArgs, Target};
use crate::failure::{Failure, Status};
use crate::format::{counted, describe, warnings};
use crate::paths;
use crate::terminal::tell;

pub fn run(args: &ConvertArgs) -> Result<Status, Failure> {
    paths::Target::new("OUT", &args.output).check(std::slice::from_ref(&args.input))?;
    if let Some(times) = &args.times {
        // Converting a file in place is as good as `-o` over the input of a solve.
        paths::apart(&[times], &[("OUT", &args.output, None)])?;
    }
    let options = args.read.options();
    let moments_unused = |format: Format| match &args.times {
        Some(times) if format != Format::Kitti => Err(Failure::usage(format!(
            "--times {}: {} is of format {format}, and only KITTI files lack moments: leave it out",
            times.display(),
            args.input.display()
        ))),
        _ => Ok(()),
    };
    let trajectory = |target: Target| -> Result<(), Failure> {
        let loaded = io::read_trajectory(&args.input, args.times.as_deref(), &options)?;
        moments_unused(loaded.format)?;
        write::trajectory(&args.output, target, &loaded.trajectory)?;
        tell(&format!(
            "{}: {}, {} -> {}",
            args.input.display(),
            loaded.format,
            counted(loaded.trajectory.len(), "pose", "poses"),
            args.output.display()
        ));
        warnings(&loaded.warnings)
            .iter()
            .for_each(|w| tell(&format!("warning: {w}")));
        Ok(())
    };
    let asked = args.to.map(Ok);
    match io::read(&args.input, &options) {
        Ok(loaded) => {
            moments_unused(loaded.format)?;
            let bundle = matches!(loaded.problem, io::AnyProblem::Bundle(_));
            let target = asked.unwrap_or_else(|| write::target(&args.output, bundle))?;
            write::problem(
                &args.output,
                target,
                &loaded.problem,
                &loaded.sensor_labels,
                &loaded.options,
            )?;
            tell(&format!(
                "{}: {}, {} -> {}",
                args.input.display(),
                loaded.format,
                describe(&loaded.problem),
                args.output.display()
            ));
            for warning in warnings(&loaded.warnings) {
                tell(&format!("warning: {warning}"));
            }
        }
        Err(ReadError::WrongKind { .. }) => {
            let target = asked.unwrap_or_else(|| write::target(&args.output, false))?;
            trajectory(target)?;
        }
        Err(error) => return Err(error.into()),
    }
    Ok(Status::Done)
}

//! `slam16 solve`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::Value;
use slam16::io::{self, AnyProblem, Loaded};
use slam16::solver::{Options, Summary};
use slam16::{Device, Marginals, Solver};

use super::report::{Asked, Input, Report, blocks, deviations};
use super::{configure, picture, write};
use crate::args::SolveArgs;
use crate::failure::{Failure, Status};
use crate::format::{Rows, describe, origin, seconds, warnings};
use crate::paths::{self, Output, Target, is_stdout};
use crate::plot::Picture;
use crate::progress::Progress;
use crate::terminal::{print, tell};

/// Where everything goes, checked before anything is done.
struct Targets {
    output: Option<Target>,
    report: Option<Target>,
    plot: Option<Target>,
    dump: Option<Target>,
    report_to_stdout: bool,
}

impl Targets {
    fn new(args: &SolveArgs) -> Result<Self, Failure> {
        let report_to_stdout = args.report.as_deref().is_some_and(is_stdout);
        let target = |option: &'static str, path: &Option<PathBuf>| -> Result<_, Failure> {
            let Some(path) = path else { return Ok(None) };
            let target = Target::new(option, path);
            target.check(&args.inputs)?;
            Ok(Some(target))
        };
        let plot = target("--plot", &args.plot)?;
        if let Some(plot) = &plot {
            let path = plot.of(&args.inputs[0], "svg");
            if Picture::of(&path).is_none() {
                return Err(Failure::usage(format!(
                    "--plot {}: end the name in .svg, .png or .html",
                    path.display()
                )));
            }
        }
        let targets = Self {
            output: target("--output", &args.output)?,
            report: match report_to_stdout {
                true => None,
                false => target("--report", &args.report)?,
            },
            plot,
            dump: target("--dump", &args.dump)?,
            report_to_stdout,
        };
        for input in &args.inputs {
            // In a folder the content tells the name: see `Job::new`.
            let output = targets.output.as_ref().filter(|o| !o.is_folder());
            targets.check(args, input, output.map(|o| o.of(input, "")).as_deref())?;
        }
        Ok(targets)
    }

    /// Refuses outputs of one input that overwrite each other or an input.
    fn check(&self, args: &SolveArgs, input: &Path, output: Option<&Path>) -> Result<(), Failure> {
        let of = |target: &Option<Target>, extension| {
            target.as_ref().map(|target| target.of(input, extension))
        };
        let dump = of(&self.dump, "json");
        let plot = of(&self.plot, "svg");
        let report = of(&self.report, "json");
        let outputs: Vec<Output> = [
            ("--output", output, Some(input)),
            ("--dump", dump.as_deref(), None),
            ("--plot", plot.as_deref(), None),
            ("--report", report.as_deref(), None),
        ]
        .into_iter()
        .filter_map(|(option, path, own)| path.map(|path| (option, path, own)))
        .collect();
        paths::apart(&args.inputs, &outputs)
    }
}

pub fn run(args: &SolveArgs) -> Result<Status, Failure> {
    let targets = Targets::new(args)?;
    let device = configure::device(&args.tuning)?;
    let mut worst = Status::Done;
    for (k, input) in args.inputs.iter().enumerate() {
        let progress = Progress::new(args.quiet);
        let solved = Job::new(args, &targets, input, &progress).and_then(|job| job.run(&device));
        progress.clear();
        let failed = match solved {
            Ok(done) => {
                if !args.quiet || targets.report_to_stdout {
                    let gap = if k == 0 || targets.report_to_stdout {
                        ""
                    } else {
                        "\n"
                    };
                    print(&format!("{gap}{}", done.text))?;
                }
                worst = worst.max(done.status);
                done.failure
            }
            Err(failure) => Some(failure),
        };
        // One bad file of several does not keep the others from being solved.
        if let Some(failure) = failed {
            tell(&format!("error: {}", failure.message));
            worst = worst.max(failure.status);
        }
    }
    Ok(worst)
}

/// What is known of one input when all is written.
struct Outcome {
    /// For standard output.
    text: String,
    status: Status,
    /// What could not be had for all that.
    failure: Option<Failure>,
}

/// One input on its way from file to report.
struct Job<'a> {
    args: &'a SolveArgs,
    targets: &'a Targets,
    input: &'a Path,
    progress: &'a Progress,
    loaded: Loaded,
    options: Options,
    reading: f64,
    /// Path and format of the solved problem.
    output: Option<(PathBuf, crate::args::Target)>,
}

impl<'a> Job<'a> {
    fn new(
        args: &'a SolveArgs,
        targets: &'a Targets,
        input: &'a Path,
        progress: &'a Progress,
    ) -> Result<Self, Failure> {
        progress.stage(&format!("reading {}", input.display()));
        let start = Instant::now();
        let mut loaded = io::read(input, &args.read.options())?;
        let reading = start.elapsed().as_secs_f64();
        progress.note(&format!(
            "{}: {}, {}, read in {}",
            input.display(),
            loaded.format,
            describe(&loaded.problem),
            seconds(reading)
        ));
        let options = configure::options(&loaded, &args.tuning)?;
        log::debug!("{}: {options:?}", input.display());
        configure::loss(&mut loaded.problem, args.tuning.loss).map_err(slam16::Error::from)?;
        configure::variables(&loaded.problem, &args.covariance, input)?;
        let bundle = matches!(loaded.problem, AnyProblem::Bundle(_));
        let output = match &targets.output {
            None => None,
            Some(target) => {
                let path = target.of(input, write::extension_for(&loaded.problem));
                let format = write::target(&path, bundle)?;
                // A file of a given name was checked before any work.
                if target.is_folder() {
                    targets.check(args, input, Some(&path))?;
                }
                Some((path, format))
            }
        };
        Ok(Self {
            args,
            targets,
            input,
            progress,
            loaded,
            options,
            reading,
            output,
        })
    }

    fn run(mut self, device: &Device) -> Result<Outcome, Failure> {
        let start = Instant::now();
        let guess = self.args.tuning.initial.unwrap_or_default();
        let remark = configure::initial(&mut self.loaded.problem, guess, self.input)?;
        let initial_seconds = start.elapsed().as_secs_f64();
        log::info!("initial guess {guess:?} in {}", seconds(initial_seconds));
        let mut outputs = Vec::new();
        if let Some(target) = &self.targets.dump {
            let path = target.of(self.input, "json");
            self.write_dump(&path)?;
            outputs.push(path);
        }
        let before = self
            .targets
            .plot
            .is_some()
            .then(|| picture::view(&self.loaded.problem));
        let mut summary = match self.solve(device) {
            Ok(summary) => summary,
            Err(failure) => return Err(self.salvage(failure)),
        };
        summary.warnings.extend(remark);
        summary.warnings.extend(warnings(&self.loaded.warnings));
        let marginals =
            configure::covariance(&self.loaded.problem, &self.args.covariance, self.input);
        // A solution without covariances is a solution.
        let (marginals, failure) = match marginals {
            Ok(marginals) => (marginals, None),
            Err(failure) => {
                summary.warnings.push(failure.message.clone());
                (None, Some(failure))
            }
        };
        // Everything that can still fail is made before the first file is written.
        let start = Instant::now();
        let picture = match (&self.targets.plot, before) {
            (Some(target), Some(before)) => {
                let path = target.of(self.input, "svg");
                let text = self.table(&summary, marginals.as_ref(), &[]);
                let (input, problem) = (self.input, &self.loaded.problem);
                let figure = picture::figure(input, problem, before, &summary, text);
                let format = Picture::of(&path).unwrap_or(Picture::Svg);
                Some((path, figure.render(format)?))
            }
            _ => None,
        };
        outputs.extend(self.write_output()?);
        if let Some((path, bytes)) = picture {
            io::write_bytes(&path, &bytes)?;
            outputs.push(path);
        }
        summary.seconds.io = self.reading + start.elapsed().as_secs_f64();
        let report_path = self
            .targets
            .report
            .as_ref()
            .map(|t| t.of(self.input, "json"));
        outputs.extend(report_path.clone());
        let report = Report {
            summary: &summary,
            input: Input::new(self.input, &self.loaded),
            command: Asked::new(self.args, initial_seconds),
            file_warnings: &self.loaded.warnings,
            covariance: blocks(&self.args.covariance, marginals.as_ref()),
            outputs: &outputs,
        };
        if let Some(path) = report_path {
            io::write_bytes(path, report.json()?.as_bytes())?;
        }
        let text = if self.targets.report_to_stdout {
            report.json()?
        } else {
            self.table(&summary, marginals.as_ref(), &outputs)
        };
        let status = match summary.converged() {
            true => Status::Done,
            false => Status::NotConverged,
        };
        Ok(Outcome {
            text,
            status,
            failure,
        })
    }

    fn solve(&mut self, device: &Device) -> Result<Summary, Failure> {
        let solver = Solver::new(self.options).map_err(slam16::Error::from)?;
        let solver = solver.on(device.clone());
        self.progress.stage("setting up");
        let mut steps = self.progress.steps();
        let solved = solver.solve_any_with(&mut self.loaded.problem, |report| {
            steps.tell(report);
            ControlFlow::Continue(())
        });
        solved.map_err(|error| {
            let failure = Failure::from(error);
            Failure {
                message: format!("{}: {}", self.input.display(), failure.message),
                ..failure
            }
        })
    }

    /// Writes the solved problem, if asked for; where to.
    fn write_output(&self) -> Result<Option<PathBuf>, Failure> {
        let Some((path, format)) = &self.output else {
            return Ok(None);
        };
        let loaded = &self.loaded;
        let options = self.options_value()?;
        log::info!("writing {} as {format:?}", path.display());
        let (problem, labels) = (&loaded.problem, &loaded.sensor_labels);
        write::problem(path, *format, problem, labels, &options)?;
        Ok(Some(path.clone()))
    }

    /// Where the numbers gave no result, the problem holds the best state
    /// there was: it is written, and the failure says so.
    fn salvage(&self, failure: Failure) -> Failure {
        if failure.status != Status::NotConverged {
            return failure;
        }
        match self.write_output() {
            Ok(None) => failure,
            Ok(Some(path)) => Failure {
                message: format!(
                    "{}; the best state so far is in {}",
                    failure.message,
                    path.display()
                ),
                ..failure
            },
            Err(other) => Failure {
                message: format!("{}; {}", failure.message, other.message),
                ..failure
            },
        }
    }

    fn options_value(&self) -> Result<Value, Failure> {
        serde_json::to_value(self.options)
            .map_err(|e| Failure::usage(format!("the options cannot be written: {e}")))
    }

    fn write_dump(&self, path: &Path) -> Result<(), Failure> {
        let options = self.options_value()?;
        io::dump(
            path,
            &self.loaded.problem,
            &options,
            &self.loaded.sensor_labels,
        )?;
        Ok(())
    }

    /// The summary with what only the command knows.
    fn table(
        &self,
        summary: &Summary,
        marginals: Option<&Marginals>,
        outputs: &[PathBuf],
    ) -> String {
        let mut rows = Rows::default();
        let loaded = &self.loaded;
        let about = match loaded.initial {
            io::Initial::File => loaded.format.to_string(),
            other => format!("{}; {}", loaded.format, origin(other)),
        };
        rows.line(&format!("{} ({about})", self.input.display()));
        rows.line(&summary.to_string());
        deviations(&mut rows, &loaded.problem, &self.args.covariance, marginals);
        for path in outputs {
            let name = match paths::extension(path).as_str() {
                "svg" | "png" | "html" => "plot",
                _ if self.output.as_ref().is_some_and(|(o, _)| o == path) => "output",
                _ => "written",
            };
            rows.row(name, path.display());
        }
        rows.finish()
    }
}

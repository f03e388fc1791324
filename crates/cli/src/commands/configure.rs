//! From the command line and a file to a problem ready to be solved.

use std::path::Path;

use slam16::Device;
use slam16::geometry::PoseGroup;
use slam16::gpu::{Gpu, GpuOptions};
use slam16::io::{AnyProblem, Loaded};
use slam16::problem::{GraphLosses, Loss, PoseGraph, ProblemError, Vertex};
use slam16::solver::{Options, RefactorPolicy, ReuseOptions};
use slam16::with_problem;

use crate::args::{BackendChoice, Guess, Refactor, TuningArgs};
use crate::failure::{Failure, Status};

/// Where the command line wants linear systems solved; a GPU is opened.
pub fn device(tuning: &TuningArgs) -> Result<Device, Failure> {
    let choice = tuning.backend.unwrap_or_default();
    if matches!(choice, BackendChoice::Auto | BackendChoice::Cpu) {
        if let Some(adapter) = &tuning.adapter {
            return Err(Failure::usage(format!(
                "--adapter {adapter}: say --backend gpu as well"
            )));
        }
        return Ok(Device::Cpu);
    }
    let mut options = GpuOptions::default();
    set(&mut options.adapter, tuning.adapter.clone());
    let gpu = Gpu::open(&options).map_err(slam16::Error::from)?;
    log::info!("adapter {}", gpu.adapter());
    Ok(match choice {
        BackendChoice::GpuElseCpu => Device::GpuElseCpu(gpu),
        _ => Device::Gpu(gpu),
    })
}

/// The options of a solve: those of a dump or the defaults, with what the
/// command line says.
pub fn options(loaded: &Loaded, tuning: &TuningArgs) -> Result<Options, Failure> {
    let kind = loaded.problem.kind();
    let dumped = slam16::options_of(loaded.options.clone())?;
    let mut options = dumped.unwrap_or_else(|| Options::for_kind(kind));
    set(&mut options.precision, tuning.precision);
    set(&mut options.half_arithmetic, tuning.half_arithmetic);
    set(&mut options.linear.solver, tuning.linear_solver);
    set(&mut options.linear.ordering, tuning.ordering);
    set(
        &mut options.algorithm,
        tuning.algorithm.map(|name| name.for_kind(kind)),
    );
    set(
        &mut options.linear.refactor,
        tuning.refactor.map(|refactor| match refactor {
            Refactor::Always => RefactorPolicy::Always,
            Refactor::Reuse => RefactorPolicy::Reuse(ReuseOptions::default()),
        }),
    );
    set(&mut options.stop.max_iterations, tuning.max_iterations);
    set(&mut options.stop.relative_cost, tuning.cost_tolerance);
    set(&mut options.stop.gradient, tuning.gradient_tolerance);
    set(&mut options.stop.step, tuning.step_tolerance);
    if tuning.time_budget.is_some() {
        options.stop.time_budget = tuning.time_budget;
    }
    set(&mut options.threads, tuning.threads.map(usize::from));
    options.validate().map_err(slam16::Error::from)?;
    Ok(options)
}

fn set<T>(option: &mut T, given: Option<T>) {
    if let Some(value) = given {
        *option = value;
    }
}

/// Puts the loss on every factor of a problem.
pub fn loss(problem: &mut AnyProblem, loss: Option<Loss>) -> Result<(), ProblemError> {
    let Some(loss) = loss else { return Ok(()) };
    let losses = GraphLosses {
        between: loss,
        observations: loss,
        priors: loss,
    };
    match problem {
        AnyProblem::Graph2(graph) => graph.set_losses(losses),
        AnyProblem::Graph3(graph) => graph.set_losses(losses),
        AnyProblem::Bundle(bundle) => bundle.set_loss(loss),
    }
}

/// Moves a pose graph to an initial guess; what the user should know about it.
pub fn initial(
    problem: &mut AnyProblem,
    guess: Guess,
    input: &Path,
) -> Result<Option<String>, Failure> {
    if guess == Guess::File {
        return Ok(None);
    }
    match problem {
        AnyProblem::Graph2(graph) => guess_poses(graph, guess),
        AnyProblem::Graph3(graph) => guess_poses(graph, guess),
        AnyProblem::Bundle(_) => Err(Failure::usage(format!(
            "--initial: {} is a bundle, which starts where the file says; guesses are for pose graphs",
            input.display()
        ))),
    }
}

fn guess_poses<G: PoseGroup<D, P>, const D: usize, const P: usize>(
    graph: &mut PoseGraph<G, D, P>,
    guess: Guess,
) -> Result<Option<String>, Failure> {
    let report = graph
        .initialize(guess.into())
        .map_err(slam16::Error::from)?;
    let mut remarks = Vec::new();
    if report.bridged > 0 {
        remarks.push(format!(
            "{} poses have no odometry and were placed over other edges",
            report.bridged
        ));
    }
    if report.regularized {
        remarks.push(
            "the chordal relaxation left directions free; they follow the spanning tree".to_owned(),
        );
    }
    Ok((!remarks.is_empty()).then(|| format!("initial guess: {}", remarks.join("; "))))
}

/// Index of the variable that an id of the file stands for.
pub fn variable(problem: &AnyProblem, id: u64) -> Option<usize> {
    let of_graph = |found: Option<Vertex>, poses: usize| {
        found.map(|vertex| match vertex {
            Vertex::Pose(pose) => pose.index(),
            Vertex::Landmark(landmark) => poses + landmark.index(),
        })
    };
    match problem {
        AnyProblem::Graph2(graph) => of_graph(graph.find(id), graph.poses().len()),
        AnyProblem::Graph3(graph) => of_graph(graph.find(id), graph.poses().len()),
        AnyProblem::Bundle(bundle) => usize::try_from(id)
            .ok()
            .filter(|camera| *camera < bundle.cameras().len()),
    }
}

/// Covariances of variables given by their ids.
pub fn covariance(
    problem: &AnyProblem,
    ids: &[u64],
    input: &Path,
) -> Result<Option<slam16::Marginals>, Failure> {
    if ids.is_empty() {
        return Ok(None);
    }
    let variables = variables(problem, ids, input)?;
    let marginals = with_problem!(problem, p => slam16::covariance(p, &variables));
    marginals.map(Some).map_err(|error| match error {
        slam16::Error::Undetermined { variable } => {
            let id = variables.iter().position(|v| *v == variable);
            let name = id.map_or_else(
                || format!("variable {variable}"),
                |k| format!("id {}", ids[k]),
            );
            Failure {
                status: Status::NotConverged,
                message: format!(
                    "--covariance: {} leaves a direction of {name} free: fix it, or add a prior",
                    input.display()
                ),
            }
        }
        other => other.into(),
    })
}

/// The variables of ids, or an error that names the first that is not there.
pub fn variables(problem: &AnyProblem, ids: &[u64], input: &Path) -> Result<Vec<usize>, Failure> {
    ids.iter()
        .map(|&id| {
            variable(problem, id).ok_or_else(|| {
                let what = match problem {
                    AnyProblem::Bundle(b) => {
                        format!("camera {id}: there are {}", b.cameras().len())
                    }
                    _ => format!("vertex {id}: take an id of the file"),
                };
                Failure::usage(format!("--covariance: {} has no {what}", input.display()))
            })
        })
        .collect()
}

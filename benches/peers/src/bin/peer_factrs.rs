//! factrs: pose graphs, read by its own g2o loader (which anchors one pose by a prior).

use std::process::ExitCode;

use factrs::assign_symbols;
use factrs::core::{GaussNewton, LevenMarquardt, SE2, SE3, Values};
use factrs::optimizers::{BaseOptParams, LevenParams, OptError};
use factrs::traits::Optimizer;
use factrs::utils::load_g20;
use slam16_peers::driver::{self, Arguments, timed};
use slam16_peers::files::{self, Pose, Result};

assign_symbols!(X: SE2, SE3);

fn main() -> ExitCode {
    driver::main("factrs 0.3.0, crate, target-cpu=native, f64", solve)
}

fn solve(arguments: &Arguments) -> Result<()> {
    let input = arguments.input.to_str().ok_or("the path is not UTF-8")?;
    let ids: Vec<u64> = files::read_graph(&arguments.input)?
        .poses
        .into_keys()
        .collect();
    let (graph, initial) = load_g20(input);
    let base = BaseOptParams {
        max_iterations: arguments.max_iterations,
        error_tol_relative: arguments.tolerance,
        error_tol_absolute: 0.0,
        ..Default::default()
    };
    let values = match arguments.solver.as_str() {
        "gn" => {
            let mut solver = GaussNewton::new(base, graph);
            timed(|| finished(solver.optimize(initial)))?
        }
        "lm" => {
            let mut solver = LevenMarquardt::new(
                LevenParams {
                    base,
                    ..Default::default()
                },
                graph,
            );
            timed(|| finished(solver.optimize(initial)))?
        }
        other => return Err(format!("unknown solver {other}")),
    };
    let poses: Vec<(u64, Pose)> = ids
        .into_iter()
        .map(|id| pose(&values, id).map(|p| (id, p)))
        .collect::<Result<_>>()?;
    files::write_poses(&arguments.output, poses)
}

/// Running into the iteration limit still gives an estimate.
fn finished(outcome: std::result::Result<Values, OptError>) -> Result<(Values, Option<usize>)> {
    match outcome {
        Ok(values) | Err(OptError::MaxIterations(values)) => Ok((values, None)),
        Err(e) => Err(format!("{e:?}")),
    }
}

fn pose(values: &Values, id: u64) -> Result<Pose> {
    let key = id as u32;
    if let Some(p) = values.get::<_, SE2>(X(key)) {
        return Ok(vec![p.x(), p.y(), p.theta()]);
    }
    let p: &SE3 = values.get(X(key)).ok_or_else(|| format!("no pose {id}"))?;
    let (t, q) = (p.xyz(), p.rot());
    Ok(vec![t[0], t[1], t[2], q.x(), q.y(), q.z(), q.w()])
}

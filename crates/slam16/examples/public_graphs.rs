//! Solves the public pose graphs from chordal starts and prints the table of
//! `docs/measurements/public-graphs.md`. Data: `SLAM16_DATA`, by default
//! `../shared/data` beside the repository.
#![allow(clippy::print_stdout)]

use std::path::{Path, PathBuf};

use slam16::Solver;
use slam16::io::{AnyProblem, ReadOptions, read};
use slam16::problem::InitialGuess;
use slam16::solver::{Options, Stop};

type Failure = Box<dyn std::error::Error>;

/// File below `pgo/`, best known chi2 with g2o's residual, best known cost with
/// SE-Sync's.
const GRAPHS: [(&str, f64, f64); 31] = [
    ("CSAIL.g2o", 40.555129, 31.70372),
    ("CSAIL.graph", 38.956286, 31.70372),
    ("FR079.graph", 37.599116, 28.58579),
    ("M3500.g2o", 137.91295, 193.8623),
    ("M3500a.g2o", 912.11501, 1597.636),
    ("M3500b.g2o", 2054.7159, 3675.921),
    ("MIT.g2o", 41.163269, 61.15412),
    ("city10000.g2o.gz", 511.98516, 638.6246),
    ("eecs.g2o", 425.50464, 911.9558),
    ("input_INTEL_g2o.g2o", 215.83023, 393.6525),
    ("intel.g2o", 45.004696, 52.34823),
    ("isam_sphere400.txt", 50.337592, 115.2653),
    ("killian.g2o", 201.30225, 229.8301),
    ("kitti_00.g2o", 98.322012, 125.6935),
    ("kitti_05.g2o", 157.10437, 276.5144),
    ("kitti_06.g2o", 25.947085, 35.32524),
    ("kitti_07.g2o", 12.661036, 23.93384),
    ("kitti_09.g2o", 34.382828, 61.30995),
    ("manhattan.g2o", 3549.0368, 6431.391),
    ("manhattanOlson3500.g2o", 146.07661, 204.943),
    ("parking-garage.g2o", 1.2386839, 1.262524),
    ("ring.g2o", 11.163101, 11.25752),
    ("ringCity.g2o", 262.81753, 271.7759),
    ("smallGrid3D.g2o", 458.15379, 1025.398),
    ("sphere2500.g2o", 727.14925, 1687.006),
    ("sphere_bignoise_vertex3.g2o.gz", 743862.72, 2961776.0),
    ("sphere_mednoise.graph", 194.65045, 383.179),
    ("tinyGrid3D.g2o", 6.7278798, 18.51937),
    ("torus3D.g2o", 14574.746, 24227.05),
    ("vertigo_intel.g2o", 546.46111, 798.0015),
    ("w10000.graph.gz", 289.72589, 313.4344),
];

struct Ending {
    cost: f64,
    chi2: f64,
    se_sync: f64,
    steps: usize,
    stop: Stop,
}

/// With the default options, or until nothing changes any more.
fn solve(path: &Path, to_the_end: bool) -> Result<Ending, Failure> {
    macro_rules! run {
        ($graph:expr) => {{
            $graph.initialize(InitialGuess::Chordal)?;
            let mut options = Options::for_kind(slam16::problem::LeastSquares::kind($graph));
            if to_the_end {
                options.stop.relative_cost = 1e-13;
                options.stop.max_iterations = 1000;
            }
            let summary = Solver::new(options)?.solve($graph)?;
            Ending {
                cost: summary.final_cost,
                chi2: $graph.g2o_chi2(),
                se_sync: $graph.se_sync_cost(),
                steps: summary.iterations.len(),
                stop: summary.stop,
            }
        }};
    }
    let mut read = read(path, &ReadOptions::default())?;
    Ok(match &mut read.problem {
        AnyProblem::Graph2(graph) => run!(graph),
        AnyProblem::Graph3(graph) => run!(graph),
        AnyProblem::Bundle(_) => return Err(format!("{} is a bundle", path.display()).into()),
    })
}

fn main() -> Result<(), Failure> {
    let root = std::env::var_os("SLAM16_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    println!(
        "| graph | cost | steps | stop | above the end | g2o chi2 here | best known | SE-Sync cost here | best known |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for (name, chi2, se_sync) in GRAPHS {
        let path = root.join("pgo").join(name);
        let ending = solve(&path, false)?;
        let end = solve(&path, true)?;
        println!(
            "| {name} | {:.9} | {} | {} | {:.1e} | {:.8} | {:.8} ({:+.1e}) | {:.7} | {:.7} ({:+.1e}) |",
            ending.cost,
            ending.steps,
            ending.stop.reason(),
            ending.cost / end.cost - 1.0,
            ending.chi2,
            chi2,
            ending.chi2 / chi2 - 1.0,
            ending.se_sync,
            se_sync,
            ending.se_sync / se_sync - 1.0,
        );
    }
    Ok(())
}

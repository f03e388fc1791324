//! Pose graphs: best known costs from the file's start and from chordal starts.

use slam16::Solver;
use slam16::io::AnyProblem;
use slam16::problem::{InitialGuess, LeastSquares};
use slam16::solver::Options;

use crate::data::{load, reaches};

/// What a solve ended with.
#[derive(Debug)]
struct Ending {
    cost: f64,
    chi2: f64,
    se_sync: f64,
    converged: bool,
}

fn solve(name: &str, guess: InitialGuess) -> Ending {
    solve_to(name, guess, |_| ())
}

fn solve_to(name: &str, guess: InitialGuess, change: impl FnOnce(&mut Options)) -> Ending {
    macro_rules! run {
        ($graph:expr) => {{
            $graph.initialize(guess).unwrap();
            let mut options = Options::for_kind($graph.kind());
            change(&mut options);
            let summary = Solver::new(options).unwrap().solve($graph).unwrap();
            Ending {
                cost: summary.final_cost,
                chi2: $graph.g2o_chi2(),
                se_sync: $graph.se_sync_cost(),
                converged: summary.converged(),
            }
        }};
    }
    match &mut load(name) {
        AnyProblem::Graph2(graph) => run!(graph),
        AnyProblem::Graph3(graph) => run!(graph),
        AnyProblem::Bundle(_) => panic!("{name} is a bundle"),
    }
}

/// ½ Σ rᵀΩr, r = Log(Z⁻¹ Xi⁻¹ Xj); the best of six solvers from the same
/// start, and GTSAM 4.3 from its chordal start for the last four.
#[test]
fn the_best_known_cost_is_reached() {
    for (name, guess, best) in [
        ("pgo/intel.g2o", InitialGuess::File, 22.502_116_54),
        ("pgo/M3500.g2o", InitialGuess::File, 68.957_439_12),
        ("pgo/sphere2500.g2o", InitialGuess::File, 675.700_962_9),
        (
            "pgo/parking-garage.g2o",
            InitialGuess::File,
            0.634_192_399_6,
        ),
        ("pgo/torus3D.g2o", InitialGuess::Chordal, 12_117.636_88),
        ("pgo/city10000.g2o.gz", InitialGuess::Chordal, 255.993_725),
        ("pgo/eecs.g2o", InitialGuess::Chordal, 506.121_674),
        ("pgo/smallGrid3D.g2o", InitialGuess::Chordal, 517.925_332),
    ] {
        let ending = solve(name, guess);
        assert!(ending.converged, "{name}: {ending:?}");
        assert!(
            reaches(ending.cost, best, 1e-6),
            "{name}: {ending:?}, best known {best}"
        );
    }
}

/// Where the information of the translation is isotropic and errors of angles
/// are small, slam16's residual and g2o's have the same optimum, and g2o's chi2
/// there is known. (On CSAIL, FR079, MIT, input_INTEL and in space they differ.)
#[test]
fn chordal_starts_lead_to_the_known_optima() {
    for (name, chi2, se_sync, slack) in [
        ("pgo/M3500.g2o", 137.912_95, 193.862_3, 1e-5),
        ("pgo/intel.g2o", 45.004_696, 52.348_23, 1e-5),
        ("pgo/killian.g2o", 201.302_25, 229.830_1, 1e-5),
        ("pgo/kitti_00.g2o", 98.322_012, 125.693_5, 1e-5),
        ("pgo/kitti_05.g2o", 157.104_37, 276.514_4, 1e-5),
        ("pgo/kitti_06.g2o", 25.947_085, 35.325_24, 1e-5),
        ("pgo/kitti_07.g2o", 12.661_036, 23.933_84, 1e-5),
        ("pgo/kitti_09.g2o", 34.382_828, 61.309_95, 1e-5),
        ("pgo/manhattanOlson3500.g2o", 146.076_61, 204.943, 1e-5),
        ("pgo/ring.g2o", 11.163_101, 11.257_52, 1e-5),
        ("pgo/ringCity.g2o", 262.817_53, 271.775_9, 1e-5),
        ("pgo/vertigo_intel.g2o", 546.461_11, 798.001_5, 1e-5),
    ] {
        let ending = solve(name, InitialGuess::Chordal);
        println!(
            "{name}: cost {:.8} chi2 {:.6} ({:+.1e}) F* {:.6} ({:+.1e})",
            ending.cost,
            ending.chi2,
            ending.chi2 / chi2 - 1.0,
            ending.se_sync,
            ending.se_sync / se_sync - 1.0
        );
        assert!(ending.converged, "{name}: {ending:?}");
        assert!(
            reaches(ending.chi2, chi2, slack),
            "{name}: chi2 {} against {chi2}",
            ending.chi2
        );
    }
}

/// The others, whose optimum differs from that of g2o's residual: the default
/// stop tests end within 1e-6 of where a solve ends that goes on until nothing
/// changes. That this is the minimum of the best known chi2 was seen by going
/// on from there with g2o, see `docs/measurements/public-graphs.md`.
#[test]
fn chordal_starts_lead_to_the_end_of_the_valley() {
    for name in [
        "pgo/CSAIL.g2o",
        "pgo/CSAIL.graph",
        "pgo/FR079.graph",
        "pgo/M3500a.g2o",
        "pgo/M3500b.g2o",
        "pgo/MIT.g2o",
        "pgo/input_INTEL_g2o.g2o",
        "pgo/isam_sphere400.txt",
        "pgo/manhattan.g2o",
        "pgo/parking-garage.g2o",
        "pgo/sphere2500.g2o",
        "pgo/sphere_bignoise_vertex3.g2o.gz",
        "pgo/sphere_mednoise.graph",
        "pgo/tinyGrid3D.g2o",
        "pgo/w10000.graph.gz",
    ] {
        let ending = solve(name, InitialGuess::Chordal);
        let end = solve_to(name, InitialGuess::Chordal, |options| {
            options.stop.relative_cost = 1e-13;
            options.stop.max_iterations = 1000;
        });
        assert!(ending.converged, "{name}: {ending:?}");
        assert!(
            reaches(ending.cost, end.cost, 1e-6),
            "{name}: {} against {}",
            ending.cost,
            end.cost
        );
    }
}

/// Where the start in the file is bad, a monotone method is lost and the full
/// steps of Gauss-Newton are not: they are followed up.
#[test]
fn bad_starts_are_left_by_full_steps() {
    for (name, best) in [
        ("pgo/input_INTEL_g2o.g2o", 107.919_061),
        ("pgo/sphere_mednoise.graph", 192.198_662_8),
    ] {
        let ending = solve(name, InitialGuess::File);
        assert!(
            ending.converged && reaches(ending.cost, best, 1e-6),
            "{name}: {ending:?}"
        );
    }
}

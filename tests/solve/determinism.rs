//! The same bits over two runs, and over one thread and two.

use slam16::Solver;
use slam16::io::AnyProblem;
use slam16::solver::Summary;

use crate::data::load;

/// Every pose of the result as bits, and the summary.
fn bits(name: &str, threads: usize) -> (Vec<u64>, Summary) {
    match &mut load(name) {
        AnyProblem::Graph2(graph) => {
            let mut options = *Solver::for_problem(graph).options();
            options.threads = threads;
            let summary = Solver::new(options).unwrap().solve(graph).unwrap();
            let poses = graph.poses().iter();
            let numbers = poses.flat_map(|p| {
                [
                    p.translation.x,
                    p.translation.y,
                    p.rotation.cos(),
                    p.rotation.sin(),
                ]
            });
            (numbers.map(f64::to_bits).collect(), summary)
        }
        AnyProblem::Graph3(graph) => {
            let mut options = *Solver::for_problem(graph).options();
            options.threads = threads;
            let summary = Solver::new(options).unwrap().solve(graph).unwrap();
            let poses = graph.poses().iter();
            let numbers = poses.flat_map(|p| {
                let t = p.translation;
                [t.x, t.y, t.z].into_iter().chain(p.rotation.xyzw())
            });
            (numbers.map(f64::to_bits).collect(), summary)
        }
        AnyProblem::Bundle(bundle) => {
            let mut options = *Solver::for_problem(bundle).options();
            options.threads = threads;
            let summary = Solver::new(options).unwrap().solve(bundle).unwrap();
            let points = bundle.points().iter().flat_map(|p| [p.x, p.y, p.z]);
            let cameras = bundle.cameras().iter().flat_map(|c| c.intrinsics);
            (points.chain(cameras).map(f64::to_bits).collect(), summary)
        }
    }
}

#[test]
fn runs_and_threads_agree_bit_for_bit() {
    for name in [
        "pgo/intel.g2o",
        "pgo/M3500.g2o",
        "pgo/sphere2500.g2o",
        "pgo/parking-garage.g2o",
        "ba/problem-21-11315-pre.txt.bz2",
    ] {
        let (first, summary) = bits(name, 1);
        assert_eq!(summary.threads, 1);
        let (again, _) = bits(name, 1);
        assert!(first == again, "{name}: two runs differ");
        let (parallel, parallel_summary) = bits(name, 2);
        assert_eq!(parallel_summary.threads, 2);
        assert!(first == parallel, "{name}: two threads differ from one");
        let costs = |s: &Summary| {
            s.iterations
                .iter()
                .map(|i| i.cost.to_bits())
                .collect::<Vec<_>>()
        };
        assert_eq!(costs(&summary), costs(&parallel_summary), "{name}");
    }
}

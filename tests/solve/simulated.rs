//! What solving does to simulated drives.

use slam16::Solver;
use slam16::problem::Trajectory;
use slam16_sim::metrics::{AbsoluteOptions, absolute_error};
use slam16_sim::{LoopOptions, loop_graph};

/// Trajectory errors over many drives, as the article gives them, in metres.
#[derive(Debug)]
struct Errors {
    mean: f64,
    p90: f64,
    p99: f64,
    max: f64,
}

impl Errors {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let n = values.len();
        let at = |share: f64| values[((share * n as f64).ceil() as usize).clamp(1, n) - 1];
        Self {
            mean: values.iter().sum::<f64>() / n as f64,
            p90: at(0.9),
            p99: at(0.99),
            max: values[n - 1],
        }
    }

    /// Every figure is within a factor of two of the article's.
    fn is_near(&self, article: &Self) -> bool {
        [
            (self.mean, article.mean),
            (self.p90, article.p90),
            (self.p99, article.p99),
            (self.max, article.max),
        ]
        .iter()
        .all(|(ours, theirs)| (0.5..=2.0).contains(&(ours / theirs)))
    }
}

const WITHOUT: Errors = Errors {
    mean: 9.72e-2,
    p90: 2.00e-1,
    p99: 2.65e-1,
    max: 4.03e-1,
};
const WITH: Errors = Errors {
    mean: 3.19e-4,
    p90: 5.57e-4,
    p99: 5.71e-4,
    max: 5.83e-4,
};

/// Drives of 450 to 3,000 key frames, as many of each length.
fn regime(drives: u64) -> (Errors, Errors) {
    let ate = |truth: &Trajectory, poses: &[slam16::geometry::Se3]| {
        let estimate = Trajectory::numbered(poses.to_vec());
        let errors = absolute_error(truth, &estimate, &AbsoluteOptions::default()).unwrap();
        errors.statistics.rmse
    };
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for seed in 0..drives {
        let options = LoopOptions {
            seed,
            frames: 450 + (2550 * seed / (drives - 1)) as usize,
            ..LoopOptions::default()
        };
        let mut made = loop_graph(&options).unwrap();
        let truth = Trajectory::numbered(made.truth);
        before.push(ate(&truth, made.graph.poses()));
        let solver = Solver::for_problem(&made.graph);
        let summary = solver.solve(&mut made.graph).unwrap();
        assert!(summary.converged(), "seed {seed}: {summary}");
        after.push(ate(&truth, made.graph.poses()));
    }
    (Errors::of(before), Errors::of(after))
}

#[test]
fn loop_closure_takes_the_articles_errors_to_the_articles_errors() {
    let drives = std::env::var("SLAM16_DRIVES").map_or(16, |n| n.parse().unwrap());
    let (without, with) = regime(drives);
    println!("without {without:?}\nwith {with:?}");
    assert!(without.is_near(&WITHOUT), "without closures: {without:?}");
    assert!(with.is_near(&WITH), "with closures: {with:?}");
}

#[test]
fn the_comparison_sees_another_regime() {
    let wide = Errors {
        max: 1.2e-3,
        ..WITH
    };
    assert!(!wide.is_near(&WITH) && WITH.is_near(&WITH));
}

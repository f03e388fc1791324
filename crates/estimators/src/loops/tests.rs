#![allow(clippy::unwrap_used, clippy::panic)]

use slam16_cpu::Cpu;
use slam16_geometry::Se3;
use slam16_problem::{LeastSquares, Trajectory};
use slam16_sim::metrics::{AbsoluteOptions, absolute_error};
use slam16_sim::{LoopOptions, loops};
use slam16_solver::SolveError;

use super::*;

type Closer = LoopCloser<Cpu, Se3<f64>, 6, 3>;

fn settings(rejection: Rejection) -> LoopSettings {
    LoopSettings {
        rejection,
        ..LoopSettings::for_kind(ProblemKind::PoseGraph3)
    }
}

/// The trajectory error, m, and which closures were false and rejected.
fn drive(rejection: Rejection, outliers: f64) -> (f64, Vec<bool>, Closer) {
    let options = LoopOptions {
        frames: 450,
        outliers,
        ..LoopOptions::default()
    };
    let odometry = options.odometry.information().unwrap();
    let information = options.closures.information().unwrap();
    let (mut truth, mut wrong) = (Vec::new(), Vec::new());
    let mut closer: Option<Closer> = None;
    for (k, frame) in loops(&options).unwrap().enumerate() {
        truth.push(frame.truth);
        let closer = closer
            .get_or_insert_with(|| Closer::new(Cpu, frame.truth, settings(rejection)).unwrap());
        if let Some(motion) = frame.odometry {
            assert_eq!(closer.add_odometry(motion, odometry.clone()).unwrap(), k);
        }
        for c in frame.closures {
            wrong.push(c.is_false);
            closer
                .add_closure(c.from, k, c.measurement, information.clone())
                .unwrap();
        }
        if k % 75 == 74 {
            closer.update().unwrap();
        }
    }
    let closer = closer.unwrap();
    let estimate = Trajectory::numbered(closer.poses().to_vec());
    let truth = Trajectory::numbered(truth);
    let error = absolute_error(&truth, &estimate, &AbsoluteOptions::default()).unwrap();
    (error.statistics.rmse, wrong, closer)
}

#[test]
fn without_false_closures_updates_end_at_the_optimum() {
    let (error, _, mut closer) = drive(Rejection::None, 0.0);
    assert!(error < 1e-3, "{error}");
    let mut graph = closer.graph().unwrap();
    let options = Options::for_kind(ProblemKind::PoseGraph3);
    let summary = Cpu.solve(&mut graph, &options, Instant::now()).unwrap();
    // What is left to gain is below the stop test's 1e-6.
    assert!(summary.initial_cost < summary.final_cost * (1.0 + 1e-5));
    let idle = closer.update().unwrap();
    assert_eq!((idle.solves, idle.summary), (0, None));
}

#[test]
fn false_closures_are_found_and_left_out() {
    let (clean, _, _) = drive(Rejection::None, 0.0);
    let (spoilt, _, _) = drive(Rejection::None, 0.1);
    assert!(spoilt > 0.1, "false closures do no harm: {spoilt}");
    let (error, wrong, closer) = drive(Rejection::for_kind(ProblemKind::PoseGraph3), 0.1);
    let rejected: Vec<usize> = closer.rejected().collect();
    let missed = (0..wrong.len()).filter(|k| wrong[*k] && !rejected.contains(k));
    assert_eq!(missed.count(), 0);
    // One true closure in 10,000 is above the bound.
    let good = rejected.iter().filter(|k| !wrong[**k]).count();
    assert!(good <= 3, "{good} true closures left out");
    assert!(error < 1.5 * clean, "{error} {clean}");
}

/// The processor, and the costs before and after each solve.
#[derive(Default)]
struct Watched {
    costs: Vec<(f64, f64)>,
}

impl Engine for Watched {
    fn solve<P: LeastSquares>(
        &mut self,
        problem: &mut P,
        options: &Options,
        start: Instant,
    ) -> Result<Summary, SolveError> {
        let summary = Cpu.solve(problem, options, start)?;
        self.costs.push((summary.initial_cost, summary.final_cost));
        Ok(summary)
    }
}

/// A straight path; of the closures one is 8 m off, which leaves an error of
/// about 8² = 64 at full weight, above the bound.
#[test]
fn all_weights_start_anew_only_where_some_were_lowered() {
    let metres = |x: f64| Se3::new([x, 0.0, 0.0].into(), slam16_geometry::So3::identity());
    let gnc = settings(Rejection::for_kind(ProblemKind::PoseGraph3));
    let mut closer = LoopCloser::new(Watched::default(), metres(0.0), gnc).unwrap();
    for _ in 0..6 {
        closer
            .add_odometry(metres(1.0), Information::isotropic(100.0))
            .unwrap();
    }
    let one = || Information::isotropic(1.0);
    closer.add_closure(0, 5, metres(5.0), one()).unwrap();
    closer.add_closure(1, 3, metres(10.0), one()).unwrap();
    let first = closer.update().unwrap();
    assert_eq!((closer.weights(), first.rejected), (&[1.0, 0.0][..], 1));
    // At the second solve the weight is lower: its start is not the first's end.
    let costs = std::mem::take(&mut closer.engine.costs);
    assert_eq!(costs.len(), first.solves);
    assert!(
        costs[0].1 > 20.0 && costs[1].0 < 0.5 * costs[0].1,
        "{costs:?}"
    );
    // Now one is left out, and comes back.
    closer.add_closure(0, 6, metres(6.0), one()).unwrap();
    let second = closer.update().unwrap();
    let costs = &closer.engine.costs;
    assert_eq!((second.rejected, costs.len()), (1, second.solves));
    assert!(costs[0].1 < 1e-6 && costs[1].0 > 20.0, "{costs:?}");
}

#[test]
fn covariance_scaling_bounds_the_harm() {
    let (spoilt, _, _) = drive(Rejection::None, 0.02);
    let (error, _, _) = drive(Rejection::Dcs { phi: 5.0 }, 0.02);
    assert!(error < 0.5 * spoilt, "{error} {spoilt}");
}

#[test]
fn what_is_not_there_is_refused() {
    let mut closer = Closer::new(Cpu, Se3::identity(), settings(Rejection::None)).unwrap();
    let one = || Information::isotropic(1.0);
    closer.add_odometry(Se3::identity(), one()).unwrap();
    assert!(closer.add_closure(0, 2, Se3::identity(), one()).is_err());
    assert!(closer.add_closure(1, 1, Se3::identity(), one()).is_err());
    let nan = Se3::new(
        [f64::NAN, 0.0, 0.0].into(),
        slam16_geometry::So3::identity(),
    );
    assert!(closer.add_odometry(nan, one()).is_err());
    assert!(closer.add_closure(0, 1, nan, one()).is_err());
    assert_eq!((closer.poses().len(), closer.weights().len()), (2, 0));
    assert!(Closer::new(Cpu, nan, settings(Rejection::None)).is_err());
}

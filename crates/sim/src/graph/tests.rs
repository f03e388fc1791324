//! What the generators promise: true paths, near loops, noise of the stated size.

#![allow(clippy::unwrap_used)]

use slam16_geometry::PoseGroup;
use slam16_problem::{LeastSquares, PoseGraph};
use slam16_sparse::Threads;

use super::*;

fn twice_the_cost<G: PoseGroup<D, P>, const D: usize, const P: usize>(
    graph: &PoseGraph<G, D, P>,
) -> f64 {
    2.0 * graph.cost(&Threads::single()).unwrap().plain
}

/// Every check that does not depend on the shape. `reach` bounds the distance
/// of poses that close a loop.
fn check<G, const D: usize, const P: usize>(
    make: impl Fn(GraphOptions) -> Result<SimulatedGraph<G, D, P>, SimError>,
    (poses, edges): (usize, usize),
    reach: f64,
) where
    G: PoseGroup<D, P>,
{
    let noise = GraphNoise {
        translation: 0.03,
        rotation: 0.02,
    };
    let options = GraphOptions {
        seed: 11,
        odometry: noise,
        closures: noise,
        ..GraphOptions::default()
    };
    let noisy = make(options).unwrap();
    assert_eq!(noisy.graph.poses().len(), poses);
    assert_eq!(noisy.graph.between().len(), edges);
    assert!(noisy.outliers.is_empty());
    for edge in noisy.graph.between() {
        let ends = [edge.from, edge.to].map(|v| noisy.truth[v.index()].translation());
        assert!((ends[0] - ends[1]).norm() <= reach * (1.0 + 1e-9));
    }
    // Same seed, same bits; another seed, another graph.
    let same = make(options).unwrap();
    assert_eq!(same.graph.poses(), noisy.graph.poses());
    assert_eq!(same.graph.between(), noisy.graph.between());
    let other = make(GraphOptions {
        seed: 12,
        ..options
    })
    .unwrap();
    assert_ne!(other.graph.between(), noisy.graph.between());
    // At the truth Σ rᵀ Ω r is a χ² variable: mean n, variance 2 n.
    let truth = make(GraphOptions {
        start: Start::Truth,
        ..options
    })
    .unwrap();
    assert_eq!(truth.graph.poses(), truth.truth);
    let n = (edges * D) as f64;
    let chi2 = twice_the_cost(&truth.graph);
    assert!((chi2 - n).abs() < 5.0 * (2.0 * n).sqrt(), "{chi2} {n}");
    assert!(twice_the_cost(&noisy.graph) > chi2);
    // Without noise odometry leads to the truth.
    let still = GraphNoise {
        translation: 0.0,
        rotation: 0.0,
    };
    let exact = make(GraphOptions {
        odometry: still,
        closures: still,
        ..options
    })
    .unwrap();
    assert!(twice_the_cost(&exact.graph) < 1e-15 * n);
    let drift = exact.graph.poses().iter().zip(&exact.truth);
    assert!(drift.fold(0.0, |m: f64, (a, b)| m.max(a.local(b).norm())) < 1e-9);
    // Half of the closures; a third of them false.
    let loops = edges - (poses - 1);
    let some = make(GraphOptions {
        kept: 0.5,
        outliers: 0.3,
        ..options
    })
    .unwrap();
    let near = |count: usize, of: usize, share: f64| {
        let (count, of) = (count as f64, of as f64);
        (count - of * share).abs() < 5.0 * (of * share * (1.0 - share)).sqrt() + 1.0
    };
    let kept = some.graph.between().len() - (poses - 1);
    assert!(near(kept, loops, 0.5), "{kept} of {loops}");
    assert!(near(some.outliers.len(), kept, 0.3));
    assert!(some.outliers.iter().all(|e| *e >= poses - 1));
    let nothing = |noise| {
        make(GraphOptions {
            closures: noise,
            ..options
        })
    };
    assert!(matches!(
        nothing(GraphNoise {
            translation: -1.0,
            rotation: 0.0
        }),
        Err(SimError::Option { .. })
    ));
}

#[test]
fn a_town() {
    let town = |poses| {
        move |common| {
            manhattan(&ManhattanOptions {
                poses,
                common,
                ..ManhattanOptions::default()
            })
        }
    };
    let edges = town(1200)(GraphOptions {
        seed: 11,
        ..GraphOptions::default()
    });
    let edges = edges.unwrap().graph.between().len();
    // A town of 9 × 9 crossings has 81 + 144 · 3 places: most visits are not the first.
    assert!(edges - 1199 > 400, "{edges}");
    let by_seed = town(1200);
    let walk = by_seed(GraphOptions::default()).unwrap().truth;
    assert!(walk.iter().all(|x| {
        let t = x.translation;
        (0.0..=32.0).contains(&t.x) && (0.0..=32.0).contains(&t.y)
    }));
    assert!(walk.windows(2).all(|w| {
        let step = w[0].inverse() * w[1];
        (step.translation - nalgebra::vector![1.0, 0.0]).norm() < 1e-12
    }));
    check(by_seed, (1200, edges), 1.0);
}

#[test]
fn a_ring() {
    let make = |common| {
        ring(&RingOptions {
            per_lap: 100,
            laps: 3,
            radius: 20.0,
            every: 2,
            common,
        })
    };
    check(
        make,
        (300, 299 + 100),
        2.0 * 20.0 * (std::f64::consts::PI / 100.0).sin(),
    );
}

#[test]
fn a_sphere_is_as_large_as_sphere2500() {
    let make = |common| {
        sphere(&SphereOptions {
            common,
            ..SphereOptions::default()
        })
    };
    check(make, (2500, 4949), 50.0 * std::f64::consts::TAU / 50.0);
}

#[test]
fn a_torus() {
    let make = |common| {
        torus(&TorusOptions {
            rings: 20,
            per_ring: 30,
            common,
            ..TorusOptions::default()
        })
    };
    check(
        make,
        (600, 599 + 570 + 30),
        14.0 * std::f64::consts::TAU / 20.0,
    );
}

#[test]
fn a_grid() {
    let make = |common| {
        grid(&GridOptions {
            size: [5, 4, 3],
            spacing: 2.0,
            common,
        })
    };
    // 4·4·3 + 5·3·3 + 5·4·2 pairs of neighbours, 59 of which follow one another.
    check(make, (60, 48 + 45 + 40), 2.0);
}

#[test]
fn a_garage() {
    let make = |common| {
        garage(&GarageOptions {
            levels: 3,
            per_level: 100,
            common,
            ..GarageOptions::default()
        })
    };
    // Two neighbours and itself a round below, less one at the very start.
    check(
        make,
        (300, 299 + 3 * 200 - 1),
        3.0 + 30.0 * std::f64::consts::TAU / 100.0,
    );
}

#[test]
fn wrong_shapes_are_refused() {
    let wrong = |result: Result<SimulatedGraph3, SimError>| {
        assert!(matches!(result, Err(SimError::Option { .. })));
    };
    wrong(sphere(&SphereOptions {
        rings: 0,
        ..SphereOptions::default()
    }));
    wrong(torus(&TorusOptions {
        minor: f64::NAN,
        ..TorusOptions::default()
    }));
    wrong(grid(&GridOptions {
        size: [1, 1, 1],
        ..GridOptions::default()
    }));
    wrong(garage(&GarageOptions {
        per_level: 2,
        ..GarageOptions::default()
    }));
    let text = ring(&RingOptions {
        radius: -1.0,
        ..RingOptions::default()
    })
    .unwrap_err()
    .to_string();
    assert_eq!(text, "radius must be positive and finite, not -1");
    assert!(
        manhattan(&ManhattanOptions {
            crossings: 1,
            ..ManhattanOptions::default()
        })
        .is_err()
    );
}

mod closing {
    use crate::{LoopOptions, loop_graph, loops};

    /// Whitened residuals at the truth are normal: χ² has mean n, variance 2 n.
    #[test]
    fn measurements_have_the_stated_noise() {
        let options = LoopOptions::default();
        let made = loop_graph(&options).unwrap();
        assert_eq!(made.graph.poses().len(), 1000);
        let mut at_truth = made.graph.clone();
        at_truth.poses_mut().copy_from_slice(&made.truth);
        let threads = slam16_sparse::Threads::single();
        let cost = slam16_problem::LeastSquares::cost(&at_truth, &threads);
        let chi2 = 2.0 * cost.unwrap().plain;
        let n = 6.0 * made.graph.between().len() as f64;
        assert!((chi2 - n).abs() < 5.0 * (2.0 * n).sqrt(), "{chi2} {n}");
        assert!(made.graph.between().len() > 2500, "too few loops");
    }

    #[test]
    fn closures_join_what_is_near_and_old() {
        let options = LoopOptions::default();
        let frames: Vec<_> = loops(&options).unwrap().collect();
        for (k, frame) in frames.iter().enumerate() {
            assert_eq!(frame.odometry.is_some(), k > 0);
            assert!(frame.closures.len() <= options.nearby.most);
            for closure in &frame.closures {
                assert!(closure.from + options.nearby.gap < k);
                let motion = frames[closure.from].truth.inverse() * frame.truth;
                assert!(motion.translation.norm() <= options.nearby.radius);
                assert!(!closure.is_false);
            }
        }
    }

    #[test]
    fn false_closures_come_as_often_as_stated() {
        let options = LoopOptions {
            outliers: 0.2,
            ..LoopOptions::default()
        };
        let made = loop_graph(&options).unwrap();
        let closures = made.graph.between().len() as f64 - 999.0;
        let share = made.outliers.len() as f64 / closures;
        assert!(
            (share - 0.2).abs() < 5.0 * (0.16 / closures).sqrt(),
            "{share}"
        );
        for &k in &made.outliers {
            let edge = &made.graph.between()[k];
            assert!(edge.to.index().abs_diff(edge.from.index()) != 0);
        }
    }

    #[test]
    fn longer_drives_begin_alike() {
        let options = LoopOptions::default();
        let short = LoopOptions {
            frames: 300,
            ..options
        };
        let first: Vec<_> = loops(&short).unwrap().collect();
        let long: Vec<_> = loops(&options).unwrap().take(300).collect();
        assert_eq!(first, long);
    }
}

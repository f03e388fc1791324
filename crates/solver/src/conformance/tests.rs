//! The toy passes; each fault is caught by the rule made for it.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::Options;
use crate::toy::{self, Fault, Toy};

fn known() -> Known {
    let kind = ProblemKind::PoseGraph2;
    Known {
        kind,
        options: Options::for_kind(kind),
        unknowns: 2,
        optimum: OPTIMUM,
        tolerance: 1e-6,
        algorithms: AlgorithmName::ALL.to_vec(),
    }
}

/// By a search over the exponent with the amplitude eliminated; the first test
/// repeats it.
const OPTIMUM: f64 = 7.518966428175974e-3;

fn verdict(fault: Fault, rule: fn(&Known, &Build<'_>) -> Verdict) -> Verdict {
    rule(&known(), &|_, body| {
        let mut toy = Toy::new(toy::curve, &[2.0, 0.2]).with(fault);
        body(&mut toy)
    })
}

#[test]
fn the_optimum_is_what_it_is_said_to_be() {
    let cost = |b: f64| {
        let (mut ey, mut ee) = (0.0, 0.0);
        for (t, y) in [(0.0f64, 1.1), (0.5, 1.4), (1.0, 2.2), (1.5, 3.1)] {
            let e = (b * t).exp();
            ey += e * y;
            ee += e * e;
        }
        let mut toy = Toy::new(toy::curve, &[ey / ee, b]);
        toy.cost().unwrap().robust
    };
    let (mut low, mut high) = (0.0, 2.0);
    for _ in 0..200 {
        let (a, b) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
        if cost(a) < cost(b) {
            high = b;
        } else {
            low = a;
        }
    }
    assert!(
        (cost(low) / OPTIMUM - 1.0).abs() < 1e-9,
        "{:.15e}",
        cost(low)
    );
}

#[test]
fn a_sound_backend_conforms() {
    verdict(Fault::None, check).unwrap();
}

#[test]
fn every_fault_is_caught_by_its_rule() {
    type Rule = fn(&Known, &Build<'_>) -> Verdict;
    let cases: [(Fault, Rule, &str); 14] = [
        (Fault::SilentNan, costs_agree, "costs_agree"),
        (
            Fault::GradientShrunk,
            gradient_bounds_the_promise,
            "gradient_bounds_the_promise",
        ),
        (
            Fault::NanPromise,
            gradient_bounds_the_promise,
            "gradient_bounds_the_promise",
        ),
        (Fault::PromiseDoubled, promise_is_kept, "promise_is_kept"),
        (Fault::Uphill, promise_is_kept, "promise_is_kept"),
        (Fault::TrialNoise(0.1), acceptance_moves, "acceptance_moves"),
        (Fault::Undamped, damping_shortens, "damping_shortens"),
        (
            Fault::RejectStays,
            rejection_goes_back,
            "rejection_goes_back",
        ),
        (Fault::Drifts, rejection_goes_back, "rejection_goes_back"),
        (Fault::ZeroStep, acceptance_moves, "acceptance_moves"),
        (Fault::RestoreStays, best_is_restored, "best_is_restored"),
        (
            Fault::RadiusIgnored,
            dogleg_keeps_its_radius,
            "dogleg_keeps_its_radius",
        ),
        (Fault::Anonymous, use_is_reported, "use_is_reported"),
        (Fault::BrokenStep, promise_is_kept, "runs"),
    ];
    for (fault, rule, name) in cases {
        let Err(violation) = verdict(fault, rule) else {
            panic!("{fault:?} passes {name}")
        };
        assert_eq!(violation.rule, name, "{fault:?}: {violation}");
        assert!(verdict(Fault::None, rule).is_ok(), "{name}");
        assert!(verdict(fault, check).is_err(), "{fault:?}");
    }
}

/// Faults that show only between two backends: each build differs.
#[test]
fn runs_that_differ_are_caught() {
    let builds = std::cell::Cell::new(0.0);
    let changing: &Build<'_> = &|_, body| {
        builds.set(builds.get() + 1e-12);
        body(&mut Toy::new(toy::curve, &[2.0 + builds.get(), 0.2]))
    };
    let violation = same_bits_twice(&known(), changing).unwrap_err();
    assert_eq!(violation.rule, "same_bits_twice");
    let threaded: &Build<'_> = &|options, body| {
        let start = 2.0 + 1e-12 * options.threads as f64;
        body(&mut Toy::new(toy::curve, &[start, 0.2]))
    };
    let violation = same_bits_on_any_thread(&known(), threaded).unwrap_err();
    assert_eq!(violation.rule, "same_bits_on_any_thread");
}

#[test]
fn a_wrong_optimum_is_caught() {
    let mut wrong = known();
    wrong.optimum *= 1.0 + 1e-5;
    let violation = optimum_is_reached(&wrong, &|_, body| {
        body(&mut Toy::new(toy::curve, &[2.0, 0.2]))
    })
    .unwrap_err();
    assert_eq!(violation.rule, "optimum_is_reached");
    let elsewhere = optimum_is_reached(&known(), &|_, body| {
        body(&mut Toy::new(toy::line, &[0.0, 0.0]))
    });
    assert!(elsewhere.is_err());
}

/// An iterative solver that goes on after the deadline.
#[test]
fn a_missed_deadline_is_caught() {
    let late: &Build<'_> = &|_, body| {
        let mut toy = Toy::new(toy::curve, &[2.0, 0.2]);
        toy.iterative = true;
        // No time to sleep, so it never notices the deadline.
        toy.deaf = true;
        body(&mut toy)
    };
    let violation = deadline_is_kept(&known(), late).unwrap_err();
    assert_eq!(violation.rule, "deadline_is_kept");
}

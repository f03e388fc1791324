//! Every error, once, and what is left behind.

use super::*;
use crate::toy::{self, Fault};
use crate::{BackendError, NumericError, OptionsError};

#[test]
fn options_are_checked_before_anything_runs() {
    let mut toy = Toy::new(toy::line, &[0.0, 0.0]);
    let mut bad = options(AlgorithmName::GaussNewton);
    bad.stop.max_iterations = 0;
    let error = solve(&mut toy, &bad).unwrap_err();
    assert!(matches!(
        error,
        SolveError::Options(OptionsError::OutOfRange { .. })
    ));
    assert_eq!(toy.solves, 0);
}

#[test]
fn a_start_that_cannot_be_evaluated_is_an_error() {
    let mut toy = Toy::new(toy::wall, &[-1.0]);
    let error = solve(&mut toy, &options(AlgorithmName::LevenbergMarquardt)).unwrap_err();
    assert!(matches!(
        error,
        SolveError::Backend(BackendError::Problem(_))
    ));
    assert!(error.to_string().contains("toy"), "{error}");
    assert_eq!(toy.x, [-1.0]);
}

#[test]
fn a_cost_that_is_nan_without_an_error_is_not_trusted() {
    let mut toy = Toy::new(toy::line, &[0.0, 0.0]).with(Fault::SilentNan);
    let error = solve(&mut toy, &options(AlgorithmName::GaussNewton)).unwrap_err();
    let SolveError::NotFinite {
        quantity,
        iteration,
        value,
    } = error
    else {
        panic!("{error}")
    };
    assert_eq!((quantity, iteration), ("cost", 0));
    assert!(value.is_nan());
}

#[test]
fn a_gradient_that_overflows_is_an_error() {
    fn steep(x: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
        (vec![x[0] * 1e160], vec![vec![1e160 * 1e150]])
    }
    let mut toy = Toy::new(steep, &[1e-10]);
    let error = solve(&mut toy, &options(AlgorithmName::LevenbergMarquardt)).unwrap_err();
    assert!(
        matches!(
            error,
            SolveError::NotFinite {
                quantity: "gradient",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_system_that_no_damping_helps_is_an_error_after_a_few_tries() {
    for name in ALGORITHMS {
        let mut toy = Toy::new(toy::absent, &[3.0, 4.0]);
        let error = solve(&mut toy, &options(name)).unwrap_err();
        let expected = NumericError::NotPositiveDefinite {
            variable: 1,
            pivot: 0.0,
        };
        assert_eq!(error, SolveError::Backend(expected.into()), "{name}");
        assert!((2..=11).contains(&toy.solves), "{name} {}", toy.solves);
        assert_eq!(toy.x, [3.0, 4.0]);
    }
}

#[test]
fn a_broken_backend_ends_the_solve_at_the_best_state() {
    let mut toy = Toy::new(toy::rosenbrock, &[-1.2, 1.0]).with(Fault::BrokenStep);
    let options = options(AlgorithmName::LevenbergMarquardt);
    let mut steps = Iterations::new(&mut toy, Toy::description(), &options).unwrap();
    let error = steps.next().unwrap().unwrap_err();
    assert!(matches!(
        error,
        SolveError::Backend(BackendError::Unsupported { .. })
    ));
    assert!(steps.next().is_none(), "an error ends the sequence");
    assert!(!steps.finish().converged());
    drop(steps);
    assert_eq!(toy.x, [-1.2, 1.0]);
    assert!(toy.violations.is_empty(), "{:?}", toy.violations);
}

#[test]
fn an_error_after_an_uphill_step_restores_the_best_state() {
    // Uphill from (−1.2, 1); then the Jacobian of the new state is not finite.
    fn breaks(x: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
        let (residuals, mut rows) = toy::rosenbrock(x);
        if x[0] > 0.5 {
            rows[0][0] = f64::NAN;
        }
        (residuals, rows)
    }
    let mut toy = Toy::new(breaks, &[-1.2, 1.0]);
    let error = solve(&mut toy, &options(AlgorithmName::GaussNewton)).unwrap_err();
    assert!(matches!(
        error,
        SolveError::Backend(BackendError::Numeric(_)) | SolveError::NotFinite { .. }
    ));
    assert_eq!(toy.x, [-1.2, 1.0]);
    assert_eq!(toy.keeps, 1);
}

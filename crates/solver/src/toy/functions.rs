//! Problems with known answers: residuals and rows of the Jacobian.

/// `r = (10 (y − x²), 1 − x)`, zero at (1, 1).
pub(crate) fn rosenbrock(x: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
    (
        vec![10.0 * (x[1] - x[0] * x[0]), 1.0 - x[0]],
        vec![vec![-20.0 * x[0], 10.0], vec![-1.0, 0.0]],
    )
}

/// Powell's singular function: zero at the origin, where `J` has rank 2.
pub(crate) fn powell(x: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let (a, b) = (5f64.sqrt(), 10f64.sqrt());
    let (p, q) = (x[1] - 2.0 * x[2], x[0] - x[3]);
    (
        vec![x[0] + 10.0 * x[1], a * (x[2] - x[3]), p * p, b * q * q],
        vec![
            vec![1.0, 10.0, 0.0, 0.0],
            vec![0.0, 0.0, a, -a],
            vec![0.0, 2.0 * p, -4.0 * p, 0.0],
            vec![2.0 * b * q, 0.0, 0.0, -2.0 * b * q],
        ],
    )
}

/// A line through three points that lie on none: cost 1/12 at (−2/3, 3/2).
pub(crate) fn line(x: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let points = [(1.0, 1.0), (2.0, 2.0), (3.0, 4.0)];
    (
        points.iter().map(|(t, y)| x[0] + x[1] * t - y).collect(),
        points.iter().map(|(t, _)| vec![1.0, *t]).collect(),
    )
}

/// `r = ln x`: NaN beyond the wall at 0, zero at 1.
pub(crate) fn wall(x: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
    (vec![x[0].ln()], vec![vec![1.0 / x[0]]])
}

/// `r = (x + y − 1, (x + y)² − 1)`: only the sum is determined.
pub(crate) fn sum_only(x: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let s = x[0] + x[1];
    (
        vec![s - 1.0, s * s - 1.0],
        vec![vec![1.0, 1.0], vec![2.0 * s, 2.0 * s]],
    )
}

/// The second unknown is in no residual: no damping helps.
pub(crate) fn absent(x: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
    (vec![x[0] - 1.0], vec![vec![1.0, 0.0]])
}

/// `r = x² + 1`: no zero, and next to no slope near 0.
pub(crate) fn flat_top(x: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
    (vec![x[0] * x[0] + 1.0], vec![vec![2.0 * x[0]]])
}

/// `r = atan x`: Gauss-Newton runs away from beyond 1.39.
pub(crate) fn arctangent(x: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
    (vec![x[0].atan()], vec![vec![1.0 / (1.0 + x[0] * x[0])]])
}

/// `r = (10 (x² − 2), 1e-12 (f − 2e11))`: a degenerate focal length makes
/// every step in `x` short against the state.
pub(crate) fn degenerate(x: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
    (
        vec![10.0 * (x[0] * x[0] - 2.0), 1e-12 * (x[1] - 2e11)],
        vec![vec![20.0 * x[0], 0.0], vec![0.0, 1e-12]],
    )
}

/// `r = a exp(b t) − y`: nonlinear, and its least cost is not zero.
pub(crate) fn curve(x: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let points = [(0.0, 1.1), (0.5, 1.4), (1.0, 2.2), (1.5, 3.1)];
    let value = |t: f64| x[0] * (x[1] * t).exp();
    (
        points.iter().map(|(t, y)| value(*t) - y).collect(),
        points
            .iter()
            .map(|(t, _)| vec![(x[1] * t).exp(), t * value(*t)])
            .collect(),
    )
}

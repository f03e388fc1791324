use nalgebra::{SMatrix, SVector};

/// Numerical Jacobian of `f` at zero, for checking analytic ones: the five-point central
/// difference (8(f(h) − f(−h)) − (f(2h) − f(−2h)))/(12h) along each of the C axes.
///
/// The error of an entry is at most h⁴·M₅/30 + 3ε·M₀/(2h), with Mₖ the largest k-th derivative of
/// f within 2h and ε the relative accuracy of f. With h = 1e-3 and f accurate to 1e-15 that is
/// 3e-14·M₅ + 1.5e-12·M₀.
pub fn central_difference<const R: usize, const C: usize>(
    h: f64,
    f: impl Fn(&SVector<f64, C>) -> SVector<f64, R>,
) -> SMatrix<f64, R, C> {
    let mut jacobian = SMatrix::<f64, R, C>::zeros();
    for axis in 0..C {
        let at = |step: f64| {
            let mut delta = SVector::<f64, C>::zeros();
            delta[axis] = step;
            f(&delta)
        };
        let near = at(h) - at(-h);
        let far = at(2.0 * h) - at(-2.0 * h);
        jacobian.set_column(axis, &((near * 8.0 - far) / (12.0 * h)));
    }
    jacobian
}

//! What conjugate gradients do with scalars.

use slam16_sparse::Store;

use super::keep;

const STATE: usize = 0;
const ITERATIONS: usize = 1;
const RESIDUAL: usize = 2;
const DECREASE: usize = 3;
const FIRST: usize = 4;
const TOLERANCE: usize = 5;
const MODEL_TOLERANCE: usize = 6;

/// One operation on slots of `scalars`, of which the first seven are state (0
/// running, 1 residual test met, 2 model test met, 3 broken), iterations,
/// residual, decrease, first gamma, and the two tolerances.
///
/// 0 begins with gamma `a`; 1 is `a / b`, the step length, 0 where there is
/// none; 2 is `a / b` and 3 `max(0, (a − b) / c)`, 0 where divided by 0; 4
/// judges step length `a`, gamma `b` and the next gamma `c`; 5 runs again.
/// Quotients are rounded to `S`.
pub fn cg_scalar<S: Store<Compute = f32>>(
    scalars: &mut [f32],
    operation: u32,
    a: usize,
    b: usize,
    c: usize,
    result: usize,
) {
    let (a, b, c) = (scalars[a], scalars[b], scalars[c]);
    let ratio = |above: f32, below: f32| match below {
        0.0 => 0.0,
        _ => keep::<S>(above / below),
    };
    match operation {
        0 => {
            scalars[FIRST] = a;
            scalars[ITERATIONS] = 0.0;
            scalars[RESIDUAL] = 1.0;
            scalars[DECREASE] = 0.0;
            scalars[STATE] = match a {
                0.0 => 1.0,
                _ if a.is_finite() && a > 0.0 => 0.0,
                _ => 3.0,
            };
        }
        1 => {
            let running = scalars[STATE] == 0.0;
            let quotient = if b.is_finite() && b > 0.0 {
                keep::<S>(a / b)
            } else {
                f32::NAN
            };
            scalars[result] = 0.0;
            if running && quotient.is_finite() {
                scalars[result] = quotient;
            } else if running {
                scalars[STATE] = 3.0;
            }
        }
        2 => scalars[result] = ratio(a, b),
        3 => scalars[result] = ratio(a - b, c).max(0.0),
        4 if scalars[STATE] == 0.0 => judge(scalars, a, b, c),
        4 => {}
        _ => scalars[STATE] = 0.0,
    }
}

fn judge(scalars: &mut [f32], alpha: f32, gamma: f32, next: f32) {
    let fall = 0.5 * alpha * gamma;
    scalars[ITERATIONS] += 1.0;
    scalars[DECREASE] += fall;
    if !next.is_finite() || next < 0.0 {
        scalars[STATE] = 3.0;
        return;
    }
    scalars[RESIDUAL] = (next / scalars[FIRST]).sqrt();
    if scalars[RESIDUAL] <= scalars[TOLERANCE] {
        scalars[STATE] = 1.0;
    } else if scalars[ITERATIONS] * fall < scalars[MODEL_TOLERANCE] * scalars[DECREASE] {
        scalars[STATE] = 2.0;
    }
}

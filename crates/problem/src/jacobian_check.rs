//! A linearisation held against differences of the residuals and of the cost.

#![allow(clippy::unwrap_used)]

use slam16_sparse::{Jacobian, NO_VARIABLE, Threads};

use crate::{Cost, LeastSquares, ProblemError, Setup};

/// Step of the differences. With the extrapolation below the truncation error
/// is of order h⁴ f⁗' ≈ 1e-14 and the rounding error of order ε |f| / h ≈ 1e-12 |f|.
const STEP: f64 = 2e-4;

/// Largest deviations found.
#[derive(Debug, Default)]
pub(crate) struct Deviation {
    /// Of a Jacobian entry from the difference of its residual, relative to
    /// 1 + the largest entry of its column. Meaningful without robust losses.
    pub(crate) jacobian: f64,
    /// Of `Jᵀ r` from the difference of the robust cost, relative to 1 + the cost.
    pub(crate) gradient: f64,
    /// Largest entry in a column of a held scalar.
    pub(crate) held: f64,
}

/// Linearises where the problem stands and compares every column with
/// fourth-order central differences along the problem's own retraction.
pub(crate) fn deviation<L: LeastSquares>(problem: &mut L) -> Deviation {
    deviation_of(problem, |p, s, j, t| p.linearize(s, j, t))
}

/// As [`deviation`], for another way to linearise.
pub(crate) fn deviation_of<L: LeastSquares>(
    problem: &mut L,
    linearize: impl Fn(&L, &Setup, &mut Jacobian<f64>, &Threads) -> Result<Cost, ProblemError>,
) -> Deviation {
    let threads = Threads::single();
    let setup = problem.setup().unwrap();
    let mut jacobian = Jacobian::zeros(setup.structure.clone());
    // Poisoned, so that an entry that is never written cannot pass as a zero.
    for (set, residuals) in jacobian.sets.iter_mut().zip(&mut jacobian.residuals) {
        set.a.fill(f64::NAN);
        set.b.fill(f64::NAN);
        residuals.fill(f64::NAN);
    }
    if let Some(dense) = &mut jacobian.dense {
        dense.values.fill(f64::NAN);
        dense.residuals.fill(f64::NAN);
    }
    let cost = linearize(problem, &setup, &mut jacobian, &threads).unwrap();
    assert_eq!(cost, problem.cost(&threads).unwrap());
    let state = problem.state();
    let scalars = setup.structure.layout.scalars();
    let mut result = Deviation::default();
    let mut at = Jacobian::zeros(setup.structure.clone());
    for k in 0..scalars {
        let analytic = column(&jacobian, k);
        if setup.held[k] {
            let entry = analytic.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
            result.held = largest(result.held, entry);
            continue;
        }
        let mut sample = |h: f64| {
            let mut step = vec![0.0; scalars];
            step[k] = h;
            problem.retract(&step);
            let cost = problem.linearize(&setup, &mut at, &threads).unwrap();
            problem.load_state(&state);
            (residuals(&at), cost.robust)
        };
        let near = (sample(STEP), sample(-STEP));
        let far = (sample(2.0 * STEP), sample(-2.0 * STEP));
        // (8 (f(h) − f(−h)) − (f(2h) − f(−2h))) / 12 h
        let slope = |a: f64, b: f64, c: f64, d: f64| (8.0 * (a - b) - (c - d)) / (12.0 * STEP);
        let scale = 1.0 + analytic.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
        for (i, entry) in analytic.iter().enumerate() {
            let numeric = slope(near.0.0[i], near.1.0[i], far.0.0[i], far.1.0[i]);
            result.jacobian = largest(result.jacobian, (entry - numeric).abs() / scale);
        }
        let residuals = residuals(&jacobian);
        let gradient: f64 = analytic.iter().zip(&residuals).map(|(j, r)| j * r).sum();
        let numeric = slope(near.0.1, near.1.1, far.0.1, far.1.1);
        result.gradient = largest(
            result.gradient,
            (gradient - numeric).abs() / (1.0 + cost.robust),
        );
    }
    result
}

/// A NaN is larger than everything.
fn largest(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        a.max(b)
    }
}

/// All residuals, dense rows last.
fn residuals(jacobian: &Jacobian<f64>) -> Vec<f64> {
    let mut all = jacobian.residuals.concat();
    all.extend(jacobian.dense.iter().flat_map(|d| &d.residuals));
    all
}

/// Column `k` of the whole Jacobian, rows in the order of the sets.
fn column(jacobian: &Jacobian<f64>, k: usize) -> Vec<f64> {
    let layout = jacobian.layout();
    let mut out = Vec::new();
    for set in &jacobian.sets {
        let structure = set.structure();
        let rows = structure.shape().rows;
        for f in 0..structure.factors() {
            let mut entries = vec![0.0; rows];
            let sides = [
                (structure.var_a()[f], set.block_a(f)),
                (structure.var_b()[f], set.block_b(f)),
            ];
            for (v, block) in sides {
                if v != NO_VARIABLE && layout.range(v as usize).contains(&k) {
                    let c = k - layout.offset(v as usize);
                    for (e, b) in entries.iter_mut().zip(&block[c * rows..(c + 1) * rows]) {
                        *e += b;
                    }
                }
            }
            out.extend(entries);
        }
    }
    if let Some(dense) = &jacobian.dense {
        let rows = dense.structure().rows();
        let mut entries = vec![0.0; rows];
        for (n, &v) in dense.structure().variables().iter().enumerate() {
            if layout.range(v as usize).contains(&k) {
                let c = k - layout.offset(v as usize);
                entries.copy_from_slice(&dense.block(n)[c * rows..(c + 1) * rows]);
            }
        }
        out.extend(entries);
    }
    out
}

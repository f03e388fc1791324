#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use super::*;

/// A dense space in f64 whose products may be rounded to `bits` bits.
#[derive(Debug)]
struct Dense {
    a: Vec<Vec<f64>>,
    damping: Vec<f64>,
    b: Vec<f64>,
    /// Divides by these: `M`.
    preconditioner: Vec<f64>,
    bits: Option<i32>,
    may_escalate: bool,
    tests: StopTests,
    first: f64,
    status: CgStatus,
    status_reads: usize,
    scalar_reads: usize,
    products: usize,
}

impl Dense {
    fn new(rows: usize, cols: usize, seed: u64) -> Self {
        let mut state = seed;
        let mut value = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
        };
        let a = (0..rows)
            .map(|r| {
                (0..cols)
                    .map(|c| value() + 2.0 * f64::from(r % cols.max(1) == c))
                    .collect()
            })
            .collect();
        let b = (0..cols).map(|_| value()).collect();
        Self {
            a,
            damping: vec![1e-3; cols],
            b,
            preconditioner: vec![1.0; cols],
            bits: None,
            may_escalate: false,
            tests: tests(0.0, 0.0),
            first: 0.0,
            status: CgStatus::default(),
            status_reads: 0,
            scalar_reads: 0,
            products: 0,
        }
    }

    fn round(&self, value: f64) -> f64 {
        match self.bits {
            None => value,
            Some(_) if value == 0.0 => 0.0,
            Some(bits) => {
                let unit = 2.0_f64.powi(value.abs().log2().floor() as i32 - bits);
                (value / unit).round() * unit
            }
        }
    }

    fn mul(&self, x: &[f64], rounded: bool) -> Vec<f64> {
        let round = |v| if rounded { self.round(v) } else { v };
        self.a
            .iter()
            .map(|row| row.iter().zip(x).map(|(a, x)| round(a * x)).sum::<f64>())
            .map(round)
            .collect()
    }

    /// `AᵀA + Λ` by elimination, the oracle.
    fn solution(&self) -> Vec<f64> {
        let n = self.b.len();
        let mut m: Vec<Vec<f64>> = (0..n)
            .map(|i| {
                let mut row: Vec<f64> = (0..n)
                    .map(|j| self.a.iter().map(|r| r[i] * r[j]).sum::<f64>())
                    .collect();
                row[i] += self.damping[i];
                row.push(self.b[i]);
                row
            })
            .collect();
        for k in 0..n {
            let pivot = (k..n)
                .max_by(|&i, &j| m[i][k].abs().total_cmp(&m[j][k].abs()))
                .unwrap();
            m.swap(k, pivot);
            for i in 0..n {
                if i != k {
                    let factor = m[i][k] / m[k][k];
                    let pivot = m[k].clone();
                    m[i].iter_mut()
                        .zip(pivot)
                        .for_each(|(x, p)| *x -= factor * p);
                }
            }
        }
        (0..n).map(|i| m[i][n] / m[i][i]).collect()
    }

    fn model_of(&self, x: &[f64]) -> f64 {
        let y = self.mul(x, false);
        let squares: f64 = y.iter().map(|v| v * v).sum();
        let damped: f64 = x.iter().zip(&self.damping).map(|(x, d)| d * x * x).sum();
        0.5 * (squares + damped) - x.iter().zip(&self.b).map(|(x, b)| x * b).sum::<f64>()
    }
}

impl Space for Dense {
    type Unknowns = Vec<f64>;
    type Rows = Vec<f64>;
    type Scalar = f64;

    fn unknowns(&mut self) -> Vec<f64> {
        vec![f64::NAN; self.b.len()]
    }
    fn rows(&mut self) -> Vec<f64> {
        vec![f64::NAN; self.a.len()]
    }
    fn scalar(&mut self) -> f64 {
        f64::NAN
    }
    fn clear(&mut self, x: &mut Vec<f64>) {
        x.fill(0.0);
    }
    fn clear_rows(&mut self, r: &mut Vec<f64>) {
        r.fill(0.0);
    }
    fn copy(&mut self, from: &Vec<f64>, to: &mut Vec<f64>) {
        to.clone_from(from);
    }
    fn right_hand_side(&mut self, z: &mut Vec<f64>) {
        z.clone_from(&self.b);
    }
    fn multiply(&mut self, x: &Vec<f64>, y: &mut Vec<f64>) {
        self.products += 1;
        *y = self.mul(x, true);
    }
    fn residual(&mut self, r: &Vec<f64>, x: &Vec<f64>, z: &mut Vec<f64>) {
        for (j, z) in z.iter_mut().enumerate() {
            let sum: f64 = self
                .a
                .iter()
                .zip(r)
                .map(|(row, r)| self.round(row[j] * r))
                .sum();
            *z = self.b[j] + self.round(sum) - self.damping[j] * x[j];
        }
    }
    fn precondition(&mut self, z: &Vec<f64>, w: &mut Vec<f64>) {
        for ((w, z), m) in w.iter_mut().zip(z).zip(&self.preconditioner) {
            *w = z / m;
        }
    }
    fn dot(&mut self, a: &Vec<f64>, b: &Vec<f64>, out: &mut f64) {
        *out = a.iter().zip(b).map(|(a, b)| a * b).sum();
    }
    fn curvature(&mut self, y: &Vec<f64>, p: &Vec<f64>, out: &mut f64) {
        let damped: f64 = p.iter().zip(&self.damping).map(|(p, d)| d * p * p).sum();
        *out = y.iter().map(|v| v * v).sum::<f64>() + damped;
    }
    fn model(&mut self, r: &Vec<f64>, x: &Vec<f64>, out: &mut f64) {
        let damped: f64 = x.iter().zip(&self.damping).map(|(x, d)| d * x * x).sum();
        let squares: f64 = r.iter().map(|v| v * v).sum();
        *out = 0.5 * (squares + damped) - x.iter().zip(&self.b).map(|(x, b)| x * b).sum::<f64>();
    }
    fn advance(
        &mut self,
        alpha: &f64,
        p: &Vec<f64>,
        y: &Vec<f64>,
        x: &mut Vec<f64>,
        r: &mut Vec<f64>,
    ) {
        x.iter_mut().zip(p).for_each(|(x, p)| *x += alpha * p);
        r.iter_mut().zip(y).for_each(|(r, y)| *r -= alpha * y);
    }
    fn direction(&mut self, w: &Vec<f64>, beta: &f64, p: &mut Vec<f64>) {
        p.iter_mut().zip(w).for_each(|(p, w)| *p = w + beta * *p);
    }
    fn step_length(&mut self, gamma: &f64, curvature: &f64, alpha: &mut f64) {
        *alpha = 0.0;
        if self.status.state == CgState::Running {
            if *curvature > 0.0 && (gamma / curvature).is_finite() {
                *alpha = gamma / curvature;
            } else {
                self.status.state = CgState::Broken;
            }
        }
    }
    fn fletcher_reeves(&mut self, new: &f64, old: &f64, beta: &mut f64) {
        *beta = if *old == 0.0 { 0.0 } else { new / old };
    }
    fn polak_ribiere(&mut self, new: &f64, mixed: &f64, old: &f64, beta: &mut f64) {
        *beta = if *old == 0.0 {
            0.0
        } else {
            ((new - mixed) / old).max(0.0)
        };
    }
    fn begin(&mut self, tests: StopTests, first: &f64) {
        self.tests = tests;
        self.first = *first;
        self.status = CgStatus {
            state: match first.partial_cmp(&0.0) {
                Some(std::cmp::Ordering::Equal) => CgState::Residual,
                Some(std::cmp::Ordering::Greater) if first.is_finite() => CgState::Running,
                _ => CgState::Broken,
            },
            residual: 1.0,
            ..CgStatus::default()
        };
    }
    fn judge(&mut self, iteration: usize, alpha: &f64, gamma: &f64, next: &f64) {
        let status = &mut self.status;
        if status.state != CgState::Running {
            return;
        }
        let fall = 0.5 * alpha * gamma;
        status.iteration = iteration;
        status.decrease += fall;
        status.residual = (next / self.first).max(0.0).sqrt();
        if !next.is_finite() {
            status.state = CgState::Broken;
        } else if status.residual <= self.tests.tolerance {
            status.state = CgState::Residual;
        } else if iteration as f64 * fall < self.tests.model_tolerance * status.decrease {
            status.state = CgState::Model;
        }
    }
    fn resume(&mut self) {
        self.status.state = CgState::Running;
    }
    fn status(&mut self) -> CgStatus {
        self.status_reads += 1;
        self.status
    }
    fn read(&mut self, scalar: &f64) -> f64 {
        self.scalar_reads += 1;
        *scalar
    }
    fn rounded(&self) -> bool {
        self.bits.is_some()
    }
    fn true_rows(&mut self, x: &Vec<f64>, r: &mut Vec<f64>) {
        *r = self.mul(x, false).iter().map(|v| -v).collect();
    }
    fn escalate(&mut self) -> bool {
        self.may_escalate && self.bits.take().is_some()
    }
}

fn tests(tolerance: f64, model_tolerance: f64) -> StopTests {
    StopTests {
        tolerance,
        model_tolerance,
    }
}

fn control(tests: StopTests) -> CgControl {
    CgControl {
        tests,
        beta: CgBeta::FletcherReeves,
        max_iterations: 500,
        checkpoint_every: 16,
        read_every: 1,
        deadline: None,
    }
}

fn solve(space: &mut Dense, control: &CgControl) -> (CgOutcome, Vec<f64>) {
    let mut work = CgWorkspace::new(space);
    let outcome = conjugate_gradients(space, &mut work, control);
    (outcome, work.x)
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    let square = |v: f64| v * v;
    a.iter()
        .zip(b)
        .map(|(a, b)| square(a - b))
        .sum::<f64>()
        .sqrt()
}

/// `A = diag(1, 2)`, `Λ = 0`, `b = (1, 4)`: `x = (1, 1)` after two iterations.
#[test]
fn worked_by_hand() {
    let mut space = Dense::new(2, 2, 1);
    space.a = vec![vec![1.0, 0.0], vec![0.0, 2.0]];
    space.damping = vec![0.0; 2];
    space.b = vec![1.0, 4.0];
    let (outcome, x) = solve(&mut space, &control(tests(1e-12, 0.0)));
    assert_eq!((outcome.iterations, outcome.stop), (2, CgStop::Residual));
    assert!(distance(&x, &[1.0, 1.0]) < 1e-14);
    // The first step: γ = 17, curvature 1 + 64 = 65, Q falls by ½ 17²/65.
    let mut once = control(tests(0.0, 0.0));
    once.max_iterations = 1;
    let (outcome, x) = solve(&mut space, &once);
    assert_eq!(outcome.stop, CgStop::Iterations);
    assert!(distance(&x, &[17.0 / 65.0, 68.0 / 65.0]) < 1e-15);
    assert!((space.status.decrease - 289.0 / 130.0).abs() < 1e-14);
}

#[test]
fn reaches_the_dense_solution_for_all_sizes_and_betas() {
    for beta in [CgBeta::FletcherReeves, CgBeta::PolakRibiere] {
        for n in [0, 1, 63, 64, 65] {
            let mut space = Dense::new(2 * n, n, n as u64 + 1);
            for (j, m) in space.preconditioner.iter_mut().enumerate() {
                *m = 1.0 + 0.3 * (j % 5) as f64;
            }
            let mut control = control(tests(1e-12, 0.0));
            control.beta = beta;
            let (outcome, x) = solve(&mut space, &control);
            let want = space.solution();
            assert_eq!(outcome.stop, CgStop::Residual, "{n} {beta:?}");
            assert!(distance(&x, &want) <= 1e-9 * (1.0 + distance(&want, &vec![0.0; n])));
            assert_eq!(outcome.iterations == 0, n == 0);
            if n > 1 {
                let (_, first) = solve(
                    &mut space,
                    &CgControl {
                        max_iterations: 1,
                        ..control
                    },
                );
                assert!(
                    distance(&first, &want) > 1e-3,
                    "the check refuses a first step"
                );
            }
        }
    }
}

/// With the exact inverse as preconditioner one iteration is enough.
#[test]
fn a_perfect_preconditioner_takes_one_iteration() {
    let mut space = Dense::new(8, 8, 3);
    for (i, row) in space.a.iter_mut().enumerate() {
        row.iter_mut().enumerate().for_each(|(j, a)| {
            *a = if i == j { 1.0 + i as f64 } else { 0.0 };
        });
        space.preconditioner[i] = (1.0 + i as f64).powi(2) + space.damping[i];
    }
    let (outcome, x) = solve(&mut space, &control(tests(1e-10, 0.0)));
    assert_eq!(outcome.iterations, 1);
    assert!(distance(&x, &space.solution()) < 1e-12);
}

#[test]
fn every_stop_is_reached() {
    let stop = |c: CgControl| solve(&mut Dense::new(80, 40, 5), &c).0;
    let base = control(tests(0.0, 0.0));
    assert_eq!(stop(control(tests(1e-3, 0.0))).stop, CgStop::Residual);
    let by_model = stop(control(tests(0.0, 0.1)));
    assert_eq!(by_model.stop, CgStop::Model);
    assert!(by_model.iterations > 1 && by_model.iterations < 40);
    let few = stop(CgControl {
        max_iterations: 3,
        ..base
    });
    assert_eq!((few.stop, few.iterations), (CgStop::Iterations, 3));
    let past = Instant::now()
        .checked_sub(Duration::from_millis(1))
        .unwrap();
    let late = stop(CgControl {
        deadline: Some(past),
        ..base
    });
    assert_eq!((late.stop, late.iterations), (CgStop::Deadline, 0));
    // A negative curvature: the damping is wrong by sign.
    let mut space = Dense::new(80, 40, 5);
    space.damping.fill(-1e6);
    let (outcome, x) = solve(&mut space, &base);
    assert_eq!(outcome.stop, CgStop::Stagnation);
    assert!(x.iter().all(|v| *v == 0.0));
}

#[test]
fn reading_in_chunks_changes_nothing_but_the_number_of_readings() {
    let mut one = Dense::new(80, 40, 7);
    let mut many = Dense::new(80, 40, 7);
    let base = control(tests(1e-6, 0.0));
    let (a, x) = solve(&mut one, &base);
    let (b, y) = solve(
        &mut many,
        &CgControl {
            read_every: 7,
            ..base
        },
    );
    assert_eq!((a, x), (b, y));
    assert_eq!(one.status_reads, a.iterations + 1);
    assert_eq!(many.status_reads, a.iterations.div_ceil(7) + 1);
    assert_eq!((one.scalar_reads, many.scalar_reads), (0, 0));
}

#[test]
fn checkpoints_keep_rounded_products_from_harm() {
    let exact = control(tests(1e-10, 0.0));
    let mut space = Dense::new(80, 40, 11);
    let want = space.solution();
    let best = space.model_of(&want);
    // Without escalation: ends early, at the best checkpoint, never above 0.
    space.bits = Some(6);
    let (outcome, x) = solve(&mut space, &exact);
    assert_eq!(outcome.stop, CgStop::Stagnation);
    assert_eq!(outcome.escalated_at, None);
    let reached = space.model_of(&x);
    assert!(reached < 0.9 * best && reached > best, "{reached} {best}");
    assert!(space.scalar_reads >= 2);
    // With escalation it reaches the solution.
    space.bits = Some(6);
    space.may_escalate = true;
    let (outcome, x) = solve(&mut space, &exact);
    assert_eq!(outcome.stop, CgStop::Residual);
    assert!(outcome.escalated_at.is_some());
    assert!(distance(&x, &want) < 1e-7 * distance(&want, &[0.0; 40]));
}

#[test]
fn a_breakdown_under_rounding_goes_back_and_escalates() {
    let mut space = Dense::new(80, 40, 13);
    // Unknowns so large that their square overflows: the curvature is infinite.
    space.b.iter_mut().for_each(|b| *b *= 1e200);
    space.bits = Some(8);
    space.may_escalate = true;
    let (outcome, x) = solve(&mut space, &control(tests(1e-10, 0.0)));
    assert_eq!(
        (outcome.stop, outcome.escalated_at),
        (CgStop::Stagnation, Some(0))
    );
    assert!(x.iter().all(|v| *v == 0.0));
}

//! Conjugate gradients' space on the CPU.

use slam16_solver::{CgState, CgStatus, Space, StopTests};
use slam16_sparse::{BlockLayout, Compute, Threads};

use super::{Damping, Operator, Preconditioner, VectorArithmetic};

/// The system `(AᵀA + Λ) x = b` during one solve, vectors in `V`.
pub(crate) struct CpuSpace<'a, V: Compute> {
    pub operator: &'a mut dyn Operator<V>,
    pub preconditioner: &'a mut dyn Preconditioner<V>,
    pub b: &'a [V],
    pub damping: &'a Damping<V>,
    pub layout: &'a BlockLayout,
    pub threads: &'a Threads,
    pub vectors: VectorArithmetic,
    pub tests: StopTests,
    pub first: f64,
    pub status: CgStatus,
}

impl<V: Compute> CpuSpace<'_, V> {
    /// A scalar in the precision it would have.
    fn keep(&self, value: f64) -> f64 {
        match self.vectors {
            VectorArithmetic::Native => V::encode(value).widen(),
            VectorArithmetic::NaiveHalf => super::vectors::half(V::encode(value)).widen(),
        }
    }
}

impl<V: Compute> Space for CpuSpace<'_, V> {
    type Unknowns = Vec<V>;
    type Rows = Vec<V>;
    type Scalar = f64;

    fn unknowns(&mut self) -> Vec<V> {
        vec![V::default(); self.operator.columns()]
    }

    fn rows(&mut self) -> Vec<V> {
        vec![V::default(); self.operator.rows()]
    }

    fn scalar(&mut self) -> f64 {
        0.0
    }

    fn clear(&mut self, x: &mut Vec<V>) {
        x.fill(V::default());
    }

    fn clear_rows(&mut self, r: &mut Vec<V>) {
        r.fill(V::default());
    }

    fn copy(&mut self, from: &Vec<V>, to: &mut Vec<V>) {
        to.copy_from_slice(from);
    }

    fn right_hand_side(&mut self, z: &mut Vec<V>) {
        z.copy_from_slice(self.b);
        self.vectors.settle(z);
    }

    fn multiply(&mut self, x: &Vec<V>, y: &mut Vec<V>) {
        self.operator.multiply(x, y, self.threads);
        self.vectors.settle(y);
    }

    fn residual(&mut self, r: &Vec<V>, x: &Vec<V>, z: &mut Vec<V>) {
        self.operator.transpose_multiply(r, z, self.threads);
        self.damping.subtract_product(self.layout, x, z);
        self.vectors.add(self.b, z, self.threads);
    }

    fn precondition(&mut self, z: &Vec<V>, w: &mut Vec<V>) {
        self.preconditioner.apply(z, w);
        self.vectors.settle(w);
    }

    fn dot(&mut self, a: &Vec<V>, b: &Vec<V>, out: &mut f64) {
        *out = self.keep(self.vectors.dot(a, b, self.threads));
    }

    fn curvature(&mut self, y: &Vec<V>, p: &Vec<V>, out: &mut f64) {
        let square = self.vectors.dot(y, y, self.threads);
        *out = self.keep(square + self.damping.quadratic(self.layout, p));
    }

    fn model(&mut self, r: &Vec<V>, x: &Vec<V>, out: &mut f64) {
        // Checks the others, so it is never naive.
        let native = VectorArithmetic::Native;
        let square = native.dot(r, r, self.threads);
        let damped = self.damping.quadratic(self.layout, x);
        *out = 0.5 * (square + damped) - native.dot(self.b, x, self.threads);
    }

    fn advance(&mut self, alpha: &f64, p: &Vec<V>, y: &Vec<V>, x: &mut Vec<V>, r: &mut Vec<V>) {
        if *alpha != 0.0 {
            self.vectors.axpy(*alpha, p, x, self.threads);
            self.vectors.axpy(-*alpha, y, r, self.threads);
        }
    }

    fn direction(&mut self, w: &Vec<V>, beta: &f64, p: &mut Vec<V>) {
        self.vectors.xpby(w, *beta, p, self.threads);
    }

    fn step_length(&mut self, gamma: &f64, curvature: &f64, alpha: &mut f64) {
        let quotient = self.keep(gamma / curvature);
        *alpha = self.status.step_length(quotient, *curvature);
    }

    fn fletcher_reeves(&mut self, new: &f64, old: &f64, beta: &mut f64) {
        *beta = if *old == 0.0 {
            0.0
        } else {
            self.keep(new / old)
        };
    }

    fn polak_ribiere(&mut self, new: &f64, mixed: &f64, old: &f64, beta: &mut f64) {
        *beta = if *old == 0.0 {
            0.0
        } else {
            self.keep((new - mixed) / old).max(0.0)
        };
    }

    fn begin(&mut self, tests: StopTests, first: &f64) {
        self.tests = tests;
        self.first = *first;
        self.status = CgStatus::begin(*first);
    }

    fn judge(&mut self, iteration: usize, alpha: &f64, gamma: &f64, next: &f64) {
        let fall = 0.5 * alpha * gamma;
        self.status
            .judge(&self.tests, self.first, iteration, fall, *next);
    }

    fn resume(&mut self) {
        self.status.state = CgState::Running;
    }

    fn status(&mut self) -> CgStatus {
        self.status
    }

    fn read(&mut self, scalar: &f64) -> f64 {
        *scalar
    }

    fn rounded(&self) -> bool {
        self.operator.rounded()
    }

    fn true_rows(&mut self, x: &Vec<V>, r: &mut Vec<V>) {
        self.operator.true_multiply(x, r, self.threads);
        r.iter_mut().for_each(|r| *r = -*r);
    }

    fn escalate(&mut self) -> bool {
        self.operator.escalate(self.threads)
    }
}

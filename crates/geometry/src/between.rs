//! Relative-pose residuals with their Jacobians: called once per edge and iteration.
//!
//! With T = Xi⁻¹·Xj and E = Z⁻¹·T the residual is r = Log E. Xj·Exp(δ) gives E·Exp(δ), so
//! ∂r/∂δj = Jᵣ⁻¹(r); Xi·Exp(δ) gives Z⁻¹·Exp(−δ)·T = E·Exp(−Ad(T⁻¹)·δ), so
//! ∂r/∂δi = −Jᵣ⁻¹(r)·Ad(T⁻¹).

use nalgebra::{Matrix3, Matrix6, Vector3, Vector6};

use crate::se2::quarter_turn;
use crate::se3::{block_triangular, right_inverse_blocks};
use crate::{Scalar, Se2, Se3};

/// The 3×3 blocks of a relative-pose residual's Jacobians, which are block upper triangular with
/// equal diagonal blocks: J_j = [[a, b], [0, a]], J_i = −[[c, d], [0, c]].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Se3Between<T = f64> {
    /// r = Log(Z⁻¹ Xi⁻¹ Xj), ordered [ρ, φ].
    pub residual: Vector6<T>,
    /// Diagonal block of J_j.
    pub a: Matrix3<T>,
    /// Upper right block of J_j.
    pub b: Matrix3<T>,
    /// Diagonal block of −J_i.
    pub c: Matrix3<T>,
    /// Upper right block of −J_i.
    pub d: Matrix3<T>,
}

impl<T: Scalar> Se3Between<T> {
    /// The 6×6 Jacobian with respect to the right perturbation of Xi.
    #[inline(always)]
    pub fn jacobian_i(&self) -> Matrix6<T> {
        block_triangular(&-self.c, &-self.d)
    }

    /// The 6×6 Jacobian with respect to the right perturbation of Xj.
    #[inline(always)]
    pub fn jacobian_j(&self) -> Matrix6<T> {
        block_triangular(&self.a, &self.b)
    }
}

/// a·b for 3×3 matrices, unrolled.
#[inline(always)]
pub(crate) fn product3<T: Scalar>(a: &Matrix3<T>, b: &Matrix3<T>) -> Matrix3<T> {
    let entry =
        |r: usize, c: usize| a[(r, 0)] * b[(0, c)] + a[(r, 1)] * b[(1, c)] + a[(r, 2)] * b[(2, c)];
    Matrix3::new(
        entry(0, 0),
        entry(0, 1),
        entry(0, 2),
        entry(1, 0),
        entry(1, 1),
        entry(1, 2),
        entry(2, 0),
        entry(2, 1),
        entry(2, 2),
    )
}

/// m·[v]×: every row of m crossed with v.
#[inline(always)]
pub(crate) fn rows_cross<T: Scalar>(m: &Matrix3<T>, v: &Vector3<T>) -> Matrix3<T> {
    let x = |r: usize| m[(r, 1)] * v.z - m[(r, 2)] * v.y;
    let y = |r: usize| m[(r, 2)] * v.x - m[(r, 0)] * v.z;
    let z = |r: usize| m[(r, 0)] * v.y - m[(r, 1)] * v.x;
    Matrix3::new(x(0), y(0), z(0), x(1), y(1), z(1), x(2), y(2), z(2))
}

/// Residual r = Log(Z⁻¹ Xi⁻¹ Xj) of a measured relative pose `z` and the four distinct blocks of
/// its Jacobians with respect to right perturbations of Xi and Xj.
#[inline(always)]
pub fn se3_between_blocks<T: Scalar>(xi: &Se3<T>, xj: &Se3<T>, z: &Se3<T>) -> Se3Between<T> {
    let relative = xi.inverse_compose(xj);
    let (rho, phi, inverse) = z.inverse_compose(&relative).log_with_inverse();
    let (a, b) = right_inverse_blocks(&rho, &phi, &inverse);
    // Ad(T⁻¹) = [[Rᵀ, −Rᵀ·t^], [0, Rᵀ]] for T = (R, t).
    let r_t = relative.rotation.inverse().matrix();
    let c = product3(&a, &r_t);
    let d = product3(&b, &r_t) - rows_cross(&c, &relative.translation);
    Se3Between {
        residual: Vector6::new(rho.x, rho.y, rho.z, phi.x, phi.y, phi.z),
        a,
        b,
        c,
        d,
    }
}

/// Residual r = Log(Z⁻¹ Xi⁻¹ Xj) ∈ se(3) of a measured relative pose `z`, with J_i and J_j (6×6,
/// right perturbations): J_j = Jᵣ⁻¹(r), J_i = −Jᵣ⁻¹(r)·Ad(Xj⁻¹ Xi).
#[inline(always)]
pub fn se3_between<T: Scalar>(
    xi: &Se3<T>,
    xj: &Se3<T>,
    z: &Se3<T>,
) -> (Vector6<T>, Matrix6<T>, Matrix6<T>) {
    let blocks = se3_between_blocks(xi, xj, z);
    (blocks.residual, blocks.jacobian_i(), blocks.jacobian_j())
}

/// Residual r = Log(Z⁻¹ Xi⁻¹ Xj) alone.
#[inline(always)]
pub fn se3_between_residual<T: Scalar>(xi: &Se3<T>, xj: &Se3<T>, z: &Se3<T>) -> Vector6<T> {
    z.inverse_compose(&xi.inverse_compose(xj)).log()
}

/// Residual r = Log(Z⁻¹ Xi⁻¹ Xj) ∈ se(2) of a measured relative pose `z`, with J_i and J_j (3×3,
/// right perturbations): J_j = Jᵣ⁻¹(r), J_i = −Jᵣ⁻¹(r)·Ad(Xj⁻¹ Xi).
#[inline(always)]
pub fn se2_between<T: Scalar>(
    xi: &Se2<T>,
    xj: &Se2<T>,
    z: &Se2<T>,
) -> (Vector3<T>, Matrix3<T>, Matrix3<T>) {
    let relative = xi.inverse_compose(xj);
    let (residual, d) = z.inverse_compose(&relative).log_with_inverse();
    let jacobian_j = Se2::right_jacobian_inverse_with(&residual, d);
    // Jᵣ⁻¹ = [[A, q], [0, 1]] with A = [[a, −b], [b, a]], and Ad(T⁻¹) = [[Rᵀ, Rᵀ·J·t], [0, 1]]
    // with J the quarter turn; A and Rᵀ are complex numbers.
    let (a, b) = (jacobian_j[(0, 0)], jacobian_j[(1, 0)]);
    let (cos, sin) = (relative.rotation.cos(), relative.rotation.sin());
    let (re, im) = (a * cos + b * sin, b * cos - a * sin);
    let turned = quarter_turn(&relative.translation);
    let (o, one) = (T::zero(), T::one());
    let jacobian_i = Matrix3::new(
        -re,
        im,
        -(re * turned.x - im * turned.y + jacobian_j[(0, 2)]),
        -im,
        -re,
        -(im * turned.x + re * turned.y + jacobian_j[(1, 2)]),
        o,
        o,
        -one,
    );
    (residual, jacobian_i, jacobian_j)
}

/// Residual r = Log(Z⁻¹ Xi⁻¹ Xj) alone.
#[inline(always)]
pub fn se2_between_residual<T: Scalar>(xi: &Se2<T>, xj: &Se2<T>, z: &Se2<T>) -> Vector3<T> {
    z.inverse_compose(&xi.inverse_compose(xj)).log()
}

//! The rigid or similarity transform that brings two point sets together.

use nalgebra::{Matrix3, Vector3};

use super::MetricsError;

/// p ↦ s R p + t.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Similarity {
    /// s.
    pub scale: f64,
    /// R.
    pub rotation: Matrix3<f64>,
    /// t.
    pub translation: Vector3<f64>,
}

impl Similarity {
    /// s R p + t.
    pub fn act(&self, p: &Vector3<f64>) -> Vector3<f64> {
        self.rotation * p * self.scale + self.translation
    }
}

/// `min Σ ‖yₖ − (s R xₖ + t)‖²` over R, t and, if asked for, s (else s = 1);
/// what one list has more than the other is left out.
///
/// With Σ = mean of (y − ȳ)(x − x̄)ᵀ = U D Vᵀ and S = diag(1, 1, det U det V):
/// R = U S Vᵀ, s = tr(D S) / mean ‖x − x̄‖², t = ȳ − s R x̄. Source:
/// S. Umeyama, IEEE PAMI 13 (1991) 376, equations 34 to 43.
///
/// # Errors
/// [`MetricsError::Degenerate`] when Σ has rank below two.
pub fn umeyama(
    x: &[Vector3<f64>],
    y: &[Vector3<f64>],
    with_scale: bool,
) -> Result<Similarity, MetricsError> {
    let n = x.len().min(y.len()) as f64;
    let mean_x = x.iter().zip(y).map(|(x, _)| x).sum::<Vector3<f64>>() / n;
    let mean_y = y.iter().zip(x).map(|(y, _)| y).sum::<Vector3<f64>>() / n;
    let mut covariance = Matrix3::zeros();
    let mut variance = 0.0;
    for (x, y) in x.iter().zip(y) {
        let (x, y) = (x - mean_x, y - mean_y);
        covariance += y * x.transpose();
        variance += x.norm_squared();
    }
    covariance /= n;
    variance /= n;
    if !covariance.iter().all(|c| c.is_finite()) {
        return Err(MetricsError::Degenerate);
    }
    let svd = covariance.svd(true, true);
    let d = svd.singular_values;
    let (Some(u), Some(v_t)) = (svd.u, svd.v_t) else {
        return Err(MetricsError::Degenerate);
    };
    if d.iter().filter(|d| **d > f64::EPSILON).count() < 2 {
        return Err(MetricsError::Degenerate);
    }
    let mirrored = u.determinant() * v_t.determinant() < 0.0;
    let last = if mirrored { -1.0 } else { 1.0 };
    let s = Vector3::new(1.0, 1.0, last);
    let rotation = u * Matrix3::from_diagonal(&s) * v_t;
    let scale = if with_scale {
        d.dot(&s) / variance
    } else {
        1.0
    };
    Ok(Similarity {
        scale,
        rotation,
        translation: mean_y - rotation * mean_x * scale,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use slam16_geometry::So3;

    use super::*;

    fn cloud() -> Vec<Vector3<f64>> {
        (0..20)
            .map(|k| {
                let k = f64::from(k);
                Vector3::new(k, (k * 1.3).sin() * 4.0, (k * 0.7).cos() * 2.0)
            })
            .collect()
    }

    #[test]
    fn a_moved_cloud_is_moved_back() {
        let x = cloud();
        let truth = Similarity {
            scale: 2.5,
            rotation: So3::exp(&Vector3::new(0.4, -2.0, 1.0)).matrix(),
            translation: Vector3::new(3.0, -40.0, 7.0),
        };
        let y: Vec<_> = x.iter().map(|p| truth.act(p)).collect();
        let found = umeyama(&x, &y, true).unwrap();
        assert!((found.scale - truth.scale).abs() < 1e-13);
        assert!((found.rotation - truth.rotation).norm() < 1e-13);
        assert!((found.translation - truth.translation).norm() < 1e-12);
        assert_eq!(umeyama(&x, &y, false).unwrap().scale, 1.0);
    }

    #[test]
    fn a_mirrored_cloud_gets_a_rotation_all_the_same() {
        let x = cloud();
        let y: Vec<_> = x.iter().map(|p| Vector3::new(p.x, p.y, -p.z)).collect();
        let found = umeyama(&x, &y, false).unwrap();
        assert!((found.rotation.determinant() - 1.0).abs() < 1e-13);
    }

    #[test]
    fn points_on_a_line_determine_no_rotation() {
        let x: Vec<_> = (0..5).map(|k| Vector3::x() * f64::from(k)).collect();
        assert_eq!(umeyama(&x, &x, false), Err(MetricsError::Degenerate));
        assert_eq!(umeyama(&[], &[], false), Err(MetricsError::Degenerate));
    }
}

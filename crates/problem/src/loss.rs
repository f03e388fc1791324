//! Robust losses ρ(s) of a squared whitened residual s = ‖r‖².

use crate::ProblemError;

/// A robust loss; the objective is `½ Σ ρ(s)`, `s = rᵀ Ω r`.
///
/// Every loss has `ρ(0) = 0` and `ρ'(0) = 1`, so near zero it equals plain
/// least squares. The scale `d` (or `c`) is in units of the whitened residual.
/// Formulas: Zhang, "Parameter estimation techniques" (1997); DCS: Agarwal
/// et al., ICRA 2013; pseudo-Huber: Charbonnier et al. (1997).
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "loss", content = "scale", rename_all = "kebab-case")]
pub enum Loss {
    /// `ρ = s`.
    #[default]
    None,
    /// `ρ = s` for `s ≤ d²`, else `2 d √s − d²`.
    Huber(f64),
    /// `ρ = 2 d² (√(1 + s/d²) − 1)`.
    PseudoHuber(f64),
    /// `ρ = c² ln(1 + s/c²)`.
    Cauchy(f64),
    /// `ρ = c² s / (c² + s)`.
    GemanMcClure(f64),
    /// `ρ = c² (1 − exp(−s/c²))`.
    Welsch(f64),
    /// `ρ = c²/3 (1 − (1 − s/c²)³)` for `s ≤ c²`, else `c²/3`.
    Tukey(f64),
    /// `ρ = 2 c² (√s/c − ln(1 + √s/c))`.
    Fair(f64),
    /// Dynamic covariance scaling with Φ: `ρ = s` for `s ≤ Φ`, else
    /// `Φ (3 s − Φ)/(s + Φ)`, whose weight is `(2Φ/(Φ + s))²`.
    Dcs(f64),
}

impl Loss {
    /// Name and scale; the scale is `None` for plain least squares.
    pub fn parts(self) -> (&'static str, Option<f64>) {
        match self {
            Self::None => ("none", None),
            Self::Huber(d) => ("huber", Some(d)),
            Self::PseudoHuber(d) => ("pseudo-huber", Some(d)),
            Self::Cauchy(c) => ("cauchy", Some(c)),
            Self::GemanMcClure(c) => ("geman-mcclure", Some(c)),
            Self::Welsch(c) => ("welsch", Some(c)),
            Self::Tukey(c) => ("tukey", Some(c)),
            Self::Fair(c) => ("fair", Some(c)),
            Self::Dcs(phi) => ("dcs", Some(phi)),
        }
    }

    /// Number and scale by which kernels know a loss: 0 for plain least
    /// squares (scale 1), then 1 to 8 in the order of the variants.
    pub fn code(self) -> (u32, f32) {
        let code = match self {
            Self::None => 0,
            Self::Huber(_) => 1,
            Self::PseudoHuber(_) => 2,
            Self::Cauchy(_) => 3,
            Self::GemanMcClure(_) => 4,
            Self::Welsch(_) => 5,
            Self::Tukey(_) => 6,
            Self::Fair(_) => 7,
            Self::Dcs(_) => 8,
        };
        (code, self.parts().1.unwrap_or(1.0) as f32)
    }

    /// Checks that the scale is a positive finite number.
    ///
    /// # Errors
    /// [`ProblemError::LossScale`] otherwise.
    pub fn validate(self) -> Result<Self, ProblemError> {
        match self.parts() {
            (loss, Some(scale)) if !(scale.is_finite() && scale > 0.0) => {
                Err(ProblemError::LossScale { loss, scale })
            }
            _ => Ok(self),
        }
    }

    /// `(ρ(s), ρ'(s))` for `s ≥ 0`.
    #[inline]
    pub fn evaluate(self, s: f64) -> (f64, f64) {
        match self {
            Self::None => (s, 1.0),
            Self::Huber(d) => {
                if s <= d * d {
                    (s, 1.0)
                } else {
                    let norm = s.sqrt();
                    (2.0 * d * norm - d * d, d / norm)
                }
            }
            Self::PseudoHuber(d) => {
                let root = (1.0 + s / (d * d)).sqrt();
                // √(1+x) − 1 = x / (√(1+x) + 1) keeps its digits for small x.
                (2.0 * s / (root + 1.0), 1.0 / root)
            }
            Self::Cauchy(c) => {
                let x = s / (c * c);
                (c * c * x.ln_1p(), 1.0 / (1.0 + x))
            }
            Self::GemanMcClure(c) => {
                let w = c * c / (c * c + s);
                (s * w, w * w)
            }
            Self::Welsch(c) => {
                let x = s / (c * c);
                (-c * c * (-x).exp_m1(), (-x).exp())
            }
            Self::Tukey(c) => {
                let x = s / (c * c);
                if x >= 1.0 {
                    (c * c / 3.0, 0.0)
                } else {
                    // 1 − (1−x)³ = x (3 − 3x + x²)
                    (
                        c * c / 3.0 * x * (3.0 - 3.0 * x + x * x),
                        (1.0 - x) * (1.0 - x),
                    )
                }
            }
            Self::Fair(c) => {
                let x = s.sqrt() / c;
                let value = if x < 1e-4 {
                    // x − ln(1+x) = x²/2 − x³/3 + …
                    s * (1.0 - 2.0 / 3.0 * x)
                } else {
                    2.0 * c * c * (x - x.ln_1p())
                };
                (value, 1.0 / (1.0 + x))
            }
            Self::Dcs(phi) => {
                if s <= phi {
                    (s, 1.0)
                } else {
                    let w = 2.0 * phi / (phi + s);
                    (phi * (3.0 * s - phi) / (s + phi), w * w)
                }
            }
        }
    }
}

impl std::fmt::Display for Loss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.parts() {
            (name, None) => f.write_str(name),
            (name, Some(scale)) => write!(f, "{name}:{scale}"),
        }
    }
}

/// A loss written as users write it: `huber:1.345`, `cauchy:1`, `none`.
impl std::str::FromStr for Loss {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, scale) = match text.split_once(':') {
            None => (text, None),
            Some((name, scale)) => {
                let value: f64 = scale
                    .parse()
                    .map_err(|_| format!("'{scale}' in loss '{text}' is not a number"))?;
                (name, Some(value))
            }
        };
        if name == "none" {
            return Ok(Self::None);
        }
        let make: fn(f64) -> Self = match name {
            "huber" => Self::Huber,
            "pseudo-huber" => Self::PseudoHuber,
            "cauchy" => Self::Cauchy,
            "geman-mcclure" => Self::GemanMcClure,
            "welsch" => Self::Welsch,
            "tukey" => Self::Tukey,
            "fair" => Self::Fair,
            "dcs" => Self::Dcs,
            _ => {
                return Err(format!(
                    "unknown loss '{name}': use none, huber, pseudo-huber, cauchy, geman-mcclure, welsch, tukey, fair or dcs, with a scale as in huber:1.345"
                ));
            }
        };
        let scale = scale.ok_or_else(|| format!("loss '{name}' needs a scale, as in {name}:1"))?;
        make(scale).validate().map_err(|e| e.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Loss; 9] = [
        Loss::None,
        Loss::Huber(1.3),
        Loss::PseudoHuber(0.7),
        Loss::Cauchy(2.0),
        Loss::GemanMcClure(1.5),
        Loss::Welsch(2.5),
        Loss::Tukey(3.0),
        Loss::Fair(1.4),
        Loss::Dcs(2.0),
    ];

    #[test]
    fn derivative_matches_central_differences() {
        for loss in ALL {
            for s in [1e-9, 1e-3, 0.5, 1.0, 1.6, 3.9, 8.0, 40.0, 1e4] {
                let h = 1e-6 * s;
                let numeric = (loss.evaluate(s + h).0 - loss.evaluate(s - h).0) / (2.0 * h);
                let analytic = loss.evaluate(s).1;
                // Truncation O(h² ρ''') and rounding ε ρ / h, both below 1e-8 relative to ρ/s ≤ 1.
                assert!(
                    (numeric - analytic).abs() < 1e-8,
                    "{loss} at {s}: {numeric} {analytic}"
                );
            }
        }
    }

    #[test]
    fn all_are_least_squares_at_zero_and_never_above_it() {
        for loss in ALL {
            let (value, slope) = loss.evaluate(0.0);
            assert_eq!((value, slope), (0.0, 1.0), "{loss}");
            for s in [1e-12, 0.1, 2.0, 100.0] {
                let (value, slope) = loss.evaluate(s);
                assert!(value <= s * (1.0 + 1e-15) && value >= 0.0, "{loss} at {s}");
                assert!((0.0..=1.0).contains(&slope), "{loss} at {s}");
            }
        }
    }

    #[test]
    fn kernels_know_every_loss_by_its_own_number() {
        for (code, loss) in ALL.into_iter().enumerate() {
            let scale = loss.parts().1.unwrap_or(1.0) as f32;
            assert_eq!(loss.code(), (code as u32, scale));
        }
    }

    #[test]
    fn text_round_trips_and_bad_text_says_what_to_do() {
        for loss in ALL {
            assert_eq!(loss.to_string().parse(), Ok(loss));
        }
        for bad in ["huber", "huber:-1", "huber:x", "cauchy:inf", "l1:2"] {
            assert!(bad.parse::<Loss>().is_err(), "{bad}");
        }
    }
}

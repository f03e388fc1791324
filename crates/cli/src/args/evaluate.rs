//! `slam16 evaluate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use slam16_sim::metrics::Delta;

/// Which motion brings the estimate onto the reference before the comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Fit {
    /// None.
    None,
    /// The rigid motion of least squares (Umeyama).
    #[default]
    Rigid,
    /// The similarity of least squares: rigid motion and scale (Umeyama).
    Similarity,
}

/// Distance between the two poses of a relative pose error, with its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step(pub Delta);

impl std::str::FromStr for Step {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || {
            format!("'{text}' is not a positive number of poses as in 1, or of metres as in 10m")
        };
        if let Some(metres) = text.strip_suffix('m') {
            let metres = metres.trim_end().parse::<f64>().map_err(|_| bad())?;
            return match metres.is_finite() && metres > 0.0 {
                true => Ok(Self(Delta::Metres(metres))),
                false => Err(bad()),
            };
        }
        match text.parse::<usize>() {
            Ok(frames) if frames > 0 => Ok(Self(Delta::Frames(frames))),
            _ => Err(bad()),
        }
    }
}

/// Compare an estimated trajectory with a reference.
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// The estimate: a trajectory (TUM, KITTI, EuRoC) or a solved problem.
    #[arg(value_name = "EST")]
    pub estimate: PathBuf,

    /// The reference, for instance ground truth, in any of these formats.
    #[arg(value_name = "REF")]
    pub reference: PathBuf,

    /// What is fitted before the absolute error is taken.
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    pub align: Fit,

    /// Fit the scale too, as --align similarity does.
    #[arg(long, conflicts_with = "align")]
    pub scale: bool,

    /// Distance of the relative error: so many poses, as in 1, or metres of
    /// path, as in 10m.
    #[arg(long, value_name = "STEP", default_value = "1")]
    pub delta: Step,

    /// All pairs of poses that far apart, not only those end to end.
    #[arg(long)]
    pub all_pairs: bool,

    /// Greatest difference of moments that still belong together, seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 0.01)]
    pub max_difference: f64,

    /// Added to the moments of the estimate, seconds.
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 0.0,
        allow_negative_numbers = true
    )]
    pub offset: f64,

    /// Moments of the poses of KITTI files, one a line; without, poses are
    /// paired in order.
    #[arg(long, value_name = "FILE")]
    pub times: Option<PathBuf>,

    /// Write the figures as JSON; - writes them to standard output.
    #[arg(long, value_name = "FILE.json")]
    pub report: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_have_units() {
        assert_eq!("5".parse(), Ok(Step(Delta::Frames(5))));
        assert_eq!("2.5m".parse(), Ok(Step(Delta::Metres(2.5))));
        for bad in ["0", "-1", "1.5", "m", "x", "-3m", "infm", "NaNm", "0m"] {
            let error = bad.parse::<Step>().err().unwrap_or_default();
            assert!(error.contains("10m"), "{bad}: {error}");
        }
    }
}

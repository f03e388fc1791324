//! What a problem must offer beyond least squares to be solved and reported.

use crate::io::AnyProblem;
use crate::problem::{Bundle, LeastSquares, Lens, Note, PoseGraph2, PoseGraph3, Setup};
use crate::solver::Options;

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::problem::PoseGraph2 {}
    impl Sealed for crate::problem::PoseGraph3 {}
    impl Sealed for crate::problem::Bundle {}
}

/// A problem that slam16 solves: [`PoseGraph2`], [`PoseGraph3`], [`Bundle`].
pub trait Problem: LeastSquares + sealed::Sealed {
    /// The options that suit this kind of problem; change what you want.
    fn default_options(&self) -> Options {
        Options::for_kind(self.kind())
    }

    /// g2o's own `Σ eᵀ Ω e` at the current state; `None` for bundles.
    fn g2o_chi2(&self) -> Option<f64>;

    /// A scalar unknown whose change is mostly one of the whole problem's
    /// scale, when nothing fixes the scale: it is held for covariances, which
    /// are then those at this scale.
    #[doc(hidden)]
    fn scale_unknown(&self, setup: &Setup) -> Option<usize>;
}

impl Problem for PoseGraph2 {
    fn g2o_chi2(&self) -> Option<f64> {
        Some(PoseGraph2::g2o_chi2(self))
    }

    fn scale_unknown(&self, _setup: &Setup) -> Option<usize> {
        None
    }
}

impl Problem for PoseGraph3 {
    fn g2o_chi2(&self) -> Option<f64> {
        Some(PoseGraph3::g2o_chi2(self))
    }

    fn scale_unknown(&self, _setup: &Setup) -> Option<usize> {
        None
    }
}

impl Problem for Bundle {
    fn g2o_chi2(&self) -> Option<f64> {
        None
    }

    /// With one camera held and nothing else fixed, the scale is free: the
    /// largest component of the way from the held camera to the one farthest
    /// from it, in that one's frame.
    fn scale_unknown(&self, setup: &Setup) -> Option<usize> {
        let stereo = self.lenses().iter().any(|l| matches!(l, Lens::Stereo(_)));
        if stereo || self.point_fixed().contains(&true) {
            return None;
        }
        let held_by_gauge = setup.notes.iter().find_map(|note| match note {
            Note::GaugeFixed { variable, .. } => Some(*variable),
            _ => None,
        });
        let mut fixed = (0..self.cameras().len()).filter(|c| self.cameras()[*c].pose_fixed);
        let first = match (held_by_gauge, fixed.next(), fixed.next()) {
            (Some(held), None, _) => held,
            (None, Some(only), None) => only,
            _ => return None,
        };
        let origin = self.cameras()[first].world_from_camera.translation;
        let (far, way) = self
            .cameras()
            .iter()
            .enumerate()
            .map(|(c, camera)| (c, camera.world_from_camera.translation - origin))
            .max_by(|(_, a), (_, b)| a.norm_squared().total_cmp(&b.norm_squared()))?;
        let in_frame = self.cameras()[far]
            .world_from_camera
            .rotation
            .matrix()
            .transpose()
            * way;
        (far != first).then(|| setup.structure.layout.offset(far) + in_frame.iamax())
    }
}

/// Runs an expression on whichever problem an [`AnyProblem`] holds.
#[macro_export]
#[doc(hidden)]
macro_rules! with_problem {
    ($any:expr, $problem:ident => $body:expr) => {
        match $any {
            $crate::io::AnyProblem::Graph2($problem) => $body,
            $crate::io::AnyProblem::Graph3($problem) => $body,
            $crate::io::AnyProblem::Bundle($problem) => $body,
        }
    };
}

/// The options that suit a problem of any kind.
pub fn default_options(problem: &AnyProblem) -> Options {
    Options::for_kind(problem.kind())
}

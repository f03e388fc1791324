//! The static factor: which blocks, which pivots, which storage.

use std::sync::Arc;

use half::f16;
use slam16_solver::{Fill, NumericError, Ordering, ScalarType};
use slam16_sparse::{
    BlockFactor, BlockLayout, Breakdown, Compute, FactorPattern, FactorReport, FillRule,
    PermutedPattern, PivotRule, SolveScratch, SymmetricBlocks, SymmetricPattern,
    TriangularArithmetic, TriangularFactor, Whitening, multicolor_order,
};

use crate::linear::cg::Preconditioner;

/// A complete factor is kept up to this many times the blocks of IC(0).
const COMPLETE_UP_TO: usize = 10;
/// Drop tolerance beyond that.
const DROP: f64 = 1e-2;
/// Least pivot of an incomplete factor of the whitened matrix.
const LEAST_INCOMPLETE: f64 = 3e-5;
/// Least pivot of a complete one: its inverse square root, 10⁴, still fits binary16.
const LEAST_COMPLETE: f64 = 1e-8;

/// Fill and elimination order, settled from the pattern once.
pub(super) struct FactorPlan {
    pub permuted: PermutedPattern,
    pub fill: FillRule,
    pub ordering: &'static str,
    pub fill_name: String,
    complete: bool,
}

impl FactorPlan {
    /// `ordering` auto stands for minimum degree under a complete factor or a
    /// threshold, and for reverse Cuthill-McKee under levels, which takes the
    /// fewest iterations there.
    pub(super) fn new(
        pattern: &SymmetricPattern,
        layout: &BlockLayout,
        fill: Fill,
        ordering: Ordering,
    ) -> Self {
        let by_level = matches!(fill, Fill::Level(_));
        let (order, ordering) = match ordering {
            Ordering::Multicolor => (multicolor_order(pattern), "multicolor"),
            other => {
                let ordering = match other {
                    Ordering::Auto if by_level => slam16_sparse::Ordering::Rcm,
                    Ordering::Rcm => slam16_sparse::Ordering::Rcm,
                    Ordering::Natural => slam16_sparse::Ordering::Natural,
                    Ordering::NestedDissection => slam16_sparse::Ordering::NestedDissection,
                    _ => slam16_sparse::Ordering::Amd,
                };
                let permutation = ordering.compute(pattern, layout);
                (permutation.old_from_new().to_vec(), ordering.name())
            }
        };
        let permuted = PermutedPattern::new(pattern, layout, &order);
        let complete = || FactorPattern::complete(&permuted);
        let (fill, fill_name, is_complete) = match fill {
            Fill::Level(level) => {
                let kept = FactorPattern::with_level(&permuted, usize::from(level));
                (
                    FillRule::Pattern(Arc::new(kept)),
                    format!("ic{level}"),
                    false,
                )
            }
            Fill::Complete => (
                FillRule::Pattern(Arc::new(complete())),
                "complete".to_owned(),
                true,
            ),
            Fill::Threshold(drop) => (FillRule::Threshold(drop), format!("ict:{drop}"), false),
            Fill::Auto => {
                let all = complete();
                if all.blocks() <= COMPLETE_UP_TO * permuted.blocks().max(1) {
                    (
                        FillRule::Pattern(Arc::new(all)),
                        "complete".to_owned(),
                        true,
                    )
                } else {
                    (FillRule::Threshold(DROP), format!("ict:{DROP}"), false)
                }
            }
        };
        Self {
            permuted,
            fill,
            ordering,
            fill_name,
            complete: is_complete,
        }
    }

    /// Factors and rounds. A complete factor kept in 16 bits starts with
    /// `shift`: without it the rounded factor failed on 8 of 60 graphs.
    pub(super) fn factor(
        &self,
        matrix: &SymmetricBlocks,
        whitening: &Whitening,
        storage: ScalarType,
        shift: f64,
    ) -> Result<(StaticFactor, FactorReport), NumericError> {
        let mut rule = if self.complete {
            PivotRule {
                shift: if storage == ScalarType::F16 {
                    shift
                } else {
                    0.0
                },
                least: if storage == ScalarType::F16 {
                    LEAST_COMPLETE
                } else {
                    0.0
                },
                ..PivotRule::default()
            }
        } else {
            PivotRule {
                least: LEAST_INCOMPLETE,
                ..PivotRule::default()
            }
        };
        let layout = matrix.layout();
        loop {
            let (factor, report) =
                BlockFactor::new(matrix, whitening, &self.permuted, &self.fill, &rule)
                    .map_err(broken)?;
            let (factor, overflows) = match storage {
                ScalarType::F16 => {
                    let (factor, overflows) = TriangularFactor::encode(&factor, layout);
                    (Stored::F16(factor, SolveScratch::default()), overflows)
                }
                ScalarType::F32 => {
                    let (factor, overflows) = TriangularFactor::encode(&factor, layout);
                    (Stored::F32(factor, SolveScratch::default()), overflows)
                }
                ScalarType::F64 => {
                    let (factor, overflows) = TriangularFactor::encode(&factor, layout);
                    (Stored::F64(factor, SolveScratch::default()), overflows)
                }
            };
            if overflows == 0 || report.shift >= 1.0 {
                let factor = StaticFactor {
                    stored: factor,
                    arithmetic: if storage == ScalarType::F16 {
                        TriangularArithmetic::HalfVector
                    } else {
                        TriangularArithmetic::Wide
                    },
                };
                return Ok((factor, report));
            }
            rule.shift = (2.0 * report.shift).max(1e-3);
        }
    }
}

fn broken(breakdown: Breakdown) -> NumericError {
    NumericError::NotPositiveDefinite {
        variable: breakdown.variable,
        pivot: breakdown.pivot,
    }
}

enum Stored {
    F64(TriangularFactor<f64>, SolveScratch<f64>),
    F32(TriangularFactor<f32>, SolveScratch<f32>),
    F16(TriangularFactor<f16>, SolveScratch<f32>),
}

/// `L` in its storage precision.
pub(super) struct StaticFactor {
    stored: Stored,
    pub arithmetic: TriangularArithmetic,
}

impl StaticFactor {
    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        match &self.stored {
            Stored::F64(factor, _) => factor.bytes(),
            Stored::F32(factor, _) => factor.bytes(),
            Stored::F16(factor, _) => factor.bytes(),
        }
    }
}

impl<V: Compute> Preconditioner<V> for StaticFactor {
    fn apply(&mut self, z: &[V], w: &mut [V]) {
        match &mut self.stored {
            Stored::F64(factor, scratch) => factor.apply(z, w, self.arithmetic, scratch),
            Stored::F32(factor, scratch) => factor.apply(z, w, self.arithmetic, scratch),
            Stored::F16(factor, scratch) => factor.apply(z, w, self.arithmetic, scratch),
        }
    }
}

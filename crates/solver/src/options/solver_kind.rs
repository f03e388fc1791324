//! The linear solvers by name.

use super::error::OptionsError;
use crate::text::{as_text, words};

/// Which linear solver. Written `cgnr` for its default form, `cgnr:blocks` for
/// another.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum LinearSolverKind {
    /// Chosen from the problem's size and structure; the summary says why.
    #[default]
    Auto,
    /// Sparse block Cholesky of the normal equations.
    Cholesky,
    /// Landmark elimination, then a direct solve of the reduced system.
    Schur(SchurReduced),
    /// Conjugate gradients on `J`; no Hessian is formed.
    Cgnr(ColumnScaling),
    /// Conjugate gradients preconditioned by a static Cholesky factor.
    CgnrIc(Fill),
    /// Landmark elimination, then conjugate gradients on the reduced system,
    /// preconditioned by its diagonal blocks.
    SchurPcg,
}

/// How the reduced system is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SchurReduced {
    /// By its size and density.
    #[default]
    Auto,
    /// As one dense matrix.
    Dense,
    /// As a sparse block matrix.
    Sparse,
}

words!(SchurReduced, "reduced system", "auto, dense or sparse", {
    Auto => "auto",
    Dense => "dense",
    Sparse => "sparse",
});

/// How `cgnr` scales the columns of `J`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ColumnScaling {
    /// One by one.
    Columns,
    /// By blocks, orthonormalised.
    Blocks,
    /// By blocks of the landmark-projected Jacobian (square-root Schur): the
    /// same work per iteration as columns, a fifth of the iterations.
    #[default]
    Projected,
}

words!(ColumnScaling, "column scaling", "columns, blocks or projected", {
    Columns => "columns",
    Blocks => "blocks",
    Projected => "projected",
});

/// Which blocks a static Cholesky factor keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Fill {
    /// All of them while there are at most ten times as many as in IC(0),
    /// else by threshold.
    #[default]
    Auto,
    /// Those of the given level of fill; 0 keeps the matrix's own pattern.
    Level(u8),
    /// Those above this fraction of their column's norm.
    Threshold(f64),
    /// All of them.
    Complete,
}

const FILLS: &str = "auto, ic0, ic1, ic2 …, ict:0.01 or complete";

impl std::fmt::Display for Fill {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Auto => f.pad("auto"),
            Self::Level(level) => write!(f, "ic{level}"),
            Self::Threshold(drop) => write!(f, "ict:{drop}"),
            Self::Complete => f.pad("complete"),
        }
    }
}

impl std::str::FromStr for Fill {
    type Err = OptionsError;

    fn from_str(text: &str) -> Result<Self, OptionsError> {
        match text {
            "auto" => return Ok(Self::Auto),
            "complete" => return Ok(Self::Complete),
            _ => {}
        }
        if let Some(drop) = text.strip_prefix("ict:") {
            return match drop.parse() {
                Ok(value) if value > 0.0 && value < 1.0 => Ok(Self::Threshold(value)),
                _ => Err(OptionsError::NotANumber {
                    what: "fill ict",
                    text: drop.to_owned(),
                    expected: "a number above 0 and below 1",
                }),
            };
        }
        text.strip_prefix("ic")
            .and_then(|level| level.parse().ok())
            .map(Self::Level)
            .ok_or_else(|| OptionsError::Unknown {
                what: "fill",
                text: text.to_owned(),
                expected: FILLS,
            })
    }
}

as_text!(Fill);

const SOLVERS: &str = "auto, cholesky, schur, cgnr, cgnr-ic or schur-pcg; with a form where there is a choice, as in schur:dense, cgnr:blocks or cgnr-ic:ic0";

impl LinearSolverKind {
    /// The solver's name without its form.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Cholesky => "cholesky",
            Self::Schur(_) => "schur",
            Self::Cgnr(_) => "cgnr",
            Self::CgnrIc(_) => "cgnr-ic",
            Self::SchurPcg => "schur-pcg",
        }
    }
}

impl std::fmt::Display for LinearSolverKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.name();
        match self {
            Self::Schur(form) if *form != SchurReduced::default() => write!(f, "{name}:{form}"),
            Self::Cgnr(form) if *form != ColumnScaling::default() => write!(f, "{name}:{form}"),
            Self::CgnrIc(form) if *form != Fill::default() => write!(f, "{name}:{form}"),
            _ => f.pad(name),
        }
    }
}

impl std::str::FromStr for LinearSolverKind {
    type Err = OptionsError;

    fn from_str(text: &str) -> Result<Self, OptionsError> {
        let (name, form) = match text.split_once(':') {
            None => (text, None),
            Some((name, form)) => (name, Some(form)),
        };
        Ok(match (name, form) {
            ("auto", None) => Self::Auto,
            ("cholesky", None) => Self::Cholesky,
            ("schur", form) => Self::Schur(form.map_or(Ok(SchurReduced::default()), str::parse)?),
            ("cgnr", form) => Self::Cgnr(form.map_or(Ok(ColumnScaling::default()), str::parse)?),
            ("cgnr-ic", form) => Self::CgnrIc(form.map_or(Ok(Fill::default()), str::parse)?),
            ("schur-pcg", None) => Self::SchurPcg,
            _ => {
                return Err(OptionsError::Unknown {
                    what: "linear solver",
                    text: text.to_owned(),
                    expected: SOLVERS,
                });
            }
        })
    }
}

as_text!(LinearSolverKind);

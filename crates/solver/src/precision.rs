//! Precision, role by role.

use slam16_problem::ProblemKind;

use crate::OptionsError;
use crate::text::{as_text, words};

/// How a number is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScalarType {
    /// IEEE binary16: 11 significant bits, largest value 65504.
    F16,
    /// IEEE binary32: 24 significant bits.
    F32,
    /// IEEE binary64: 53 significant bits.
    #[default]
    F64,
}

words!(ScalarType, "scalar type", "f16, f32 or f64", {
    F16 => "f16",
    F32 => "f32",
    F64 => "f64",
});

/// Precision of each role of a linear solve. The state and its update are
/// always f64: kept in f32, a map 10 km from its origin costs 0.34 % more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Roles {
    /// Storage of `J` in `J x` and `Jᵀ y`.
    pub products: ScalarType,
    /// Storage of the factor in the preconditioner's triangular solves.
    pub triangular: ScalarType,
    /// Vectors and reductions.
    pub vectors: ScalarType,
    /// Residuals, at least.
    pub residual: ScalarType,
}

impl Roles {
    /// Every role alike.
    pub const fn uniform(scalar: ScalarType) -> Self {
        Self {
            products: scalar,
            triangular: scalar,
            vectors: scalar,
            residual: scalar,
        }
    }

    /// `true` when some role is kept in 16 bits.
    pub fn any_half(self) -> bool {
        [self.products, self.triangular, self.vectors, self.residual].contains(&ScalarType::F16)
    }

    /// The narrowest role.
    pub fn narrowest(self) -> ScalarType {
        self.products
            .min(self.triangular)
            .min(self.vectors)
            .min(self.residual)
    }
}

/// Which precision each role gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// Everything f64 (CPU only).
    F64,
    /// Everything f32 but the state.
    F32,
    /// Half precision where it costs no accuracy: bundles keep `J` in f16,
    /// pose graphs the preconditioner's factor; vectors are f32. A direct
    /// solver has no such role and runs in f64.
    #[default]
    Mixed,
    /// Everything f16 but the state. It exists to show what fails.
    NaiveHalf,
    /// Each role as given.
    Custom(Roles),
}

impl Precision {
    /// What each role gets on a problem of this kind.
    pub fn roles(self, kind: ProblemKind) -> Roles {
        match self {
            Self::F64 => Roles::uniform(ScalarType::F64),
            Self::F32 => Roles::uniform(ScalarType::F32),
            Self::NaiveHalf => Roles::uniform(ScalarType::F16),
            // f16 products cost a pose graph 1.6 to 12 times the iterations,
            // f16 triangular solves next to none; in bundles f16 storage of J
            // costs none.
            Self::Mixed => match kind {
                ProblemKind::Bundle => Roles {
                    products: ScalarType::F16,
                    ..Roles::uniform(ScalarType::F32)
                },
                ProblemKind::PoseGraph2 | ProblemKind::PoseGraph3 => Roles {
                    triangular: ScalarType::F16,
                    ..Roles::uniform(ScalarType::F32)
                },
            },
            Self::Custom(roles) => roles,
        }
    }
}

const PRECISIONS: &str = "mixed, f64, f32, naive-half, or custom: with products, triangular, vectors and residual, as in custom:products=f16,triangular=f32,vectors=f32,residual=f64";

impl std::fmt::Display for Precision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::F64 => f.pad("f64"),
            Self::F32 => f.pad("f32"),
            Self::Mixed => f.pad("mixed"),
            Self::NaiveHalf => f.pad("naive-half"),
            Self::Custom(roles) => write!(
                f,
                "custom:products={},triangular={},vectors={},residual={}",
                roles.products, roles.triangular, roles.vectors, roles.residual
            ),
        }
    }
}

impl std::str::FromStr for Precision {
    type Err = OptionsError;

    fn from_str(text: &str) -> Result<Self, OptionsError> {
        match text {
            "f64" => return Ok(Self::F64),
            "f32" => return Ok(Self::F32),
            "mixed" => return Ok(Self::Mixed),
            "naive-half" => return Ok(Self::NaiveHalf),
            _ => {}
        }
        let unknown = || OptionsError::Unknown {
            what: "precision",
            text: text.to_owned(),
            expected: PRECISIONS,
        };
        let parts = text.strip_prefix("custom:").ok_or_else(unknown)?;
        let mut given = [None; 4];
        for part in parts.split(',') {
            let (role, scalar) = part.split_once('=').ok_or_else(unknown)?;
            let slot = ["products", "triangular", "vectors", "residual"]
                .iter()
                .position(|name| *name == role)
                .ok_or_else(unknown)?;
            given[slot] = Some(scalar.parse()?);
        }
        let [products, triangular, vectors, residual] = given;
        let all = (|| {
            Some(Roles {
                products: products?,
                triangular: triangular?,
                vectors: vectors?,
                residual: residual?,
            })
        })();
        all.map(Self::Custom).ok_or_else(unknown)
    }
}

as_text!(Precision);

/// What is done in 16 bits where a role is f16.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HalfArithmetic {
    /// Values are kept in f16; vectors, products and sums are f32. Keeps the
    /// iteration count.
    #[default]
    Storage,
    /// Input vectors are rounded to f16 too; products are exact, sums f32.
    /// About 1.4 times the iterations in bundles.
    Products,
    /// Products and the sums inside one factor are f16 as well. About 1.7 to
    /// 2.4 times the iterations in bundles.
    Accumulate,
}

words!(HalfArithmetic, "half arithmetic", "storage, products or accumulate", {
    Storage => "storage",
    Products => "products",
    Accumulate => "accumulate",
});

#[cfg(test)]
#[path = "precision_tests.rs"]
mod tests;
